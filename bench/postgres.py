"""The PostgreSQL of a measurement: the embedded one with its own settings, and what it did meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from exact_sync.store.embedded import Embedded

_WRITES = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables WHERE "


class Server:
    """A server that runs."""

    def __init__(self, server: Embedded, folder: Path) -> None:
        self.url = server.url
        self.postmaster = int((folder / "postmaster.pid").read_text().split()[0])
        self._admin = psycopg.connect(self.url, autocommit=True)

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """The URL of a new, empty database."""
        self._admin.execute(f"CREATE DATABASE {name}")
        yield self.url.replace("/postgres?", f"/{name}?")
        self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def settle(self, url: str) -> None:
        """What earlier work left to be done is done now, as autovacuum would: so it disturbs nobody."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def wal(self) -> int:
        """Bytes of the write-ahead log so far."""
        row = self._admin.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')").fetchone()
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        self._admin.close()


def rows_written(url: str, schema: str, table: str) -> tuple[int, int]:
    """Rows written since the statistics began: in the table that readers see, and in all others."""
    with psycopg.connect(url, autocommit=True) as connection:
        where = "(schemaname = %s AND relname = %s)"
        ours = connection.execute(_WRITES + where, (schema, table)).fetchone()
        others = connection.execute(_WRITES + "NOT " + where, (schema, table)).fetchone()
    assert ours is not None
    assert others is not None
    return int(ours[0]), int(others[0])


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    embedded = Embedded(folder)
    try:
        server = Server(embedded, folder)
        yield server
        server.close()
    finally:
        embedded.close()
