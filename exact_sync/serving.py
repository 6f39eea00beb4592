"""What can be asked of a running exact-sync over HTTP, built from its services; and the file of metrics."""

import contextlib
import functools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exact_sync.clock import Clock
from exact_sync.config import Settings
from exact_sync.errors import BadConfiguration, DatabaseAway, ExactSyncError
from exact_sync.service import Service
from exact_sync.store.database import Database
from exact_sync.store.secret_key import secret_key
from exact_sync.web.counts import Audiences, Counted, CountingRequests, Counts
from exact_sync.web.pulse import Pulse
from exact_sync.web.source import Source

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.routing import BaseRoute

    from exact_sync.exporting.measures import Measures
    from exact_sync.web.metrics import Metrics

log = logging.getLogger(__name__)

_PATIENCE = 2
"""Seconds until the server's own questions to the database count as unanswered."""


class Asking:
    """A small pool of the server's own, so that it gets an answer while the workers use all of theirs."""

    def __init__(
        self, settings: Settings, clock: Clock, opened: Callable[[], Database | None], connections: int = 1
    ) -> None:
        """``opened``: the database of the work; None as long as nobody has reached it."""
        self._connections = connections
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
                    self._where(), self._clock, name="exact-sync server", connections=self._connections,
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
        for service in services:
            service.hears_of_deliveries = functools.partial(self.counts.tried, service.connection.name)
        self.audiences = Counted(audiences, self.counts, clock.monotonic, only)
        for service in services:
            service.observers.append(CountingRequests(service.connection.name, self.counts))
        self.pulses = {service.connection.name: Pulse(clock) for service in services}
        self._services, self._clock = services, clock
        self.sources = self.asked_through(asking)

    def asked_through(self, asking: Asking) -> list[Source]:
        """A source for each connection, whose questions go through this pool."""
        return [self._source(service, asking) for service in self._services]

    def _source(self, service: Service, asking: Asking) -> Source:
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
            consent=service.consent,
            now=self._clock.now,
        )


@contextlib.contextmanager
def served(
    services: Sequence[Service],
    audiences: Audiences,
    settings: Settings,
    clock: Clock,
    opened: Callable[[], Database | None],
    measures: "Measures | None" = None,
) -> Iterator[Served]:
    """Meanwhile the server answers, where it is enabled. ``measures``: who sends metrics elsewhere.

    Raises BadConfiguration where it may not, or can't, listen; where only its port is taken, the work
    begins without it.
    """
    asking = Asking(settings, clock, opened)
    with contextlib.ExitStack() as stack:
        stack.callback(asking.close)
        parts = Served(services, audiences, clock, asking)
        if measures is not None:
            stack.enter_context(measures.again_and_again(_metrics(parts, settings, clock).families))
        if settings.server.enabled:
            settings.server.check()
            # Counting rows may take long: what people look at must not keep a probe from its answer.
            people = Asking(settings, clock, opened, connections=2)
            stack.callback(people.close)
            application = _application(parts, parts.asked_through(people), settings, clock, stack)
            _listen(application, settings.server.host, settings.server.port, stack)
        yield parts


def _metrics(parts: Served, settings: Settings, clock: Clock) -> "Metrics":
    from exact_sync.web.metrics import Metrics  # only who shows or sends them pays for this import

    by_division = settings.server.metrics_division_label
    return Metrics(parts.sources, parts.counts, clock.now, by_division=by_division)


def _application(
    parts: Served, shown: Sequence[Source], settings: Settings, clock: Clock, stack: contextlib.ExitStack
) -> "Starlette":
    """Everything that is answered. ``shown``: what people ask; ``stack``: what ends with it."""
    # Only the daemon pays for these imports.
    from exact_sync.web import api, login, probes, webhooks
    from exact_sync.web.admission import Admission
    from exact_sync.web.app import app
    from exact_sync.web.pages.site import Pages

    pages = Pages(shown, time.monotonic, settings.server.public_url)
    stack.callback(pages.close)
    key = secret_key(settings.secret_key, settings.data_dir)
    admission = Admission(settings.server, key, clock.now)
    routes: list[BaseRoute] = [
        *probes.routes(parts.sources, _metrics(parts, settings, clock), time.monotonic),
        *login.routes(admission, time.monotonic),
        *api.routes(shown),
        *webhooks.routes(parts.sources, parts.counts, time.monotonic),
        *pages.routes,
    ]
    application = app(routes, admission)
    application.state.language, application.state.sources = settings.server.language, shown
    return application


def _listen(application: "Starlette", host: str, port: int, stack: contextlib.ExitStack) -> None:
    """Until the stack closes; from later on where the port is taken now."""
    from exact_sync.web import server

    try:
        opened_socket = stack.enter_context(server.listening(host, port))
    except server.PortTaken as taken:
        # Another daemon, perhaps: then the work is held, and that is what is to be said.
        log.warning("%s; it is tried again until that works", taken)
        over = threading.Event()
        stack.callback(over.set)
        later = threading.Thread(
            target=server.serve_later, args=(application, host, port, over), name="server", daemon=True
        )
        later.start()
    else:
        stack.enter_context(server.serving(application, opened_socket))


@contextlib.contextmanager
def measured(
    services: Sequence[Service],
    audiences: Audiences,
    settings: Settings,
    clock: Clock,
    opened: Callable[[], Database | None],
    file: Path | None,
    measures: "Measures | None" = None,
) -> Iterator[Audiences]:
    """A one-shot; at its end, also where one of our errors is its end, its metrics are in ``file`` (None:
    nowhere), and sent by ``measures`` (None: nobody).

    Raises BadConfiguration before anything begins where the file has no place; what keeps it from being
    written later is only a warning, for the work has its own errors to tell.
    """
    if file is None and measures is None:
        yield audiences
        return
    if file is not None:
        _check_place(file)
    asking = Asking(settings, clock, opened)
    parts = Served(services, audiences, clock, asking)

    def write() -> None:
        from exact_sync.web import textfile

        metrics = _metrics(parts, settings, clock)
        try:
            if measures is not None:
                measures.once(metrics.families())
            if file is not None:
                textfile.carry_on(file, parts.counts)
                textfile.write(file, metrics)
        except ExactSyncError as error:
            log.warning("%s", error)

    with contextlib.closing(asking):
        try:
            yield parts.audiences
        except ExactSyncError:
            write()
            raise
        write()


def _check_place(file: Path) -> None:
    """Raises BadConfiguration where no file can be made. A device or a pipe is its own place."""
    folder = file.resolve().parent
    trouble = None
    if file.is_dir():
        trouble = "it is a folder"
    elif file.exists() and not file.is_file():
        return
    elif not folder.is_dir():
        trouble = f"there is no folder {folder}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        trouble = f"no file may be made in {folder}"
    if trouble is not None:
        raise BadConfiguration(f"the metrics can't be written to {file}: {trouble}", "check metrics_file")
