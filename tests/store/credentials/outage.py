"""A database that is away for a while, and a refresh meanwhile."""

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from exact_sync.errors import DatabaseAway
from exact_sync.store.credentials import StoredSignIn
from tests.store.credentials.tokens import FIRST, SECOND


class Outage:
    """The database goes away, and comes back."""

    def __init__(self, url: str) -> None:
        self._server = make_conninfo(url, dbname="postgres")
        self._name = conninfo_to_dict(url)["dbname"]

    def begins(self) -> None:
        self._tell("ALTER DATABASE {} ALLOW_CONNECTIONS false")
        self.cut()

    def ends(self) -> None:
        self._tell("ALTER DATABASE {} ALLOW_CONNECTIONS true")

    def cut(self) -> None:
        """Every connection ends; new ones come about if the outage has not begun."""
        self._tell("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}", sql.Literal)

    def _tell(self, statement: str, kind: Callable[[str], sql.Composable] = sql.Identifier) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(kind(self._name)))


def refresh_without_a_database(store: StoredSignIn, outage: Outage) -> None:
    """Exact has rotated the token when the database goes away, for longer than anyone waits."""

    def refresh() -> None:
        with store.locked() as slot:
            slot.refresh_begins(FIRST)
            outage.begins()
            slot.store(SECOND)

    with pytest.raises(DatabaseAway):
        refresh()
    outage.ends()
