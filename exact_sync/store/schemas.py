"""Where a connection to Exact keeps its rows and its state: a pair of schemas for each.

Tables and raw SQL name the pair of the first connection, ``exact`` and ``exact_sync``. For another
one SQLAlchemy translates the tables (``schema_translate_map``), and ``sql`` the raw statements.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextClause, event, text


@dataclass(frozen=True)
class Schemas:
    """The schema for readers, and that of the product's own state."""

    data: str = "exact"
    state: str = "exact_sync"

    @property
    def translation(self) -> dict[str | None, str | None] | None:
        """For ``schema_translate_map``; None where nothing is to be translated."""
        return None if self == FIRST else {FIRST.data: self.data, FIRST.state: self.state}


FIRST = Schemas()

_NAMED = re.compile(r'\b(exact|exact_sync)\.(?=["a-z_])')


def of(connection: Connection) -> Schemas:
    """The schemas that a database connection works in."""
    translation = connection.get_execution_options().get("schema_translate_map")
    return Schemas(translation[FIRST.data], translation[FIRST.state]) if translation else FIRST


def sql(connection: Connection, statement: str) -> TextClause:
    """Raw SQL that names ``exact.…`` and ``exact_sync.…``, for the connection's own schemas."""
    return text(translated_sql(statement, of(connection)))


def translated_sql(statement: str, schemas: Schemas) -> str:
    return statement if schemas == FIRST else _translated(statement, schemas)


@lru_cache(maxsize=1024)
def _translated(statement: str, schemas: Schemas) -> str:
    names = {FIRST.data: schemas.data, FIRST.state: schemas.state}
    return _NAMED.sub(lambda match: f"{names[match[1]]}.", statement)


@contextmanager
def everything_translated(connection: Connection) -> Iterator[None]:
    """Meanwhile every statement is translated: Alembic's operations do not heed the translation map."""
    schemas = of(connection)

    def translate(
        conn: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> tuple[str, Any]:
        return translated_sql(statement, schemas), parameters

    if schemas == FIRST:
        yield
        return
    event.listen(connection, "before_cursor_execute", translate, retval=True)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", translate)
