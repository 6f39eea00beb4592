"""Measurements as processes of their own, and the figures they hand back."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / "bench" / "peers" / ".venvs"
_PATIENCE = 300


@dataclass(frozen=True)
class Figures:
    """What one piece of work took; CPU and time in seconds."""

    name: str
    rows: int
    seconds: float
    client: float
    server: float
    megabytes: float
    least: float | None = None
    """The least CPU, client and server together, of several measurements."""

    @property
    def speed(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds

    @property
    def cpu(self) -> float:
        """Client and server together."""
        return self.client + self.server

    def less(self, start: "Figures") -> "Figures":
        """Without what a start costs in which no row comes."""
        return Figures(
            self.name, self.rows, max(0.001, self.seconds - start.seconds), self.client - start.client,
            self.server - start.server, self.megabytes,
        )  # fmt: skip


class Failed(Exception):
    """A measurement did not come to its end; with what it said."""


def run(module: str, job: dict[str, Any], python: Path | None = None) -> list[Figures]:
    """The figures that a module of ours prints. Raises Failed."""
    command = [str(python or sys.executable), "-m", module, json.dumps(job)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, cwd=ROOT)
    except subprocess.TimeoutExpired:
        raise Failed(f"{module} takes longer than {_PATIENCE} s") from None
    if done.returncode:
        raise Failed(f"{module} failed:\n" + "\n".join(done.stderr.strip().splitlines()[-12:]))
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"name"')]
    return [Figures(**json.loads(line)) for line in lines]


def medians(figures: Iterable[Figures]) -> dict[str, Figures]:
    """Of the figures with one name, the median of each, and the least CPU."""
    groups: dict[str, list[Figures]] = {}
    for each in figures:
        groups.setdefault(each.name, []).append(each)
    numbers = [field.name for field in fields(Figures) if field.name not in ("name", "rows", "least")]
    return {
        name: Figures(
            name,
            group[0].rows,
            **{n: statistics.median(getattr(each, n) for each in group) for n in numbers},
            least=min(each.cpu for each in group),
        )
        for name, group in groups.items()
    }
