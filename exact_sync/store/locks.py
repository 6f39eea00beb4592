"""Who works: PostgreSQL advisory locks, on one connection of their own for each process.

A daemon holds the work alone. One-shots share it, and so does what only looks; beside them each
division has a lock of its own, so that no two processes ever call Exact for the same one.
"""

import contextlib
import threading
import zlib

from sqlalchemy import Connection, text

from exact_sync.clock import Clock
from exact_sync.errors import BadConfiguration, DatabaseAway, WorkHeld
from exact_sync.store.database import Database
from exact_sync.store.trouble import translated

_EXACT_SYNC = 0x45584143  # "EXAC": ours among all users of this database
_TRIES = 4
_WAIT = 0.5
"""Seconds between tries: a killed holder's lock lingers for a moment."""

_HOLDER = text("""
    SELECT a.application_name, a.backend_start
    FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted
      AND l.classid = :class AND l.objid = :object AND (l.mode = 'ExclusiveLock' OR NOT :alone)
    ORDER BY a.backend_start
""")
_WHICH = text("SELECT pg_backend_pid()")
_UNLOCK = "SELECT pg_advisory_unlock(:class, :object)"
_WORK = 1


class WorkLock:
    """The work and its divisions, as far as this process holds them; any thread may use it.

    PostgreSQL frees all of it when the process dies.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mutex = threading.Lock()
        self._connection: Connection | None = None
        self._alone: bool | None = None
        self._is_lost = False
        self._divisions: dict[int, int] = {}
        # Each connection to Exact has a number of its own; its divisions' locks are the class below.
        schema = database.schemas.state
        number = _EXACT_SYNC if schema == "exact_sync" else zlib.crc32(schema.encode()) & 0x7FFFFFFF
        self._work_class, self.division_class = number | 1, number & ~1

    def take(self, *, alone: bool = True) -> None:
        """Take the work, alone or beside others that share it; raises WorkHeld.

        Insists for a moment: a killed holder's lock lingers.
        """
        with self._mutex:
            for attempt in range(_TRIES):
                if attempt:
                    self._clock.sleep(_WAIT)
                if self._ask_for(self._work_class, _WORK, alone):
                    self._alone = alone
                    return
            self._give_back_if_idle()
        raise WorkHeld(
            f"another run holds the work ({self.holder(alone=not alone) or 'it ended just now'})",
            "nothing to do: let it finish, or try again later",
        )

    def holder(self, *, alone: bool = True) -> str | None:
        """Who holds the work (``alone``: as a daemon does), in words; None if nobody else does."""
        return self._holder(self._work_class, _WORK, alone)

    def division_holder(self, division: int) -> str | None:
        """Who else works on a division, in words; None if nobody does."""
        return self._holder(self.division_class, division, True)

    def take_division(self, division: int, *, insist: bool = False) -> bool:
        """Take a division, or once more what we hold already; False if another process has it.

        ``insist``: wait a moment for it.
        """
        for attempt in range(_TRIES if insist else 1):
            if attempt:
                self._clock.sleep(_WAIT)
            with self._mutex:
                held = self._divisions.get(division, 0)
                if held or self._try(self.division_class, division, alone=True):
                    self._divisions[division] = held + 1
                    return True
        return False

    def free_division(self, division: int) -> bool:
        """Give a division back; True if that was the last time it was taken."""
        with self._mutex:
            held = self._divisions.get(division, 0)
            if held > 1:
                self._divisions[division] = held - 1
                return False
            if self._divisions.pop(division, None):
                if self._connection is not None:  # else PostgreSQL has freed it already
                    with contextlib.suppress(DatabaseAway):
                        self._execute(_UNLOCK, self.division_class, division)
                self._give_back_if_idle()
            return True

    def keep(self) -> bool:
        """Take everything again where the connection was cut; True if it had to be.

        Raises WorkHeld if it is too late, DatabaseAway if the database does not answer.
        """
        with self._mutex:
            if self._is_alive():
                return False
            for attempt in range(_TRIES):
                if attempt:
                    self._clock.sleep(_WAIT)
                if self._take_again():
                    self._is_lost = False
                    return True
            self._drop()
            self._is_lost = True
        raise _taken_over()

    def check(self) -> None:
        """Raises WorkHeld where ``keep`` came too late; asks nobody, so it may be called before each call."""
        if self._is_lost:
            raise _taken_over()

    def held(self) -> bool:
        """True while the work is ours; a database that restarted has forgotten it."""
        with self._mutex:
            return self._alone is not None and self._is_alive()

    def free(self) -> None:
        """Give everything back."""
        with self._mutex:
            self._alone, self._is_lost = None, False
            self._divisions.clear()
            self._give_back()

    def _holder(self, class_: int, object_: int, alone: bool) -> str | None:
        with self._database.connect() as connection:
            values = {"class": class_, "object": object_, "alone": alone}
            row = connection.execute(_HOLDER, values).first()
        if row is None:
            return None
        # PostgreSQL tells only members of its role since when somebody is connected.
        since = f", since {row.backend_start:%Y-%m-%d %H:%M:%S} UTC" if row.backend_start else ""
        return f"{row.application_name}{since}"

    def _take_again(self) -> bool:
        self._drop()
        wanted = [(self.division_class, division, True) for division in self._divisions]
        if self._alone is not None:
            wanted.insert(0, (self._work_class, _WORK, self._alone))
        return all(self._ask_for(class_, object_, alone) for class_, object_, alone in wanted)

    def _try(self, class_: int, object_: int, *, alone: bool) -> bool:
        if self._connection is None and (self._alone is not None or self._divisions):
            raise DatabaseAway("the connection that holds the work was cut", "it is taken again")
        return self._ask_for(class_, object_, alone)

    def _ask_for(self, class_: int, object_: int, alone: bool) -> bool:
        function = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
        return bool(self._execute(f"SELECT {function}(:class, :object)", class_, object_))

    def _execute(self, statement: str, class_: int = 0, object_: int = 0) -> object:
        values = {"class": class_, "object": object_} if ":class" in statement else {}
        try:
            with translated():
                if self._connection is None:
                    connection = self._database.engine.connect()
                    self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
                    self._check_is_our_own(self._connection)
                return self._connection.execute(text(statement), values).scalar()
        except (DatabaseAway, BadConfiguration):
            self._drop()  # it must not come back by itself: what it held is gone
            raise

    def _check_is_our_own(self, connection: Connection) -> None:
        """What is locked stays locked only on a connection that nobody else is given between statements."""
        with self._database.connect() as other:
            if other.execute(_WHICH).scalar() == connection.execute(_WHICH).scalar():
                raise BadConfiguration(
                    "a pooling proxy before the database gives each transaction another connection, "
                    "so that nobody can be kept from doing the same work",
                    "set EXACT_SYNC_DATABASE_URL to PostgreSQL itself, or to a pool in session mode",
                )

    def _is_alive(self) -> bool:
        if self._connection is None:
            return self._alone is None and not self._divisions
        try:
            self._execute("SELECT 1")
        except DatabaseAway:
            return False
        return True

    def _give_back_if_idle(self) -> None:
        if self._alone is None and not self._divisions:
            self._give_back()

    def _give_back(self) -> None:
        """To the pool, once it surely holds nothing: the next one who needs a connection has it at once."""
        if self._connection is not None:
            with contextlib.suppress(DatabaseAway):  # then it was dropped, and what it held is free
                self._execute("SELECT pg_advisory_unlock_all()")
                self._connection.close()
                self._connection = None

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _taken_over() -> WorkHeld:
    return WorkHeld("another run has taken over the work", "let it finish, or try again later")
