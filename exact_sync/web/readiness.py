"""Whether each connection can do its work: database, schema, sign-in. In words, and without secrets."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from exact_sync import logs
from exact_sync.errors import ExactSyncError
from exact_sync.store import credentials, migrate
from exact_sync.web.source import Source

STATEMENT_TIMEOUT = "2s"
PATIENCE = 4.0
"""Seconds that a probe waits: for a connection, and then for two or three small questions."""


@dataclass(frozen=True)
class Check:
    """One thing that must be so for a connection to do its work."""

    connection: str
    check: str
    ok: bool
    why: str
    """What is wrong, or that nothing is."""


def limited(connection: Connection, timeout: str = STATEMENT_TIMEOUT) -> None:
    """No question of this transaction may take long."""
    connection.execute(text(f"SET LOCAL statement_timeout = '{timeout}'"))


def checks(sources: Iterable[Source]) -> list[Check]:
    """Every check of every connection; where the first is red the others can't be known, and are red."""
    return [check for source in sources for check in _of(source)]


def unanswered(sources: Iterable[Source]) -> list[Check]:
    """Where the database neither answers nor refuses."""
    why = f"no answer within {PATIENCE:.0f} seconds"
    return [Check(source.name, "database", False, why) for source in sources]


def _of(source: Source) -> list[Check]:
    def check(name: str, why: str | None) -> Check:
        return Check(source.name, name, why is None, "ok" if why is None else logs.clean(why))

    ended = source.pulse.ended
    found = [] if ended is None else [check("daemon", ended)]
    try:
        with source.database().begin() as connection:
            limited(connection)
            found.append(check("database", None))
            if not migrate.is_current(connection):
                why = "the schema is behind; run: exact-sync db upgrade"
                return [
                    *found,
                    check("schema", why),
                    check("sign_in", "not known while the schema is behind"),
                ]
            found.append(check("schema", None))
            found.append(check("sign_in", credentials.validity(connection).why_not))
    except ExactSyncError as error:
        missing = [name for name in ("database", "schema", "sign_in") if name not in {c.check for c in found}]
        found.append(check(missing[0], str(error)))
        found += [check(name, f"not known without the {missing[0]}") for name in missing[1:]]
    return found
