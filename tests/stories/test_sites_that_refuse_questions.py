"""What one site allows another refuses: filters on Modified, bulk, no filter at all, a property."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from exact_sync.catalog import RESOURCES
from exact_sync.simulator import Simulator
from exact_sync.sync.once import exit_code
from exact_sync.sync.verify import Checks
from tests.deployment import TINY, Deployment, SharedClock, Silent
from tests.facts import checkpoint, line, only, restart, sql
from tests.feeds import read_by, small_pages
from tests.mirror import ENOUGH

BULK = {
    r.bulk.endpoint for r in RESOURCES.values() if r.bulk and r.name in ENOUGH and r.strategy != "row_version"
}

TABLES = {"payments": "cashflow/Payments", "contacts": "crm/Contacts", "customers": "crm/Accounts"}


@pytest.mark.parametrize(("name", "path"), TABLES.items())
def test_a_refused_filter_on_modified_leads_to_full_reads_once_and_for_a_month(
    deployment: Deployment, name: str, path: str
) -> None:
    """Said in the status; removals are then seen; the next runs don't ask again."""
    deployment.simulator.faults.add(
        "refuse_modified_filter", path=f"/{path.split('/')[1]}", query="$filter=Modified ge", times=None
    )
    deployment.sync_well(name)
    for seed in range(3):
        deployment.clock.advance(hours=1)
        deployment.edit(seed, paths=[path])
        deployment.table(path).delete(min(deployment.table(path).rows))
        deployment.sync_well(name)
        assert deployment.differences(name) == []
        assert line(deployment, name).strategy == "snapshot"
        restart(deployment)
    refused = [call for call in deployment.simulator.stats.calls() if call.status == 400]
    assert len(refused) <= 2
    assert len({call.path for call in refused}) == len(refused)
    assert sql(deployment, f"SELECT count(*) FROM exact.{name} WHERE _deleted_at IS NOT NULL")[0][0] >= 3

    # It isn't believed for ever: after a month Exact is asked once more, and then it works.
    deployment.simulator.faults.clear()
    deployment.clock.advance(days=29, hours=12)
    deployment.sync_well(name)
    restart(deployment)
    deployment.clock.advance(days=2)
    deployment.sync_well(name)
    deployment.clock.advance(hours=1)
    deployment.edit(7, paths=[path])
    deployment.sync_well(name)
    assert line(deployment, name).strategy == "modified"
    assert deployment.differences(name, deleted=False) == []
    assert deployment.violations() == {}


@pytest.mark.parametrize("name", ["payments", "contacts"])
def test_the_first_refusal_is_said_in_the_status(deployment: Deployment, name: str) -> None:
    deployment.sync_well(name)
    path = f"/{TABLES[name].split('/')[1]}"
    deployment.simulator.faults.add("refuse_modified_filter", path=path, times=None)
    deployment.sync_well(name)
    assert "refuses a filter on Modified" in str(line(deployment, name).message)
    assert "everything is read each time" in str(line(deployment, name).message)
    assert "no modified filter" in checkpoint(deployment, name)["quirks"]


@pytest.mark.parametrize("name", ["payments", "contacts"])
def test_full_reads_for_want_of_a_filter_delete_nothing_on_silence(deployment: Deployment, name: str) -> None:
    """F28 for the fall-back."""
    path = f"/{TABLES[name].split('/')[1]}"
    deployment.simulator.faults.add("refuse_modified_filter", path=path, times=None)
    deployment.sync_well(name)
    deployment.sync_well(name)
    hidden = deployment.simulator.faults.add("hidden", path=path, times=None)
    outcomes = deployment.sync(name)
    assert exit_code(outcomes) == 1
    assert only(outcomes, name).status == "suspect"
    deployment.simulator.faults.remove(hidden)
    deployment.sync_well(name)
    assert deployment.differences(name) == []


@pytest.mark.parametrize(
    ("fault", "path", "said"),
    [
        ("refuse_modified_filter", "/Transactions", "changes show when recent windows are read again"),
        ("status", "Transactions/$count", "removals show when recent windows are read again"),
    ],
    ids=["filter", "count"],
)
def test_date_windows_do_without_what_is_refused(
    deployment: Deployment, fault: str, path: str, said: str
) -> None:
    """What is recent is true at once, what is older within a week; and Exact is not asked in vain again."""
    name = "financial_transactions"
    deployment.simulator.faults.add(fault, path=path, query="$filter=", status=404, times=None)
    deployment.sync_well("divisions", name)
    table = deployment.table("financialtransaction/Transactions")
    oldest, *_, last_but_one, newest = sorted(table.rows, key=lambda key: table.rows[key]["Date"])
    table.change(newest, Description="changed")
    outcomes = []
    for _ in range(8):
        deployment.clock.advance(hours=1)
        outcomes.append(only(deployment.sync_well(name), name))
    assert said in str(outcomes[0].message)
    assert deployment.differences(name) == []
    # Where removals show, recent windows are read again every six hours, else each time.
    calls = [outcome.tally.calls for outcome in outcomes]
    assert (calls[6] > calls[7]) is (fault != "status")
    deployment.simulator.stats.reset()
    restart(deployment)
    deployment.clock.advance(hours=1)
    table.delete(last_but_one)
    table.change(oldest, Description="changed")
    assert only(deployment.sync_well(name), name).tally.deleted == 1
    deployment.clock.advance(days=7)
    deployment.sync_well(name)
    assert deployment.differences(name) == []
    refused = [call for call in deployment.simulator.stats.calls() if call.status in (400, 404)]
    assert refused == []


def test_date_windows_ask_once_for_what_is_refused_from_now_on(deployment: Deployment) -> None:
    """Each refusal is an error, and ten of them in an hour would block the app."""
    name = "financial_transactions"
    deployment.sync_well("divisions", name)
    deployment.simulator.faults.add("refuse_modified_filter", path="/Transactions", times=None)
    table = deployment.table("financialtransaction/Transactions")
    table.change(max(table.rows, key=lambda key: table.rows[key]["Date"]), Description="changed")
    deployment.simulator.stats.reset()
    for _ in range(3):
        deployment.clock.advance(minutes=5)
        deployment.sync_well(name)
        assert deployment.differences(name) == []
    assert [call.status for call in deployment.simulator.stats.calls()].count(400) == 1


@pytest.mark.parametrize("status", [400, 404])
def test_a_site_without_bulk_is_read_in_pages_of_60(deployment: Deployment, status: int) -> None:
    """Refused once per resource, then never asked again."""
    deployment.simulator.faults.add("refuse_bulk", times=None, status=status)
    deployment.sync_well()
    assert deployment.differences() == []
    refused = deployment.simulator.stats.calls(path="bulk/")
    assert {call.status for call in refused} == {status}
    assert {call.path for call in refused} == BULK
    restart(deployment)
    deployment.simulator.stats.reset()
    deployment.clock.advance(hours=7)
    deployment.edit(1)
    deployment.sync_well()
    assert deployment.calls("bulk/") == 0
    assert deployment.differences(deleted=False) == []
    assert deployment.violations() == {}


def test_a_bulk_twin_that_only_refuses_the_filter_is_read_without_it(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """20,000 customers must not be read in pages of 60 because of that; changes come from the other."""
    with Deployment(
        simulator, database_url, clock, tmp_path, counts=TINY | {"crm/Accounts": 150}
    ) as deployment:
        simulator.faults.add("refuse_modified_filter", path="bulk/", times=None)
        deployment.sync_well("customers")
        assert only(deployment.sync_well("customers"), "customers").tally.records <= 40
        calls = simulator.stats.calls(path="/Accounts")
        assert [(call.path, call.status) for call in calls] == [
            ("bulk/CRM/Accounts", 400),
            ("bulk/CRM/Accounts", 200),
            ("crm/Accounts", 200),
        ]
        clock.advance(hours=1)
        deployment.edit(1, paths=["crm/Accounts"])
        deployment.sync_well("customers")
        assert line(deployment, "customers").strategy == "modified"
        assert deployment.differences("customers", deleted=False) == []


@pytest.fixture
def archive(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> Iterator[Deployment]:
    """200 documents, a hundred a page through bulk."""
    counts = {"documents/Documents": 200}
    with small_pages(100), Deployment(simulator, database_url, clock, tmp_path, counts=counts) as deployment:
        yield deployment


@pytest.mark.parametrize("status", [400, 500])
def test_texts_that_are_too_large_for_one_answer_come_in_smaller_pages(
    archive: Deployment, status: int
) -> None:
    """Then Exact is not asked for the large ones again. What might be an outage is given some hours."""
    table = archive.table("documents/Documents")
    for row in list(table.ordered())[100:]:
        table.change(row["ID"], Body="x" * 5_000)
    archive.simulator.largest_answer, archive.simulator.too_large_status = 450_000, status
    assert exit_code(archive.sync("documents")) != 0
    if status == 500:
        restart(archive)
        archive.clock.advance(hours=5)
        assert exit_code(archive.sync("documents")) != 0
    for _ in range(2):
        restart(archive)
        archive.clock.advance(hours=1)
        archive.simulator.stats.reset()
        archive.sync_well("documents")
        assert archive.differences("documents") == []
    assert archive.calls("bulk/") == 0


@pytest.mark.parametrize(("status", "times"), [(400, 1), (500, 7)])
def test_an_accident_in_the_middle_does_not_make_pages_small(
    archive: Deployment, status: int, times: int
) -> None:
    archive.simulator.faults.add("status", path="bulk/", query="$skiptoken", status=status, times=times)
    assert exit_code(archive.sync("documents")) != 0
    archive.sync_well("documents")
    assert archive.differences("documents") == []
    assert archive.calls("documents/Documents") == 0
    assert checkpoint(archive, "documents")["quirks"] == {}


@pytest.mark.parametrize(("status", "pauses"), [(400, (1, 1)), (500, (1, 7, 1))])
def test_what_begins_anew_each_time_comes_in_smaller_pages_too(
    archive: Deployment, status: int, pauses: tuple[int, ...]
) -> None:
    """As a list does, which can't go on in its middle. An accident before that is forgotten."""
    read_by(archive, "snapshot", "documents")
    archive.sync_well("divisions", "documents")
    archive.simulator.faults.add("status", path="bulk/", query="$skiptoken", status=400, times=1)
    assert exit_code(archive.sync("documents")) != 0
    archive.sync_well("documents")
    assert checkpoint(archive, "documents")["quirks"] == {}
    table = archive.table("documents/Documents")
    for row in list(table.ordered())[100:]:
        table.change(row["ID"], Body="x" * 5_000)
    archive.simulator.largest_answer, archive.simulator.too_large_status = 450_000, status
    for hours in pauses:
        assert exit_code(archive.sync("documents")) != 0
        restart(archive)
        archive.clock.advance(hours=hours)
    archive.sync_well("documents")
    assert archive.differences("documents") == []


def test_a_site_that_insists_on_a_filter_is_read_all_the_same(deployment: Deployment) -> None:
    """Mandatory $filter: also for what has no Modified."""
    deployment.simulator.mandatory_filter = True
    deployment.sync_well()
    assert deployment.differences() == []
    deployment.clock.advance(hours=7)
    deployment.edit(1)
    restart(deployment)
    deployment.simulator.stats.reset()
    deployment.sync_well()
    assert deployment.differences(deleted=False) == []
    assert deployment.differences("document_attachments", "financial_transactions", "journals") == []
    assert [call.path for call in deployment.simulator.stats.calls() if call.status == 400] == []


def test_a_site_may_insist_on_a_filter_and_take_none_on_modified(deployment: Deployment) -> None:
    """Then the key is filtered by, beside a date too."""
    deployment.simulator.mandatory_filter = True
    deployment.simulator.faults.add("refuse_modified_filter", path="/Transactions", times=None)
    deployment.sync_well("divisions", "financial_transactions")
    assert deployment.differences("financial_transactions") == []


def unknown_property(deployment: Deployment, path: str, name: str) -> None:
    """A site where a property does not exist: every question that names it is refused."""
    said = f"The property '{name}' does not exist on type 'Exact.Web.Api.Models.Account'."
    body = json.dumps({"error": {"code": "", "message": {"lang": "", "value": said}}})
    for query in (f",{name},", f"={name},", f",{name}&"):
        deployment.simulator.faults.add(
            "status", path=path, query=query, status=400, body=body, times=None
        )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "prop", "column"),
    [
        ("contacts", "/Contacts", "JobTitleDescription", "job_title_description"),
        ("journals", "/Journals", "BankAccountIBAN", "bank_account_iban"),
        ("financial_transactions", "/Transactions", "PaymentReference", "payment_reference"),
    ],
)
def test_a_property_that_a_site_does_not_know_is_left_out_and_said(
    deployment: Deployment, name: str, path: str, prop: str, column: str
) -> None:
    """One refusal; the other columns are true; bulk stays in use; no other property is taken for it."""
    unknown_property(deployment, path, prop)
    deployment.sync_well(name)
    assert f"Exact does not know {prop} here; left empty" in str(line(deployment, name).message)
    disagreements = deployment.differences(name)
    assert disagreements
    assert all(f".{column}: " in text and "have None" in text for text in disagreements)
    restart(deployment)
    deployment.clock.advance(hours=1)
    deployment.simulator.stats.reset()
    deployment.sync_well(name)
    assert [call for call in deployment.simulator.stats.calls() if call.status == 400] == []
    assert "no bulk" not in checkpoint(deployment, name)["quirks"]
    assert deployment.violations() == {}


def test_what_only_a_feed_does_not_know_looks_like_no_difference(deployment: Deployment) -> None:
    """Asked for by their keys, at their own endpoint, records have it."""
    unknown_property(deployment, "sync/CRM/Contacts", "Notes")
    read_by(deployment, "row_version", "contacts")
    deployment.sync_well("divisions", "contacts")
    outcome = only(deployment.service.verify(("contacts",), (), Checks(rows=1000), Silent()), "contacts")
    assert (outcome.status, outcome.differences) == ("verified", ())


@pytest.mark.parametrize("strategy", ["modified", "row_version", "date_windows"])
def test_a_property_that_a_site_learns_to_know_is_filled_in_all_rows(
    deployment: Deployment, strategy: str
) -> None:
    """Also in those that have not changed. While the site does not know it, that costs one call."""
    name, path, prop = "contacts", "/Contacts", "JobTitleDescription"
    if strategy == "date_windows":
        name, path, prop = "financial_transactions", "/Transactions", "PaymentReference"
    read_by(deployment, strategy, name)
    unknown_property(deployment, path, prop)
    deployment.sync_well("divisions", name)
    assert deployment.differences(name) != []
    deployment.clock.advance(days=31)
    deployment.sign_in()
    deployment.simulator.stats.reset()
    assert "left empty" in str(only(deployment.sync_well(name), name).message)
    assert [call.status for call in deployment.simulator.stats.calls(path=path)].count(400) == 1
    deployment.simulator.faults.clear()
    deployment.clock.advance(days=31)
    deployment.sign_in()
    outcome = only(deployment.sync_well(name), name)
    assert outcome.message == f"Exact knows {prop} now: everything is read once"
    assert deployment.differences(name) == []
    deployment.clock.advance(hours=1)
    outcome = only(deployment.sync_well(name), name)
    assert (outcome.message, outcome.tally.written) == (None, 0)
