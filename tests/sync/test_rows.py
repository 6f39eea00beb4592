"""Records become rows exactly as the contract says, or they are set aside; nothing else happens."""

import json
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from exact_sync.catalog import RESOURCES, Column, Edm, Resource, Strategy
from exact_sync.errors import BadData
from exact_sync.exact.odata import read_answer
from exact_sync.store.tables import data_columns
from exact_sync.sync.rows import LONGEST_KEY, Batch, Shaper

KEY = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
NIL = "00000000-0000-0000-0000-000000000000"
JUNE = datetime(2026, 6, 25, 10, tzinfo=UTC)


def probe(edm: Edm, name: str = "Value") -> Resource:
    """A resource of one property of one type."""
    columns = (Column("ID", Edm.GUID), Column(name, edm), Column("Division", Edm.INT32))
    return Resource("probe", "x/Probe", "ID", columns, Strategy.SNAPSHOT)


def shaped(json_value: str, edm: Edm, name: str = "Value") -> Batch:
    """What a value becomes, read from the very bytes that Exact would send."""
    body = f'{{"d":[{{"ID":"{KEY}","Division":7,"{name}":{json_value}}}]}}'
    return Shaper(probe(edm, name)).batch(7, read_answer(body.encode()).records)


def value(batch: Batch) -> Any:
    assert batch.rejects == []
    return batch.rows[0][2]


STORED: list[tuple[Edm, str, Any]] = [
    (Edm.STRING, '"   6547784"', "6547784"),
    (Edm.STRING, '"NL "', "NL"),
    (Edm.STRING, '""', ""),
    (Edm.STRING, '"   "', ""),
    (Edm.STRING, '"a  b"', "a  b"),
    (Edm.STRING, '"\\t a \\n"', "\t a \n"),
    (Edm.STRING, '"\\u00a0a\\u2003"', "\u00a0a\u2003"),
    (Edm.STRING, '"\\u0000a\\u0000b"', "ab"),
    (Edm.STRING, '"\\u0000 a \\u0000"', "a"),
    (Edm.STRING, '"\\u0001\\u001f\\u007f\\u0085"', "\x01\x1f\x7f\x85"),
    (Edm.STRING, '"\\ud83d\\ude00 é"', "😀 é"),
    (Edm.STRING, '"\\\\N\\\\t\\\\."', "\\N\\t\\."),
    (Edm.STRING, "null", None),
    (Edm.GUID, f'"{KEY}"', uuid.UUID(KEY)),
    (Edm.GUID, f'"{KEY.upper()}"', uuid.UUID(KEY)),
    (Edm.GUID, f'"{NIL}"', None),
    (Edm.GUID, "null", None),
    (Edm.BOOLEAN, "true", True),
    (Edm.BOOLEAN, "false", False),
    (Edm.BYTE, "255", 255),
    (Edm.INT16, "-32768", -32768),
    (Edm.INT32, "2147483647", 2147483647),
    (Edm.INT32, "12.0", 12),
    (Edm.INT64, '"9223372036854775807"', 2**63 - 1),
    (Edm.INT64, '"-9007199254740993"', -(2**53) - 1),
    (Edm.INT64, "9007199254740993", 2**53 + 1),
    (Edm.DOUBLE, "0.1", Decimal("0.1")),
    (Edm.DOUBLE, "1.10", Decimal("1.10")),
    (Edm.DOUBLE, "-0.005", Decimal("-0.005")),
    (Edm.DOUBLE, "12", Decimal(12)),
    (Edm.DOUBLE, '"12.50"', Decimal("12.50")),
    (Edm.DOUBLE, "1e400", Decimal("1e400")),
    (Edm.DOUBLE, f"{'1234567890' * 4}.{'0987654321' * 4}", Decimal(f"{'1234567890' * 4}.{'0987654321' * 4}")),
    (Edm.DATETIME, '"/Date(1782388800123+0200)/"', datetime(2026, 6, 25, 12, 0, 0, 123000, UTC)),
    (Edm.DATETIME, '"/Date(1782388800000)/"', JUNE),
    (Edm.DATETIME, '"2026-06-25T12:00:00"', JUNE),
]


@pytest.mark.parametrize(("edm", "sent", "expected"), STORED)
def test_a_value_is_stored_as_the_contract_says(edm: Edm, sent: str, expected: Any) -> None:
    found = value(shaped(sent, edm))
    assert type(found) is type(expected)
    assert found == expected
    if isinstance(expected, Decimal):
        assert found.as_tuple() == expected.as_tuple()


REFUSED: list[tuple[Edm, str]] = [
    (Edm.STRING, "5"),
    (Edm.STRING, "true"),
    (Edm.STRING, '{"__deferred":{"uri":"x"}}'),
    (Edm.GUID, '""'),
    (Edm.GUID, '"{3f2504e0-4f89-41d3-9a0c-0305e82c3301}"'),
    (Edm.GUID, '"3f2504e04f8941d39a0c0305e82c3301"'),
    (Edm.GUID, "5"),
    (Edm.BOOLEAN, "1"),
    (Edm.BOOLEAN, '"true"'),
    (Edm.BYTE, "256"),
    (Edm.BYTE, "-1"),
    (Edm.INT16, "32768"),
    (Edm.INT32, "2147483648"),
    (Edm.INT32, "1.5"),
    (Edm.INT32, "1.0000000000000000000000000000000000001"),
    (Edm.INT32, "true"),
    (Edm.INT32, '"many"'),
    (Edm.INT32, "1e500000"),
    (Edm.INT64, '"9223372036854775808"'),
    (Edm.INT64, '""'),
    (Edm.DOUBLE, '"12,5"'),
    (Edm.DOUBLE, '"1_000"'),
    (Edm.DOUBLE, '" 12"'),
    (Edm.DOUBLE, '"١٢"'),
    (Edm.DOUBLE, "NaN"),
    (Edm.DOUBLE, "-Infinity"),
    (Edm.DOUBLE, '"NaN"'),
    (Edm.DOUBLE, '"Infinity"'),
    (Edm.DOUBLE, '""'),
    (Edm.DOUBLE, "1e131072"),
    (Edm.DOUBLE, "1e-16384"),
    (Edm.DOUBLE, "1e99999999999999999999"),
    (Edm.DOUBLE, "[1]"),
    (Edm.DATETIME, '""'),
    (Edm.DATETIME, '"/Date(253402300800000)/"'),
    (Edm.DATETIME, '"/Date(-99999999999999999)/"'),
    (Edm.DATETIME, "1782396000000"),
    (Edm.DATETIME, '"tomorrow"'),
]


@pytest.mark.parametrize(("edm", "sent"), REFUSED)
def test_what_can_not_be_held_exactly_is_set_aside_with_a_reason(edm: Edm, sent: str) -> None:
    batch = shaped(sent, edm)
    assert batch.rows == []
    (reject,) = batch.rejects
    assert reject.key == KEY
    assert reject.reason.startswith("Value: ")
    assert reject.reason.endswith(f" is no {edm}")


@pytest.mark.parametrize("name", ["EndDate", "CustomerSince", "FreeDateField_01"])
def test_a_date_by_name_is_a_calendar_date(name: str) -> None:
    for sent, expected in (
        ('"/Date(1782345600000)/"', date(2026, 6, 25)),
        ('"/Date(1782431999999)/"', date(2026, 6, 25)),
        ('"/Date(-62135596800000)/"', date(1, 1, 1)),
        ('"/Date(253402214400000)/"', date(9999, 12, 31)),
        ('"/Date(-1)/"', date(1969, 12, 31)),
    ):
        assert value(shaped(sent, Edm.DATETIME, name)) == expected
    assert shaped('"/Date(253402300800000)/"', Edm.DATETIME, name).rejects


@pytest.mark.parametrize("name", ["Created", "StartTime", "DeletedDate", "DivisionMoveDate", "Date_x"])
def test_a_moment_by_name_is_an_instant(name: str) -> None:
    assert value(shaped('"/Date(1782388800000)/"', Edm.DATETIME, name)) == JUNE


def test_lone_surrogates_are_replaced_and_counted() -> None:
    batch = shaped('"a\\ud800b\\udfff\\ud83d\\ude00"', Edm.STRING)
    assert value(batch) == "a\ufffdb\ufffd😀"
    assert batch.replaced_surrogates == 2


def test_ten_megabytes_of_text_stay_what_they_are() -> None:
    long = "é☃x" * 3_500_000
    assert value(shaped(json.dumps(long), Edm.STRING)) == long


def test_an_unknown_property_is_ignored_and_named_and_a_missing_one_is_null() -> None:
    records = [{"ID": KEY, "Colour": "red", "__metadata": {}, "Lines": {"__deferred": {}}, "a\0\ud800": 1}]
    batch = Shaper(probe(Edm.STRING)).batch(7, records)
    assert batch.rows == [(7, uuid.UUID(KEY), None, None)]
    assert batch.unknown == {"Colour", "'a\\x00\\ud800'"}


@pytest.mark.parametrize("key", [None, NIL, "", 5, "x", {}])
def test_a_record_without_a_readable_key_is_set_aside(key: object) -> None:
    batch = Shaper(probe(Edm.STRING)).batch(7, [{"ID": key, "Value": "a"}])
    assert batch.rows == batch.keys == []
    (reject,) = batch.rejects
    assert reject.key is None
    assert reject.name.startswith("unreadable key ")


@pytest.mark.parametrize(
    ("edm", "key", "is_fit"),
    [
        (Edm.STRING, "x" * LONGEST_KEY, True),
        (Edm.STRING, " " * 9 + "x" * LONGEST_KEY, True),
        (Edm.STRING, "x" * (LONGEST_KEY + 1), False),
        (Edm.STRING, "é" * (LONGEST_KEY // 2), True),
        (Edm.STRING, "é" * (LONGEST_KEY // 2 + 1), False),
        (Edm.DOUBLE, "9" * 5_000, False),
        (Edm.DOUBLE, "9" * 500, True),
    ],
)
def test_a_key_too_long_for_an_index_is_set_aside(edm: Edm, key: str, is_fit: bool) -> None:
    mine = Resource("probe", "x/Probe", "Code", (Column("Code", edm),), Strategy.SNAPSHOT)
    batch = Shaper(mine).batch(7, [{"Code": key}])
    assert len(batch.keys) == is_fit
    assert Shaper(mine).keys([{"Code": key}]).keys == batch.keys
    for reject in batch.rejects:
        assert reject.name.startswith("unreadable key ")
        assert reject.reason.endswith(f"… is no {edm} of at most 2600 bytes")


def test_one_bad_record_does_not_hold_up_the_others() -> None:
    good = [str(uuid.UUID(int=number)) for number in (1, 2)]
    records = [{"ID": good[0]}, {"ID": KEY, "Value": 5}, {"ID": good[1]}]
    batch = Shaper(probe(Edm.STRING)).batch(7, records)
    assert [str(key) for key in batch.keys] == good
    assert [row[1] for row in batch.rows] == batch.keys
    assert [reject.key for reject in batch.rejects] == [KEY]


@pytest.mark.parametrize("division", [8, "8", 0, "", [7], 7.5, {"a": {}}])
def test_a_record_of_another_division_refuses_the_whole_page(division: object) -> None:
    records = [{"ID": KEY, "Division": 7}, {"ID": KEY, "Division": division}]
    with pytest.raises(BadData, match="asked for division 7"):
        Shaper(probe(Edm.STRING)).batch(7, records)


def test_the_divisions_themselves_belong_to_no_division() -> None:
    batch = Shaper(RESOURCES["divisions"]).batch(0, [{"Code": 124132, "Hid": "12", "Status": 1}])
    assert batch.keys == [124132]
    row = dict(zip(data_columns(RESOURCES["divisions"]), batch.rows[0], strict=True))
    assert (row["code"], row["hid"], row["status"]) == (124132, 12, 1)
