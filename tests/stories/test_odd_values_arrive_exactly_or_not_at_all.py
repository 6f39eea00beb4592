"""Numbers, texts and dates at the edge of what can be: F34, F35, F36; and what heals a quarantine."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from exact_sync.sync.once import exit_code
from tests.deployment import Deployment
from tests.facts import line, only, quarantined, restart, sql

ITEMS = "logistics/Items"


def put(deployment: Deployment, name: str, raw: str, path: str = ITEMS, nth: int = 0) -> tuple[Any, str]:
    """One record's property arrives as this JSON text from now on; its key and the resource."""
    table = deployment.table(path)
    key = sorted(table.rows)[nth]
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


def put_each(deployment: Deployment, name: str, raws: Iterable[str]) -> dict[str, Any]:
    """Each of these arrives as one item's property: raw text -> the key of its item."""
    return {raw: put(deployment, name, raw, nth=nth)[0] for nth, raw in enumerate(raws)}


def stored(deployment: Deployment, expression: str, keys: dict[str, Any]) -> dict[str, Any]:
    """Raw text -> what its item has in the table, for those that are there."""
    found = dict(sql(deployment, f"SELECT id, {expression} FROM exact.items"))  # type: ignore[arg-type]
    return {raw: found[key] for raw, key in keys.items() if key in found}


def test_a_number_is_stored_digit_for_digit(deployment: Deployment) -> None:
    """F34."""
    keys = put_each(deployment, "StandardSalesPrice", NUMBERS)
    deployment.sync_well("items")
    assert stored(deployment, "standard_sales_price::text", keys) == NUMBERS


NO_NUMBERS = ["NaN", "Infinity", "-Infinity", '"NaN"', '"Infinity"', '"12,5"', '"1.234,50"', '"1_000"',
              '" 12"', '"٣"', '""', '"1e400000"', "1e200000", '"0x10"', "true", "[1]", '{"a":1}']  # fmt: skip


def test_what_is_no_number_goes_to_quarantine_and_the_rest_goes_in(deployment: Deployment) -> None:
    """F34: and heals by itself; NaN never reaches a table."""
    name = "items"
    keys = put_each(deployment, "StandardSalesPrice", NO_NUMBERS)
    outcomes = deployment.sync(name)
    assert exit_code(outcomes) == 1
    assert only(outcomes, name).status == "quarantine"
    reasons = quarantined(deployment, name)
    assert reasons.keys() == {str(key) for key in keys.values()}
    assert {raw: reasons[str(key)].partition(":")[0] for raw, key in keys.items()} == dict.fromkeys(
        NO_NUMBERS, "StandardSalesPrice"
    )
    missing = {f"items {(124132, key)}: missing" for key in keys.values()}
    assert set(deployment.differences(name)) == missing
    assert line(deployment, name).quarantined == len(NO_NUMBERS)
    # Known now, so that the next run is no failure; and healed as soon as it can be read.
    deployment.clock.advance(minutes=1)
    assert exit_code(deployment.sync(name)) == 0
    deployment.simulator.faults.clear()
    for key in keys.values():
        deployment.table(ITEMS).change(key)
    deployment.sync_well(name)
    assert quarantined(deployment, name) == {}
    assert deployment.differences(name) == []


TEXTS = {
    "nul": (r'"a\u0000b\u0000"', "ab"),
    "nul and spaces": (r'" \u0000 x \u0000 "', "x"),
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


def test_text_is_stored_as_it_is_except_what_no_text_can_hold(deployment: Deployment) -> None:
    """F35."""
    texts = dict(TEXTS.values())
    keys = put_each(deployment, "Description", texts)
    deployment.sync_well("items")
    assert stored(deployment, "description", keys) == texts
    assert "surrogates" not in (line(deployment, "items").message or "")


SURROGATES = {"lone": (r'"a\ud800b"', "a\ufffdb"), "low one first": (r'"\udc00\ud800"', "\ufffd\ufffd")}


@pytest.mark.parametrize(("raw", "text"), SURROGATES.values(), ids=SURROGATES)
def test_an_unpaired_surrogate_is_replaced_and_that_is_said(
    deployment: Deployment, raw: str, text: str
) -> None:
    """F35."""
    key, name = put(deployment, "Description", raw)
    deployment.sync_well(name)
    assert sql(deployment, "SELECT description FROM exact.items WHERE id = :key", key=key) == [(text,)]
    message = line(deployment, name).message or ""
    assert f"{text.count(chr(0xFFFD))} unpaired surrogates were replaced" in message


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


def test_a_date_is_stored_where_a_date_can_hold_it(deployment: Deployment) -> None:
    """F36."""
    days = {json.dumps(raw): day for raw, day in DATES.values()}
    held = {raw: day for raw, day in days.items() if day is not None}
    keys = put_each(deployment, "StartDate", held)
    assert exit_code(deployment.sync("items")) == 0
    assert stored(deployment, "start_date::text", keys) == held


def test_a_date_that_no_date_can_hold_goes_to_quarantine(deployment: Deployment) -> None:
    """F36."""
    unheld = [json.dumps(raw) for raw, day in DATES.values() if day is None]
    keys = put_each(deployment, "StartDate", unheld)
    assert exit_code(deployment.sync("items")) == 1
    assert stored(deployment, "start_date::text", keys) == {}
    reasons = quarantined(deployment, "items")
    assert reasons.keys() == {str(key) for key in keys.values()}
    assert all("StartDate" in reason for reason in reasons.values())


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


def test_a_moment_is_stored_where_an_instant_can_hold_it(deployment: Deployment) -> None:
    """F36."""
    moments = {json.dumps(raw): moment for raw, moment in MOMENTS.values() if moment is not None}
    keys = put_each(deployment, "Created", moments)
    assert exit_code(deployment.sync("items")) == 0
    found = stored(deployment, "created::text", keys)
    early = [raw for raw in moments if raw.startswith('"/Date(-')]
    for raw in early:  # Amsterdam had its own mean time then
        assert found.pop(raw).startswith(moments.pop(raw)[:10])
    assert len(early) == 1
    assert found == moments


def test_a_moment_that_no_instant_can_hold_goes_to_quarantine(deployment: Deployment) -> None:
    """F36."""
    unheld = [json.dumps(raw) for raw, moment in MOMENTS.values() if moment is None]
    keys = put_each(deployment, "Created", unheld)
    assert exit_code(deployment.sync("items")) == 1
    assert stored(deployment, "created::text", keys) == {}
    assert quarantined(deployment, "items").keys() == {str(key) for key in keys.values()}


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


@pytest.mark.parametrize("raw", ['""', '"/Date(-62135596800000)/"'], ids=["none", "year 1"])
def test_a_ledger_whose_first_date_is_odd_is_read_all_the_same(deployment: Deployment, raw: str) -> None:
    """F36: its history is cut into windows from there on."""
    name = "financial_transactions"
    deployment.simulator.faults.add("value", query="$orderby=Date", values={"Date": raw})
    deployment.sync_well(name)
    assert deployment.differences(name) == []
