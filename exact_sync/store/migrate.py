"""Alembic, run from inside: the migrations travel with the package.

It is loaded only to upgrade: its import takes longer than all else that an idle run does.
"""

import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from exact_sync.errors import SchemaAhead
from exact_sync.store import schemas
from exact_sync.store.database import Database
from exact_sync.store.trouble import translated

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic keeps what it is doing in global names: threads of one process take turns.
_MUTEX = threading.Lock()

_LOCK = text("SELECT pg_advisory_xact_lock(1163411779, 2)")
_LOCK_TIMEOUT = "2s"


def _folder() -> Path:
    package = Path(__file__).resolve().parent.parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def alembic_config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    return config


def current(connection: Connection) -> str | None:
    """The revision the database is at; None for a database that has nothing of ours."""
    table = f"{schemas.of(connection).state}.alembic_version"
    if connection.execute(text("SELECT to_regclass(:name)"), {"name": table}).scalar() is None:
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()  # noqa: S608
    return revision


def head() -> str | None:
    """The newest revision that we have."""
    return max(_revisions(_folder()), default=None)


@cache
def _revisions(folder: Path) -> frozenset[str]:
    """Every revision that we have: the number that its file begins with (a test holds it to that)."""
    return frozenset(file.name.partition("_")[0] for file in (folder / "versions").glob("[0-9]*_*.py"))


def claim(connection: Connection) -> None:
    """Be the only one who changes the schema, until the transaction ends."""
    connection.execute(_LOCK)


def wait_briefly(connection: Connection) -> None:
    """Behind a change that waits for a long query all other readers wait, too."""
    connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))


def upgrade(database: Database) -> bool:
    """Bring the schema up to date, each revision in a transaction of its own; True if there was something
    to do.

    A column that one revision adds keeps readers out until it is committed: not while the next one makes an
    index. And what is done stays done, should a later one have to be put off.
    Raises SchemaAhead for a database that a newer exact-sync made.
    """
    has_changed = False
    while _step(database):
        has_changed = True
    return has_changed


def _step(database: Database) -> bool:
    """One revision further, all of them at once where nothing is there; False where there is none."""
    with database.begin() as connection:
        if is_current(connection):
            return False
        wait_briefly(connection)
        claim(connection)
        if is_current(connection):
            return False
        from alembic import command

        config = alembic_config()
        config.attributes["connection"] = connection
        target = "head" if current(connection) is None else "+1"
        with _MUTEX, translated(), schemas.everything_translated(connection):
            command.upgrade(config, target)
        return True


def is_current(connection: Connection) -> bool:
    """True if the database is at our newest revision; raises SchemaAhead if it is beyond."""
    revision = current(connection)
    if revision is not None and revision not in _revisions(_folder()):
        raise SchemaAhead(
            f"the database is at revision {revision}, which this exact-sync does not know",
            "it was upgraded by a newer exact-sync: run that one",
        )
    return revision == head()
