"""PostgreSQL's errors in our words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from exact_sync.errors import BadConfiguration, BadData, DatabaseAway, ExactSyncError, NeedsPerson


class Conflict(DatabaseAway):
    """The transaction collided with another one and was rolled back."""


@dataclass(frozen=True)
class _Meaning:
    """What an error comes to for whoever runs us."""

    kind: type[ExactSyncError]
    message: str
    hint: str
    states: tuple[str, ...] = ()
    """Its codes, or how they begin."""
    words: re.Pattern[str] | None = None
    """What it says before there is a connection: then the driver has no codes. A group ``told`` is all that
    people need of it.
    """

    def told(self, state: str, said: str) -> str | None:
        """What to tell of an error; None for one that means something else."""
        if state:
            return said if state.startswith(self.states) else None
        found = self.words.search(said) if self.words is not None else None
        return None if found is None else found.groupdict().get("told", said)


_MEANINGS = (
    _Meaning(
        Conflict,
        "the database could not finish a transaction",
        "try again later",
        states=("40001", "40P01"),  # serialization failure, deadlock
    ),
    _Meaning(
        BadConfiguration,
        "database_url is not understood",
        "check EXACT_SYNC_DATABASE_URL",
        words=re.compile(
            r'(?P<told>invalid [a-z_ ]+ (value|number)\b.*|definition of service ".*" not found)'
        ),
    ),
    _Meaning(
        BadConfiguration,
        "the database refuses the login",
        "check EXACT_SYNC_DATABASE_URL",
        states=("28",),
        words=re.compile(
            r'authentication failed|role ".*" (does not exist|is not permitted)|pg_hba\.conf'
            r"|no password supplied|permission denied for database|SSL was required"
            r"|root certificate file|certificate verify failed"
        ),
    ),
    _Meaning(
        BadConfiguration,
        "the database does not exist",
        "create it: createdb NAME",
        states=("3D",),
        words=re.compile(r"database.*does not exist"),
    ),
    _Meaning(
        BadConfiguration,
        "the database user lacks a right",
        "it must own, or may create, the schemas we use, and make temporary tables",
        states=("42501",),
    ),
    _Meaning(
        BadConfiguration,
        "the database lacks something of ours",
        "run: exact-sync db upgrade",
        states=("42P01", "3F000", "42703"),
    ),
    _Meaning(  # an OperationalError for the driver, but it does not pass
        BadData,
        "the database can't hold what came",
        "nothing of it was stored; an index of your own on a long text must go",
        states=("54",),
    ),
    _Meaning(
        NeedsPerson,
        "the database can't do this",
        "a view, a trigger or a policy of your own is in the way: drop it, sync, and make it again",
        states=("0A000",),
    ),
    _Meaning(  # nothing of ours refuses what comes from Exact
        NeedsPerson,
        "the database refuses what came",
        "a constraint, an index or a trigger of your own is in the way: nothing is stored while it is",
        states=("23", "P0001"),
    ),
)
_AWAY = ("25", "53", "55", "57")


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver become ours; anything that is a bug of ours stays what it is."""
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        raise _in_our_words(error) from error
    except SQLAlchemyError as error:
        if "QueuePool limit" in str(error):
            raise DatabaseAway("all database connections are in use", "try again later") from error
        raise


def _in_our_words(error: DBAPIError | psycopg.Error) -> Exception:
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None) or ""
    said = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    for meaning in _MEANINGS:
        told = meaning.told(state, said)
        if told is not None:
            return meaning.kind(f"{meaning.message}: {told}{_detail(cause, state)}", meaning.hint)
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) or state[:2] in _AWAY:
        return DatabaseAway(f"the database can't be used now: {said}", "nothing is lost; try again later")
    return error


def _detail(cause: object, state: str) -> str:
    """Names the view that is in the way; of other errors the details may be somebody's rows."""
    detail = cause.diag.message_detail if state == "0A000" and isinstance(cause, psycopg.Error) else None
    return f" ({detail})" if detail else ""
