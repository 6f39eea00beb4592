"""One process at a time does the work: a PostgreSQL advisory lock on a connection of its own."""

from sqlalchemy import Connection, text

from exact_sync.clock import Clock
from exact_sync.errors import DatabaseAway, WorkHeld
from exact_sync.store.database import Database, translated

_LOCK = {"class": 0x45584143, "object": 1}  # "EXAC": ours among all users of this database
_TRIES = 4

_HOLDER = text("""
    SELECT a.application_name, a.backend_start
    FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted
      AND l.classid = :class AND l.objid = :object
""")


class WorkLock:
    """Held from the first call to the last; PostgreSQL frees it when the process dies."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._connection: Connection | None = None

    def take(self) -> None:
        """Take it, or raise WorkHeld. Insists for a moment: a killed holder's lock lingers."""
        for attempt in range(_TRIES):
            if attempt:
                self._clock.sleep(0.5)
            if self._try():
                return
        raise WorkHeld(
            f"another run holds the work ({self.holder() or 'it ended just now'})",
            "nothing to do: let it finish, or try again later",
        )

    def holder(self) -> str | None:
        """Who holds the work, in words; None if nobody does."""
        with self._database.connect() as connection:
            row = connection.execute(_HOLDER, _LOCK).first()
        return f"{row.application_name}, since {row.backend_start:%Y-%m-%d %H:%M:%S} UTC" if row else None

    def held(self) -> bool:
        """True while the lock is ours; a database that restarted has forgotten it."""
        if self._connection is None:
            return False
        try:
            with translated():
                self._connection.execute(text("SELECT 1"))
        except DatabaseAway:
            self._drop()
            return False
        return True

    def free(self) -> None:
        if self._connection is not None:
            try:
                with translated():
                    self._connection.execute(text("SELECT pg_advisory_unlock(:class, :object)"), _LOCK)
            except DatabaseAway:
                pass
            self._drop()

    def _try(self) -> bool:
        with translated():
            if self._connection is None:
                connection = self._database.engine.connect()
                self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            got = self._connection.execute(text("SELECT pg_try_advisory_lock(:class, :object)"), _LOCK)
            if got.scalar_one():
                return True
        self._drop()
        return False

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
