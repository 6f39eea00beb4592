"""Who does the work: the lock, the runner, the divisions it is done for."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from exact_sync.catalog import DIVISIONS
from exact_sync.clock import Clock
from exact_sync.credentials import TokenStore
from exact_sync.errors import ExactSyncError, WorkHeld
from exact_sync.store import checkpoints, divisions, pauses, runs
from exact_sync.store.checkpoints import Standing
from exact_sync.store.database import Database, moment
from exact_sync.store.locks import WorkLock
from exact_sync.store.pauses import Pauses
from exact_sync.sync.audience import Audience
from exact_sync.sync.outcome import Outcome, not_begun
from exact_sync.sync.pool import Pool
from exact_sync.sync.request_log import RequestLog
from exact_sync.sync.run import Runner
from exact_sync.sync.selection import Selection, Wanted, select
from exact_sync.sync.task import CONNECTION_WIDE

if TYPE_CHECKING:
    from exact_sync.sync.verifier import Verifier

log = logging.getLogger(__name__)


_TIDY_EVERY = 86_400.0
"""Seconds after which whoever is still at work tidies up again: a daemon runs for months."""


class Crew:
    """Everything a one-shot or a daemon needs; built once."""

    def __init__(
        self,
        database: Database,
        sign_in: TokenStore,
        runner: Runner,
        verifier: "Callable[[], Verifier]",
        clock: Clock,
        *,
        find_home: Callable[[], int],
        wanted: Wanted,
        workers: int,
        request_log: RequestLog,
    ) -> None:
        self.clock = clock
        self.database = database
        self.lock = WorkLock(database, clock)
        self.request_log = request_log
        self._sign_in = sign_in
        self._runner = runner
        self._verifier = verifier
        self._find_home = find_home
        self._wanted = wanted
        self._workers = workers
        self._tidied_at = clock.monotonic()
        self._paused = Pauses()

    def take_over(self, *, alone: bool = True) -> None:
        """Take the work (a daemon alone, one-shots together), and tidy up after whoever died at it.

        Raises WorkHeld.
        """
        self.lock.take(alone=alone)
        self._tidy()

    def keep_lock(self) -> None:
        """Take everything again where the lock's connection was cut, and tidy up then, and daily.

        Raises WorkHeld if it is too late.
        """
        if self.lock.keep() or self.clock.monotonic() - self._tidied_at >= _TIDY_EVERY:
            self._tidy()

    def _tidy(self) -> None:
        with self.database.begin() as connection:
            runs.tidy(connection, self.lock.division_class)
        self.request_log.tidy()
        self._tidied_at = self.clock.monotonic()

    # A division belongs to one process at a time; inside it, threads may share what they hold.

    def claim(self, division: int) -> bool:
        """True if the division is ours now."""
        return self.lock.take_division(division)

    def release(self, division: int) -> None:
        if self.lock.free_division(division):
            self._runner.release(division)

    def held_by(self, division: int) -> str:
        """Who else works on a division, in words."""
        return self.lock.division_holder(division) or "it ended just now"

    @contextmanager
    def claimed(self, *divisions: int) -> Iterator[None]:
        """These are ours meanwhile. Raises WorkHeld where another process has one for longer."""
        with ExitStack() as stack:
            for division in divisions:
                if not self.lock.take_division(division, insist=True):
                    raise WorkHeld(
                        f"another run holds the work ({self.held_by(division)})",
                        "nothing to do: let it finish, or try again later",
                    )
                stack.callback(self.release, division)
            yield

    def check_signed_in(self) -> None:
        """Raises SignInNeeded before anything is tried that would only fail."""
        self._sign_in.read().required()

    def home(self) -> int:
        """The division whose number goes into connection-wide requests; not one that is lost, if there is
        another: what Exact refuses to it would be refused for ever.
        """
        codes = self._wanted.codes
        home = codes[0] if codes else self._sign_in.read().home_division or self._find_home()
        with self.database.begin() as connection:
            listed, access = divisions.listed(connection), divisions.access(connection)
        lost = {code for code, known in access.items() if known.suspended_because}
        others = [code for code, division in listed.items() if division.active and code not in lost]
        return others[0] if home in lost and others else home

    def has_divisions(self, codes: Sequence[int] = ()) -> bool:
        """True once Exact's list of divisions has been read, and has these in it."""
        with self.database.begin() as connection:
            listed = divisions.listed(connection)
        return bool(listed) and all(code in listed for code in codes)

    def read_divisions(
        self, audience: Audience, *, full: bool = False, since: datetime | None = None
    ) -> Outcome:
        """Mirror the list of divisions itself, alone: everything else depends on it.

        ``since``: not where another process has read it after that.
        """
        try:
            home = self.home()  # Exact is asked where nobody knows it yet
            audience.begins(home, DIVISIONS.name)
            with self.claimed(CONNECTION_WIDE, home):
                outcome = self._runner.run(
                    DIVISIONS,
                    home,
                    full=full,
                    since=since,
                    on_page=lambda records: audience.page(home, DIVISIONS.name, records),
                )
        except ExactSyncError as error:
            outcome = not_begun(DIVISIONS, CONNECTION_WIDE, error)
        audience.ends(outcome)
        return outcome

    def selection(self, restricted_to: Sequence[int] = (), *, insist: bool = False) -> Selection:
        with self.database.begin() as connection:
            listed, access = divisions.listed(connection), divisions.access(connection)
        return select(listed, access, self._wanted, restricted_to, self.clock.now(), insist=insist)

    def paused(self) -> Pauses:
        """What people do not want to be read now; from now on ``is_paused`` goes by it."""
        with self.database.begin() as connection:
            self._paused = pauses.read(connection)
        return self._paused

    def is_paused(self, division: int, resource: str) -> bool:
        return (division, resource) in self._paused

    def pool(self, audience: Audience, *, since: datetime | None = None) -> Pool:
        """Threads for the work. ``since``: what another process reads after that is not read again."""
        return Pool(self._runner, self._verifier, self._workers, audience, self, self.clock, since=since)

    def standings(self, resource: str | None = None) -> dict[tuple[int, str], Standing]:
        """Where each resource (or one) of each division stands."""
        with self.database.begin() as connection:
            found = checkpoints.standings(connection, resource)
        return {(standing.division, standing.resource): standing for standing in found}

    def moment(self) -> datetime:
        """Now, by the database's clock, which all processes share."""
        with self.database.begin() as connection:
            return moment(connection)
