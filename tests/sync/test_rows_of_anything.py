"""Whatever JSON can say becomes a row or a reject, and every row survives its way into the table."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from exact_sync.catalog import RESOURCES, Edm
from exact_sync.store.database import Database
from exact_sync.store.tables import migrated, row_columns
from exact_sync.store.writer import Writer
from exact_sync.sync.rows import Shaper

KEY = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
NIL = "00000000-0000-0000-0000-000000000000"

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(
        ["\ud800", "\0", "NaN", "1e5", NIL, KEY, "12,5", "/Date(1)/", "/Date(-62135596800000)/"]
    )
    | st.from_regex(r"/Date\(-?\d{1,18}([+-]\d{4})?\)/", fullmatch=True)
    | st.from_regex(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,6})?", fullmatch=True)
    | st.integers(-62135596800000, 253402300799999).map(lambda ms: f"/Date({ms})/")
)
VALUES = PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.text(max_size=5), PLAIN, max_size=2)
FITTING: dict[Edm, st.SearchStrategy[Any]] = {
    Edm.GUID: st.uuids().map(str),
    Edm.STRING: st.text(st.characters(), max_size=40),
    Edm.BOOLEAN: st.booleans(),
    Edm.BYTE: st.integers(0, 255),
    Edm.INT16: st.integers(-(2**15), 2**15 - 1),
    Edm.INT32: st.integers(-(2**31), 2**31 - 1),
    Edm.INT64: st.integers(-(2**63), 2**63 - 1).map(str),
    Edm.DOUBLE: st.decimals(allow_nan=False, allow_infinity=False) | st.integers(),
    Edm.DATETIME: st.integers(-62000000000000, 253402300799999).map(lambda ms: f"/Date({ms})/"),
}


@given(st.data(), st.sampled_from(sorted(RESOURCES)))
def test_whatever_json_brings_becomes_a_row_or_a_reject(data: st.DataObject, name: str) -> None:
    resource = RESOURCES[name]
    names = st.sampled_from([column.property for column in resource.columns if column.name != "division"])
    records = data.draw(
        st.lists(st.dictionaries(names | st.text(max_size=5), VALUES, max_size=6), max_size=3)
    )
    records = [{k: v for k, v in record.items() if k != "Division"} for record in records]
    batch = Shaper(resource).batch(7, records)
    assert len(batch.rows) + len(batch.rejects) == len(records)
    assert len(batch.keys) == len(batch.rows)
    for reject in batch.rejects:
        for kept in (reject.reason, reject.raw, reject.name):
            assert "\0" not in kept
            kept.encode()


def test_ten_megabytes_of_text_reach_the_table_byte_for_byte(database: Database) -> None:
    long = "é☃x\\\t\n\x01😀" * 1_200_000
    batch = Shaper(RESOURCES["items"]).batch(7, [{"ID": KEY, "Notes": long}])
    writer = Writer(RESOURCES["items"])
    with database.begin() as connection:
        writer.stage(connection, batch.rows)
        writer.merge(connection)
        assert connection.execute(text("SELECT notes FROM exact.items")).scalar_one() == long


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_becomes_a_row_comes_back_from_the_table_unchanged(
    database: Database, data: st.DataObject
) -> None:
    resource = RESOURCES["items"]
    chosen = data.draw(st.lists(st.sampled_from(resource.columns), max_size=12, unique=True))
    record = {
        column.property: data.draw(FITTING[column.edm] | VALUES)
        for column in chosen
        if column.name != "division"
    }
    batch = Shaper(resource).batch(7, [record | {"ID": data.draw(st.uuids().map(str))}])
    writer = Writer(resource)
    with database.begin() as connection:
        writer.stage(connection, batch.rows)
        writer.merge(connection)
        columns = [migrated()["items"].c[name] for name in row_columns(resource)]
        found = [
            tuple(row) for row in connection.execute(migrated()["items"].select().with_only_columns(*columns))
        ]
        assert found == batch.rows
        connection.execute(text("DELETE FROM exact.items"))
