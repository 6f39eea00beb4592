"""The table of a run, for people and for docs/performance.md."""

import platform
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import Writes
from bench.jobs import Figures
from bench.latency import LATENCY, Loaded
from bench.stopwatch import pace
from bench.subjects import Subject

_HEAD = (
    "records", "rows", "what", "reading", "rows/s", "of limit", "client s", "server s", "µs/row", "least",
    "MB",
)  # fmt: skip
_READINGS = {
    "first": "first load", "unchanged": "unchanged", "changed": "10 % changed", "full": "unchanged, --full",
    "decode": "decode",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One measurement: who read what, how, and what the limit is there."""

    subject: Subject
    fold: int
    what: str
    reading: str
    figures: Figures
    limit: Figures
    writes: Writes | None = None

    def cells(self) -> list[str]:
        figures = self.figures
        cpu = figures.cpu / figures.rows * 1e6
        least = cpu if figures.least is None else figures.least / figures.rows * 1e6
        return [
            f"{self.subject.name} ({len(self.subject.columns)})", f"{figures.rows:,}", self.what,
            _READINGS[self.reading], f"{figures.speed:,.0f}", f"{figures.speed / self.limit.speed:.2f}",
            f"{figures.client:.2f}", f"{figures.server:.2f}", f"{cpu:.1f}", f"{least:.1f}",
            f"{figures.megabytes:.0f}",
        ]  # fmt: skip


class Report:
    """Collects the lines; says on stderr how far it is."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._latency: Sequence[Loaded] = ()
        self._notes: list[str] = []
        self._paces: list[float] = []
        self._began = time.monotonic()

    def progress(self, text: str) -> None:
        self._paces.append(pace())
        print(f"{time.monotonic() - self._began:4.0f} s  {text}", file=sys.stderr, flush=True)

    def add(self, line: Line) -> None:
        self._lines.append(line)
        print("        " + "  ".join(line.cells()), file=sys.stderr, flush=True)

    def latency(self, loads: Sequence[Loaded]) -> None:
        self._latency = loads

    def note(self, text: str) -> None:
        self._notes.append(text)

    def text(self) -> str:
        rows = [list(_HEAD), *(line.cells() for line in self._lines)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if number in (0, 2, 3) else cell.rjust(width)
                for number, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        ]
        return "\n".join([*lines, "", *self._facts(), ""])

    def markdown(self) -> str:
        rows = [
            list(_HEAD),
            ["---", "--:", "---", "---", *["--:"] * (len(_HEAD) - 4)],
            *(each.cells() for each in self._lines),
        ]
        table = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([*table, "", *(f"- {fact}" for fact in self._facts()), ""])

    def _facts(self) -> list[str]:
        facts = [
            f"{loaded.size:,} a page, {LATENCY * 1000:.0f} ms a call: a first load of {loaded.calls} calls "
            f"took {loaded.seconds:.1f} s, {loaded.ratio:.2f} of what the latency allows"
            for loaded in self._latency
        ]
        for line in self._lines:
            if line.writes is not None and line.reading in ("unchanged", "full"):
                facts.append(
                    f"{line.subject.name}, {line.figures.rows:,} rows, {_READINGS[line.reading]}: wrote "
                    f"{line.writes.rows:,} rows of the table, {line.writes.others:,} of our own tables, "
                    f"{line.writes.wal / 1e6:.2f} MB of WAL"
                )
        facts += self._notes
        if self._paces:
            facts.append(
                f"a loop of five million additions took {min(self._paces):.2f} to {max(self._paces):.2f} s "
                f"of CPU, mostly {statistics.median(self._paces):.2f}, at {len(self._paces)} moments"
            )
        return [*facts, f"{_machine()}; the whole run took {time.monotonic() - self._began:.0f} s"]


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
    cores = sum(line.startswith("processor") for line in lines)
    load = Path("/proc/loadavg").read_text().split()[0]
    return f"{cores} cores ({model}), Python {platform.python_version()}, load {load} at the end"
