"""Alembic, run from inside: the migrations travel with the package."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from exact_sync.errors import SchemaAhead
from exact_sync.store.database import Database, translated
from exact_sync.store.state import SCHEMA

# Two upgrades at once must not happen, and no reader may be blocked for longer than this.
_LOCK = text("SELECT pg_advisory_xact_lock(1163411779, 2)")
_LOCK_TIMEOUT = "2s"


def _folder() -> Path:
    package = Path(__file__).resolve().parent.parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    return config


def current(connection: Connection) -> str | None:
    """The revision the database is at; None for a database that has nothing of ours."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision()


def head() -> str | None:
    return _revisions(_folder())[0]


@cache
def _revisions(folder: Path) -> tuple[str | None, frozenset[str]]:
    """The newest revision and all of them; read once, as that means running the migrations' files."""
    scripts = ScriptDirectory(str(folder))
    return scripts.get_current_head(), frozenset(script.revision for script in scripts.walk_revisions())


def upgrade(database: Database) -> bool:
    """Bring the schema up to date in one transaction; True if there was something to do.

    Raises SchemaAhead for a database that a newer exact-sync made.
    """
    with database.begin() as connection:
        if is_current(connection):
            return False
        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
        connection.execute(_LOCK)
        if is_current(connection):
            return False
        config = alembic_config()
        config.attributes["connection"] = connection
        with translated():
            command.upgrade(config, "head")
        return True


def is_current(connection: Connection) -> bool:
    """True if the database is at our newest revision; raises SchemaAhead if it is beyond."""
    revision = current(connection)
    newest, known = _revisions(_folder())
    if revision is not None and revision not in known:
        raise SchemaAhead(
            f"the database is at revision {revision}, which this exact-sync does not know",
            "it was upgraded by a newer exact-sync: run that one",
        )
    return revision == newest
