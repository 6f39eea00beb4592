"""The two limits, in a process of its own: what nobody who reads JSON into PostgreSQL can pass.

COPY in binary form and one set-based upsert, of rows that are encoded already; and decoding alone.
"""

from pathlib import Path
from typing import Any

import msgspec
import psycopg
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from bench.recorded import pages
from bench.stopwatch import job, measured
from bench.subjects import DIVISION, SUBJECTS, Subject
from exact_sync.catalog import Edm
from exact_sync.exact.odata import read_answer
from exact_sync.store.merging import quote
from exact_sync.store.tables import row_columns, table
from exact_sync.sync.rows import Shaper

_TYPES = {
    Edm.STRING: str, Edm.GUID: str, Edm.DATETIME: str, Edm.BOOLEAN: bool, Edm.DOUBLE: float,
    Edm.BYTE: int, Edm.INT16: int, Edm.INT32: int, Edm.INT64: int | str,
}  # fmt: skip
_BATCH = 10
"""Pages of a thousand in each transaction."""
_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]


def main(wanted: dict[str, Any]) -> None:
    """``records`` and ``changed``: files with a record on each line. ``times``: how often all is done."""
    subject = SUBJECTS[wanted["subject"]]
    bodies = {name: pages(_read(wanted[name]), 1000) for name in ("records", "changed")}
    rows = sum(body.count(b'"__metadata"') for body in bodies["records"])
    decoder = _decoder(subject)
    with psycopg.connect(wanted["database_url"]) as connection:
        make(connection, subject)
        encoded = {name: encoded_rows(connection, subject, each) for name, each in bodies.items()}
        for _ in range(wanted["times"]):
            with measured("decode", rows, wanted["postmaster"]):
                for body in bodies["records"]:
                    decoder.decode(body)
            connection.execute(f"TRUNCATE exact.bench_{subject.name}")
            connection.commit()
            for name, batches in (("first", "records"), ("unchanged", "records"), ("changed", "changed")):
                with measured(name, rows, wanted["postmaster"]):
                    for batch in encoded[batches]:
                        upsert(connection, subject, batch)


def _read(file: str) -> list[bytes]:
    return Path(file).read_bytes().splitlines()


def _decoder(subject: Subject) -> msgspec.json.Decoder[Any]:
    """Of pages, into structs with a field of the right type for each property."""
    by_property = subject.resource.by_property
    fields = [(name, _TYPES[column.edm] | None, None) for name, column in by_property.items()]
    record = msgspec.defstruct("Record", fields)
    results = msgspec.defstruct("Results", [("results", list[record])])  # type: ignore[valid-type]
    return msgspec.json.Decoder(msgspec.defstruct("Body", [("d", results)]))


def make(connection: psycopg.Connection[Any], subject: Subject) -> None:
    """The product's own table, and its indexes."""
    made = table(subject.resource)
    connection.execute("CREATE SCHEMA exact")
    for statement in (CreateTable(made), *map(CreateIndex, made.indexes)):
        connection.execute(str(statement.compile(dialect=_POSTGRES)))
    types = {name: made.c[name].type.compile(_POSTGRES) for name in row_columns(subject.resource)}
    columns = ", ".join(f"{quote(name)} {kind}" for name, kind in types.items())
    connection.execute(f"CREATE TEMP TABLE stage ({columns}) ON COMMIT DELETE ROWS")
    connection.commit()


def encoded_rows(connection: psycopg.Connection[Any], subject: Subject, bodies: list[bytes]) -> list[bytes]:
    """The rows in PostgreSQL's binary form, a batch for each transaction."""
    shaper = Shaper(subject.resource)
    batches = []
    for first in range(0, len(bodies), _BATCH):
        with connection.cursor().copy("COPY stage FROM STDIN") as copy:
            for body in bodies[first : first + _BATCH]:
                for row in shaper.batch(DIVISION, read_answer(body).records).rows:
                    copy.write_row(row)
        with connection.cursor().copy("COPY stage TO STDOUT (FORMAT binary)") as copy:
            batches.append(b"".join(map(bytes, copy)))
        connection.commit()
    return batches


def upsert(connection: psycopg.Connection[Any], subject: Subject, batch: bytes) -> None:
    keys = subject.resource.primary_key
    names = [quote(name) for name in row_columns(subject.resource)]
    others = [name for name in names if name not in keys]
    settings = ", ".join(f"{name} = excluded.{name}" for name in others)
    ours, theirs = (", ".join(f"{one}.{name}" for name in others) for one in ("t", "excluded"))
    with connection.transaction():
        with connection.cursor().copy("COPY stage FROM STDIN (FORMAT binary)") as copy:
            copy.write(batch)
        connection.execute(
            f"INSERT INTO exact.bench_{subject.name} AS t ({', '.join(names)}) SELECT * FROM stage "
            f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {settings}, _synced_at = now() "
            f"WHERE ({ours}) IS DISTINCT FROM ({theirs})"
        )


if __name__ == "__main__":
    main(job())
