"""Which resources are on, and how, as the settings say."""

from datetime import date
from typing import Any

import pytest

from exact_sync.catalog import RESOURCES, Strategy
from exact_sync.choice import chosen, known_names
from exact_sync.config import Settings
from exact_sync.errors import BadConfiguration


def choose(**resources: dict[str, Any]) -> dict[str, Any]:
    return dict(chosen(Settings(resources=resources)))  # type: ignore[arg-type]


def test_without_settings_the_defaults_are_on_in_the_order_of_the_catalog() -> None:
    assert list(choose()) == [name for name, resource in RESOURCES.items() if resource.default]
    assert set(known_names()) == set(RESOURCES)


def test_one_line_switches_a_resource_on_or_off() -> None:
    found = choose(warehouses={}, customers={"enabled": False}, mine={"endpoint": "x/Y", "enabled": False})
    assert "warehouses" in found
    assert not {"customers", "mine"} & found.keys()


def test_strategy_and_deletions_are_as_wanted() -> None:
    found = choose(contacts={"strategy": "row_version", "deletes": "hard"})["contacts"]
    assert found.strategy is Strategy.ROW_VERSION
    assert found.hard_deletes
    assert not choose()["contacts"].hard_deletes


def test_a_resource_may_begin_at_a_day_by_its_own_date_or_a_named_one() -> None:
    day = date(2024, 1, 1)
    found = choose(
        transaction_lines={"start_date": day}, sales_invoices={"start_date": day, "date": "InvoiceDate"}
    )
    lines, invoices = found["transaction_lines"], found["sales_invoices"]
    assert (lines.start_date, lines.dated_by, lines.date) == (day, "Date", "Date")
    assert (invoices.start_date, invoices.dated_by, invoices.date) == (day, "InvoiceDate", None)
    assert found["financial_transactions"].start_date is None


def test_a_resource_of_one_s_own_comes_last() -> None:
    found = choose(mine={"endpoint": "project/CostTransactions", "strategy": "snapshot"})
    assert list(found)[-1] == "mine"
    assert found["mine"].strategy is Strategy.SNAPSHOT


@pytest.mark.parametrize(
    ("name", "section", "line"),
    [
        ("payments", {"strategy": "row_version"}, "payments can't be read by row_version"),
        ("divisions", {"strategy": "modified"}, "divisions can't be read by modified"),
        ("divisions", {"deletes": "hard"}, "only ever marked"),
        ("customers", {"endpoint": "crm/Quotations"}, "resources.customers.endpoint: the catalog defines"),
        ("customers", {"key": "Code"}, "resources.customers.key: the catalog defines"),
        ("customers", {"date": "StartDate"}, "resources.customers.date: the catalog defines"),
        ("customers", {"start_date": "2024-01-01"}, "customers.start_date: by which date?"),
        ("customers", {"start_date": "2024-01-01", "date": "Code"}, "Code is no date of crm/Accounts"),
        ("customers", {"start_date": "2024-01-01", "date": "Nonsense"}, "Nonsense is no date of"),
        ("divisions", {"start_date": "2024-01-01", "date": "StartDate"}, "StartDate is no date of"),
        ("Mine", {"endpoint": "crm/Quotations"}, "a table can't have this name"),
        ("m" * 49, {"endpoint": "crm/Quotations"}, "a table can't have this name"),
        ("mine", {"endpoint": "x"}, "resources.mine: 'x' is no path"),
        ("mine", {"endpoint": "beta/Things", "strategy": "date_windows"}, "date_windows needs a date"),
        ("mine", {"endpoint": "beta/Things", "strategy": "row_version"}, "can't be read by row_version"),
    ],
)
def test_what_cannot_be_names_the_setting(name: str, section: dict[str, Any], line: str) -> None:
    with pytest.raises(BadConfiguration, match="setting resources") as raised:
        choose(**{name: section})
    assert line in raised.value.message
