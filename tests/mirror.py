"""Is the mirror true? Compares every column of every row with the simulator's own books.

The rules of the contract are written here a second time, on purpose: this shares nothing with
the code that it checks.
"""

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from operator import is_, itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from exact_sync.catalog import RESOURCES
from exact_sync.simulator.schema_sync import TWINS
from exact_sync.store.database import Database

ZONE = ZoneInfo("Europe/Amsterdam")

ENDPOINTS = {resource.name: resource.endpoint for resource in RESOURCES.values()}
"""Where each resource's rows are in the books; what the contract says of them is tested elsewhere."""

DEFAULTS = frozenset(resource.name for resource in RESOURCES.values() if resource.default)
"""What is mirrored unless the settings say otherwise."""

ENOUGH = frozenset({
    "divisions", "deletions", "contacts", "customers", "sales_invoices", "items", "documents", "payments",
    "financial_transactions", "transaction_lines", "gl_accounts", "journals", "item_groups",
    "document_attachments",
})  # fmt: skip
"""What most stories mirror: every strategy, and each more than once; the others would only take time."""

THE_OTHERS_OFF = {name: {"enabled": False} for name in DEFAULTS - ENOUGH}
"""Settings for that."""

PATHS = {
    "divisions": "system/Divisions",
    "contacts": "crm/Contacts",
    "customers": "crm/Accounts",
    "sales_invoices": "salesinvoice/SalesInvoices",
    "items": "logistics/Items",
    "documents": "documents/Documents",
    "payments": "cashflow/Payments",
    "financial_transactions": "financialtransaction/Transactions",
    "gl_accounts": "financial/GLAccounts",
    "journals": "financial/Journals",
    "item_groups": "logistics/ItemGroups",
    "document_attachments": "documents/DocumentAttachments",
}

_SCALARS = {"Guid", "String", "Boolean", "Byte", "Int16", "Int32", "Int64", "Double", "DateTime"}


@cache
def column_name(prop: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", prop).lower()


def expected(prop: str, edm: str) -> Callable[[Any], Any]:
    """What must be stored for what the books hold in such a property, except for nothing at all."""
    if edm == "DateTime":
        calendar = prop.endswith(("Date", "Since")) or prop.startswith("FreeDateField_")
        if calendar and prop not in ("DeletedDate", "DivisionMoveDate"):
            return lambda value: value.date()
        return lambda value: value.replace(tzinfo=ZONE, fold=0).astimezone(UTC)
    if edm == "String":
        return lambda value: value.replace("\0", "").strip(" ")
    if edm == "Guid":
        return lambda value: value if value.int else None
    return lambda value: value


def properties_of(books: Any, division: int, path: str) -> dict[str, str]:
    """The properties of an endpoint that are stored, with their types."""
    entity = TWINS[path].entity if path in TWINS else books.table(division, path).entity
    return {p: edm for p, edm in entity.properties.items() if edm in _SCALARS and p != "Timestamp"}


def records_of(books: Any, division: int, path: str) -> list[Any]:
    if path in TWINS:
        return list(books.feeds(division).rows(path))
    return list(books.table(division, path).rows.values())


def expected_rows(
    books: Any, name: str, *, lacks: frozenset[str] = frozenset()
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows a resource's table must hold, by primary key. ``lacks``: what its feed does not have."""
    path = ENDPOINTS[name]
    key_name = RESOURCES[name].key
    rows = {}
    codes = [0] if name == "divisions" else [c for c in books.divisions if books.division(c)["Status"] == 1]
    for division in codes:
        kinds = properties_of(books, division, path)
        columns = [(p, column_name(p), expected(p, edm)) for p, edm in kinds.items() if p not in lacks]
        blank = {column_name(p): None for p in kinds}
        for record in records_of(books, division, path):
            row = blank | {
                column: None if (value := record[p]) is None else stored(value)
                for p, column, stored in columns
            }
            key = row[column_name(key_name)]
            if name == "divisions":
                rows[(key,)] = row
            else:
                rows[(division, key)] = row | {"division": division}
    return rows


def stored_rows(
    database: Database, name: str, *, deleted: bool = False
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The live rows that a table holds, by primary key."""
    where = "" if deleted else "WHERE _deleted_at IS NULL"
    with database.begin() as connection:
        result = connection.execute(text(f"SELECT * FROM {database.schemas.data}.{name} {where}"))
        places = {column: place for place, column in enumerate(result.keys())}
        rows = result.all()
    columns = [column for column in places if not column.startswith("_")]
    values = itemgetter(*(places[column] for column in columns))
    keys = [places[key] for key in RESOURCES[name].primary_key]
    return {tuple(row[place] for place in keys): dict(zip(columns, values(row), strict=True)) for row in rows}


def differences(
    books: Any,
    database: Database,
    names: Collection[str],
    *,
    ignore_extra: bool = False,
    by_version: Collection[str] = ("transaction_lines",),
) -> list[str]:
    """Every disagreement in words; empty if the mirror is true.

    ``by_version``: the resources that are read through the Sync API.
    """
    found = miscounted(database, names)
    for name in names:
        feed = RESOURCES[name].feed
        lacks = feed.lacks if feed and name in by_version else frozenset()
        wanted, stored = expected_rows(books, name, lacks=lacks), stored_rows(database, name)
        found += [f"{name} {key}: missing" for key in wanted.keys() - stored.keys()]
        if not ignore_extra:
            found += [f"{name} {key}: extra" for key in stored.keys() - wanted.keys()]
        for key in wanted.keys() & stored.keys():
            want, have = wanted[key], stored[key]
            if want == have and all(map(is_, map(type, want.values()), map(type, map(have.get, want)))):
                continue  # as nearly all are; which column differs is asked of the others
            if want.keys() != have.keys():
                found.append(f"{name}: columns differ: {want.keys() ^ have.keys()}")
                break
            found += [
                f"{name} {key}.{column}: want {want[column]!r}, have {have[column]!r}"
                for column in want
                if not same(want[column], have[column])
            ]
    return found


def miscounted(database: Database, names: Collection[str]) -> list[str]:
    """Where the number of rows that a checkpoint keeps is not the number of rows."""
    schemas = database.schemas
    query = " UNION ALL ".join(
        f"""
        SELECT c.resource, c.division, c.rows, count(t.ctid) AS here FROM {schemas.state}.checkpoint c
        LEFT JOIN {schemas.data}.{name} t ON {"0" if name == "divisions" else "t.division"} = c.division
        WHERE c.resource = '{name}' AND c.rows IS NOT NULL GROUP BY 1, 2, 3 HAVING c.rows <> count(t.ctid)
        """
        for name in names
    )
    with database.begin() as connection:
        rows = connection.execute(text(query)).all()
    return [f"{name} of {code}: {rows} rows are counted, {here} are here" for name, code, rows, here in rows]


def same(want: Any, have: Any) -> bool:
    """Equal in value and in type; numbers digit for digit."""
    if isinstance(want, Decimal):
        return isinstance(have, Decimal) and want == have
    if isinstance(want, datetime) != isinstance(have, datetime):
        return False
    return type(want) is type(have) and want == have
