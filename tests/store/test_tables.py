"""The tables for readers: columns, types and keys as the contract lists them."""

import subprocess
import sys

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.dialects import postgresql

from exact_sync.catalog import RESOURCES, Column, Edm
from exact_sync.store.database import Database
from exact_sync.store.tables import column_type, data_columns, migrated, table

OURS = {"_synced_at", "_deleted_at", "_version", "_fingerprint"}
TYPES = {
    (Edm.GUID, "ID"): "uuid",
    (Edm.STRING, "Name"): "text",
    (Edm.BOOLEAN, "Blocked"): "boolean",
    (Edm.BYTE, "CostPaid"): "smallint",
    (Edm.INT16, "Status"): "smallint",
    (Edm.INT32, "HID"): "integer",
    (Edm.INT64, "Hid"): "bigint",
    (Edm.DOUBLE, "AmountDC"): "numeric",
    (Edm.DATETIME, "EndDate"): "date",
    (Edm.DATETIME, "CustomerSince"): "date",
    (Edm.DATETIME, "FreeDateField_01"): "date",
    (Edm.DATETIME, "Created"): "timestamp with time zone",
    (Edm.DATETIME, "DivisionMoveDate"): "timestamp with time zone",
    (Edm.DATETIME, "DeletedDate"): "timestamp with time zone",
}


def in_the_database(database: Database, name: str) -> dict[str, tuple[str, bool]]:
    query = """
        SELECT column_name, data_type, is_nullable = 'YES', numeric_precision FROM information_schema.columns
        WHERE table_schema = 'exact' AND table_name = :name
    """
    with database.begin() as connection:
        rows = connection.execute(text(query), {"name": name}).all()
    assert all(row.numeric_precision is None for row in rows if row.data_type == "numeric")
    return {row[0]: (row[1], row[2]) for row in rows}


def expected(edm: Edm, prop: str) -> str:
    for (kind, _), name in TYPES.items():
        if kind is edm and edm is not Edm.DATETIME:
            return name
    is_date = prop.endswith(("Date", "Since")) or prop.startswith("FreeDateField_")
    is_moment = prop in ("DivisionMoveDate", "DeletedDate") or not is_date
    return "timestamp with time zone" if is_moment else "date"


@pytest.mark.parametrize(("edm", "prop"), TYPES)
def test_a_property_has_the_type_of_the_contract(edm: Edm, prop: str) -> None:
    assert column_type(Column(prop, edm)).compile(postgresql.dialect()).lower() == TYPES[edm, prop]


def test_every_table_in_the_database_has_the_types_of_the_contract(database: Database) -> None:
    for name in migrated():
        resource = RESOURCES[name]
        found = in_the_database(database, name)
        keys = resource.primary_key
        wanted = {
            column.name: (expected(column.edm, column.property), column.name not in keys)
            for column in resource.columns
        }
        if resource.per_division:
            wanted["division"] = ("integer", False)
        if resource.feed is not None:
            wanted["_version"] = ("bigint", True)
        if resource.is_fingerprinted:
            wanted["_fingerprint"] = ("bigint", True)
        wanted["_synced_at"] = ("timestamp with time zone", False)
        wanted["_deleted_at"] = ("timestamp with time zone", True)
        assert found == wanted, name


def test_every_table_has_the_key_of_the_contract_and_no_foreign_key(database: Database) -> None:
    inspector = inspect(database.engine)
    assert set(inspector.get_table_names("exact")) == {r.name for r in RESOURCES.values() if r.default}
    for name in migrated():
        resource = RESOURCES[name]
        key = inspector.get_pk_constraint(name, "exact")["constrained_columns"]
        assert tuple(key) == resource.primary_key
        assert inspector.get_foreign_keys(name, "exact") == []


def test_the_checkpoint_table_is_where_the_contract_says(database: Database) -> None:
    inspector = inspect(database.engine)
    key = inspector.get_pk_constraint("checkpoint", "exact_sync")["constrained_columns"]
    assert key == ["division", "resource"]
    assert "cursor" in {column["name"] for column in inspector.get_columns("checkpoint", "exact_sync")}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_row_carries_every_data_column_once_with_the_division_first(name: str) -> None:
    resource, names = RESOURCES[name], data_columns(RESOURCES[name])
    assert set(names) == set(table(resource).columns.keys()) - OURS
    assert len(set(names)) == len(names)
    assert names[0] == ("division" if resource.per_division else "code")


def test_workers_may_ask_for_the_same_table_at_once() -> None:
    """In a process of its own, where no table has been made yet."""
    code = (
        "import sys, threading\n"
        "from exact_sync.catalog import RESOURCES\n"
        "from exact_sync.store.tables import table\n"
        "sys.setswitchinterval(1e-6)\n"
        "work = lambda: [table(resource) for resource in RESOURCES.values()]\n"
        "workers = [threading.Thread(target=work) for _ in range(8)]\n"
        "for worker in workers: worker.start()\n"
        "for worker in workers: worker.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr == ""
