"""Who does the work: the lock, the runner, the divisions it is done for."""

import logging
from collections.abc import Callable, Sequence

from exact_sync.catalog import DIVISIONS
from exact_sync.clock import Clock
from exact_sync.credentials import TokenStore
from exact_sync.errors import SignInNeeded
from exact_sync.store import divisions, runs
from exact_sync.store.database import Database
from exact_sync.store.locks import WorkLock
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.pool import Audience, Pool
from exact_sync.sync.run import Runner
from exact_sync.sync.selection import Selection, select
from exact_sync.sync.verifier import Verifier

log = logging.getLogger(__name__)


class Crew:
    """Everything a one-shot or a daemon needs; built once."""

    def __init__(
        self,
        database: Database,
        sign_in: TokenStore,
        runner: Runner,
        verifier: Verifier,
        clock: Clock,
        *,
        find_home: Callable[[], int],
        wanted: Sequence[int] | None,
        workers: int,
    ) -> None:
        self.clock = clock
        self.database = database
        self.lock = WorkLock(database, clock)
        self._sign_in = sign_in
        self._runner = runner
        self._verifier = verifier
        self._find_home = find_home
        self._wanted = wanted
        self._workers = workers

    def take_over(self) -> None:
        """Take the work lock, and tidy up after whoever died holding it. Raises WorkHeld."""
        self.lock.take()
        with self.database.begin() as connection:
            runs.tidy(connection)

    def keep_lock(self) -> None:
        """Take the work lock again where its connection was cut. Raises WorkHeld if it is too late."""
        if not self.lock.held():
            self.take_over()

    def check_signed_in(self) -> None:
        """Raises SignInNeeded before anything is tried that would only fail."""
        sign_in = self._sign_in.read()
        if sign_in.needed_because:
            raise SignInNeeded(f"signing in again is needed: {sign_in.needed_because}")
        if sign_in.tokens is None:
            raise SignInNeeded("nobody is signed in at Exact yet")

    def home(self) -> int:
        """The division whose number goes into connection-wide requests."""
        if self._wanted:
            return self._wanted[0]
        return self._sign_in.read().home_division or self._find_home()

    def has_divisions(self, codes: Sequence[int] = ()) -> bool:
        """True once Exact's list of divisions has been read, and has these in it."""
        with self.database.begin() as connection:
            listed = divisions.listed(connection)
        return bool(listed) and all(code in listed for code in codes)

    def read_divisions(self, audience: Audience, *, full: bool = False) -> Outcome:
        """Mirror the list of divisions itself, alone: everything else depends on it."""
        home = self.home()
        audience.begins(home, DIVISIONS.name)
        outcome = self._runner.run(
            DIVISIONS, home, full=full, on_page=lambda records: audience.page(home, DIVISIONS.name, records)
        )
        audience.ends(outcome)
        return outcome

    def selection(self, restricted_to: Sequence[int] = (), *, insist: bool = False) -> Selection:
        with self.database.begin() as connection:
            listed, access = divisions.listed(connection), divisions.access(connection)
        return select(listed, access, self._wanted, restricted_to, self.clock.now(), insist=insist)

    def pool(self, audience: Audience) -> Pool:
        return Pool(self._runner, self._verifier, self._workers, audience)
