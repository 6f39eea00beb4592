"""The usual loop, in a process of its own: a page of JSON, and SQLAlchemy's executemany upsert of it.

httpx, json, one dictionary per row; dates converted, one commit per page.
"""

from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateSchema

from bench.stopwatch import job, measured
from bench.subjects import DIVISION, SUBJECTS
from exact_sync.catalog import Column, Edm
from exact_sync.store.tables import data_columns, table


def main(wanted: dict[str, Any]) -> None:
    subject = SUBJECTS[wanted["subject"]]
    made, resource = table(subject.resource), subject.resource
    engine = create_engine(wanted["database_url"].replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(CreateSchema("exact", if_not_exists=True))
        made.create(connection, checkfirst=True)
    statement = insert(made)
    others = [name for name in data_columns(resource) if name not in resource.primary_key]
    statement = statement.on_conflict_do_update(
        index_elements=list(resource.primary_key), set_={name: statement.excluded[name] for name in others}
    )
    number = 0
    with measured(wanted["name"], wanted["rows"], wanted["postmaster"]), httpx.Client() as http:
        link: str | None = f"{wanted['base_url']}/api/v1/{DIVISION}/{subject.endpoint}"
        while link:
            content = http.get(link).raise_for_status().json()["d"]
            rows = [_row(record, resource.columns) for record in content["results"]]
            if rows:
                with engine.begin() as connection:
                    connection.execute(statement, rows)
            number += len(rows)
            link = content.get("__next")
    assert number == wanted["rows"], number


def _row(record: dict[str, Any], columns: tuple[Column, ...]) -> dict[str, Any]:
    row = {column.name: _value(record.get(column.property), column) for column in columns}
    return row | {"division": DIVISION}


def _value(value: Any, column: Column) -> Any:
    if value is None or column.edm is not Edm.DATETIME:
        return int(value) if column.edm is Edm.INT64 and value is not None else value
    moment = datetime.fromtimestamp(int(value[6:-2]) / 1000, UTC)
    return moment.date() if column.is_date else moment


if __name__ == "__main__":
    main(job())
