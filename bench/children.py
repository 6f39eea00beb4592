"""Commands as processes of their own: what each took, and the simulator among them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

PROGRAM = (sys.executable, "-m", "exact_sync")


@dataclass(frozen=True)
class Usage:
    """What a process took: seconds on the wall and of CPU (user and system), and its peak of memory."""

    seconds: float
    cpu: float
    peak_megabytes: float


class Failed(Exception):
    """A command that must succeed did not."""


def run(arguments: Sequence[str], environment: dict[str, str], folder: Path) -> Usage:
    """Run exact-sync to its end. `Failed`, with the last lines it wrote, if it exits with an error."""
    output = folder / f"{arguments[0]}.log"
    started = time.perf_counter()
    with output.open("wb") as file:
        child = subprocess.Popen(
            [*PROGRAM, *arguments], env=environment, cwd=folder, stdout=file, stderr=subprocess.STDOUT
        )
    usage, code = _end(child, started)
    if code:
        lines = "\n".join(output.read_text().splitlines()[-15:])
        raise Failed(f"exact-sync {' '.join(arguments)} exited with {code}:\n{lines}")
    return usage


def sign_in(environment: dict[str, str], folder: Path) -> None:
    """Sign in at a simulator that consents by itself, by pasting the URL the browser would be sent to."""
    with subprocess.Popen(
        [*PROGRAM, "auth", "login", "--paste"],
        env=environment, cwd=folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        answer = httpx.get(url, follow_redirects=False).headers["Location"] if url else ""
        _, said = child.communicate(f"{answer}\n")
    if child.returncode:
        raise Failed(f"signing in failed:\n{said}")


class SimulatorProcess:
    """A simulator that runs: its settings, its counts, and the CPU it takes."""

    def __init__(self, child: "subprocess.Popen[str]", settings: dict[str, str]) -> None:
        self.settings = settings
        self._process = psutil.Process(child.pid)
        self._http = httpx.Client(base_url=settings["EXACT_SYNC_BASE_URL"], timeout=60, trust_env=False)

    def ask(self, method: str, name: str) -> Any:
        """Its control interface: see exact_sync/simulator/control.py."""
        return json.loads(self._http.request(method, f"/_simulator/{name}").raise_for_status().content)

    @property
    def cpu(self) -> float:
        """Seconds so far, user and system, founding included."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def simulator(*options: str) -> Iterator[SimulatorProcess]:
    """A simulator on a free port, stopped in the end; what it took is written to stderr."""
    started = time.perf_counter()
    child = subprocess.Popen(
        [*PROGRAM, "simulator", "--port", "0", *options], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    lines = [child.stdout.readline().strip() for _ in range(4)]
    if not all("=" in line for line in lines):
        child.kill()
        child.wait()
        raise Failed("the simulator does not start")
    print(f"simulator ready after {time.perf_counter() - started:.1f} s", file=sys.stderr)
    try:
        yield SimulatorProcess(child, dict(line.split("=", 1) for line in lines))
    finally:
        child.terminate()
        usage, _ = _end(child, started)
        child.stdout.close()
        print(f"simulator: {usage.cpu:.1f} s CPU, peak {usage.peak_megabytes:.0f} MB", file=sys.stderr)


def _end(child: "subprocess.Popen[Any]", started: float) -> tuple[Usage, int]:
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    unit = 1024 if sys.platform == "linux" else 1024**2  # ru_maxrss: kilobytes here, bytes on macOS
    return Usage(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / unit), child.returncode
