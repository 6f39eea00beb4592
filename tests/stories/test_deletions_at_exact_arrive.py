"""Exact's log of deletions: what it names goes here too, and what it does not say is found: F29, F30."""

import uuid
from typing import Any

import pytest

from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, Deployment
from tests.facts import OTHER, checkpoint, found_other, only, quarantined, restart, sql
from tests.feeds import read_by, remove_unseen, small_pages

COVERED = {
    "customers": "crm/Accounts",
    "documents": "documents/Documents",
    "gl_accounts": "financial/GLAccounts",
    "document_attachments": "documents/DocumentAttachments",
    "transaction_lines": "financialtransaction/TransactionLines",
}
ACCOUNTS = "crm/Accounts"
OF_ACCOUNTS = 2


def begin(deployment: Deployment, *names: str) -> Deployment:
    """Read the log and these, once."""
    deployment.sync_well("divisions", "deletions", *names)
    deployment.clock.advance(hours=1)
    return deployment


@pytest.fixture
def reader(deployment: Deployment) -> Deployment:
    """Has read the log and the customers, once."""
    return begin(deployment, "customers")


def log(deployment: Deployment) -> Any:
    return deployment.books.feeds(DIVISION).deleted


def remove(deployment: Deployment, path: str, count: int = 1) -> list[Any]:
    table = deployment.table(path)
    keys = sorted(table.rows)[:count]
    for key in keys:
        table.delete(key)
    return keys


def row(deployment: Deployment, key: Any, name: str = "customers") -> list[tuple[Any, ...]]:
    return sql(deployment, f"SELECT _deleted_at IS NOT NULL FROM exact.{name} WHERE id = :key", key=key)


@pytest.mark.parametrize("deletes", ["soft", "hard"])
def test_deletions_arrive_within_a_cycle_for_one_call_in_each_division(
    deployment: Deployment, deletes: str
) -> None:
    """Whatever the strategy; marked, or removed where that is wanted."""
    found_other(deployment)
    read_by(deployment, "modified", "customers", "documents", deletes=deletes)
    read_by(deployment, "row_version", "gl_accounts", "transaction_lines", deletes=deletes)
    read_by(deployment, "snapshot", "document_attachments", deletes=deletes)
    deployment.sync_well("divisions", "deletions", *COVERED)
    deployment.clock.advance(hours=1)
    gone = {name: remove(deployment, path, 3) for name, path in COVERED.items()}
    deployment.simulator.stats.reset()
    outcomes = deployment.sync_well("deletions")
    calls = deployment.simulator.stats.calls(path="/")
    asked = [(call.division, call.path) for call in calls if call.division is not None]
    assert sorted(asked) == [(DIVISION, "sync/Deleted"), (OTHER, "sync/Deleted")]
    assert only(outcomes, "deletions").tally.deleted == 15
    assert only(outcomes, "deletions", OTHER).tally.deleted == 0
    assert deployment.differences(*COVERED) == []
    for name, keys in gone.items():
        for key in keys:
            assert row(deployment, key, name) == ([(True,)] if deletes == "soft" else [])
    deployment.clock.advance(hours=1)
    again = deployment.sync_well("deletions", *COVERED)
    assert sum(outcome.tally.written + outcome.tally.deleted for outcome in again) == 0


def test_deletions_of_rows_that_were_never_here_are_no_error(reader: Deployment) -> None:
    """F30: a row may come and go between two looks."""
    table = reader.table(ACCOUNTS)
    short_lived = table.insert({"Name": "short-lived", "Code": "999"})
    table.delete(short_lived)
    log(reader).add(OF_ACCOUNTS, uuid.uuid4())
    outcome = reader.sync_well("deletions")[0]
    assert (outcome.tally.inserted, outcome.tally.deleted, outcome.message) == (2, 0, None)
    assert reader.differences("customers") == []


def test_unknown_types_are_kept_and_named(reader: Deployment) -> None:
    """F30: Exact may add some; one day we shall know what they meant."""
    key = uuid.uuid4()
    log(reader).add(4711, key)
    log(reader).add(4711, uuid.uuid4())
    gone = remove(reader, ACCOUNTS)
    outcome = reader.sync_well("deletions")[0]
    assert outcome.message == "the log names 2 deletions of the unknown type 4711; they are kept"
    assert outcome.tally.deleted == 1
    kept = "SELECT entity_type FROM exact.deletions WHERE entity_key = :key"
    assert sql(reader, kept, key=key) == [(4711,)]
    assert row(reader, gone[0]) == [(True,)]


@pytest.mark.parametrize(
    ("strategy", "between"),
    [("modified", True), ("modified", False), ("row_version", False), ("snapshot", True)],
)
def test_a_row_that_was_deleted_and_created_again_is_here(
    deployment: Deployment, strategy: str, between: bool
) -> None:
    """F30: with the same ID, before the log was read or after; and the log may be read first or last."""
    read_by(deployment, strategy, "customers")
    deployment.sync_well("divisions", "deletions", "customers")
    deployment.clock.advance(hours=1)
    table = deployment.table(ACCOUNTS)
    key = sorted(table.rows)[0]
    old = table.delete(key)
    if between:
        deployment.clock.advance(minutes=5)
        deployment.sync_well("deletions", "customers")
        assert row(deployment, key) == [(True,)]
    deployment.clock.advance(minutes=5)
    table.insert(old | {"Created": None, "Modified": None, "Name": "again"})
    for names in (["customers"], ["deletions"], ["deletions"], ["customers", "deletions"]):
        deployment.sync_well(*names)
        assert deployment.differences("customers") == []
        deployment.clock.advance(minutes=20)
    assert row(deployment, key) == [(False,)]


def test_what_was_read_whole_since_is_not_buried_by_an_old_entry(deployment: Deployment) -> None:
    """F30 where neither a version nor a Modified tells what came first; the log is read again and again."""
    reader = begin(deployment, "document_attachments")
    table = reader.table(COVERED["document_attachments"])
    key, other = sorted(table.rows)[:2]
    old = table.delete(key)
    reader.sync_well("deletions")
    assert row(reader, key, "document_attachments") == [(True,)]
    reader.clock.advance(minutes=30)
    table.insert(old)
    reader.sync_well("deletions", "document_attachments")
    table.delete(other)  # while that reading ended
    assert reader.sync_well("deletions")[0].tally.deleted == 1
    for _ in range(3):
        reader.clock.advance(hours=1)
        assert reader.sync_well("deletions")[0].tally.deleted == 0
        assert reader.differences("document_attachments") == []


@pytest.mark.parametrize("strategy", ["modified", "snapshot"])
def test_a_switch_to_hard_removes_what_was_only_marked(reader: Deployment, strategy: str) -> None:
    gone = remove(reader, ACCOUNTS, 2)
    reader.sync_well("deletions")
    assert [row(reader, key) for key in gone] == [[(True,)], [(True,)]]
    read_by(reader, strategy, "customers", deletes="hard")
    for days in (1, 8) if strategy == "modified" else (1,):  # the sweep; a first snapshot, in parts
        reader.clock.advance(days=days)
        reader.sync_well("deletions", "customers")
    assert [row(reader, key) for key in gone] == [[], []]
    remove(reader, ACCOUNTS, 1)
    reader.clock.advance(days=8)
    reader.sync_well("customers")
    assert reader.differences("customers") == []


def test_a_quarantined_row_that_is_deleted_leaves_quarantine(reader: Deployment) -> None:
    table = reader.table(ACCOUNTS)
    bad, worse = sorted(table.rows)[:2]
    for key in (bad, worse):
        table.change(key, Name="unreadable")
        reader.simulator.faults.add(
            "value", path="CRM/Accounts", key=str(key), values={"CreditLineSales": '"much"'}, times=None
        )
    assert exit_code(reader.sync("customers")) == 1
    assert set(quarantined(reader, "customers")) == {str(bad), str(worse)}
    table.delete(bad)
    reader.sync_well("deletions")
    assert set(quarantined(reader, "customers")) == {str(worse)}
    assert row(reader, bad) == [(True,)]
    assert row(reader, worse) == [(False,)]


@pytest.mark.parametrize(
    ("strategy", "name", "wrong"),
    [
        ("modified", "customers", "Creator"),
        ("row_version", "customers", "Modified"),
        ("snapshot", "document_attachments", "Document"),
    ],
)
def test_what_came_again_unreadable_stays_in_quarantine_although_the_log_is_read_again(
    deployment: Deployment, strategy: str, name: str, wrong: str
) -> None:
    read_by(deployment, strategy, name)
    table = begin(deployment, name).table(COVERED[name])
    bad, *_, other = sorted(table.rows)
    old = table.delete(bad)
    deployment.sync_well("deletions")
    deployment.clock.advance(hours=1)
    table.insert({**old, **dict.fromkeys(old.keys() & {"Created", "Modified"})})
    deployment.simulator.faults.add("value", key=str(bad), values={wrong: '"?"'}, times=None)
    assert only(deployment.sync(name), name).tally.quarantined == 1
    for _ in range(2):
        deployment.clock.advance(hours=1)
        table.change(other)
        deployment.sync_well("deletions", name)
        assert set(quarantined(deployment, name)) == {str(bad)}


# Gaps.


def test_a_log_that_lost_its_entries_leads_to_comparing_all_keys(deployment: Deployment) -> None:
    """F29: what was read last is not there any more."""
    reader = begin(deployment, *COVERED)
    remove(reader, ACCOUNTS)
    reader.sync_well("deletions", *COVERED)
    reader.clock.advance(hours=1)
    for path in COVERED.values():
        remove(reader, path, 2)
    log(reader).lose()
    outcomes = reader.sync_well("deletions", *COVERED)
    said = "deletions may be missing from Exact's log: all keys are compared"
    assert said in str(only(outcomes, "deletions").message)
    assert "did not name" in str(only(outcomes, "customers").message)
    assert reader.differences(*COVERED) == []
    reader.clock.advance(hours=1)
    assert reader.sync_well("deletions")[0].message is None


def test_a_gap_that_is_found_while_keys_are_compared_has_that_begin_anew(reader: Deployment) -> None:
    """What the first pages brought may be gone since."""
    remove(reader, ACCOUNTS)
    reader.sync_well("deletions")
    with small_pages(10):
        reader.clock.advance(days=7, hours=1)
        faults = reader.simulator.faults
        faults.add("status", status=500, query="$select=ID,Modified", after=2, times=None)
        assert only(reader.sync("customers"), "customers").status == "later"
        faults.clear()
        remove(reader, ACCOUNTS)
        log(reader).lose()
        reader.clock.advance(hours=1)
        reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []


def test_a_log_hidden_for_lack_of_a_right_leads_to_comparing_all_keys(reader: Deployment) -> None:
    """F29: 200, and nothing in it."""
    remove(reader, ACCOUNTS)
    reader.sync_well("deletions")
    reader.clock.advance(hours=1)
    reader.simulator.rights.hide("sync/Deleted")
    gone = remove(reader, ACCOUNTS, 2)
    outcomes = reader.sync_well("deletions", "customers")
    assert "all keys are compared" in str(only(outcomes, "deletions").message)
    assert "it may need the right to retrieve deleted records" in str(only(outcomes, "customers").message)
    assert [row(reader, key) for key in gone] == [[(True,)], [(True,)]]
    # As long as it is hidden, the sweep does the work, and nobody is told each hour.
    reader.clock.advance(hours=1)
    remove(reader, ACCOUNTS, 2)
    assert only(reader.sync_well("deletions", "customers"), "deletions").message is None
    reader.clock.advance(days=8)
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []
    # And the right comes back.
    reader.simulator.rights.clear()
    remove(reader, ACCOUNTS, 1)
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []


def test_a_log_that_may_not_be_read_stops_nothing_else(reader: Deployment) -> None:
    """F29: 403; the sweeps see what goes."""
    reader.simulator.rights.forbid("sync/Deleted")
    remove(reader, ACCOUNTS)
    outcomes = reader.sync_well("deletions", "customers")
    assert only(outcomes, "deletions").status == "unavailable"
    assert only(outcomes, "customers").status == "ok"
    reader.clock.advance(days=8)
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []


def test_deletions_that_never_got_into_the_log_are_seen_within_a_week(reader: Deployment) -> None:
    """F29: a gap that nothing tells of."""
    remove_unseen(reader, ACCOUNTS, 2)
    reader.sync_well("deletions", "customers")
    reader.clock.advance(days=7, hours=1)
    outcome = only(reader.sync_well("deletions", "customers"), "customers")
    assert outcome.tally.deleted == 2
    assert reader.differences("customers") == []


def test_a_log_not_read_for_two_months_leads_to_comparing_all_keys(reader: Deployment) -> None:
    """F29: Exact has forgotten what it said meanwhile, while the rest was read every day."""
    remove(reader, ACCOUNTS, 3)
    for _ in range(4):
        reader.clock.advance(days=16)
        reader.sync("customers")
    outcomes = reader.sync_well("deletions", "customers")
    assert "older than Exact's log of deletions" in str(only(outcomes, "deletions").message)
    assert reader.differences("customers") == []


def test_a_resource_that_was_off_for_a_while_misses_no_deletion(reader: Deployment) -> None:
    """Nobody told its table of what the log said then."""
    sections = dict(reader.settings.resources)
    section = type(reader.settings.resource("customers"))
    restart(reader, resources=sections | {"customers": section(enabled=False)})
    remove(reader, ACCOUNTS, 3)
    for _ in range(2):
        reader.sync_well("deletions")
        reader.clock.advance(days=5)
    restart(reader, resources=sections)
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []


def test_nor_does_one_that_was_off_for_a_day(reader: Deployment) -> None:
    """The log is read on meanwhile, farther than it is read again."""
    sections = dict(reader.settings.resources)
    section = type(reader.settings.resource("customers"))
    restart(reader, resources=sections | {"customers": section(enabled=False)})
    remove(reader, ACCOUNTS, 3)
    for _ in range(4):
        reader.sync_well("deletions")
        reader.clock.advance(hours=6)
        remove(reader, "logistics/Items")
    restart(reader, resources=sections)
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []
    reader.clock.advance(hours=1)
    reader.sync_well("deletions", "customers")
    assert checkpoint(reader, "customers")["sweep_wanted"] is False


def test_old_entries_that_exact_forgets_are_no_gap(reader: Deployment) -> None:
    """The log keeps two months; ours stays."""
    remove(reader, ACCOUNTS)
    for _ in range(5):
        assert only(reader.sync_well("deletions"), "deletions").message is None
        reader.clock.advance(days=16)
    assert sql(reader, "SELECT count(*) FROM exact.deletions") == [(1,)]
    assert checkpoint(reader, "customers")["sweep_wanted"] is False
