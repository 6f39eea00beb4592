"""Numbers, texts and dates at the edge of what can be: F34, F35, F36; and what heals a quarantine."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from exact_sync.sync.once import exit_code
from tests.deployment import Deployment
from tests.facts import line, only, quarantined, restart, sql

ITEMS = "logistics/Items"


def put(deployment: Deployment, name: str, raw: str, path: str = ITEMS) -> tuple[Any, str]:
    """One record's property arrives as this JSON text from now on; its key and the resource."""
    table = deployment.table(path)
    key = min(table.rows)
    table.change(key)  # so that it comes with the changes, too
    deployment.simulator.faults.add(
        "value", path=f"/{path.split('/')[1]}", values={name: raw}, key=key, times=None, query=name
    )
    return key, {ITEMS: "items", "documents/Documents": "documents"}[path]


NUMBERS = {
    # JSON as it comes: digits as they must be stored
    "0.1": "0.1",
    "1e-7": "0.0000001",
    "1E-7": "0.0000001",
    "123456789012.345678": "123456789012.345678",
    "-0.01": "-0.01",
    "1234567890123456789012345678901234567890": "1234567890123456789012345678901234567890",
    "0.1234567890123456789012345678901234567890": "0.1234567890123456789012345678901234567890",
    "9007199254740993": "9007199254740993",
    "1e400": "1" + "0" * 400,
    '"12.50"': "12.50",
    '"0.10000000000000000001"': "0.10000000000000000001",
}


@pytest.mark.parametrize(("raw", "digits"), NUMBERS.items(), ids=[raw[:24] for raw in NUMBERS])
def test_a_number_is_stored_digit_for_digit(deployment: Deployment, raw: str, digits: str) -> None:
    """F34."""
    key, name = put(deployment, "StandardSalesPrice", raw)
    deployment.sync_well(name)
    query = "SELECT standard_sales_price::text FROM exact.items WHERE id = :key"
    assert sql(deployment, query, key=key) == [(digits,)]


NO_NUMBERS = ["NaN", "Infinity", "-Infinity", '"NaN"', '"Infinity"', '"12,5"', '"1.234,50"', '"1_000"',
              '" 12"', '"٣"', '""', '"1e400000"', "1e200000", '"0x10"', "true", "[1]", '{"a":1}']  # fmt: skip


@pytest.mark.parametrize("raw", NO_NUMBERS)
def test_what_is_no_number_goes_to_quarantine_and_the_rest_goes_in(deployment: Deployment, raw: str) -> None:
    """F34: and heals by itself; NaN never reaches a table."""
    key, name = put(deployment, "StandardSalesPrice", raw)
    outcomes = deployment.sync(name)
    assert exit_code(outcomes) == 1
    assert only(outcomes, name).status == "quarantine"
    reasons = quarantined(deployment, name)
    assert list(reasons) == [str(key)]
    assert "StandardSalesPrice" in reasons[str(key)]
    assert deployment.differences(name) == [f"items {(124132, key)}: missing"]
    assert line(deployment, name).quarantined == 1
    # Known now, so that the next run is no failure; and healed as soon as it can be read.
    deployment.clock.advance(minutes=1)
    assert exit_code(deployment.sync(name)) == 0
    deployment.simulator.faults.clear()
    deployment.table(ITEMS).change(key)
    deployment.sync_well(name)
    assert quarantined(deployment, name) == {}
    assert deployment.differences(name) == []


TEXTS = {
    "nul": (r'"a\u0000b\u0000"', "ab"),
    "nul and spaces": (r'" \u0000 x \u0000 "', "x"),
    "lone surrogate": (r'"a\ud800b"', "a\ufffdb"),
    "low surrogate first": (r'"\udc00\ud800"', "\ufffd\ufffd"),
    "emoji": (r'"\ud83d\ude00 ☎"', "😀 ☎"),
    "control characters": (r'"\u0001\u0007\b\f\t\u001f\u007f\u0085"', "\x01\x07\b\f\t\x1f\x7f\x85"),
    "line ends": (r'"a\r\nb\rc\nd\u2028"', "a\r\nb\rc\nd\u2028"),
    "copy's own words": (r'"\\N\\.\n\\.\n\t\\t"', "\\N\\.\n\\.\n\t\\t"),
    "spaces": ('"   padded   "', "padded"),
    "other spaces": (r'"\t padded\u00a0 "', "\t padded\u00a0"),
    "empty": ('""', ""),
    "only spaces": ('"    "', ""),
    "right to left": (r'"\u202egnp.exe\u2066"', "\u202egnp.exe\u2066"),
    "beyond": (r'"\uffff\ufffe\ufeff"', "\uffff\ufffe\ufeff"),
}


@pytest.mark.parametrize(("raw", "text"), TEXTS.values(), ids=TEXTS)
def test_text_is_stored_as_it_is_except_what_no_text_can_hold(
    deployment: Deployment, raw: str, text: str
) -> None:
    """F35."""
    key, name = put(deployment, "Description", raw)
    deployment.sync_well(name)
    assert sql(deployment, "SELECT description FROM exact.items WHERE id = :key", key=key) == [(text,)]
    message = line(deployment, name).message or ""
    replaced = text.count("\ufffd")
    assert (f"{replaced} unpaired surrogates were replaced" in message) == bool(replaced)


def test_ten_megabytes_of_text_are_stored_whole(deployment: Deployment) -> None:
    """F35."""
    text = "Ünïcödé \\N 😀 " * 700_000
    key, name = put(deployment, "Body", json.dumps(text), path="documents/Documents")
    deployment.sync_well(name)
    assert sql(deployment, "SELECT body FROM exact.documents WHERE id = :key", key=key) == [
        (text.strip(" "),)
    ]


DATES = {
    # `StartDate` is a calendar date
    "before 1970": ("/Date(-86400000)/", "1969-12-31"),
    "year 1": ("/Date(-62135596800000)/", "0001-01-01"),
    "year 9999": ("/Date(253402214400000)/", "9999-12-31"),
    "just before midnight": ("/Date(1782345599997)/", "2026-06-24"),
    "with an offset": ("/Date(1782338400000+0200)/", "2026-06-25"),
    "iso": ("2026-06-25T00:00:00", "2026-06-25"),
    "beyond": ("/Date(253402300800000)/", None),
    "before year 1": ("/Date(-62135596800001)/", None),
    "far beyond": ("/Date(9999999999999999)/", None),
    "empty": ("", None),
    "rubbish": ("/Date(x)/", None),
    "thirteenth month": ("2026-13-01", None),
}


@pytest.mark.parametrize(("raw", "day"), DATES.values(), ids=DATES)
def test_a_date_is_stored_where_a_date_can_hold_it(deployment: Deployment, raw: str, day: str | None) -> None:
    """F36."""
    key, name = put(deployment, "StartDate", json.dumps(raw))
    outcomes = deployment.sync(name)
    stored = sql(deployment, "SELECT start_date::text FROM exact.items WHERE id = :key", key=key)
    if day is None:
        assert exit_code(outcomes) == 1
        assert stored == []
        assert "StartDate" in quarantined(deployment, name)[str(key)]
    else:
        assert exit_code(outcomes) == 0
        assert stored == [(day,)]


MOMENTS = {
    # `Created` is a moment
    "year 1": ("/Date(-62135500000000)/", "0001-01-02 02:33:20+00"),
    "year 9999": ("/Date(253402300799997)/", "9999-12-31 22:59:59.997+00"),
    "with an offset": ("/Date(1782338400000+0200)/", "2026-06-24 22:00:00+00"),
    "iso": ("2026-06-25T00:00:00.003", "2026-06-24 22:00:00.003+00"),
    "beyond": ("/Date(253402300800000)/", None),
    "the first hour of all": ("/Date(-62135596800000)/", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("raw", "moment"), MOMENTS.values(), ids=MOMENTS)
def test_a_moment_is_stored_where_an_instant_can_hold_it(
    deployment: Deployment, raw: str, moment: str | None
) -> None:
    """F36."""
    key, name = put(deployment, "Created", json.dumps(raw))
    outcomes = deployment.sync(name)
    stored = sql(deployment, "SELECT created::text FROM exact.items WHERE id = :key", key=key)
    if moment is None:
        assert exit_code(outcomes) == 1
        assert stored == []
    else:
        assert exit_code(outcomes) == 0
        if raw.startswith("/Date(-"):  # Amsterdam had its own mean time then
            assert stored[0][0].startswith(moment[:10])
        else:
            assert stored == [(moment,)]


def test_odd_values_in_the_books_come_back_equal(deployment: Deployment) -> None:
    """F34, F35, F36 without any fault: as the simulator's own books hold them."""
    table = deployment.table(ITEMS)
    values: list[dict[str, Any]] = [
        {"StandardSalesPrice": Decimal("0.1"), "CostPriceStandard": Decimal("1E-7")},
        {"StandardSalesPrice": Decimal("123456789012.345678"), "CostPriceStandard": Decimal("-0.000001")},
        {"Description": "tab\there, \\N, \"quotes\", 'single', line\nend", "Notes": "\x00nul"},
        {"StartDate": datetime(1, 1, 1), "EndDate": datetime(9999, 12, 31)},
        {"Description": "", "Notes": " only padding "},
    ]
    for key, changes in zip(sorted(table.rows), values, strict=False):
        table.change(key, **changes)
    deployment.sync_well("items")
    assert deployment.differences("items") == []


def test_the_newer_version_of_a_quarantined_record_does_not_hide_the_older_row(
    deployment: Deployment,
) -> None:
    """What was stored before stays, as it was, until the record can be read again."""
    deployment.sync_well("items")
    before = sql(deployment, "SELECT id, standard_sales_price FROM exact.items ORDER BY id")
    deployment.clock.advance(hours=1)
    _, name = put(deployment, "StandardSalesPrice", '"12,5"')
    assert exit_code(deployment.sync(name)) == 1
    assert sql(deployment, "SELECT id, standard_sales_price FROM exact.items ORDER BY id") == before
    # A full reading that can read it heals it without any change at Exact.
    deployment.simulator.faults.clear()
    restart(deployment)
    deployment.sync_well(name, full=True)
    assert quarantined(deployment, name) == {}
    assert deployment.differences(name) == []
