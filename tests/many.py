"""Many divisions, written into the database by SQL: what there is to look at, without reading it all."""

from sqlalchemy import text

from exact_sync.store.database import Database

FIRST = 200_000

_DIVISIONS = """
INSERT INTO exact.divisions (code, description, status, _synced_at)
SELECT :first + n, 'Company ' || n, 1, now() FROM generate_series(0, :number - 1) n
"""
_CHECKPOINTS = """
INSERT INTO exact_sync.checkpoint
    (division, resource, cursor, strategy, outcome, attempted_at, succeeded_at, complete_at)
SELECT :first + n, name, '2026-06-25T12:00:00', 'modified', 'ok', now(), now(), now()
FROM generate_series(0, :number - 1) n, unnest(CAST(:names AS text[])) name
"""


def found_many(database: Database, number: int, names: list[str]) -> None:
    """So many active divisions from FIRST on, in which each of these resources went well."""
    with database.begin() as connection:
        connection.execute(text(_DIVISIONS), {"first": FIRST, "number": number})
        connection.execute(text(_CHECKPOINTS), {"first": FIRST, "number": number, "names": names})


def fail(database: Database, code: int, name: str, message: str, hint: str) -> None:
    """The last run of a resource failed in this division."""
    statement = (
        "UPDATE exact_sync.checkpoint SET outcome = 'failed', message = :message, hint = :hint "
        "WHERE division = :code AND resource = :name"
    )
    values = {"code": code, "name": name, "message": message, "hint": hint}
    with database.begin() as connection:
        assert connection.execute(text(statement), values).rowcount == 1


def load(database: Database, code: int, name: str, progress: str, outcome: str = "waits") -> None:
    """A first load of a resource is under way in this division; ``progress`` is JSON."""
    statement = (
        "UPDATE exact_sync.checkpoint SET outcome = :outcome, message = 'goes on after other work', "
        "progress = CAST(:progress AS jsonb), complete_at = NULL, succeeded_at = NULL "
        "WHERE division = :code AND resource = :name"
    )
    values = {"code": code, "name": name, "progress": progress, "outcome": outcome}
    with database.begin() as connection:
        assert connection.execute(text(statement), values).rowcount == 1
