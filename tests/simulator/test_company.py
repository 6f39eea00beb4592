"""The sample company: the same every time, complete, and adding up to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from exact_sync.simulator.books import Books
from exact_sync.simulator.clock import Clock
from exact_sync.simulator.company import SIZES, found_company, found_group
from exact_sync.simulator.schema import ENTITIES
from exact_sync.simulator.schema_webhooks import SUBSCRIPTIONS

TODAY = date(2026, 6, 25)
DIVISION = 124132
PYTHON = {"Guid": "UUID", "String": "str", "Boolean": "bool", "Byte": "int", "Int16": "int", "Int32": "int",
          "Int64": "int", "Double": "Decimal", "DateTime": "datetime"}  # fmt: skip
MIDNIGHT_LESS_TWO_HOURS = datetime(2026, 6, 24, 22)
Record = dict[str, Any]


def new_books() -> Books:
    return Books(Clock(datetime(2026, 6, 25, 10, tzinfo=UTC), frozen=True))


def rows(books: Books, path: str, division: int = DIVISION) -> list[Record]:
    return list(books.table(division, path).rows.values())


def children(books: Books, path: str, parent: str) -> dict[Any, list[Record]]:
    found: dict[Any, list[Record]] = defaultdict(list)
    for record in rows(books, path):
        found[record[parent]].append(record)
    return found


def dump(books: Books) -> list[str]:
    paths = [p for p, e in ENTITIES.items() if not e.shared]
    return [repr(r) for division in books.divisions for path in paths for r in rows(books, path, division)]


@pytest.fixture(scope="module")
def books() -> Books:
    books = new_books()
    found_company(books, DIVISION, today=TODAY)
    return books


def test_the_same_seed_gives_the_same_books(books: Books) -> None:
    again = new_books()
    found_company(again, DIVISION, today=TODAY)
    assert dump(again) == dump(books)


def test_opening_the_division_before_changes_nothing(books: Books) -> None:
    again = new_books()
    again.add_division(DIVISION)
    found_company(again, DIVISION, today=TODAY)
    assert dump(again) == dump(books)


def test_another_seed_gives_other_books(books: Books) -> None:
    other = new_books()
    found_company(other, DIVISION, today=TODAY, seed=1)
    assert not {r["ID"] for r in rows(other, "crm/Accounts")} & {r["ID"] for r in rows(books, "crm/Accounts")}


def test_a_fingerprint_that_no_python_version_may_change(books: Books) -> None:
    first, last = rows(books, "crm/Accounts")[0], rows(books, "documents/DocumentAttachments")[-1]
    assert (first["Name"], str(first["ID"])) == ("Zuivel Smit B.V.", "e0e30d14-ba04-4468-ac2d-c5c59882d359")
    assert (
        str(last["ID"]) == "b1230670-13bb-4600-bc8c-b7470066184a"
    )  # made last: hangs on every throw before it


@pytest.mark.parametrize("path", sorted(SIZES["small"]))
def test_small_has_the_size_it_promises(books: Books, path: str) -> None:
    assert len(rows(books, path)) == SIZES["small"][path]


def test_counts_override_the_size() -> None:
    books = new_books()
    counts = {"crm/Accounts": 33, "logistics/Items": 7, "financialtransaction/Transactions": 60}
    made = found_company(books, DIVISION, today=TODAY, counts=counts)
    assert {path: made[path] for path in counts} == counts
    assert made["salesinvoice/SalesInvoices"] == 16  # no more than 60 entries can book
    with pytest.raises(KeyError, match="no count"):
        found_company(books, DIVISION, today=TODAY, counts={"crm/Acounts": 3})


def test_nothing_at_all_can_be_asked_for() -> None:
    made = found_company(new_books(), DIVISION, today=TODAY, counts=dict.fromkeys(SIZES["small"], 0))
    assert made["crm/Accounts"] == made["salesinvoice/SalesInvoices"] == made["cashflow/Payments"] == 0
    assert made["financialtransaction/Transactions"] == 1  # the opening balance


@pytest.mark.parametrize("path", ["crm/Accounts", "logistics/Items"])
def test_without_customers_or_goods_nothing_is_sold(path: str) -> None:
    made = found_company(new_books(), DIVISION, today=TODAY, counts={path: 0})
    assert made["salesinvoice/SalesInvoices"] == 0
    assert made["financialtransaction/Transactions"] == SIZES["small"]["financialtransaction/Transactions"]


@pytest.mark.parametrize(
    "path", sorted(p for p, e in ENTITIES.items() if not e.shared and p != SUBSCRIPTIONS.path)
)
def test_every_property_is_there_and_typed_and_filled_somewhere(books: Books, path: str) -> None:
    properties = ENTITIES[path].properties
    empty = set(properties)
    for record in rows(books, path):
        assert list(record) == list(properties)
        for name, value in record.items():
            if value is not None:
                empty.discard(name)
                assert type(value).__name__ == PYTHON[properties[name]], name
    assert empty == {name for name, edm in properties.items() if edm == "Binary"}


def test_strings_are_not_padded(books: Books) -> None:
    for path in SIZES["small"]:
        for record in rows(books, path):
            for name, value in record.items():
                assert not isinstance(value, str) or value == value.strip(" "), (path, name, value)


def test_an_invoice_is_the_sum_of_its_lines(books: Books) -> None:
    lines = children(books, "salesinvoice/SalesInvoiceLines", "InvoiceID")
    for invoice in rows(books, "salesinvoice/SalesInvoices"):
        own = lines.pop(invoice["InvoiceID"])
        for suffix in ("DC", "FC"):
            tax = sum(r[f"VATAmount{suffix}"] for r in own)
            assert invoice[f"VATAmount{suffix}"] == tax
            assert invoice[f"Amount{suffix}"] == sum(r[f"Amount{suffix}"] for r in own) + tax
        assert [r["LineNumber"] for r in own] == list(range(1, len(own) + 1))
        for line in own:
            assert abs(line["AmountFC"] * line["VATPercentage"] - line["VATAmountFC"]) <= Decimal("0.005")
    assert not lines


def test_every_entry_balances_and_its_lines_know_it(books: Books) -> None:
    lines = children(books, "financialtransaction/TransactionLines", "EntryID")
    ledgers = {r["ID"]: r["Code"] for r in rows(books, "financial/GLAccounts")}
    journals = {r["Code"] for r in rows(books, "financial/Journals")}
    for entry in rows(books, "financialtransaction/Transactions"):
        own = lines.pop(entry["EntryID"])
        assert sum(r["AmountDC"] for r in own) == 0
        assert entry["JournalCode"] in journals
        assert (entry["FinancialYear"], entry["FinancialPeriod"]) == (entry["Date"].year, entry["Date"].month)
        for line in own:
            for name in ("Date", "EntryNumber", "JournalCode", "FinancialYear", "FinancialPeriod", "Type"):
                assert line[name] == entry[name]
            assert ledgers[line["GLAccount"]] == line["GLAccountCode"]
            assert line["AmountDC"].as_tuple().exponent == -2
    assert not lines


def test_debtors_tie_to_invoices(books: Books) -> None:
    invoices = {r["InvoiceNumber"]: r for r in rows(books, "salesinvoice/SalesInvoices") if r["Status"] == 50}
    heads = [r for r in rows(books, "financialtransaction/TransactionLines")
             if r["JournalCode"] == "70" and r["LineNumber"] == 0]  # fmt: skip
    assert len(heads) == len(invoices)
    for head in heads:
        invoice = invoices[head["InvoiceNumber"]]
        assert (head["AmountDC"], head["AmountFC"]) == (invoice["AmountDC"], invoice["AmountFC"])
        assert head["Account"] == invoice["OrderedBy"]


def test_payments_tie_to_purchases_and_the_bank(books: Books) -> None:
    lines = {r["ID"]: r for r in rows(books, "financialtransaction/TransactionLines")}
    paid = Counter()
    for line in lines.values():
        if line["OffsetID"] and line["GLAccountCode"] == "1600":
            paid[line["OffsetID"]] += line["AmountDC"]
    due: Counter[Any] = Counter()
    done: Counter[Any] = Counter()
    for payment in rows(books, "cashflow/Payments"):
        due[payment["TransactionID"]] += payment["AmountDC"]
        if payment["Status"] in (40, 50):
            done[payment["TransactionID"]] += payment["AmountDC"]
        assert lines[payment["TransactionID"]]["EntryID"] == payment["TransactionEntryID"]
    assert all(-lines[key]["AmountDC"] == amount for key, amount in due.items())
    assert done == paid
    assert any(lines[key]["AmountDC"] != -amount for key, amount in paid.items())  # some only in part


def test_receipts_never_exceed_the_invoice(books: Books) -> None:
    lines = {r["ID"]: r for r in rows(books, "financialtransaction/TransactionLines")}
    received: Counter[Any] = Counter()
    for line in lines.values():
        if line["OffsetID"] and line["GLAccountCode"] in ("1300", "1310"):
            received[line["OffsetID"]] -= line["AmountDC"]
            assert line["InvoiceNumber"] == lines[line["OffsetID"]]["InvoiceNumber"]
            assert line["Date"] < datetime(2026, 6, 25)
    assert all(0 <= amount / lines[key]["AmountDC"] <= 1 for key, amount in received.items())
    heads = [r for r in lines.values() if r["JournalCode"] == "70" and r["LineNumber"] == 0]
    overdue = [r for r in heads if r["ID"] not in received and r["DueDate"] < datetime(2026, 6, 1)]
    assert 3 < len(overdue) < len(heads) / 5


def test_the_bank_goes_on_where_it_stopped(books: Books) -> None:
    balances: dict[str, Decimal] = {}
    for entry in rows(books, "financialtransaction/Transactions"):
        if entry["Type"] == 40:
            journal = entry["JournalCode"]
            assert entry["OpeningBalanceFC"] == balances.get(journal, entry["OpeningBalanceFC"])
            balances[journal] = entry["ClosingBalanceFC"]
    assert balances.keys() >= {"20", "21"}
    for journal, ledger in (("20", "1100"), ("21", "1110")):
        booked = sum(r["AmountDC"] for r in rows(books, "financialtransaction/TransactionLines")
                     if r["GLAccountCode"] == ledger)  # fmt: skip
        assert booked == balances[journal]


def test_numbers_run_with_the_dates(books: Books) -> None:
    invoices = [r for r in rows(books, "salesinvoice/SalesInvoices") if r["InvoiceNumber"]]
    ordered = sorted(invoices, key=lambda r: r["InvoiceNumber"])
    assert [r["InvoiceDate"] for r in ordered] == sorted(r["InvoiceDate"] for r in invoices)
    assert len({r["InvoiceNumber"] for r in invoices}) == len(invoices)
    entries = rows(books, "financialtransaction/Transactions")
    assert len({r["EntryNumber"] for r in entries}) == len(entries)


def test_trade_of_every_kind_happens(books: Books) -> None:
    invoices = rows(books, "salesinvoice/SalesInvoices")
    assert {r["Type"] for r in invoices} == {8020, 8021, 8023}
    assert {r["Status"] for r in invoices} == {10, 20, 50}
    assert {r["Currency"] for r in invoices} > {"EUR"}
    codes = {r["VATCode"] for r in rows(books, "salesinvoice/SalesInvoiceLines")}
    assert codes >= {"1", "2", "7", "8", "VB"}
    assert {r["Status"] for r in rows(books, "cashflow/Payments")} == {20, 30, 40, 50}
    foreign = [r for r in rows(books, "financialtransaction/TransactionLines") if r["Currency"] != "EUR"]
    assert any(r["AmountDC"] != r["AmountFC"] for r in foreign)


def elevenproof(number: str) -> bool:
    total = sum(int(d) * w for d, w in zip(number[:8], range(9, 1, -1), strict=True))
    return total % 11 == int(number[8])


def vat_is_right(number: str) -> bool:
    if number.startswith("NL"):
        return len(number) == 14 and number[11] == "B" and elevenproof(number[2:11])
    if number.startswith("BE"):
        return len(number) == 12 and 97 - int(number[2:10]) % 97 == int(number[10:])
    product = 10
    for digit in number[2:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return len(number) == 11 and (11 - product) % 10 == int(number[10])


def test_vat_numbers_and_ibans_stand_up_to_their_checks(books: Books) -> None:
    assert vat_is_right("NL004495445B01")
    assert vat_is_right("BE0203430576")
    assert vat_is_right("DE136695976")
    accounts = [r for r in rows(books, "crm/Accounts") if r["VATNumber"]]
    assert {r["Country"] for r in accounts} == {"NL", "BE", "DE"}
    assert all(vat_is_right(r["VATNumber"]) for r in accounts)
    ibans = [r["AccountBankAccountNumber"] for r in rows(books, "cashflow/Payments")]
    ibans += [r["BankAccountIBAN"] for r in rows(books, "financial/Journals") if r["BankAccountIBAN"]]
    for iban in ibans:
        assert len(iban) == {"NL": 18, "BE": 16, "DE": 22}[iban[:2]]
        assert int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1
    for code in (r["Barcode"] for r in rows(books, "logistics/Items") if r["Barcode"]):
        assert sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(code)) % 10 == 0
        assert len(code) == 13


def test_moments_are_exacts(books: Books) -> None:
    stamps = [(r["Created"], r["Modified"]) for path in ENTITIES if not ENTITIES[path].shared
              for r in rows(books, path) if {"Created", "Modified"} <= r.keys()]  # fmt: skip
    for created, modified in stamps:
        assert created <= modified < datetime(2026, 6, 25)
        for moment in (created, modified):
            assert moment.microsecond // 1000 % 10 in (0, 3, 7)
            assert moment.microsecond % 1000 == 0
    moments = [modified for _, modified in stamps]
    recent = [m for m in moments if m > MIDNIGHT_LESS_TWO_HOURS]
    assert 3 <= len(recent) <= 40
    assert min(created for created, _ in stamps) < datetime(2023, 9, 1)
    assert max(Counter(m for m in moments).values()) > 20  # one job touched many rows at once
    autumn = [m for m in moments if (m.month, m.hour, m.weekday()) == (10, 2, 6) and m.day > 24]
    edges = [m for m in moments if m.month == 3 and m.weekday() == 6 and m.day > 24
             and m.time().isoformat() in ("01:59:59.997000", "03:00:00")]  # fmt: skip
    assert autumn
    assert edges
    assert not [m for m in moments if (m.month, m.hour, m.weekday()) == (3, 2, 6) and m.day > 24]


def test_history_is_three_years_with_seasons(books: Books) -> None:
    days = [r["Date"].date() for r in rows(books, "financialtransaction/Transactions")]
    assert min(days) == TODAY - timedelta(days=1095)
    assert TODAY - timedelta(days=10) < max(days) < TODAY
    months = Counter(r["InvoiceDate"].month for r in rows(books, "salesinvoice/SalesInvoices"))
    assert months[11] > months[8]


def test_awkward_values_occur(books: Books) -> None:
    texts = {v for p in SIZES["small"] for r in rows(books, p) for v in r.values() if isinstance(v, str)}
    assert "" in texts
    assert any("👍🏽" in t for t in texts)
    assert any("\r\n" in t for t in texts)
    assert any(len(t) > 900 for t in texts)
    numbers = {v for r in rows(books, "logistics/Items") for v in r.values() if isinstance(v, Decimal)}
    assert numbers >= {Decimal("0.1"), Decimal("1E-7"), Decimal("123456789012.345678"), Decimal(0)}
    assert min(numbers) < 0
    assert any("<table>" in (r["Body"] or "") for r in rows(books, "documents/Documents"))


def test_references_lead_somewhere(books: Books) -> None:
    def keys(path: str) -> set[Any]:
        return set(books.table(DIVISION, path).rows)

    for path, name, target in (
        ("crm/Contacts", "Account", "crm/Accounts"), ("crm/Accounts", "MainContact", "crm/Contacts"),
        ("logistics/Items", "ItemGroup", "logistics/ItemGroups"),
        ("logistics/ItemGroups", "GLRevenue", "financial/GLAccounts"),
        ("salesinvoice/SalesInvoiceLines", "Item", "logistics/Items"),
        ("documents/Documents", "Account", "crm/Accounts"),
        ("documents/DocumentAttachments", "Document", "documents/Documents"),
        ("financialtransaction/Transactions", "Document", "documents/Documents"),
        ("financialtransaction/TransactionLines", "Account", "crm/Accounts"),
        ("cashflow/Payments", "Account", "crm/Accounts"),
    ):  # fmt: skip
        found = {r[name] for r in rows(books, path)} - {None}
        assert found, (path, name)
        assert found <= keys(target), (path, name)


def test_a_group_has_divisions_in_three_countries_and_an_archived_one() -> None:
    books = new_books()
    counts = dict.fromkeys(SIZES["small"], 12) | {"financialtransaction/Transactions": 30}
    codes = found_group(books, divisions=3, today=TODAY, counts=counts)
    assert len(codes) == 3
    assert [books.division(code)["Country"] for code in codes] == ["NL", "BE", "DE"]
    archived = [code for code in books.divisions if code not in codes]
    assert [books.division(code)["Status"] for code in archived] == [2]
    assert not rows(books, "crm/Accounts", archived[0])
    for code in codes:
        record = books.division(code)
        assert vat_is_right(record["VATNumber"])
        assert record["Description"].startswith("Brouwer")
        assert len(rows(books, "crm/Accounts", code)) == 12
    names = [{r["Name"] for r in rows(books, "crm/Accounts", code)} for code in codes]
    assert names[0] != names[1]
    filled = {name for r in rows(books, "system/Divisions") for name, value in r.items() if value is not None}
    always_null = set(ENTITIES["system/Divisions"].properties) - filled
    assert always_null == {"DivisionMoveDate", *(f"Class_0{n}" for n in range(1, 6))}
