"""What many small divisions cost: a first load and an idle cycle of all of them, as processes, in real time.

make bench-divisions                         # 30 and 300 divisions; some minutes
python -m bench.divisions 30 300 [--latency 0.1] [--workers N]

CPU (user and system) and memory are those of the `exact-sync sync` process, start included; beside them
stands what all processes of PostgreSQL, and the simulator, spent. The simulator has Exact's default
limits, and every call takes `--latency` seconds. PostgreSQL is the embedded one, in a temporary folder; no
root and no Docker needed.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.children import Failed, SimulatorProcess, Usage, run, sign_in, simulator
from bench.postgres import running
from bench.stopwatch import server_cpu

_HEAD = ("divisions", "cycle", "seconds", "CPU s", "peak MB", "calls", "calls/s", "429s", "violations",
         "CPU ms/call", "PostgreSQL ms/call", "simulator ms/call")  # fmt: skip


@dataclass(frozen=True)
class Cycle:
    """One `exact-sync sync`, and what the simulator saw of it."""

    name: str
    divisions: int
    usage: Usage
    calls: int
    limited: int
    violations: int
    server_cpu: float
    simulator_cpu: float

    def cells(self) -> list[str]:
        """Its line of the table."""
        usage, calls = self.usage, max(self.calls, 1)
        return [
            f"{self.divisions}", self.name, f"{usage.seconds:.1f}", f"{usage.cpu:.1f}",
            f"{usage.peak_megabytes:.0f}", f"{self.calls}", f"{self.calls / usage.seconds:.1f}",
            f"{self.limited}", f"{self.violations}", f"{usage.cpu / calls * 1000:.1f}",
            f"{self.server_cpu / calls * 1000:.1f}",
            f"{self.simulator_cpu / calls * 1000:.1f}",
        ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.divisions")
    parser.add_argument("divisions", type=int, nargs="+", help="how many, for one run each")
    parser.add_argument("--latency", type=float, default=0.1, help="seconds that each call takes at Exact")
    parser.add_argument("--workers", type=int, help="the setting `workers`; else its default")
    given = parser.parse_args()
    rows = [list(_HEAD)]
    for divisions in given.divisions:
        try:
            for cycle in _cycles(divisions, given.latency, given.workers):
                rows.append(cycle.cells())
                print("  ".join(cycle.cells()), file=sys.stderr)
        except Failed as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _cycles(divisions: int, latency: float, workers: int | None) -> Iterator[Cycle]:
    options = ("--size", "tiny", "--divisions", str(divisions), "--latency", str(latency))
    with (
        tempfile.TemporaryDirectory(prefix="exact-sync-bench-") as name,
        running(Path(name) / "server") as server,
        server.database("divisions") as url,
        simulator(*options) as exact,
    ):
        folder = Path(name)
        environment = _environment(exact, url, folder, workers)
        sign_in(environment, folder)
        for cycle in ("first load", "idle"):
            exact.ask("POST", "reset-stats")
            before, server_before = exact.cpu, server_cpu(server.postmaster)
            usage = run(["sync"], environment, folder)
            summary = exact.ask("GET", "summary")
            yield Cycle(
                cycle,
                divisions,
                usage,
                calls=summary["calls"],
                limited=summary["by_status"].get("429", 0),
                violations=sum(summary["violations"].values()),
                server_cpu=server_cpu(server.postmaster) - server_before,
                simulator_cpu=exact.cpu - before,
            )


def _environment(exact: SimulatorProcess, url: str, folder: Path, workers: int | None) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("EXACT_SYNC_")}
    (folder / "no-secrets").mkdir(exist_ok=True)
    ours = {
        "EXACT_SYNC_DATABASE_URL": url,
        "EXACT_SYNC_DATA_DIR": str(folder / "data"),
        "EXACT_SYNC_SECRETS_DIR": str(folder / "no-secrets"),
    }
    if workers is not None:
        ours["EXACT_SYNC_WORKERS"] = str(workers)
    return others | exact.settings | ours


if __name__ == "__main__":
    main()
