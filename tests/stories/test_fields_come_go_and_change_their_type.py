"""New, missing and renamed fields, other types, keys that are null: F33."""

import uuid

import pytest

from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, Deployment
from tests.facts import line, only, quarantined, sql
from tests.feeds import small_pages

PLACES = {"customers": "/Accounts", "journals": "/Journals", "financial_transactions": "/Transactions"}
PATHS = {"customers": "crm/Accounts", "journals": "financial/Journals",
         "financial_transactions": "financialtransaction/Transactions"}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_a_new_field_is_ignored_and_reported(deployment: Deployment, name: str) -> None:
    """F33; whatever it holds."""
    for value in ('"new"', "12.5", "null"):
        deployment.simulator.faults.add("new_field", path=PLACES[name], query="Created", value=value)
    deployment.sync_well(name)
    assert "BrandNewField" in str(line(deployment, name).message)
    assert deployment.differences(name) == []


@pytest.mark.parametrize("value", ['{"__deferred":{"uri":"x"}}', '{"results":[]}', "[1,2]"])
def test_a_link_to_more_is_no_new_field(deployment: Deployment, value: str) -> None:
    """F33: Exact's deferred properties are not worth a word."""
    deployment.simulator.faults.add("new_field", path="/Journals", name="Lines", value=value)
    deployment.sync_well("journals")
    assert line(deployment, "journals").message is None
    assert deployment.differences("journals") == []


@pytest.mark.parametrize(("kind", "more"), [("missing_field", {}), ("renamed_field", {"to": "Omschrijving"})])
@pytest.mark.parametrize("name", ["journals", "financial_transactions"])
def test_a_missing_field_is_null_and_the_others_are_true(
    deployment: Deployment, name: str, kind: str, more: dict[str, str]
) -> None:
    """F33: and comes back with the next whole reading."""
    deployment.simulator.faults.add(kind, path=PLACES[name], name="Description", times=None, **more)
    deployment.sync_well(name)
    assert sql(deployment, f"SELECT count(description) FROM exact.{name}") == [(0,)]
    assert all(".description: " in text for text in deployment.differences(name))
    if kind == "renamed_field":
        assert "Omschrijving" in str(line(deployment, name).message)
    deployment.simulator.faults.clear()
    deployment.sync_well(name, full=True)
    assert deployment.differences(name) == []


def test_digits_in_a_text_are_still_a_number(deployment: Deployment) -> None:
    """F33: number becomes text, and every digit survives."""
    for prop in ("EntryNumber", "FinancialYear", "ClosingBalanceFC"):
        deployment.simulator.faults.add("number_as_text", path="/Transactions", name=prop, times=None)
    deployment.sync_well("financial_transactions")
    assert deployment.differences("financial_transactions") == []


WRONG = {
    "Status": ['"ten"', "10.5", "70000", "true", "{}"],
    "EntryNumber": ['"A12"', "1e30", "[1]"],
    "IsExtraDuty": ['"yes"', "1", '"true"'],
    "Description": ["12", "false", "{}"],
    "Document": ['"not a guid"', '"{00000000-0000-0000-0000-000000000001}"', "5"],
    "Date": ['"soon"', "20260625", "true"],
    "Modified": ['"soon"', "5"],
}


@pytest.mark.parametrize("prop", WRONG)
def test_another_type_is_quarantined_and_the_pages_other_rows_go_in(
    deployment: Deployment, prop: str
) -> None:
    """F33."""
    keys = sorted(deployment.table(PATHS["financial_transactions"]).rows)[: len(WRONG[prop])]
    for key, raw in zip(keys, WRONG[prop], strict=True):
        deployment.simulator.faults.add(
            "value", path="/Transactions", query="StatusDescription", key=key, values={prop: raw}, times=None
        )
    outcomes = deployment.sync("financial_transactions")
    assert exit_code(outcomes) == 1
    assert only(outcomes, "financial_transactions").status == "quarantine"
    reasons = quarantined(deployment, "financial_transactions")
    assert reasons.keys() == {str(key) for key in keys}
    assert {reason.partition(": ")[0] for reason in reasons.values()} == {prop}
    assert set(deployment.differences("financial_transactions")) == {
        f"financial_transactions {(DIVISION, key)}: missing" for key in keys
    }
    # The counts still agree: a known quarantine makes nobody read windows again and again.
    deployment.clock.advance(hours=1)
    outcome = only(deployment.sync_well("financial_transactions"), "financial_transactions")
    assert outcome.tally.calls <= 2
    deployment.simulator.faults.clear()
    deployment.sync_well("financial_transactions", full=True)
    assert quarantined(deployment, "financial_transactions") == {}
    assert deployment.differences("financial_transactions") == []


@pytest.mark.parametrize("odd", [{"Date": '"soon"'}, {"EntryNumber": '"x"'}], ids=["undated", "dated"])
@pytest.mark.parametrize("is_gone", [True, False])
def test_what_never_became_a_row_leaves_quarantine_when_it_is_gone_and_not_when_another_one_is(
    deployment: Deployment, odd: dict[str, str], is_gone: bool
) -> None:
    """The count tells; of two that make up for each other, too, where their windows are known."""
    table, name = deployment.table(PATHS["financial_transactions"]), "financial_transactions"
    key, other = sorted(table.rows)[:2]
    deployment.simulator.faults.add(
        "value", path="/Transactions", key=key, values=odd, query="Created", times=None
    )
    deployment.sync(name)
    deployment.sync_well(name)
    assert quarantined(deployment, name).keys() == {str(key)}
    table.delete(key if is_gone else other)
    deployment.clock.advance(hours=1)
    deployment.sync_well(name)
    assert quarantined(deployment, name).keys() == (set() if is_gone else {str(key)})
    marked = sql(deployment, f"SELECT count(*) FROM exact.{name} WHERE _deleted_at IS NOT NULL")
    assert marked == [(0 if is_gone or "Date" in odd else 1,)]
    if is_gone:
        assert deployment.differences(name) == []


def test_what_never_became_a_row_leaves_quarantine_though_the_list_is_else_as_it_was(
    deployment: Deployment,
) -> None:
    table, name = deployment.table("financial/Journals"), "journals"
    key = min(table.rows)
    deployment.simulator.faults.add("value", path="/Journals", key=key, values={"Created": "{}"}, times=None)
    deployment.sync(name)
    assert quarantined(deployment, name).keys() == {str(key)}
    table.delete(key)
    deployment.sync_well(name)
    assert quarantined(deployment, name) == {}


@pytest.mark.parametrize("name", PLACES)
def test_a_record_without_a_key_is_quarantined_and_deletes_nothing(deployment: Deployment, name: str) -> None:
    """F33: it may be any of those that are missing now."""
    deployment.sync_well(name)
    deployment.clock.advance(hours=7)
    deployment.table(PATHS[name]).change(min(deployment.table(PATHS[name]).rows))
    deployment.simulator.faults.add("null_key", path=PLACES[name], query="Created", times=None)
    outcomes = deployment.sync(name)
    assert exit_code(outcomes) == 1
    assert only(outcomes, name).status == "quarantine"
    found = quarantined(deployment, name)
    assert found
    assert all(key.startswith("unreadable key") for key in found)
    assert all("the key is empty" in reason for reason in found.values())
    assert sql(deployment, f"SELECT count(*) FROM exact.{name} WHERE _deleted_at IS NOT NULL") == [(0,)]
    deployment.simulator.faults.clear()
    deployment.clock.advance(hours=7)
    deployment.sync_well(name, full=True)
    assert deployment.differences(name) == []
    assert quarantined(deployment, name) == {}


def test_a_record_without_a_key_is_remembered_when_a_reading_of_everything_breaks_off(
    deployment: Deployment,
) -> None:
    """F33: what it deleted would be deleted by a later run, which brings the last pages only."""
    deployment.sync_well("customers")
    with small_pages(10):
        deployment.simulator.faults.add("null_key", path="/Accounts", query="Created")
        deployment.simulator.faults.add("status", status=500, path="/Accounts", after=1, times=None)
        assert only(deployment.sync("customers", full=True), "customers").status == "later"
        deployment.simulator.faults.clear()
        deployment.clock.advance(hours=1)
        deployment.sync("customers")
    assert "a record's key is unreadable" in str(line(deployment, "customers").message)
    assert deployment.differences("customers") == []


@pytest.mark.parametrize("name", PLACES)
def test_a_row_that_cannot_be_read_any_more_stays_while_everything_is_read(
    deployment: Deployment, name: str
) -> None:
    """F33: its record is at Exact all the same."""
    deployment.sync_well(name)
    key = min(deployment.table(PATHS[name]).rows)
    deployment.simulator.faults.add(
        "value", path=PLACES[name], query="Created", key=key, values={"Created": '"soon"'}, times=None
    )
    outcomes = deployment.sync(name, full=True)
    assert only(outcomes, name).status == "quarantine"
    assert quarantined(deployment, name).keys() == {str(key)}
    assert deployment.differences(name) == []


def test_a_zero_guid_is_no_guid_and_as_a_key_no_key(deployment: Deployment) -> None:
    """The contract's NULL; and F33 where it is the key."""
    table = deployment.table("financial/Journals")
    first, second = sorted(table.rows)[:2]
    table.change(first, Bank=uuid.UUID(int=0))
    nil = '"00000000-0000-0000-0000-000000000000"'
    deployment.simulator.faults.add("value", path="/Journals", key=second, values={"ID": nil}, times=1)
    assert exit_code(deployment.sync("journals")) == 1
    assert deployment.differences("journals") == [f"journals {(DIVISION, second)}: missing"]
    assert sql(deployment, "SELECT bank FROM exact.journals WHERE id = :key", key=first) == [(None,)]
    deployment.sync_well("journals")
    assert deployment.differences("journals") == []
