"""What can be asked of a running exact-sync over HTTP, built from its services; and the file of metrics."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from exact_sync.clock import Clock
from exact_sync.config import Settings
from exact_sync.errors import DatabaseAway, ExactSyncError
from exact_sync.service import Service
from exact_sync.store.database import Database
from exact_sync.web.counts import Audiences, Counted, CountingRequests, Counts
from exact_sync.web.pulse import Pulse
from exact_sync.web.source import Source

log = logging.getLogger(__name__)

_PATIENCE = 2
"""Seconds until the server's own questions to the database count as unanswered."""


class Asking:
    """A small pool of the server's own, so that it gets an answer while the workers use all of theirs."""

    def __init__(self, settings: Settings, clock: Clock, opened: Callable[[], Database | None]) -> None:
        """``opened``: the database of the work; None as long as nobody has reached it."""
        self._url = settings.database_url
        self._clock = clock
        self._opened = opened
        self._database: Database | None = None
        self._mutex = threading.Lock()

    def database(self) -> Database:
        """Raises DatabaseAway where the embedded server has not been started yet."""
        with self._mutex:
            if self._database is None:
                self._database = Database(
                    self._where(), self._clock, name="exact-sync server", connections=1,
                    patience=_PATIENCE, turn=_PATIENCE,
                )  # fmt: skip
            return self._database

    def _where(self) -> str:
        if self._url is not None:
            return self._url.get_secret_value()
        opened = self._opened()
        if opened is None:
            raise DatabaseAway("the embedded database has not started yet")
        return opened.url.render_as_string(hide_password=False)

    def close(self) -> None:
        with self._mutex:
            if self._database is not None:
                self._database.close()


class Served:
    """What a daemon is given where it may be watched: somebody who counts, and a pulse to beat."""

    def __init__(
        self, services: Sequence[Service], audiences: Audiences, clock: Clock, asking: Asking
    ) -> None:
        self.counts = Counts()
        only = services[0].connection.name
        self.audiences = Counted(audiences, self.counts, clock.monotonic, only)
        for service in services:
            service.observers.append(CountingRequests(service.connection.name, self.counts))
        self.pulses = {service.connection.name: Pulse(clock) for service in services}
        self.sources = [self._source(service, asking, clock) for service in services]

    def _source(self, service: Service, asking: Asking, clock: Clock) -> Source:
        def database() -> Database:
            return asking.database().within(service.schemas)

        return Source(
            connection=service.connection,
            database=database,
            mirrored=service.mirrored,
            wanted=service.wanted,
            allowance=service.allowance,
            pulse=self.pulses[service.connection.name],
            desk=service.desk(database),
            now=clock.now,
        )


@contextlib.contextmanager
def served(
    services: Sequence[Service],
    audiences: Audiences,
    settings: Settings,
    clock: Clock,
    opened: Callable[[], Database | None],
) -> Iterator[Served]:
    """Meanwhile the server answers, where it is enabled.

    Raises BadConfiguration where it may not, or can't, listen; where only its port is taken, the work
    begins without it.
    """
    asking = Asking(settings, clock, opened)
    with contextlib.ExitStack() as stack:
        stack.callback(asking.close)
        parts = Served(services, audiences, clock, asking)
        if settings.server.enabled:
            settings.server.check()
            # Only the daemon pays for these imports.
            from exact_sync.web import probes, server, webhooks
            from exact_sync.web.app import app
            from exact_sync.web.metrics import Metrics

            by_division = settings.server.metrics_division_label
            metrics = Metrics(parts.sources, parts.counts, clock.now, by_division=by_division)
            routes = [
                *probes.routes(parts.sources, metrics, time.monotonic),
                *webhooks.routes(parts.sources, parts.counts, time.monotonic),
            ]
            application, where = app(routes), (settings.server.host, settings.server.port)
            try:
                opened_socket = stack.enter_context(server.listening(*where))
            except server.PortTaken as taken:
                # Another daemon, perhaps: then the work is held, and that is what is to be said.
                log.warning("%s; tried again every %d seconds", taken, server.AGAIN)
                over = threading.Event()
                stack.callback(over.set)
                later = threading.Thread(
                    target=server.serve_later, args=(application, *where, over), name="server", daemon=True
                )
                later.start()
            else:
                stack.enter_context(server.serving(application, opened_socket))
        yield parts


@contextlib.contextmanager
def measured(
    services: Sequence[Service],
    audiences: Audiences,
    settings: Settings,
    clock: Clock,
    opened: Callable[[], Database | None],
    file: Path | None,
) -> Iterator[Audiences]:
    """A one-shot; at its end, however it ends, its metrics are in ``file`` (None: nowhere).

    Raises BadConfiguration where the file can't be written, unless something worse happened.
    """
    if file is None:
        yield audiences
        return
    asking = Asking(settings, clock, opened)
    parts = Served(services, audiences, clock, asking)

    def write() -> None:
        from exact_sync.web import textfile
        from exact_sync.web.metrics import Metrics

        textfile.carry_on(file, parts.counts)
        by_division = settings.server.metrics_division_label
        metrics = Metrics(parts.sources, parts.counts, clock.now, by_division=by_division)
        textfile.write(file, metrics)

    with contextlib.closing(asking):
        try:
            yield parts.audiences
        except ExactSyncError:
            try:
                write()
            except ExactSyncError as error:
                log.warning("%s", error)
            raise
        write()
