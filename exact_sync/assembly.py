"""Builds the parts of the product from its settings, and takes them apart again."""

import contextlib
import threading
from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx

from exact_sync import __version__, process, signing_in, telemetry
from exact_sync.catalog import Resource
from exact_sync.choice import calls_an_hour, chosen, how_often
from exact_sync.clock import Clock, SystemClock
from exact_sync.config import Settings
from exact_sync.connections import Connection, connections
from exact_sync.credentials import Cipher
from exact_sync.errors import ExactSyncError
from exact_sync.exact.budget import Budget
from exact_sync.exact.client import ME, Client
from exact_sync.exact.connection_budget import ConnectionBudget
from exact_sync.exact.oauth import App, TokenEndpoint
from exact_sync.exact.requests import Observer, Several
from exact_sync.exact.sending import Patience
from exact_sync.exact.session import Session
from exact_sync.exact.traced import Traced
from exact_sync.exact.transport import Transport
from exact_sync.exact.wire import http_client
from exact_sync.store import divisions, migrate, readiness
from exact_sync.store.connect import open_database
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from exact_sync.store.schemas import Schemas
from exact_sync.store.secret_key import secret_key
from exact_sync.sync.connection_calls import connection_budget, give_back
from exact_sync.sync.crew import Crew
from exact_sync.sync.opening import Opening
from exact_sync.sync.options import Options
from exact_sync.sync.request_log import RequestLog
from exact_sync.sync.run import Runner
from exact_sync.sync.selection import Wanted

if TYPE_CHECKING:  # what a one-shot need not pay for is imported where it is used
    from exact_sync.alerts.notify import Target
    from exact_sync.alerts.watch import Watch
    from exact_sync.desk import Desk
    from exact_sync.outbox.couriers import Couriers
    from exact_sync.sync.subscribing import Subscribing
    from exact_sync.sync.telling import Telling
    from exact_sync.sync.verifier import Verifier
    from exact_sync.sync.wishes import Wishes


class Assembly:
    """What the product consists of, for one connection to Exact: the first one of the settings, or the
    one given. Everything is built when it is first needed; ``close`` undoes it.
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
        self.hears_of_deliveries: Callable[[str, str], None] = lambda target, outcome: None
        self.observers: list[Observer] = []
        """Who else is to hear of every request to Exact; to be added before the first one."""
        self._open = contextlib.ExitStack()
        self._is_ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        # Not one of the callbacks: two threads may close, and each of them has to wait for it.
        self.await_refresh()
        self._open.close()

    def await_refresh(self) -> None:
        if "session" in vars(self):
            self.session.await_refresh()

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
    def request_log(self) -> RequestLog:
        requests = RequestLog(self.database, self.clock, self.settings.request_log_days)
        self._open.callback(requests.flush)
        return requests

    @property
    def observer(self) -> Observer | None:
        """Who hears of every request to Exact."""
        own: list[Observer] = [self.request_log] if self.settings.request_log_days else []
        own += [Traced()] if telemetry.is_on() else []
        return Several([*own, *self.observers]) if own or self.observers else None

    @cached_property
    def http(self) -> httpx.Client:
        return self._open.enter_context(
            http_client(
                self.clock, {"User-Agent": f"exact-sync/{__version__}"}, kept=self.settings.workers + 2
            )
        )

    @cached_property
    def session(self) -> Session:
        endpoint = TokenEndpoint(self.http, self.settings.site, self.app(), self.clock, self.observer)
        return Session(self.sign_in, endpoint, self.settings.site, self.clock)

    @cached_property
    def client(self) -> Client:
        transport = Transport(
            self.http,
            self.session,
            self.clock,
            patience=self._patience or Patience(tries=self.settings.tries),
            day_reserve=self.settings.day_reserve,
            calls_an_hour=calls_an_hour(self.settings, self.mirrored.values()),
            common=self.connection_budget,
            observer=self.observer,
            keep=self._keep,
        )
        # Who has lost the work to another process asks no more: two must not call for one division.
        return Client(transport, self.settings.site, check=lambda: self.crew.lock.check())

    def _keep(self, budget: Budget) -> None:
        """At once: should this process be killed while it waits, another one calls no earlier."""
        with contextlib.suppress(ExactSyncError):
            self.database.transact(
                lambda connection: divisions.save_budget(connection, budget.division, budget.as_json()),
                is_one=True,
            )

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
            telling=self.telling,
        )
        return Opening(self.client, self.database, self.clock, options)

    @cached_property
    def runner(self) -> Runner:
        return Runner(self.opening)

    @cached_property
    def verifier(self) -> "Verifier":
        from exact_sync.sync.verifier import Verifier

        return Verifier(self.opening, self.runner)

    @cached_property
    def crew(self) -> Crew:
        settings = self.settings
        process.share()
        return Crew(
            self.database,
            self.sign_in,
            self.runner,
            lambda: self.verifier,
            self.clock,
            find_home=self._who_is_it,
            wanted=self.wanted,
            workers=settings.workers,
            request_log=self.request_log,
        )

    @cached_property
    def subscribing(self) -> "Subscribing":
        """Who subscribes to Exact's webhooks."""
        from exact_sync.sync.subscribing import Subscribing

        return Subscribing(self.crew, self.client, self.app().client_id, self.settings.workers)

    @cached_property
    def wishes(self) -> "Wishes":
        """What the daemon is asked to read."""
        from exact_sync.sync.wishes import Wishes

        return Wishes(self.clock)

    def desk(self, database: Callable[[], Database]) -> "Desk":
        """Where the daemon is asked for something. ``database``: which the desk is to use."""
        from exact_sync.desk import Desk

        targets = self.settings.outbox.targets
        return Desk(database, self.mirrored, self.wanted, self.wishes, targets)

    @cached_property
    def consent(self) -> signing_in.Consent:
        """Where the server's page signs in."""
        return signing_in.Consent(
            self.connection,
            self.clock,
            http=lambda: self.http,
            store=lambda: self.sign_in,
            client=lambda: self.client,
            observer=lambda: self.observer,
        )

    @property
    def wanted(self) -> Wanted:
        """The divisions that the settings want."""
        settings = self.settings
        chosen = None if settings.divisions == "all" else settings.divisions
        return Wanted(chosen, settings.exclude_divisions)

    @cached_property
    def alert_targets(self) -> "list[Target]":
        """Raises BadConfiguration for a URL that Apprise can't parse."""
        if not self.settings.alerts.urls:
            return []
        from exact_sync.alerts.notify import targets

        return targets(self.settings.alerts.urls)

    @cached_property
    def watch(self) -> "Watch":
        """The alerts. Raises BadConfiguration as ``alert_targets`` does."""
        from exact_sync.alerts.incidents import Bounds
        from exact_sync.alerts.watch import Watch

        settings, alerts = self.settings, self.settings.alerts
        patience = {
            name: max(alerts.lag, 2 * how_often(settings, resource))
            for name, resource in self.mirrored.items()
        }
        bounds = Bounds(patience, alerts.token_days, settings.connection_day_limit)
        return Watch(
            self.database, self.connection, self.clock, alerts, self.wanted, bounds, self.alert_targets
        )

    @cached_property
    def couriers(self) -> "Couriers | None":
        """Who brings what changed to those who want to be told; None where there are none."""
        if not self.settings.outbox.targets:
            return None
        from exact_sync.outbox.couriers import couriers

        made = couriers(
            self.settings.outbox, self.database, self.clock, self.connection.name, self.stop,
            lambda target, outcome: self.hears_of_deliveries(target, outcome),
        )  # fmt: skip
        self._open.callback(made.close)
        return made

    @property
    def telling(self) -> "Telling | None":
        """Who hears of what is changed, in the transaction that changes it."""
        if self.couriers is None:
            return None
        from exact_sync.sync.telling import Telling

        return Telling(self.settings.outbox.targets, self.clock, self.couriers.wake)

    @cached_property
    def connection_budget(self) -> ConnectionBudget | None:
        """What all divisions may call together, where the contract caps that."""
        limit = self.settings.connection_day_limit
        if limit is None:
            return None
        needs = calls_an_hour(self.settings, self.mirrored.values())
        budget = connection_budget(
            self.database, self.clock, limit, self.settings.day_reserve, calls_an_hour=needs
        )
        self._open.callback(give_back, budget, self.database)
        return budget

    def app(self) -> App:
        """The app as registered at Exact. Raises BadConfiguration where a part is not set."""
        return signing_in.app_of(self.connection)

    def _who_is_it(self) -> int:
        # What earlier processes were told counts, too: cron may start one every minute.
        return signing_in.who_is_it(self.client, self.sign_in, self.request_log.refusals(ME))

    @cached_property
    def mirrored(self) -> dict[str, Resource]:
        """Every resource that is on, as the settings want it, in catalog order."""
        return chosen(self.settings)
