"""exact-sync as its users run it: processes of its own, in real time, on a machine of its own."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from exact_sync.cli import main
from exact_sync.simulator.clock import Clock as SimulatorClock
from tests.deployment import Deployment, SharedClock
from tests.forks import Fork, fork

PATIENCE = 60.0
"""Seconds until something that does not happen counts as failed."""


def until(happens: Callable[[], Any], what: str = "it", seconds: float = PATIENCE) -> Any:
    """Wait for something, looking often; what it returned, once that is true."""
    deadline = time.monotonic() + seconds
    while True:
        result = happens()
        if result:
            return result
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds:.0f} s"
        time.sleep(0.02)


class RealTime(SharedClock):
    """Time as it passes, for both sides; a test may still shift it in its own process."""

    def __init__(self) -> None:
        self.theirs = SimulatorClock()
        self.slept = []

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class Process:
    """A command that was started; what it wrote so far can be read at any time."""

    def __init__(self, popen: "subprocess.Popen[bytes] | Fork", name: str, out: Path, err: Path) -> None:
        self.pid = popen.pid
        self._popen = popen
        self._name = name
        self._out = out
        self._err = err

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def says(self, text: str, *, on_stdout: bool = False) -> None:
        """Wait until it has said something."""

        def said() -> bool:
            running = self.running
            found = text in (self.out if on_stdout else self.out + self.err)
            assert found or running, f"{self} ended without {text!r}"
            return found

        until(said, f"{self}: {text!r}")

    def first_line(self) -> str:
        """Wait for the first line of its stdout."""
        self.says("\n", on_stdout=True)
        return self.out.partition("\n")[0]

    def type(self, line: str) -> None:
        """A line on its stdin."""
        assert self._popen.stdin is not None
        self._popen.stdin.write(f"{line}\n".encode())
        self._popen.stdin.flush()

    def address(self) -> str:
        """Where its server listens, as a URL."""
        self.says('"the server listens"')
        return re.findall(r'"address": "(http://[^"]+)"', self.err)[0]

    def signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self._popen.wait()

    def ends(self) -> int:
        """Wait for its end; its exit code."""
        try:
            return self._popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self} does not end") from None

    def close(self) -> None:
        if self.running:
            self.kill()
        if self._popen.stdin is not None:
            self._popen.stdin.close()

    def __str__(self) -> str:
        return f"{self._name}\n--- stdout\n{self.out}\n--- stderr\n{self.err}\n---"


class Machine:
    """Where a deployment's processes run: with its settings in their environment."""

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        self.deployment = deployment
        self.simulator = deployment.simulator
        self.folder = folder
        settings = deployment.settings
        assert settings.database_url is not None
        assert settings.client_secret is not None
        self.database_url = settings.database_url.get_secret_value()
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("EXACT_SYNC_")
        } | {
            "EXACT_SYNC_DATABASE_URL": self.database_url,
            "EXACT_SYNC_DATA_DIR": str(settings.data_dir),
            "EXACT_SYNC_BASE_URL": str(settings.base_url),
            "EXACT_SYNC_CLIENT_ID": str(settings.client_id),
            "EXACT_SYNC_CLIENT_SECRET": settings.client_secret.get_secret_value(),
            "EXACT_SYNC_SERVER__PORT": "0",
            "EXACT_SYNC_SECRETS_DIR": str(folder / "no-secrets"),
            "EXACT_SYNC_RESOURCES": json.dumps(
                {name: {"enabled": section.enabled} for name, section in settings.resources.items()}
            ),
        }
        (folder / "no-secrets").mkdir(exist_ok=True)
        self._processes: list[Process] = []
        self._reader: psycopg.Connection | None = None

    def variables(self, **changes: str | None) -> dict[str, str]:
        """The environment, with variables named without EXACT_SYNC_ changed (None: unset)."""
        ours = {f"EXACT_SYNC_{name}": value for name, value in changes.items()}
        both = {**self.environment, **ours}
        return {name: value for name, value in both.items() if value is not None}

    def start(
        self,
        *arguments: str,
        program: tuple[str, ...] = ("-m", "exact_sync"),
        stdout: int | None = None,
        **environment: str | None,
    ) -> Process:
        """Start a command, with these variables changed."""
        number = len(self._processes)
        out, err = self.folder / f"out-{number}", self.folder / f"err-{number}"
        with out.open("wb") as out_file, err.open("wb") as err_file:
            popen = subprocess.Popen(
                [sys.executable, *program, *arguments],
                cwd=self.folder,
                env=self.variables(**environment),
                stdin=subprocess.PIPE,
                stdout=out_file if stdout is None else stdout,
                stderr=err_file,
            )
        process = Process(popen, f"exact-sync {' '.join(arguments)}", out, err)
        self._processes.append(process)
        return process

    def fork(
        self, *arguments: str, program: str = "", is_typed_to: bool = False, **environment: str | None
    ) -> Process:
        """Start a command like `start`, but quicker: where starting it is not the point."""
        number = len(self._processes)
        out, err = self.folder / f"out-{number}", self.folder / f"err-{number}"
        out.touch()
        err.touch()
        forked = fork(
            arguments,
            self.variables(**environment),
            self.folder,
            out,
            err,
            program=program,
            is_typed_to=is_typed_to,
        )
        process = Process(forked, f"exact-sync {' '.join(arguments)}", out, err)
        self._processes.append(process)
        return process

    def run(self, *arguments: str, **environment: str | None) -> tuple[int, Process]:
        """Run a command to its end: its exit code, and what it said."""
        process = self.start(*arguments, **environment)
        return process.ends(), process

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database, as a reader would: on a connection that is kept while it holds."""
        if self._reader is None or self._reader.closed:
            self._reader = psycopg.connect(self.database_url, autocommit=True, prepare_threshold=None)
        try:
            cursor = self._reader.execute(statement, values)
        except psycopg.OperationalError:
            if not self._reader.closed:
                raise
            return self.query(statement, *values)
        return cursor.fetchall() if cursor.description else []

    def consent(self, url: str) -> str:
        """What a person does in the browser; the URL it is sent to."""
        response = httpx.get(url, follow_redirects=False)
        assert response.status_code == 302, response.text
        return str(response.headers["Location"])

    def nobody_is_signed_in(self) -> None:
        self.query("DELETE FROM exact_sync.sign_in")

    def close(self) -> None:
        """End what a failed test left running."""
        for process in self._processes:
            process.close()
        if self._reader is not None:
            self._reader.close()


@dataclass(frozen=True)
class Here:
    """Runs commands on a machine, but in this process: quicker, where no process is the point."""

    machine: Machine
    monkeypatch: pytest.MonkeyPatch
    capfd: pytest.CaptureFixture[str]

    def run(self, *arguments: str, **environment: str | None) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command."""
        for name in os.environ:
            self.monkeypatch.delenv(name)
        for name, value in self.machine.variables(**environment).items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.chdir(self.machine.folder)
        self.capfd.readouterr()
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        reactions = {
            number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            return main(arguments), *self.capfd.readouterr()
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            for number, reaction in reactions.items():
                signal.signal(number, reaction)
            if (told := signal.set_wakeup_fd(-1)) >= 0:
                os.close(told)


def the_token_has_ended(deployment: Deployment) -> None:
    """Sign in as if that had been eleven minutes ago."""
    deployment.clock.advance(minutes=-11)
    deployment.sign_in()
    deployment.clock.advance(minutes=11)
    deployment.simulator.stats.reset()


def one_clear_line(text: str) -> str:
    """What is wrong, from stderr that says just that and what to do about it, after what was logged."""
    lines = [line for line in text.splitlines() if not line.startswith('{"event": ')]
    assert "Traceback" not in text, text
    assert lines, "nothing was said"
    assert lines[0].startswith("error: "), text
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("  → ")), text
    return "\n".join(lines)
