"""Processes that need not import exact-sync first: forks of one that has. A second quicker each.

They are processes like any other: they may be killed, and they end as an interpreter ends. Only
how they are started is not what users do; stories about that start the real executable.

Run as ``python -m tests.forks`` this is the process that waits to be forked: an order per line.
"""

import atexit
import gc
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

_NEEDED = (
    # ours: commands, and what a daemon and its server import once they are at work
    "exact_sync.cli.status", "exact_sync.cli.work", "exact_sync.exact.subscriptions", "exact_sync.log_lines",
    "exact_sync.scheduler.daemon", "exact_sync.sync.totals", "exact_sync.web.api", "exact_sync.web.app",
    "exact_sync.web.login", "exact_sync.web.pages.site", "exact_sync.web.probes", "exact_sync.web.server",
    "exact_sync.web.webhooks",
    # what others import only at their first use
    "certifi", "encodings.idna", "encodings.utf_8_sig", "httpcore", "pydantic.v1",
    "uvicorn.lifespan.off", "uvicorn.loops.asyncio", "uvicorn.protocols.http.h11_impl",
)  # fmt: skip
"""What forks need not import for themselves."""


class Fork:
    """A forked command; to its owner what a ``subprocess.Popen`` is."""

    def __init__(self, pid: int, status: Path, stdin: BinaryIO | None) -> None:
        self.pid = pid
        self.stdin = stdin
        self._status = status

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return int(self._status.read_text()) if self._status.exists() else None

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended, and that is about to be noted
                os.kill(self.pid, number)


def fork(
    arguments: tuple[str, ...],
    environment: dict[str, str],
    folder: Path,
    out: Path,
    err: Path,
    *,
    program: str = "",
    is_typed_to: bool = False,
) -> Fork:
    """Start ``exact-sync`` with these arguments, or a program that does; what it says goes to files."""
    status = Path(f"{out}.status")
    typed = Path(f"{out}.typed" if is_typed_to else os.devnull)
    stdin = _pipe(typed) if is_typed_to else None
    places = {"folder": folder, "typed": typed, "out": out, "err": err, "status": status}
    order = {"arguments": arguments, "environment": environment, "program": program}
    order |= {name: str(path) for name, path in places.items()}
    process, one_at_a_time = _origin()
    assert process.stdin is not None
    assert process.stdout is not None
    with one_at_a_time:
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
        return Fork(int(process.stdout.readline()), status, stdin)


def _pipe(path: Path) -> BinaryIO:
    """A pipe with a name; its end to write into."""
    os.mkfifo(path)
    return os.fdopen(os.open(path, os.O_RDWR), "wb", buffering=0)  # to write alone would wait for a reader


@cache
def _origin() -> tuple["subprocess.Popen[bytes]", threading.Lock]:
    """The process that all forks come from; it ends with this one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.forks"],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )

    atexit.register(_end, process)
    return process, threading.Lock()


def _end(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait(10)


def _wait_for_orders() -> None:
    for name in _NEEDED:
        import_module(name)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        if os.fork() == 0:
            _guard(**json.loads(line))
            return
        while _reap():
            pass


def _reap() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _guard(status: str, **order: Any) -> None:
    """Start it, say its number, and note how it ended."""
    pid = os.fork()
    if pid == 0:
        _become(**order)
    os.write(1, f"{pid}\n".encode())
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    Path(f"{status}.part").write_text(str(code))
    Path(f"{status}.part").rename(status)
    os._exit(0)


def _become(
    arguments: list[str],
    environment: dict[str, str],
    program: str,
    folder: str,
    typed: str,
    out: str,
    err: str,
) -> None:
    from exact_sync.cli import main

    files = ((typed, os.O_RDONLY), (out, os.O_WRONLY | os.O_CREAT), (err, os.O_WRONLY | os.O_CREAT))
    for number, (path, mode) in enumerate(files):
        opened = os.open(path, mode)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["exact-sync", *arguments]
    if program:
        exec(program, {"__name__": "__main__"})
        sys.exit()
    sys.exit(main(arguments))


if __name__ == "__main__":
    _wait_for_orders()
