"""Several connections to Exact in one process: one database and one stop; none waits for another."""

import contextlib
import logging
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection as Transaction

from exact_sync import desk, exporting, logs, serving
from exact_sync.catalog import Resource
from exact_sync.clock import Clock, SystemClock
from exact_sync.config import Settings
from exact_sync.connections import Connection, connections, named
from exact_sync.errors import BadConfiguration, ExactSyncError, WorkHeld
from exact_sync.exact.sending import Patience
from exact_sync.service import Service
from exact_sync.shares import Share, check_known, shares
from exact_sync.store import checkpoints, pauses
from exact_sync.store.connect import open_database
from exact_sync.store.database import Database
from exact_sync.sync.audience import Audience
from exact_sync.sync.naming import Naming, errors_named, named_error, named_outcome, not_begun
from exact_sync.sync.outcome import Outcome
from exact_sync.web.counts import Audiences
from exact_sync.web.pulse import Pulse

if TYPE_CHECKING:
    from exact_sync.scheduler.plan import Schedule
    from exact_sync.sync.plan import Forecast
    from exact_sync.sync.status import Status
    from exact_sync.sync.verify import Checks

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_HELD_AGAIN = 2.0
"""Seconds until the work of a connection that another process holds is looked at again."""
_LAST_NOTES = 1.0
"""Seconds that a database has for them where we leave in the middle of something."""


class Deployment:
    """All connections of the settings, or the one that is named. ``close`` undoes everything."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        connection: str | None = None,
        name: str = "exact-sync",
        patience: Patience | None = None,
    ) -> None:
        every = connections(settings)
        self.stop = threading.Event()
        self.clock: Clock = clock or SystemClock(self.stop)
        self._settings = settings
        self._name = name
        self._number = len(every)
        self.is_alone = self._number == 1
        self.is_closing = False
        """No request is under way any more that anybody waits for."""
        self._database: Database | None = None
        self._opening = threading.Lock()
        self._open = contextlib.ExitStack()
        self.services = [
            Service(
                settings, self.clock, name=name, patience=patience, connection=each,
                shared=self._shared, stop=self.stop,
            )
            for each in named(every, connection)
        ]  # fmt: skip

    def __enter__(self) -> "Deployment":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for service in self.services:
            service.await_refresh()
        self.is_closing = True
        try:
            self._close_services()
            self._open.close()
        finally:
            self.is_closing = False

    def leave(self) -> None:
        """Close although something hangs: if that is the database, what was to be noted there is lost."""
        for service in self.services:
            service.await_refresh()
        closing = threading.Thread(target=self._close_services, daemon=True)
        closing.start()
        closing.join(_LAST_NOTES)
        self._open.close()

    def _close_services(self) -> None:
        for service in self.services:
            service.close()

    def only(self) -> Service:
        """The one connection that is meant. Raises BadConfiguration where there are several."""
        if len(self.services) == 1:
            return self.services[0]
        names = ", ".join(service.connection.name for service in self.services)
        raise BadConfiguration("there are several connections", f"name one with --connection: {names}")

    def _shared(self) -> Database:
        """One pool, and at most one embedded server, for all of them."""
        with self._opening:
            if self._database is None:
                opened = open_database(self._settings, self.clock, self._name, connections=self._number)
                self._database = self._open.enter_context(opened)
            return self._database

    # What is the same for all

    def resources(self, names: Sequence[str] = ()) -> list[Resource]:
        return self.services[0].resources(names)

    @property
    def mirrored(self) -> dict[str, Resource]:
        return self.services[0].mirrored

    def schedules(self) -> "dict[str, Schedule]":
        return self.services[0].schedules()

    # What each does for itself

    def sync(
        self,
        names: Sequence[str],
        codes: Sequence[int],
        audiences: Audiences,
        *,
        full: bool = False,
        again: bool = False,
        metrics_file: Path | None = None,
    ) -> list[Outcome]:
        """``again``: also what is in quarantine. ``metrics_file``: for node_exporter, instead of the one in
        the settings.
        """
        self.resources(names)
        file = metrics_file or self._settings.metrics_file
        with (
            exporting.if_wanted(self._settings.telemetry) as measures,
            serving.measured(
                self.services, audiences, self._settings, self.clock, lambda: self._database, file, measures
            ) as heard,
        ):
            return self._outcomes(
                codes,
                heard,
                lambda share, audience: share.service.sync(
                    names, share.divisions, audience, full=full, again=again
                ),
            )

    def verify(
        self, names: Sequence[str], codes: Sequence[int], checks: "Checks", audiences: Audiences
    ) -> list[Outcome]:
        self.resources(names)
        with exporting.if_wanted(self._settings.telemetry):
            return self._outcomes(
                codes,
                audiences,
                lambda share, audience: share.service.verify(names, share.divisions, checks, audience),
            )

    def run(self, audiences: Audiences) -> None:
        """A daemon for each and one server, until ``stop``. Raises one's error where none could go on."""
        with (
            exporting.if_wanted(self._settings.telemetry) as measures,
            serving.served(
                self.services, audiences, self._settings, self.clock, lambda: self._database, measures
            ) as parts,
        ):
            self._run(parts)

    def _run(self, parts: serving.Served) -> None:
        audiences, pulses = parts.audiences, parts.pulses
        if self.is_alone:
            [pulse] = pulses.values()
            self.services[0].run(audiences.of(None), pulse.beat)
            return

        idle: set[str] = set()

        def work(share: Share) -> ExactSyncError | None:
            connection = share.service.connection
            audience = Naming(connection, audiences.of(connection.name))
            try:
                return self._serve(share, audience, pulses[connection.name], idle)
            except BaseException:
                self.stop.set()  # a mistake of ours: whoever watches over us starts us again
                raise

        errors = [error for _, error in self._in_threads(shares(self.services, ()), work)]
        if errors[0] is not None and all(errors):
            raise errors[0]

    def _serve(self, share: Share, audience: Audience, pulse: Pulse, idle: set[str]) -> ExactSyncError | None:
        """The daemon of one connection; why it could not go on. ``idle``: all that can't."""
        connection = share.service.connection
        while True:
            try:
                share.service.run(audience, pulse.beat)
            except ExactSyncError as error:
                pulse.end(str(error))
                idle.add(connection.name)
                log.error("%s", named_error(connection, error))  # noqa: TRY400 - one clear line
                if not isinstance(error, WorkHeld) or not self._becomes_free(share, idle):
                    return named_error(connection, error)
            else:
                return None
            idle.discard(connection.name)
            pulse.begin()

    def _becomes_free(self, share: Share, idle: Collection[str]) -> bool:
        """Wait while another process holds the work of a connection; False where none of ours is at work
        any more: then whoever watches over us tries again.
        """
        while len(idle) < len(self.services) and not self.stop.wait(_HELD_AGAIN):
            with contextlib.suppress(ExactSyncError):
                if share.service.crew.lock.holder(alone=False) is None:
                    return True
        return False

    def plan(
        self, names: Sequence[str], codes: Sequence[int], *, count: bool
    ) -> "list[tuple[Connection, Forecast | ExactSyncError]]":
        """What each connection's next cycle and first loads will cost, or why nobody knows."""
        self.resources(names)

        def work(share: Share) -> "Forecast | ExactSyncError":
            try:
                return share.service.plan(names, share.divisions, count=count)
            except ExactSyncError as error:
                if self.is_alone:
                    raise
                return named_error(share.service.connection, error)

        tried = self._in_threads(shares(self.services, codes), work)
        return [(share.service.connection, result) for share, result in tried]

    def status(
        self, names: Sequence[str] = (), codes: Sequence[int] = ()
    ) -> "list[tuple[Connection, Status]]":
        """Where the named resources (or all) of these divisions (or all) stand."""
        self.resources(names)
        lines = []
        for share in shares(self.services, codes):
            with errors_named(share.service.connection):
                lines.append((share.service.connection, share.service.status(names, share.divisions)))
        return lines

    def accept(self, name: str, codes: Sequence[int]) -> int:
        """Accept what Exact says now: suspect lists and records in quarantine; in how many divisions."""
        return self._on_state([name], codes, lambda connection, share: desk.accept(connection, name, share))

    def reset(self, name: str, codes: Sequence[int]) -> int:
        """Read this resource again from the beginning with the next sync; in how many divisions."""
        return self._on_state(
            [name], codes, lambda connection, share: checkpoints.reset(connection, name, share or None)
        )

    def pause(self, names: Sequence[str], codes: Sequence[int]) -> int:
        """Read these no more until they are resumed; how many were not paused before."""
        wanted = [resource.name for resource in self.resources(names)]
        return self._on_state(
            names, codes, lambda connection, share: pauses.add(connection, desk.places(wanted, share))
        )

    def resume(self, names: Sequence[str], codes: Sequence[int]) -> int:
        """Read these again; how many were paused. Raises BadConfiguration with what stays paused."""
        wanted = [resource.name for resource in self.resources(names)]
        resumed: list[desk.Resumed] = []

        def change(connection: Transaction, share: list[int]) -> int:
            resumed.append(desk.resume(connection, wanted, share))
            return len(resumed[-1].places)

        number = self._on_state(names, codes, change)
        for each in resumed:
            each.check()
        return number

    def _on_state(
        self, names: Sequence[str], codes: Sequence[int], change: Callable[[Transaction, list[int]], int]
    ) -> int:
        """A change of the state of each connection that has these divisions (or of all).

        Raises Unknown for a division that there is not: a slip of the pen must not look like success.
        """
        self.resources(names)
        check_known(self.services, codes)
        number = 0
        for share in shares(self.services, codes):
            with errors_named(share.service.connection):
                share.service.ready()
            with share.service.database.begin() as connection:
                number += change(connection, share.divisions)
        return number

    # Several at a time

    def _outcomes(
        self, codes: Sequence[int], audiences: Audiences, work: Callable[[Share, Audience], list[Outcome]]
    ) -> list[Outcome]:
        if self.is_alone:
            return work(Share(self.services[0], list(codes)), audiences.of(None))

        def attempt(share: Share) -> list[Outcome]:
            connection = share.service.connection
            try:
                outcomes = work(share, Naming(connection, audiences.of(connection.name)))
            except ExactSyncError as error:
                return [not_begun(connection, error)]
            return [named_outcome(connection, outcome) for outcome in outcomes]

        tried = self._in_threads(shares(self.services, codes), attempt)
        is_found = any(outcome.resource for _, outcomes in tried for outcome in outcomes)
        # Of those that might have a division, the one that has it speaks for all.
        return [
            outcome
            for share, outcomes in tried
            for outcome in outcomes
            if share.is_sure or not is_found or not isinstance(outcome.error, BadConfiguration)
        ]

    def _in_threads(
        self, parts: Sequence[Share], work: Callable[[Share], Result]
    ) -> list[tuple[Share, Result]]:
        """One thread for each; a mistake of ours in one is raised when all have ended."""

        def task(share: Share) -> Result:
            connection = share.service.connection
            with logs.about(None if connection.is_alone else connection.name):
                return work(share)

        if len(parts) == 1:
            return [(parts[0], task(parts[0]))]
        with ThreadPoolExecutor(len(parts), "connection") as threads:
            try:
                return list(zip(parts, threads.map(task, parts), strict=True))
            except KeyboardInterrupt:
                self.stop.set()
                raise
