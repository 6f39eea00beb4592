"""A list that comes back empty or much smaller may be silence, not news: F28; and `accept`."""

import pytest

from exact_sync.sync import cursors
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, Deployment
from tests.facts import OTHER, checkpoint, command, found_other, line, only, sql

LISTS = {
    "gl_accounts": "financial/GLAccounts",
    "document_attachments": "documents/DocumentAttachments",
    "financial_transactions": "financialtransaction/Transactions",
}
WIRE = {"gl_accounts": "GLAccounts", "document_attachments": "DocumentAttachments",
        "financial_transactions": "Transactions"}  # fmt: skip


def take_away(deployment: Deployment, name: str, share: float) -> None:
    """Really gone at Exact (attachments along with nothing else)."""
    table = deployment.table(LISTS[name])
    for key in sorted(table.rows)[: int(len(table) * share)]:
        table.delete(key)


@pytest.mark.parametrize(("kind", "parameters"), [("hidden", {}), ("shrunk_list", {"share": 0.7})])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_empty_or_much_smaller_is_suspect_and_deletes_nothing(
    deployment: Deployment, name: str, kind: str, parameters: dict[str, float]
) -> None:
    """F28: exit 1 the first time, then 0; the rows stay; and when the list is back, all is well."""
    deployment.sync_well(*LISTS)
    deployment.clock.advance(hours=7)
    rule = deployment.simulator.faults.add(kind, path=WIRE[name], times=None, **parameters)
    if name == "financial_transactions":
        take_away(deployment, name, 0.01)  # a count that differs makes it look closer
    outcomes = deployment.sync(*LISTS)
    assert exit_code(outcomes) == 1
    assert only(outcomes, name).status == "suspect"
    assert f"exact-sync accept {name} --division {DIVISION}" in str(only(outcomes, name).hint)
    assert {o.status for o in outcomes if o.resource != name} == {"ok"}
    assert sql(deployment, f"SELECT count(*) FROM exact.{name} WHERE _deleted_at IS NOT NULL") == [(0,)]
    assert line(deployment, name).outcome == "suspect"
    assert "nothing was deleted" in str(line(deployment, name).message)

    deployment.clock.advance(hours=7)
    trouble = deployment.simulator.faults.add("status", path=WIRE[name], times=None, status=503)
    assert exit_code(deployment.sync(name)) == 4
    deployment.simulator.faults.remove(trouble)
    outcomes = deployment.sync(*LISTS)
    assert exit_code(outcomes) == 0, "trouble in between makes it no new one"
    assert only(outcomes, name).status == "suspect"

    deployment.simulator.faults.remove(rule)
    deployment.clock.advance(hours=7)
    deployment.sync_well(*LISTS)
    assert line(deployment, name).outcome == "ok"
    assert deployment.differences(*LISTS) == []
    assert deployment.violations() == {}


@pytest.mark.parametrize("share", [0.4, 1.0])
@pytest.mark.parametrize("name", LISTS)
def test_what_a_person_accepts_is_taken_over(deployment: Deployment, name: str, share: float) -> None:
    """F28: rows that are really gone, with `exact-sync accept`."""
    deployment.sync_well(*LISTS)
    deployment.clock.advance(hours=7)
    take_away(deployment, name, share)
    assert exit_code(deployment.sync(*LISTS)) == 1
    before = sql(deployment, f"SELECT count(*) FROM exact.{name} WHERE _deleted_at IS NULL")
    assert command(deployment, "accept", name, "--division", str(DIVISION)) == 0
    assert sql(deployment, f"SELECT count(*) FROM exact.{name} WHERE _deleted_at IS NULL") == before
    deployment.sync_well(*LISTS)
    assert deployment.differences(*LISTS) == []
    assert line(deployment, name).outcome == "ok"

    # Accepted once is not accepted for ever.
    assert checkpoint(deployment, name)["accepted_rows"] is None
    if share < 1:
        deployment.clock.advance(hours=7)
        take_away(deployment, name, 1.0)
        outcomes = deployment.sync(*LISTS)
        assert exit_code(outcomes) == 1
        assert only(outcomes, name).status == "suspect"


def test_what_is_accepted_once_is_taken_over_also_where_it_was_all_there_was_of_some_months(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F28: the number of all records told first, and of some windows nothing is left."""
    monkeypatch.setattr(cursors, "WINDOW_RECORDS", 30)
    deployment.sync_well("financial_transactions")
    deployment.clock.advance(hours=1)
    table = deployment.table(LISTS["financial_transactions"])
    for key in sorted(table.rows, key=lambda key: table.rows[key]["Date"])[: int(len(table) * 0.4)]:
        table.delete(key)
    assert exit_code(deployment.sync("financial_transactions")) == 1
    assert command(deployment, "accept", "financial_transactions") == 0
    deployment.sync_well("financial_transactions")
    assert deployment.differences("financial_transactions") == []


@pytest.mark.parametrize("refused", ["no question", "EntryID eq"])
def test_a_few_entries_that_are_gone_are_not_suspect_though_they_were_all_there_was_of_some_months(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    """F28's other side: Exact's count of the whole ledger is a second witness, keys are a third."""
    monkeypatch.setattr(cursors, "WINDOW_RECORDS", 30)
    name = "financial_transactions"
    deployment.sync_well(name)
    first = sql(deployment, "SELECT starts FROM exact_sync.window ORDER BY starts OFFSET 1 LIMIT 1")[0][0]
    table = deployment.table(LISTS[name])
    for key in [key for key, row in table.rows.items() if row["Date"].date() < first]:
        table.delete(key)
    deployment.simulator.faults.add("status", path="Transactions", query=refused, times=None, status=400)
    assert only(deployment.sync(name), name).tally.deleted > 0
    assert deployment.differences(name) == []


def test_a_ledger_that_is_empty_when_it_is_read_anew_is_suspect(deployment: Deployment) -> None:
    """F28: nothing tells then into which windows it was cut."""
    name = "financial_transactions"
    deployment.sync_well(name)
    take_away(deployment, name, 1.0)
    assert only(deployment.sync(name, full=True), name).status == "suspect"
    assert command(deployment, "reset", name) == 0
    assert only(deployment.sync(name), name).status == "suspect"
    assert command(deployment, "accept", name) == 0
    deployment.sync_well(name)
    assert deployment.differences(name) == []


def test_accepting_some_does_not_accept_less(deployment: Deployment) -> None:
    """F28: what came after the person looked is another matter."""
    deployment.sync_well("gl_accounts")
    take_away(deployment, "gl_accounts", 0.4)
    assert exit_code(deployment.sync("gl_accounts")) == 1
    assert command(deployment, "accept", "gl_accounts") == 0
    rule = deployment.simulator.faults.add("hidden", path="GLAccounts", times=None)
    outcomes = deployment.sync("gl_accounts")
    assert only(outcomes, "gl_accounts").status == "suspect"
    assert exit_code(outcomes) == 1
    deployment.simulator.faults.remove(rule)
    assert command(deployment, "accept", "gl_accounts") == 0
    deployment.sync_well("gl_accounts")
    assert deployment.differences("gl_accounts") == []


def test_accepting_concerns_one_division_only(deployment: Deployment) -> None:
    """F28 in two divisions; a typing error in a command deletes nothing either."""
    found_other(deployment)
    deployment.sync_well("gl_accounts")
    rule = deployment.simulator.faults.add("hidden", path="GLAccounts", times=None)
    assert exit_code(deployment.sync("gl_accounts")) == 1
    assert command(deployment, "accept", "gl_accounts", "--division", str(OTHER)) == 0
    assert command(deployment, "accept", "gl_account") == 2
    outcomes = deployment.sync("gl_accounts")
    assert only(outcomes, "gl_accounts").status == "suspect"
    assert only(outcomes, "gl_accounts", OTHER).status == "ok"
    live = "SELECT count(*) FROM exact.gl_accounts WHERE _deleted_at IS NULL AND division = :code"
    assert sql(deployment, live, code=OTHER) == [(0,)]
    assert sql(deployment, live, code=DIVISION) == [(len(deployment.table("financial/GLAccounts")),)]
    deployment.simulator.faults.remove(rule)
    deployment.sync_well("gl_accounts")
    assert deployment.differences("gl_accounts") == []


def test_a_small_list_may_shrink_but_not_to_nothing(deployment: Deployment) -> None:
    """F28's other side: of five item groups two may go without a person."""
    groups = deployment.table("logistics/ItemGroups")
    deployment.sync_well("item_groups")
    for key in sorted(groups.rows)[:2]:
        groups.delete(key)
    deployment.sync_well("item_groups")
    assert deployment.differences("item_groups") == []
    deployment.simulator.faults.add("empty_list", path="ItemGroups")
    assert exit_code(deployment.sync("item_groups")) == 1
    assert sql(deployment, "SELECT count(*) FROM exact.item_groups WHERE _deleted_at IS NULL")[0][0] > 0
    deployment.sync_well("item_groups")
    assert deployment.differences("item_groups") == []


def test_changes_in_a_suspect_list_are_taken_over_all_the_same(deployment: Deployment) -> None:
    """F28: only deletions wait for a person."""
    deployment.sync_well("gl_accounts")
    table = deployment.table("financial/GLAccounts")
    take_away(deployment, "gl_accounts", 0.5)
    changed = sorted(table.rows)[-1]
    table.change(changed, Description="changed meanwhile")
    assert exit_code(deployment.sync("gl_accounts")) == 1
    query = "SELECT description FROM exact.gl_accounts WHERE id = :key"
    assert sql(deployment, query, key=changed) == [("changed meanwhile",)]


def test_an_empty_list_of_divisions_stops_nothing_that_works(deployment: Deployment) -> None:
    """F28 for the divisions themselves."""
    deployment.sync_well("divisions", "journals")
    deployment.simulator.faults.add("empty_list", path="system/Divisions", times=None)
    outcomes = deployment.sync("divisions", "journals")
    assert exit_code(outcomes) == 1
    assert only(outcomes, "divisions", 0).status == "suspect"
    assert only(outcomes, "journals").status == "ok"
    assert checkpoint(deployment, "divisions", 0)["outcome"] == "suspect"
    deployment.simulator.faults.clear()
    deployment.sync_well("divisions", "journals")
    assert deployment.differences("divisions", "journals") == []


def test_what_goes_into_quarantine_while_everything_is_suspect_is_a_failure(deployment: Deployment) -> None:
    """Though it was suspect before."""
    deployment.sync_well("contacts")
    key = str(max(deployment.table("crm/Contacts").rows, key=str))
    faults = deployment.simulator.faults
    faults.add("shrunk_list", path="Contacts", times=None)
    codes = [only(deployment.sync("contacts", full=True), "contacts").exit_code for _ in range(2)]
    faults.add("value", path="Contacts", key=key, values={"LastName": "{}"}, times=None)
    codes.append(only(deployment.sync("contacts", full=True), "contacts").exit_code)
    assert codes == [1, 0, 1]
