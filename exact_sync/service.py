"""The product, from its settings: what it can be asked to do. The one file that sees everything."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from exact_sync import config, logs, signing_in
from exact_sync.assembly import Assembly
from exact_sync.catalog import Resource
from exact_sync.choice import (
    calls_an_hour,
    check_names,
    follows_interval,
    how_often,
    known_names,
)
from exact_sync.config import Settings
from exact_sync.errors import BadConfiguration, DatabaseAway, Stopped
from exact_sync.store import divisions, requests
from exact_sync.store.credentials import Validity
from exact_sync.sync.audience import Audience
from exact_sync.sync.naming import named_error
from exact_sync.sync.once import sync_once
from exact_sync.sync.outcome import Outcome

if TYPE_CHECKING:
    from exact_sync.scheduler.daemon import Daemon
    from exact_sync.scheduler.plan import Schedule
    from exact_sync.sync.loading import Allowance
    from exact_sync.sync.plan import Forecast, Terms
    from exact_sync.sync.status import Status
    from exact_sync.sync.verify import Checks

log = logging.getLogger(__name__)

_BEFORE_ANOTHER = 1.0
"""Seconds until another daemon begins where the database went away from under one that began."""


def load_settings(path: Path | None = None, **options: object) -> Settings:
    """The settings, with their secrets made known to the log filter."""
    settings = config.load(path, known_resources=known_names(), **options)
    secrets = [settings.secret_key, settings.server.password_hash, *settings.alerts.urls]
    secrets += [token.hash for token in settings.server.tokens.values()]
    secrets += [settings.client_secret, settings.webhook_secret]
    for section in settings.connections.values():
        secrets += [section.client_secret, section.webhook_secret]
    for secret in secrets:
        logs.hide(secret.get_secret_value() if secret else None)
    logs.hide(*settings.outbox.secrets())
    logs.hide(*(header.get_secret_value() for header in settings.telemetry.headers.values()))
    for url in settings.alerts.urls:
        logs.hide(urlsplit(url.get_secret_value()).password)
    return settings


class Service(Assembly):
    """The running product, for one connection to Exact."""

    def sign_in_with_browser(self, show: Callable[[str], None], paste: Callable[[], str] | None) -> str:
        """Sign in: show the URL, wait for the redirect (or for its pasted URL), store the tokens.

        Returns who is signed in.
        """
        is_stopped = self.stop.is_set
        signing_in.with_browser(
            self.app(), self.settings.site, self.http, self.clock, self.sign_in, is_stopped,
            self.ready, show, paste, self.observer,
        )  # fmt: skip
        # The tokens are safe: this may fail. What others were refused before says nothing of this sign-in.
        signing_in.who_is_it(self.client, self.sign_in)
        return self.sign_in.read().user_name or "unknown"

    def sign_out(self) -> Validity:
        """Forget the stored sign-in; what it was."""
        self.ready()
        return self.sign_in.sign_out()

    def listed(self) -> Collection[int]:
        """The divisions that Exact listed last; none where they were never read."""
        self.ready()
        with self.database.begin() as connection:
            return divisions.listed(connection).keys()

    # Syncing

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
        self,
        names: Sequence[str],
        divisions: Sequence[int],
        audience: Audience,
        *,
        full: bool = False,
        again: bool = False,
    ) -> list[Outcome]:
        self.app()
        with self._looked_at():
            self.ready()
            resources = self.resources(names)
            with self._delivered():
                return sync_once(
                    self.crew, resources, divisions, audience, full=full, insist=bool(names), again=again
                )

    @contextmanager
    def _looked_at(self) -> Iterator[None]:
        """People are told at the end what they should know, however it ends: where somebody is to be told."""
        is_told = bool(self.alert_targets)
        try:
            yield
        finally:
            if is_told and not self.stop.is_set():
                self.watch.look_and_log()

    def _delivered(self) -> AbstractContextManager[None]:
        """Meanwhile, and at the end, those who want to be told of changes are."""
        return self.couriers.at_work() if self.couriers is not None else nullcontext()

    def verify(
        self, names: Sequence[str], divisions: Sequence[int], checks: "Checks", audience: Audience
    ) -> list[Outcome]:
        """Compare the mirror with Exact."""
        self.app()
        resources = [r for r in self.resources(names) if r.per_division and not r.is_log]
        for name in names:
            if name not in [resource.name for resource in resources]:
                raise BadConfiguration(f"there is nothing to compare for {name}")
        with self._looked_at():
            self.ready()
            with self._delivered():
                return sync_once(self.crew, resources, divisions, audience, insist=True, checks=checks)

    def plan(self, names: Sequence[str], divisions: Sequence[int], *, count: bool) -> "Forecast":
        """What the next cycle and the first loads will cost. ``count``: ask Exact where that is not known."""
        from exact_sync.sync.plan import Planner, forecast

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

    def _terms(self) -> "Terms":
        from exact_sync.sync.pace import Rhythm
        from exact_sync.sync.plan import Terms

        settings = self.settings
        rhythms = {
            name: Rhythm(how_often(settings, resource), follows_interval(settings, resource))
            for name, resource in self.mirrored.items()
        }
        return Terms(settings.day_reserve, settings.connection_day_limit, settings.interval, rhythms)

    def run(self, audience: Audience, beat: Callable[[], None] = lambda: None) -> None:
        """The daemon, until ``stop``. ``beat`` is called every few seconds, as long as it is alive."""
        self.app()
        daemon_schedules = self.schedules()
        _ = self.alert_targets  # a wrong URL is told of before anything waits
        while not self.stop.is_set():
            try:
                self._wait_for_database(beat)
                with self._delivered():
                    self._daemon(daemon_schedules, audience, beat).run(self.stop)
                return
            except Stopped:
                return
            except DatabaseAway as error:  # between our looking and its beginning
                log.warning("%s", error)
                self.stop.wait(_BEFORE_ANOTHER)

    def _daemon(
        self,
        daemon_schedules: "dict[str, Schedule]",
        audience: Audience,
        beat: Callable[[], None],
    ) -> "Daemon":
        from exact_sync.scheduler.daemon import Daemon
        from exact_sync.scheduler.verifying import Verification
        from exact_sync.sync.verify import Checks

        verification = None
        if self.settings.verify_interval is not None:
            checks = Checks(repair=self.settings.verify_repair)
            verification = Verification(self.settings.verify_interval, checks)
        return Daemon(
            self.crew,
            daemon_schedules,
            audience,
            self.session.keep_alive,
            self.settings.snapshot_interval,
            verification,
            describe=lambda error: str(named_error(self.connection, error)),
            look=self.watch.look_and_log,
            beat=beat,
            wishes=self.wishes,
        )

    def _wait_for_database(self, beat: Callable[[], None]) -> None:
        """A daemon may start before its database does."""
        wait = 1.0
        while True:
            beat()
            try:
                return self.ready()
            except DatabaseAway as error:
                log.warning("%s", error)
            self.clock.sleep(wait)
            wait = min(30.0, wait * 2)

    def status(self, names: Sequence[str] = (), codes: Sequence[int] = ()) -> "Status":
        """Where the named resources (or all) of these divisions (or all) stand."""
        from exact_sync.sync import status

        resources = self.resources(names)
        self.ready()
        why_not = self.sign_in.read().why_not
        with self.database.begin() as connection:
            return status.read(connection, why_not, resources, self.clock.now(), self.allowance, codes)

    @property
    def allowance(self) -> "Allowance":
        """What the settings leave of a division's calls to first loads."""
        from exact_sync.sync.loading import Allowance

        settings = self.settings
        needs = calls_an_hour(settings, self.mirrored.values())
        return Allowance(settings.day_reserve, needs, settings.connection_day_limit)

    def requests(
        self, wanted: requests.Filter, codes: Sequence[int], limit: int | None
    ) -> list[dict[str, Any]]:
        """The newest requests to Exact for these divisions (or all); ``limit`` None: a line per endpoint."""
        self.ready()
        wanted = replace(wanted, divisions=codes)
        with self.database.begin() as connection:
            if limit is None:
                return requests.summary(connection, wanted)
            return requests.newest(connection, wanted, limit)
