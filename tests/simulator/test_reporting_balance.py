"""financial/ReportingBalance: the ledger added up, to the cent, in every period."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from exact_sync.simulator import Books, Clock, Simulator
from exact_sync.simulator.company import found_group
from exact_sync.simulator.edits import random_edits
from exact_sync.simulator.schema import REPORTS
from tests.simulator.conftest import DIVISION, NOW, Client, guid

REPORT = "financial/ReportingBalance"
LEDGER = "financialtransaction/TransactionLines"
PATH = f"{DIVISION}/{REPORT}"
TINY = {"crm/Accounts": 40, "salesinvoice/SalesInvoices": 40, "financialtransaction/Transactions": 120}
Period = tuple[int, int, Any]


def a_group() -> Books:
    books = Books(Clock(NOW, frozen=True))
    found_group(books, divisions=2, seed=4, today=date(2026, 6, 25), counts=TINY)
    ledger = books.table(DIVISION, LEDGER)
    entry = next(iter(ledger.rows.values()))["EntryID"]
    for line in ledger.where("EntryID", entry):  # one entry is not processed yet
        ledger.change(line["ID"], Status=20)
    return books


@pytest.fixture(scope="module")
def group() -> Iterator[Client]:
    """A signed-in client of two small companies that nobody changes."""
    with Simulator(a_group(), minute_limit=10_000, error_limit=10_000) as sim:
        client = Client(sim)
        with client.http:
            yield client


def moved(books: Books, division: int) -> dict[Period, Decimal]:
    """What moved by year, period and ledger account, straight from the lines."""
    sums: dict[Period, Decimal] = defaultdict(Decimal)
    for line in books.table(division, LEDGER).rows.values():
        sums[line["FinancialYear"], line["FinancialPeriod"], line["GLAccount"]] += line["AmountDC"]
    return dict(sums)


def reported(books: Books, division: int) -> dict[Period, Decimal]:
    sums: dict[Period, Decimal] = defaultdict(Decimal)
    for row in books.table(division, REPORT).rows.values():
        sums[row["ReportingYear"], row["ReportingPeriod"], row["GLAccount"]] += row["Amount"]
    return dict(sums)


def test_the_books_tie_in_every_period_of_every_division(group: Client) -> None:
    books = group.sim.books
    for division in books.divisions[:2]:
        lines = moved(books, division)
        assert len(lines) > 100
        assert reported(books, division) == lines
        periods: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for (year, period, _), amount in lines.items():
            periods[year, period] += amount
        assert len(periods) > 30
        assert set(periods.values()) == {Decimal("0.00")}


def test_as_read_by_a_client_it_ties_too(group: Client) -> None:
    """Over HTTP, with every digit, page by page."""
    rows = group.everything(PATH, {"$select": ",".join(REPORTS[REPORT].properties)})
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["ReportingYear"], row["ReportingPeriod"], row["GLAccount"]] += Decimal(str(row["Amount"]))
    truth = moved(group.sim.books, DIVISION)
    assert sums == {(year, period, str(account)): amount for (year, period, account), amount in truth.items()}
    assert sum(row["Count"] for row in rows) == len(group.sim.books.table(DIVISION, LEDGER))


def test_what_a_row_says(group: Client) -> None:
    books = group.sim.books
    accounts = books.table(DIVISION, "financial/GLAccounts").rows
    seen = set()
    for row in books.table(DIVISION, REPORT).rows.values():
        lines = [
            line
            for line in books.table(DIVISION, LEDGER).where("GLAccount", row["GLAccount"])
            if (line["FinancialYear"], line["FinancialPeriod"], line["Type"], line["Status"])
            == (row["ReportingYear"], row["ReportingPeriod"], row["Type"], row["Status"])
            and (line["CostCenter"], line["CostUnit"]) == (row["CostCenterCode"], row["CostUnitCode"])
        ]
        account = accounts[row["GLAccount"]]
        assert row["Count"] == len(lines)
        assert row["AmountDebit"] == sum(max(line["AmountDC"], Decimal(0)) for line in lines)
        assert row["AmountCredit"] == -sum(min(line["AmountDC"], Decimal(0)) for line in lines)
        assert row["Amount"] == row["AmountDebit"] - row["AmountCredit"]
        assert (row["GLAccountCode"], row["BalanceType"]) == (account["Code"], account["BalanceType"])
        assert row["CostCenterDescription"] == lines[0]["CostCenterDescription"]
        assert row["Division"] == DIVISION
        seen |= {row["CostCenterCode"], row["BalanceType"], row["Status"]}
    assert {"VK", "MAG", "B", "W", 20, 50} <= seen


def test_pages_of_sixty_by_a_long_number(group: Client) -> None:
    page = group.d(PATH, {"$select": "ID,Amount"})
    ids = [row["ID"] for row in page["results"]]
    assert ids == [str(493_001 + n) for n in range(60)]
    assert page["__next"].endswith(f"/{PATH}?$select=ID,Amount&$skiptoken=493060L")
    assert page["results"][0]["__metadata"]["uri"].endswith(f"/{PATH}(493001L)")
    assert group.d(f"{PATH}(493001L)")["ID"] == "493001"
    assert group.d(f"{PATH}(493001)")["ID"] == "493001"
    rows = group.everything(PATH, {"$select": "ID,ReportingYear", "$orderby": "ReportingYear,ID desc"})
    assert len(rows) == len(group.sim.books.table(DIVISION, REPORT))
    years = [row["ReportingYear"] for row in rows]
    assert years == sorted(years)


@pytest.mark.parametrize(
    ("condition", "test"),
    [
        ("ReportingYear eq 2025", lambda row: row["ReportingYear"] == 2025),
        (
            "ReportingYear eq 2025 and ReportingPeriod le 3",
            lambda row: row["ReportingYear"] == 2025 and row["ReportingPeriod"] <= 3,
        ),
        ("GLAccountCode ge '8000'", lambda row: row["GLAccountCode"] >= "8000"),
        ("BalanceType eq 'W' and Type ne 310", lambda row: row["BalanceType"] == "W"),
        ("CostCenterCode eq 'VK'", lambda row: row["CostCenterCode"] == "VK"),
        ("Status eq 20", lambda row: row["Status"] == 20),
        ("ID gt 493050L", lambda row: row["ID"] > 493_050),
    ],
)
def test_filters(group: Client, condition: str, test: Any) -> None:
    wanted = [row["ID"] for row in group.sim.books.table(DIVISION, REPORT).rows.values() if test(row)]
    rows = group.everything(PATH, {"$select": "ID", "$filter": condition})
    assert sorted(int(row["ID"]) for row in rows) == sorted(wanted) != []
    assert group.get(f"{PATH}/$count", {"$filter": condition}).text == str(len(wanted))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?$select=ID&$filter=Amount gt 5", 400),
        ("?$select=ID&$filter=Modified ge datetime'2026-01-01'", 400),
        ("?$select=Modified", 400),
        ("(5)", 404),
        ("(guid'00000000-0000-0000-0000-000000000000')", 400),
    ],
)
def test_refusals(group: Client, query: str, status: int) -> None:
    assert group.get(PATH + query).status_code == status


def test_there_is_no_twin(client: Client) -> None:
    for path in ("bulk/Financial/ReportingBalance", "sync/Financial/ReportingBalance", f"read/{REPORT}"):
        assert client.get(f"{DIVISION}/{path}?$select=ID").status_code == 404


def test_it_follows_the_ledger_at_once() -> None:
    books = a_group()
    ledger = books.table(DIVISION, LEDGER)
    before = dict(books.table(DIVISION, REPORT).rows)
    line = next(iter(ledger.rows.values()))
    place = (line["FinancialYear"], line["FinancialPeriod"], line["GLAccount"])
    was = reported(books, DIVISION)[place]
    last = books.row_versions.last
    ledger.change(line["ID"], AmountDC=line["AmountDC"] + Decimal("0.01"))
    assert reported(books, DIVISION)[place] - was == Decimal("0.01")
    ledger.change(line["ID"], AmountDC=line["AmountDC"], FinancialPeriod=13)
    assert reported(books, DIVISION)[place[0], 13, place[2]] == line["AmountDC"]
    ledger.delete(line["ID"])
    assert reported(books, DIVISION) == moved(books, DIVISION)
    ledger.insert(line)
    after = books.table(DIVISION, REPORT).rows
    assert after == before  # the same groups have the same IDs
    assert books.row_versions.last == last + 4  # of the writes; reading the report takes none
    account = books.table(DIVISION, "financial/GLAccounts")
    account.change(line["GLAccount"], Description="Renamed")
    rows = books.table(DIVISION, REPORT).rows.values()
    assert {row["GLAccountDescription"] for row in rows if row["GLAccount"] == line["GLAccount"]} == {
        "Renamed"
    }


def test_it_ties_after_any_edits() -> None:
    books, rng = a_group(), random.Random(8)
    for _ in range(4):
        random_edits(books, DIVISION, rng, 0.2, ["financialtransaction/Transactions"])
        assert reported(books, DIVISION) == moved(books, DIVISION)


def test_lines_that_are_booked_nowhere_are_in_no_balance(client: Client, books: Books) -> None:
    ledger, nowhere = books.table(DIVISION, LEDGER), {"AmountDC": Decimal(5)}
    period = {"FinancialYear": 2026, "FinancialPeriod": 6}
    ledger.insert(nowhere)
    ledger.insert({**nowhere, **period})
    ledger.insert({**nowhere, "GLAccount": guid(1), "FinancialYear": 2026})
    assert client.d(PATH, {"$select": "ID"}) == {"results": []}
    ledger.insert({**nowhere, **period, "GLAccount": guid(1)})
    for condition in ({}, {"$orderby": "Amount"}):
        assert len(client.d(PATH, {"$select": "ID", **condition})["results"]) == 1
    ledger.clear()
    for condition in ({}, {"$orderby": "Amount"}):
        assert client.d(PATH, {"$select": "ID", **condition}) == {"results": []}
