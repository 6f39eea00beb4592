"""Instructions that the client takes to read a page, per row: python -m bench.instructions

Counted by valgrind (a tool of its own, apt-get install valgrind), in a process of its own. A clock tells
nothing below a fifth on a machine that shares its cores; these numbers are the same each time to less than
a hundredth, whatever else is at work. They say nothing of caches, of the socket and of PostgreSQL.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import recorded
from bench.subjects import DIVISION, SUBJECTS
from exact_sync import process
from exact_sync.sync.columns import Columns

_ROWS = 1_000
_FEW, _MANY = 2, 5
_WAYS = ("read", "glance")


def main() -> None:
    if len(sys.argv) > 1:
        name, way, times, file = sys.argv[1:]
        _read(name, way, int(times), Path(file))
        return
    if shutil.which("valgrind") is None:
        raise SystemExit("valgrind is not installed here (as root: apt-get install valgrind)")
    print(f"{'instructions per row of a page of 1,000':42}{'read':>10}{'glance':>10}")
    with tempfile.TemporaryDirectory(prefix="exact-sync-bench-") as folder:
        for name, subject in SUBJECTS.items():
            file = Path(folder) / name
            file.write_bytes(recorded.pages(recorded.record(subject, _ROWS), _ROWS)[0])
            counts = [_of_one_row(name, way, file) for way in _WAYS]
            print(f"{name:42}{counts[0]:10,.0f}{counts[1]:10,.0f}")


def _of_one_row(name: str, way: str, file: Path) -> float:
    """Less what the process takes besides."""
    few, many = (_counted(name, way, times, file) for times in (_FEW, _MANY))
    return (many - few) / (_MANY - _FEW) / _ROWS


def _counted(name: str, way: str, times: int, file: Path) -> int:
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    command += [sys.executable, "-m", "bench.instructions", name, way, str(times), str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.search(r"I\s+refs:\s+([\d,]+)", said)
    if found is None:
        raise SystemExit(f"valgrind counted nothing: {said[-300:]}")
    return int(found[1].replace(",", ""))


def _read(name: str, way: str, times: int, file: Path) -> None:
    columns = Columns(SUBJECTS[name].resource, DIVISION)
    body = bytearray(file.read_bytes())
    process.imported()  # as the command line does
    for _ in range(times):
        getattr(columns, way)(body)


if __name__ == "__main__":
    main()
