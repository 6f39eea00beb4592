"""How values look on the wire, digit for digit."""

from __future__ import annotations

import re
import time
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.simulator.clock import Clock, sql_precision, to_wall
from exact_sync.simulator.ordering import guid_rank
from exact_sync.simulator.render import Renderer, date_text, json_body
from exact_sync.simulator.schema import ENTITIES
from tests.simulator.conftest import DIVISION, Client, guid

ACCOUNTS = ENTITIES["crm/Accounts"]


def shown(client: Client, select: str, path: str = "crm/Accounts", **values: Any) -> str:
    """A freshly inserted row's JSON text."""
    table = client.sim.books.table(DIVISION, path)
    key = table.insert(values)
    return client.get(f"{DIVISION}/{path}(guid'{key}')", {"$select": select}).text


@pytest.mark.parametrize(
    "digits",
    ["0.1", "1E-7", "1.2", "0", "-300", "123456789012.345678", "0.30000000000000004", "1.10", "1E+3"],
)
def test_doubles_keep_their_digits(client: Client, digits: str) -> None:
    text = shown(client, "CreditLineSales", CreditLineSales=Decimal(digits))
    assert f'"CreditLineSales": {digits}\r\n}}' in text


def test_padding(client: Client) -> None:
    text = shown(client, "Code,Country,Language,Name", Code="2", Country="FR", Language="FR", Name=" x ")
    assert '"Code": "                 2", "Country": "FR ", "Language": "FR        ", "Name": " x "' in text
    text = shown(client, "Unit,Code", "logistics/Items", Unit="pc", Code="A1")
    assert '"Code": "A1", "Unit": "pc      "' in text


def test_int64_is_text_and_other_integers_are_numbers(client: Client) -> None:
    (row,) = (r for r in client.d(f"{DIVISION}/system/Divisions")["results"] if r["Code"] == DIVISION)
    assert row["Hid"] == "1"
    assert row["Status"] == 1
    assert (row["Country"], row["Legislation"]) == ("NL ", "NL ")
    assert row["CustomerCode"] == "1265594".rjust(18)
    assert row["Class_01"] is None
    assert row["__metadata"]["type"] == "Exact.Web.Api.Models.System.Division"
    assert row["__metadata"]["uri"].endswith(f"/api/v1/{DIVISION}/system/Divisions({DIVISION})")


def test_zero_guids(client: Client) -> None:
    text = shown(client, "PaymentSelector,Account", "cashflow/Payments")
    assert '"Account": null, "PaymentSelector": "00000000-0000-0000-0000-000000000000"' in text


def test_texts_of_every_kind(client: Client) -> None:
    hard = 'é 😀 "quoted" \\ / \u0001 \u2028 </script>'
    client.sim.books.table(DIVISION, "crm/Accounts").change(guid(1), Name=hard, City="")
    row = client.d(f"{DIVISION}/crm/Accounts(guid'{guid(1)}')")
    assert (row["Name"], row["City"]) == (hard, "")


def test_lone_surrogates_are_escaped(client: Client) -> None:
    assert '"Name": "a\\ud800b"' in shown(client, "Name", Name="a\ud800b")


def test_a_recorded_moment() -> None:
    """Recorded: a POST answered at 14:14:12 GMT has Modified 16:14:12.403 as if UTC."""
    wall = to_wall(datetime(2026, 6, 25, 14, 14, 12, 403_200, tzinfo=UTC))
    assert date_text(wall) == "/Date(1782404052403)/"


@pytest.mark.parametrize(
    ("utc", "wall"),
    [
        ("2026-03-29T00:59:59", "2026-03-29T01:59:59"),  # the hour from two to three is missing
        ("2026-03-29T01:00:00", "2026-03-29T03:00:00"),
        ("2026-10-25T00:30:00", "2026-10-25T02:30:00"),  # and in autumn it comes twice
        ("2026-10-25T01:30:00", "2026-10-25T02:30:00"),
        ("2026-10-25T02:00:00", "2026-10-25T03:00:00"),
    ],
)
def test_the_nights_when_the_clock_changes(client: Client, utc: str, wall: str) -> None:
    client.sim.clock.set(datetime.fromisoformat(utc).replace(tzinfo=UTC))
    client.sign_in()
    ms = (datetime.fromisoformat(wall) - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    assert f'"Modified": "\\/Date({ms})\\/"' in shown(client, "Modified")
    me = client.d("current/Me")["results"][0]
    assert me["ServerTime"] == wall
    assert (
        me["ServerUtcOffset"] == (datetime.fromisoformat(wall) - datetime.fromisoformat(utc)).total_seconds()
    )


def test_dates_before_1970_and_far_ahead() -> None:
    assert date_text(datetime(1969, 12, 31, 23, 59, 59)) == "/Date(-1000)/"
    assert date_text(datetime(1, 1, 1)) == "/Date(-62135596800000)/"
    assert date_text(datetime(9999, 12, 31)) == "/Date(253402214400000)/"


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)))
def test_moments_end_in_0_3_or_7(moment: datetime) -> None:
    rounded = sql_precision(moment)
    assert rounded.microsecond // 1000 % 10 in (0, 3, 7)
    assert rounded.microsecond % 1000 == 0
    assert abs(rounded - moment) <= timedelta(microseconds=2200)
    assert sql_precision(rounded) == rounded


def test_guids_sort_as_sql_server_sorts_them() -> None:
    """The order of recorded pages: by the last group first."""
    recorded = [
        "74752c10-3d31-4725-a66d-001edba8c47f",
        "acd8ea99-90a6-48d0-aeb1-00343c40698b",
        "8e65820c-8212-4efd-b0a4-00828185dc7d",
        "83e03d6d-4a5e-4b19-b8e8-00c6c569f2bf",
    ]
    assert sorted({*recorded}, key=lambda text: guid_rank(uuid.UUID(text))) == recorded


def test_a_clock_runs_stands_and_jumps() -> None:
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() >= datetime(2026, 1, 1, tzinfo=UTC)
    clock.freeze()
    assert clock.now() == clock.now()
    clock.advance(60)
    stood = clock.now()
    clock.run()
    assert timedelta(0) <= clock.now() - stood < timedelta(seconds=5)
    with pytest.raises(ValueError, match="aware"):
        clock.set(datetime(2026, 1, 1))


def test_a_thousand_wide_rows_in_well_under_a_second() -> None:
    samples: dict[str, Any] = {
        "Guid": guid(1),
        "String": "Hoofdstraat 12",
        "Boolean": True,
        "Double": Decimal("1250.75"),
        "DateTime": datetime(2026, 1, 1),
    }
    record = {name: samples.get(edm, 5) for name, edm in ACCOUNTS.properties.items()}
    renderer = Renderer(ACCOUNTS, "http://x/api/v1/1/crm/Accounts", tuple(ACCOUNTS.properties))
    started = time.process_time()
    body = json_body({"d": {"results": renderer.rows([record] * 1000, [])}})
    assert time.process_time() - started < 0.5
    assert len(re.findall(b"__metadata", body)) == 1000
