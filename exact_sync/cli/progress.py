"""Runs as people watch them: progress bars on a terminal, plain lines elsewhere, log lines in a daemon."""

import logging
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from exact_sync import logs
from exact_sync.cli.output import say
from exact_sync.sync.audience import Audience
from exact_sync.sync.outcome import Outcome

log = logging.getLogger("exact_sync.sync")


class Watching(Audience, Protocol):
    """An audience that can also sum up."""

    def summary(self, outcomes: Sequence[Outcome]) -> None: ...

    def of(self, connection: str | None) -> Audience: ...


@contextmanager
def audience(*, quiet: bool = False) -> Iterator[Watching]:
    """What fits where the output goes; ``quiet``: no line per run where it is no terminal."""
    if not sys.stderr.isatty():
        yield Silence() if quiet else Lines()
        return
    from exact_sync.cli.bars import Bars  # a cron run need not pay for rich

    bars = Bars()
    with bars.progress:
        yield bars


def described(outcome: Outcome) -> str:
    """A run in one line."""
    tally = outcome.tally
    where = f"{outcome.resource} {outcome.division}" if outcome.division else outcome.resource
    counts = (
        f"{tally.records:,} read, {tally.inserted:,} new, {tally.updated:,} changed, "
        f"{tally.deleted:,} removed, {counted(tally.calls, 'call')}"
    )
    whose = f"{outcome.connection}: " if outcome.connection else ""
    return f"{whose}{where.strip()}: {outcome.status}, {counts}"


def counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


class Lines:
    """A line per run on stdout, errors on stderr."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._began = time.monotonic()

    def of(self, connection: str | None) -> Audience:
        """Who watches one connection: an outcome says itself whose it is."""
        return self

    def begins(self, division: int, resource: str) -> None:
        """Nothing to say yet."""

    def page(self, division: int, resource: str, records: int) -> None:
        """Nothing to say in between."""

    def ends(self, outcome: Outcome) -> None:
        with self._mutex:
            if outcome.resource:
                say(described(outcome))

    def summary(self, outcomes: Sequence[Outcome]) -> None:
        told: set[tuple[str | None, str]] = set()
        for outcome in outcomes:
            message = outcome.named_message(outcome.resource)
            if message and (outcome.connection, message) not in told:
                told.add((outcome.connection, message))
                kind = "error" if outcome.exit_code else "note"
                whose = f"{outcome.connection}: " if outcome.connection else ""
                text = f"{kind}: {whose}{message}" + (f"\n  → {outcome.hint}" if outcome.hint else "")
                say(logs.clean(text), err=True)
        runs = [outcome for outcome in outcomes if outcome.resource]
        divisions = {(outcome.connection, outcome.division) for outcome in runs if outcome.division}
        written = sum(outcome.tally.written for outcome in runs)
        calls = sum(outcome.tally.calls for outcome in runs)
        failed = sum(outcome.exit_code != 0 for outcome in outcomes)
        say(
            f"{counted(len(runs), 'run')} in {counted(len(divisions), 'division')}: "
            f"{counted(written, 'row')} written, {counted(calls, 'call')}, "
            f"{failed} failed, {time.monotonic() - self._began:.1f} s"
        )


class Silence(Lines):
    """Nothing on the way: the command says it all at its end."""

    def ends(self, outcome: Outcome) -> None:
        """Nothing to say yet."""


class LogLines:
    """Structured log lines, for the daemon."""

    def of(self, connection: str | None) -> Audience:
        """Every log line of a connection says its name already."""
        return self

    def begins(self, division: int, resource: str) -> None:
        log.debug("a run begins", extra={"division": division, "resource": resource})

    def page(self, division: int, resource: str, records: int) -> None:
        log.debug("a page came", extra={"division": division, "resource": resource, "records": records})

    def ends(self, outcome: Outcome) -> None:
        facts = {"division": outcome.division, "resource": outcome.resource, "status": outcome.status}
        level = logging.INFO if outcome.exit_code == 0 else logging.WARNING
        if outcome.message:
            facts["note"] = outcome.message
        if outcome.hint:
            facts["hint"] = outcome.hint
        log.log(level, "a run ended", extra=facts | outcome.tally.counts())
