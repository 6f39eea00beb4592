"""Builds what mirrors one connection to Exact, runs it and stops it: the one file that sees everything."""

import contextlib
import logging
import threading
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import httpx

from exact_sync import __version__, config, logs, signing_in
from exact_sync.catalog import Resource
from exact_sync.choice import (
    calls_an_hour,
    check_names,
    chosen,
    follows_interval,
    how_often,
    known_names,
)
from exact_sync.clock import Clock, SystemClock
from exact_sync.config import Settings
from exact_sync.connections import Connection, connections
from exact_sync.credentials import Cipher
from exact_sync.errors import BadConfiguration, DatabaseAway, Stopped
from exact_sync.exact.client import Client
from exact_sync.exact.oauth import App, TokenEndpoint
from exact_sync.exact.session import Session
from exact_sync.exact.transport import Patience, Transport
from exact_sync.store import divisions, migrate, readiness
from exact_sync.store.connect import open_database
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from exact_sync.store.schemas import Schemas
from exact_sync.store.secret_key import secret_key
from exact_sync.sync import status
from exact_sync.sync.crew import Crew
from exact_sync.sync.naming import named_error
from exact_sync.sync.once import sync_once
from exact_sync.sync.opening import Opening
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.pace import Rhythm
from exact_sync.sync.plan import Forecast, Planner, Terms, forecast
from exact_sync.sync.pool import Audience
from exact_sync.sync.run import Runner
from exact_sync.sync.task import Options
from exact_sync.sync.verifier import Verifier
from exact_sync.sync.verify import Checks

if TYPE_CHECKING:
    from exact_sync.scheduler.plan import Schedule

log = logging.getLogger(__name__)


def load_settings(path: Path | None = None, **options: object) -> Settings:
    """The settings, with their secrets made known to the log filter."""
    settings = config.load(path, known_resources=known_names(), **options)
    secrets = [section.client_secret for section in settings.connections.values()]
    for secret in (settings.client_secret, settings.secret_key, *secrets):
        logs.hide(secret.get_secret_value() if secret else None)
    return settings


class Service:
    """The running product, for one connection to Exact: the first one of the settings, or the one given.

    Everything is built when it is first needed; ``close`` undoes it.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        name: str = "exact-sync",
        patience: Patience | None = None,
        connection: Connection | None = None,
        shared: Callable[[], Database] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.connection = connection or connections(settings)[0]
        self.settings = self.connection.settings
        self.schemas = Schemas(self.connection.schema, self.connection.state_schema)
        self.stop = stop or threading.Event()
        self.clock: Clock = clock or SystemClock(self.stop)
        self._name = name
        self._patience = patience
        self._shared = shared
        self._open = contextlib.ExitStack()
        self._is_ready = False

    def __enter__(self) -> "Service":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    @cached_property
    def database(self) -> Database:
        if self._shared is not None:
            database = self._shared()
        else:
            database = self._open.enter_context(open_database(self.settings, self.clock, self._name))
        return database.within(self.schemas)

    def upgrade(self) -> bool:
        """Bring the schema up to date; True if there was something to do."""
        return migrate.upgrade(self.database)

    def ready(self) -> None:
        """A database with our schema in it, and a table for everything that is on."""
        readiness.upgraded(self.database, auto_migrate=self.settings.auto_migrate)
        if not self._is_ready:
            readiness.claimed(self.database, self.connection.name, self.mirrored.values())
            self._is_ready = True

    @cached_property
    def sign_in(self) -> StoredSignIn:
        data_dir = self.settings.data_dir
        return StoredSignIn(self.database, Cipher(secret_key(self.settings.secret_key, data_dir)), data_dir)

    @cached_property
    def http(self) -> httpx.Client:
        return self._open.enter_context(
            httpx.Client(
                headers={"User-Agent": f"exact-sync/{__version__}"},
                limits=httpx.Limits(max_keepalive_connections=self.settings.workers + 2),
            )
        )

    @cached_property
    def session(self) -> Session:
        endpoint = TokenEndpoint(self.http, self.settings.site, self.app(), self.clock)
        return Session(self.sign_in, endpoint, self.settings.site, self.clock)

    @property
    def may_refresh(self) -> bool:
        """A token may be on its way: the session has been built."""
        return "session" in vars(self)

    @cached_property
    def client(self) -> Client:
        transport = Transport(
            self.http,
            self.session,
            self.clock,
            patience=self._patience or Patience(tries=self.settings.tries),
            day_reserve=self.settings.day_reserve,
            calls_an_hour=calls_an_hour(self.settings, self.mirrored.values()),
        )
        return Client(transport, self.settings.site)

    @cached_property
    def opening(self) -> Opening:
        settings = self.settings
        options = Options(
            overlap=settings.overlap,
            recent_days=settings.recent_days,
            recheck=settings.snapshot_interval,
            start_date=settings.start_date,
            sweep_every=settings.sweep_interval,
            resources=tuple(self.mirrored.values()),
        )
        return Opening(self.client, self.database, self.clock, options)

    @cached_property
    def crew(self) -> Crew:
        settings = self.settings
        runner = Runner(self.opening)
        return Crew(
            self.database,
            self.sign_in,
            runner,
            Verifier(self.opening, runner),
            self.clock,
            find_home=self._who_is_it,
            wanted=self._wanted(),
            workers=settings.workers,
        )

    def _wanted(self) -> list[int] | None:
        """The divisions that the settings name by code; None: all. Patterns are not looked at yet."""
        divisions = self.settings.divisions
        return None if divisions == "all" else [code for code in divisions if isinstance(code, int)]

    def app(self) -> App:
        """The app as registered at Exact. Raises BadConfiguration where a part is not set."""
        return signing_in.app_of(self.connection)

    def sign_in_with_browser(self, show: Callable[[str], None], paste: Callable[[], str] | None) -> str:
        """Sign in: show the URL, wait for the redirect (or for its pasted URL), store the tokens.

        Returns who is signed in.
        """
        is_stopped = self.stop.is_set
        signing_in.with_browser(
            self.app(), self.settings.site, self.http, self.clock, self.sign_in, is_stopped,
            self.ready, show, paste,
        )  # fmt: skip
        self._who_is_it()  # the tokens are safe: this may fail
        return self.sign_in.read().user_name or "unknown"

    def _who_is_it(self) -> int:
        return signing_in.who_is_it(self.client, self.sign_in)

    def listed(self) -> Collection[int]:
        """The divisions that Exact listed last; none where they were never read."""
        self.ready()
        with self.database.begin() as connection:
            return divisions.listed(connection).keys()

    # Syncing

    @cached_property
    def mirrored(self) -> dict[str, Resource]:
        """Every resource that is on, as the settings want it, in catalog order."""
        return chosen(self.settings)

    def resources(self, names: Sequence[str] = ()) -> list[Resource]:
        """The named resources, or all that are on, in catalog order.

        Raises BadConfiguration for one that is off.
        """
        check_names(names, self.mirrored)
        return [resource for name, resource in self.mirrored.items() if not names or name in names]

    def schedules(self) -> "dict[str, Schedule]":
        from exact_sync.scheduler.plan import schedules

        wanted = {name: (section.every, section.cron) for name, section in self.settings.resources.items()}
        return schedules(self.resources(), self.settings.interval, self.settings.snapshot_interval, wanted)

    def sync(
        self, names: Sequence[str], divisions: Sequence[int], audience: Audience, *, full: bool = False
    ) -> list[Outcome]:
        self.app()
        self.ready()
        return sync_once(self.crew, self.resources(names), divisions, audience, full=full, insist=bool(names))

    def verify(
        self, names: Sequence[str], divisions: Sequence[int], checks: Checks, audience: Audience
    ) -> list[Outcome]:
        """Compare the mirror with Exact."""
        self.app()
        self.ready()
        resources = [r for r in self.resources(names) if r.per_division and not r.is_log]
        for name in names:
            if name not in [resource.name for resource in resources]:
                raise BadConfiguration(f"there is nothing to compare for {name}")
        return sync_once(self.crew, resources, divisions, audience, insist=bool(names), checks=checks)

    def plan(self, names: Sequence[str], divisions: Sequence[int], *, count: bool) -> Forecast:
        """What the next cycle and the first loads will cost. ``count``: ask Exact where that is not known."""
        if count:
            self.app()
        self.ready()
        return forecast(
            self.crew,
            Planner(self.opening),
            self.resources(names),
            divisions,
            count=count,
            terms=self._terms(),
        )

    def _terms(self) -> Terms:
        settings = self.settings
        rhythms = {
            name: Rhythm(how_often(settings, resource), follows_interval(settings, resource))
            for name, resource in self.mirrored.items()
        }
        return Terms(settings.day_reserve, settings.connection_day_limit, settings.interval, rhythms)

    def run(self, audience: Audience) -> None:
        """The daemon, until ``stop``."""
        from exact_sync.scheduler.daemon import Daemon, Verification

        self.app()
        daemon_schedules = self.schedules()
        try:
            self._wait_for_database()
        except Stopped:
            return
        verification = None
        if self.settings.verify_interval is not None:
            checks = Checks(repair=self.settings.verify_repair)
            verification = Verification(self.settings.verify_interval, checks)
        daemon = Daemon(
            self.crew,
            daemon_schedules,
            audience,
            self.session.keep_alive,
            self.settings.snapshot_interval,
            verification,
            describe=lambda error: str(named_error(self.connection, error)),
        )
        daemon.run(self.stop)

    def _wait_for_database(self) -> None:
        """A daemon may start before its database does."""
        wait = 1.0
        while True:
            try:
                return self.ready()
            except DatabaseAway as error:
                log.warning("%s", error)
            self.clock.sleep(wait)
            wait = min(30.0, wait * 2)

    def status(self, names: Sequence[str] = (), codes: Sequence[int] = ()) -> status.Status:
        """Where the named resources (or all) of these divisions (or all) stand."""
        resources = self.resources(names)
        self.ready()
        allowance = status.Allowance(
            self.settings.day_reserve,
            calls_an_hour(self.settings, self.mirrored.values()),
            self.settings.connection_day_limit,
        )
        with self.database.begin() as connection:
            return status.read(connection, self.sign_in.read(), resources, self.clock.now(), allowance, codes)
