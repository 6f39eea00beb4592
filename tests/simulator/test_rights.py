"""Rights that hide data: 200 with nothing in it, or 403, and back; wherever the data can be read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exact_sync.simulator import Books
from tests.simulator.conftest import DIVISION, Client, guid

OTHER = 124133
LIST = f"{DIVISION}/crm/Accounts?$select=ID"
EVERYWHERE = [
    LIST,
    f"{DIVISION}/bulk/CRM/Accounts?$select=ID",
    f"{DIVISION}/sync/CRM/Accounts?$select=ID",
    f"{DIVISION}/crm/Accounts/$count",
    f"{DIVISION}/bulk/CRM/Accounts/$count",
]
REPORT = f"{DIVISION}/financial/ReportingBalance?$select=ID"


def rows(client: Client, path: str) -> int:
    """How many rows an answer has, or says there are."""
    response = client.get(path)
    assert response.status_code == 200, response.text
    if "$count" in path:
        return int(response.text)
    d: Any = response.json()["d"]
    return len(d if isinstance(d, list) else d["results"])


@pytest.fixture(autouse=True)
def ledger(books: Books) -> None:
    books.table(DIVISION, "financialtransaction/TransactionLines").insert(
        {"GLAccount": guid(1), "FinancialYear": 2026, "FinancialPeriod": 6, "AmountDC": Decimal(5)}
    )


@pytest.mark.parametrize("division", [DIVISION, None])
def test_a_hidden_entity_is_hidden_in_all_its_twins(client: Client, division: int | None) -> None:
    assert all(rows(client, path) > 0 for path in EVERYWHERE)
    client.sim.rights.hide("crm/Accounts", division)
    assert [rows(client, path) for path in EVERYWHERE] == [0] * 5
    page = client.d(LIST + "&$inlinecount=allpages")
    assert page == {"__count": "0", "results": []}
    assert client.get(f"{DIVISION}/crm/Accounts(guid'{guid(1)}')").status_code == 404
    assert rows(client, f"{DIVISION}/salesinvoice/SalesInvoices?$select=InvoiceID") == 3
    client.sim.rights.give_back("crm/Accounts", division)
    assert all(rows(client, path) > 0 for path in EVERYWHERE)


def test_one_twin_alone(client: Client) -> None:
    client.sim.rights.hide("sync/CRM/Accounts", DIVISION)
    assert [rows(client, path) > 0 for path in EVERYWHERE] == [True, True, False, True, True]


def test_another_division_keeps_its_rights(client: Client, books: Books) -> None:
    books.table(OTHER, "crm/Accounts").insert({})
    client.sim.rights.hide("", DIVISION)
    assert rows(client, LIST) == 0
    assert rows(client, f"{OTHER}/crm/Accounts?$select=ID") == 1


def test_everything_in_a_division_but_the_divisions_themselves(client: Client) -> None:
    paths = [*EVERYWHERE, REPORT, f"{DIVISION}/sync/Deleted?$select=ID"]
    client.sim.rights.forbid("", DIVISION, reason="BlockedUser")
    for path in paths:
        response = client.get(path)
        assert (response.status_code, response.headers["Reason"]) == (403, "BlockedUser"), path
    assert rows(client, f"{DIVISION}/system/Divisions") == 3
    assert client.get("current/Me").status_code == 200
    client.sim.rights.clear()
    assert all(rows(client, path) >= 0 for path in paths)


def test_forbidden_is_an_error_that_counts(client: Client) -> None:
    client.sim.rights.forbid("crm/Accounts")
    for path in EVERYWHERE:
        response = client.get(path)
        assert (response.status_code, response.headers.get("Reason")) == (403, None)
    for _ in range(20):
        client.get(LIST)
    assert client.sim.stats.violations["error_blocked"] > 0


def test_the_report_has_a_right_of_its_own(client: Client) -> None:
    client.sim.rights.hide("financialtransaction/TransactionLines")
    assert rows(client, f"{DIVISION}/sync/Financial/TransactionLines?$select=ID") == 0
    assert rows(client, REPORT) == 1
    client.sim.rights.hide("financial/ReportingBalance")
    assert rows(client, REPORT) == 0
    assert rows(client, f"{DIVISION}/financial/ReportingBalance/$count") == 0
    client.sim.rights.forbid("financial/ReportingBalance")
    assert client.get(REPORT).status_code == 403


def test_navigations_and_functions_do_not_lead_around_it(client: Client) -> None:
    lines = f"{DIVISION}/salesinvoice/SalesInvoices(guid'{guid(1)}')/SalesInvoiceLines?$select=ID"
    function = (
        f"{DIVISION}/read/sync/Sync/SyncTimestamp?modified=datetime'2026-01-01'&endPoint='TransactionLines'"
    )
    assert (rows(client, lines), rows(client, function)) == (2, 1)
    client.sim.rights.hide("salesinvoice/SalesInvoiceLines")
    client.sim.rights.hide("financialtransaction/TransactionLines")
    assert (rows(client, lines), rows(client, function)) == (0, 0)
    client.sim.rights.forbid("salesinvoice/SalesInvoiceLines")
    client.sim.rights.forbid("financialtransaction/TransactionLines")
    assert client.get(lines).status_code == client.get(function).status_code == 403


@pytest.mark.parametrize("path", [*EVERYWHERE, REPORT])
def test_faults_strike_everywhere_alike(client: Client, path: str) -> None:
    part = "Reporting" if path == REPORT else "Accounts"
    faults = client.sim.faults
    faults.add("hidden", path=part, division=DIVISION)
    assert rows(client, path) == 0
    faults.add("scope_missing", path=part)
    assert "Application Scope Violated" in client.get(path).json()["error"]["message"]["value"]
    faults.add("division_lost", division=DIVISION)
    assert client.get(path).headers["Reason"] == "NoDivisionAccess"
    assert rows(client, path) > 0


def test_users_can_ask_what_they_may(client: Client) -> None:
    def may(endpoint: str, action: str = "GET") -> bool:
        answer = client.d(
            f"{DIVISION}/users/UserHasRights", {"endpoint": f"'{endpoint}'", "action": f"'{action}'"}
        )
        assert answer.keys() == {"UserHasRights"}
        allowed: bool = answer["UserHasRights"]
        return allowed

    endpoints = ["CRM/Accounts", "bulk/CRM/Accounts", "sync/CRM/Accounts", "sync/Deleted", "logistics/Items"]
    assert [may(endpoint) for endpoint in endpoints] == [True] * 5
    assert not may("CRM/Accounts", "POST")
    client.sim.rights.hide("crm/Accounts", DIVISION)
    client.sim.rights.forbid("sync/Deleted")
    assert [may(endpoint) for endpoint in endpoints] == [False] * 4 + [True]
    client.sim.rights.hide("", DIVISION)
    assert not may("logistics/Items")
    client.sim.rights.clear()
    assert may("CRM/Accounts")


@pytest.mark.parametrize(
    "query", ["", "endpoint='CRM/Accounts'", "action='GET'", "endpoint='No/Such'&action='GET'",
              "endpoint='CRM/Accounts'&action='READ'", "endpoint=CRM&action='GET'"],
)  # fmt: skip
def test_and_must_ask_properly(client: Client, query: str) -> None:
    assert client.get(f"{DIVISION}/users/UserHasRights?{query}").status_code == 400


def test_rights_of_what_there_is_not(client: Client) -> None:
    with pytest.raises(KeyError, match="Nope"):
        client.sim.rights.hide("crm/Nope")


def test_steering_from_another_process(client: Client) -> None:
    url = f"{client.sim.base_url}/_simulator/rights"
    client.http.post(url, json={"do": "forbid", "path": "crm/Accounts", "division": DIVISION, "reason": "x"})
    assert client.http.get(url).json() == [
        {"division": DIVISION, "path": "crm/Accounts", "forbidden": True, "reason": "x"}
    ]
    assert client.get(LIST).status_code == 403
    client.http.post(url, json={"do": "hide", "path": "crm/Accounts", "division": DIVISION})
    assert rows(client, LIST) == 0
    client.http.post(url, json={"do": "give_back", "path": "crm/Accounts", "division": DIVISION})
    assert rows(client, LIST) == 60
    assert client.http.post(url, json={"do": "steal"}).status_code == 400
