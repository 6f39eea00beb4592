"""What is in a table that settings alone define, against the books."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.deployment import DIVISION, Deployment
from tests.facts import sql
from tests.mirror import column_name, expected, properties_of, same

Deploy = Callable[..., Any]
KNOWN = "project/CostTransactions"


def columns(deployment: Deployment, name: str = "mine") -> dict[str, str]:
    query = """SELECT column_name, data_type FROM information_schema.columns
               WHERE table_schema = 'exact' AND table_name = :name"""
    return dict(sql(deployment, query, name=name))


def differences(deployment: Deployment, path: str, key: str = "ID", name: str = "mine") -> list[str]:
    """What the table and the books disagree on, by what each value is in its column."""
    table = deployment.table(path)
    properties = properties_of(deployment.books, DIVISION, path)
    there = columns(deployment, name)
    with deployment.service.database.begin() as connection:
        rows = connection.exec_driver_sql(
            f'SELECT * FROM exact."{name}" WHERE _deleted_at IS NULL AND division = {DIVISION}'
        )
        stored = {str(row[column_name(key)]).strip(): row for row in rows.mappings()}
    theirs = {str(row[key]).strip(): row for row in table.rows.values()}
    found = [f"{k}: only on one side" for k in theirs.keys() ^ stored.keys()]
    for k in theirs.keys() & stored.keys():
        for prop, edm in properties.items():
            value = theirs[k][prop]
            want = None if value is None else expected(prop, edm)(value)
            if column_name(prop) not in there:
                if want is not None:
                    found.append(f"{k}.{prop}: has no column")
                continue
            have = stored[k][column_name(prop)]
            learned = isinstance(want, int | Decimal) and isinstance(have, int | Decimal)
            if not (want == have if learned else same(want, have)):
                found.append(f"{k}.{prop}: want {want!r}, have {have!r}")
    return found
