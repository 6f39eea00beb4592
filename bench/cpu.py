"""CPU per row of a first load, again and again while the machine wavers: python -m bench.cpu [ROUNDS]

A machine that shares its cores takes up to twice as long for the same work, for a second or for an hour
(docs/performance.md). Three measurements meet one kind of weather; these meet several, by turns.
"""

import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from bench import recorded
from bench.jobs import run
from bench.material import Material
from bench.postgres import Server, running
from bench.stopwatch import pace
from bench.subjects import SUBJECTS

_ROUNDS, _ROWS, _TIMES = 20, 10_000, 4


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else _ROUNDS
    found: dict[str, list[float]] = defaultdict(list)
    loops: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="exact-sync-bench-") as name,
        running(Path(name) / "server") as server,
    ):
        made = {
            subject.name: Material(subject, recorded.record(subject, _ROWS), _TIMES, Path(name))
            for subject in SUBJECTS.values()
        }
        for number in range(rounds):
            for subject, material in made.items():
                found[subject].append(_first_load(server, material, f"cpu_{number}"))
                loops.append(pace())
    title = f"µs a row of {_ROWS * _TIMES:,}, {rounds} rounds"
    print(f"{title:34}{'least':>8}{'median':>8}{'most':>8}")
    for subject, cpu in found.items():
        print(f"{subject:34}{min(cpu):8.1f}{statistics.median(cpu):8.1f}{max(cpu):8.1f}")
    print(f"a plain loop took {min(loops):.2f} to {max(loops):.2f} s, mostly {statistics.median(loops):.2f}")


def _first_load(server: Server, material: Material, database: str) -> float:
    """Of client and server together."""
    with server.database(database) as url:
        run("bench.ours", material.job(server, url, "prepare", "http://127.0.0.1:9"))
        server.settle(url)
        with material.served("first") as base_url:
            (figures,) = run("bench.ours", material.job(server, url, "first", base_url))
    return figures.cpu / figures.rows * 1e6


if __name__ == "__main__":
    main()
