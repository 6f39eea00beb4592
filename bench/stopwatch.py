"""What a piece of work took: time, CPU of this process and of PostgreSQL, and the peak of memory.

Only the standard library: peers use it in virtual environments of their own.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def measured(name: str, rows: int, postmaster: int) -> Iterator[None]:
    """Measure what happens meanwhile, and print it as a line of JSON."""
    wall, client, server = time.perf_counter(), client_cpu(), server_cpu(postmaster)
    yield
    took = {
        "name": name,
        "rows": rows,
        "seconds": time.perf_counter() - wall,
        "client": client_cpu() - client,
        "server": server_cpu(postmaster) - server,
        "megabytes": peak_megabytes(),
    }
    print(json.dumps(took), flush=True)


def client_cpu() -> float:
    """Seconds of CPU, user and system, of this process and of those that it has waited for."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def server_cpu(postmaster: int) -> float:
    """The same of a PostgreSQL server: of all its processes, those that have ended among them."""
    # First what has ended, lest a process that ends meanwhile be counted twice.
    total = _of_ended(postmaster) + _of_living(postmaster)
    for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
        try:
            total += _of_living(int(child))
        except OSError:
            continue  # it ends just now, and counts among the ended next time
    return total


def peak_megabytes() -> float:
    """The peak of this process's own memory, or of a child's where that is higher.

    Not ru_maxrss of this process: a child inherits that from whoever started it.
    """
    text = Path("/proc/self/status").read_text()
    own = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM"))
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def pace() -> float:
    """Seconds of CPU that always the same work takes: how fast the machine is just now."""
    began = time.process_time()
    total = 0
    for number in range(5_000_000):
        total += number
    return time.process_time() - began


def job() -> dict[str, Any]:
    """What this process is to do: its only argument, as JSON."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    return given


def _of_living(process: int) -> float:
    """To the nanosecond: what a commit costs is less than a tick."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def _of_ended(process: int) -> float:
    """Of the children that a process has waited for, in ticks of 10 ms."""
    # After the name, which may hold anything, come the fields from the third on.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[13:15])) / _TICKS
