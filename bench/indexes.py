"""What an index costs where rows come in: python -m bench.indexes

COPY and upsert of encoded ledger lines, with the indexes that the product makes and with one more; CPU of
PostgreSQL, bytes of its log, and how many updates stay HOT (touch no index) where a tenth changes.
"""

import sys
import tempfile
from pathlib import Path

import psycopg

from bench import recorded
from bench.limits import encoded_rows, make, upsert
from bench.material import Material
from bench.postgres import Server, running
from bench.stopwatch import server_cpu
from bench.subjects import SUBJECTS

_ROWS, _TIMES = 20_000, 3
_CASES: tuple[tuple[str, str, str | None], ...] = (
    ("only the key", ".", None),
    ("without those for joins", "entry_id|gl_account", None),
    ("as it is", "^$", None),
    ("and (division, account)", "^$", "division, account"),
    ("and (division, modified)", "^$", "division, modified"),
    ("and (_synced_at)", "^$", "_synced_at"),
)
"""What it is called, which of the product's indexes are left out, and the columns of one more."""


def main() -> None:
    subject = SUBJECTS["transaction_lines"]
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "server") as server:
        records = recorded.record(subject, _ROWS)
        material = Material(subject, records, 1, Path(name))
        print(f"{'indexes':<26}{'first load':>12}{'changed':>12}{'MB of WAL':>12}{'MB':>8}{'HOT':>8}")
        for what, without, columns in _CASES:
            found = [_measured(server, material, without, columns) for _ in range(_TIMES)]
            first, changed, wal, size, hot = map(min, zip(*found, strict=True))
            print(f"{what:<26}{first:>9.1f} µs{changed:>9.1f} µs{wal:>12.1f}{size:>8.1f}{hot:>8.0%}")


def _measured(server: Server, material: Material, without: str, columns: str | None) -> list[float]:
    """µs of CPU per row, of a first load and where a tenth has changed; WAL; all indexes; HOT updates."""
    table = f"exact.bench_{material.subject.name}"
    with server.database("indexes") as url, psycopg.connect(url) as connection:
        make(connection, material.subject)
        for (index,) in connection.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass "
            "AND NOT indisprimary AND indexrelid::regclass::text ~ %s",
            (table, without),
        ).fetchall():
            connection.execute(f"DROP INDEX {index}")
        if columns:
            connection.execute(f"CREATE INDEX ON {table} ({columns})")
        connection.commit()
        bodies = [recorded.pages(each, 1000) for each in (material.records, material.changed)]
        took = []
        wal = 0
        for batches in [encoded_rows(connection, material.subject, each) for each in bodies]:
            server.settle(url)
            before, wal = server_cpu(server.postmaster), server.wal()
            for batch in batches:
                upsert(connection, material.subject, batch)
            took.append((server_cpu(server.postmaster) - before) / len(material.records) * 1e6)
            wal = server.wal() - wal
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.commit()
        sizes = (
            "SELECT pg_indexes_size(%s::regclass) / 1e6, n_tup_hot_upd, n_tup_upd FROM pg_stat_user_tables "
        )
        row = connection.execute(sizes + "WHERE relid = %s::regclass", (table, table)).fetchone()
        assert row is not None
        return [*took, wal / 1e6, float(row[0]), row[1] / max(1, row[2])]


if __name__ == "__main__":
    sys.exit(main())
