"""Rows change, come and go between two pages: F21; many share one Modified: F22; some are late: F23."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from exact_sync.exact.sending import Patience
from exact_sync.simulator import Simulator
from exact_sync.simulator.edits import new_record, random_edits
from exact_sync.sync import cursors
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.facts import cursor, only, quarantined, sql

COUNTS = TINY | {
    "crm/Accounts": 130, "documents/Documents": 130, "documents/DocumentAttachments": 130,
    "financialtransaction/Transactions": 200,
}  # fmt: skip
PATHS = {
    "customers": "crm/Accounts",
    "documents": "documents/Documents",
    "document_attachments": "documents/DocumentAttachments",
    "financial_transactions": "financialtransaction/Transactions",
}


@pytest.fixture
def paged(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> Iterator[Deployment]:
    """Several pages of each strategy, because bulk is refused; each may take as long as it likes."""
    patience = Patience(whole_answer=1e6)
    with Deployment(simulator, database_url, clock, tmp_path, counts=COUNTS, patience=patience) as deployment:
        simulator.faults.add("refuse_bulk", times=None)
        yield deployment


def edit_between_pages(deployment: Deployment, seed: int, when: str) -> None:
    """People at work: before (or after) each page is read from the books, a few rows are edited.

    A page takes twenty minutes, so that the overlap does not cover what the reading passes over.
    """
    rng = random.Random(seed)

    def edit(context: object) -> None:
        deployment.clock.advance(minutes=20)
        random_edits(deployment.books, DIVISION, rng, 0.04, paths=PATHS.values())

    deployment.simulator.faults.add("hook", hook=edit, when=when, times=None)


@pytest.mark.parametrize("when", ["before", "after"])
def test_edits_between_the_pages_are_all_there_after_the_next_cycle(paged: Deployment, when: str) -> None:
    """F21, during the first reading and during a later one."""
    for seed in (1, 2):
        edit_between_pages(paged, seed, when)
        paged.sync_well(*PATHS)
        paged.simulator.faults.clear()
        paged.clock.advance(hours=7)
        paged.sync_well(*PATHS)
        assert paged.differences("customers", "documents", deleted=False) == []
        assert paged.differences("document_attachments", "financial_transactions") == []
        paged.edit(seed + 100, paths=PATHS.values())
    assert paged.violations() == {}


def test_an_entry_that_moves_to_another_date_while_windows_are_read_is_neither_lost_nor_deleted(
    paged: Deployment,
) -> None:
    """F21: it leaves a window that is still to come for one that was read already, and back."""
    table = paged.table(PATHS["financial_transactions"])
    old = min(table.rows.values(), key=lambda row: row["Date"])
    new = max(table.rows.values(), key=lambda row: row["Date"])

    def swap(context: object) -> None:
        paged.clock.advance(seconds=5)
        for row in (old, new):
            there = table.rows[row["EntryID"]]["Date"]
            table.change(row["EntryID"], Date=new["Date"] if there == old["Date"] else old["Date"])

    paged.simulator.faults.add("hook", path="Transactions", query="StatusDescription", hook=swap, times=3)
    paged.sync_well("financial_transactions")
    paged.sync_well("financial_transactions")
    assert paged.differences("financial_transactions") == []
    swap(None)
    paged.simulator.faults.add("hook", path="Transactions", query="StatusDescription", hook=swap, times=3)
    paged.sync_well("financial_transactions")
    paged.sync_well("financial_transactions")
    assert paged.differences("financial_transactions") == []


def test_a_ledger_that_was_empty_is_cut_into_windows_when_there_is_something(
    paged: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one window would hold all of it, and be read again whole."""
    monkeypatch.setattr(cursors, "WINDOW_RECORDS", 50)
    table = paged.table(PATHS["financial_transactions"])
    gone = [table.delete(key) for key in sorted(table.rows)]
    paged.sync_well("financial_transactions")
    for record in gone:
        table.insert(record)
    paged.sync_well("financial_transactions")
    assert paged.differences("financial_transactions") == []
    assert sql(paged, "SELECT count(*) > 3 FROM exact_sync.window") == [(True,)]


def test_entries_that_moved_into_the_window_before_theirs_are_not_buried_with_their_own(
    paged: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each window looks at what is here when the one before it has been written."""
    monkeypatch.setattr(cursors, "WINDOW_RECORDS", 20)
    name = "financial_transactions"
    paged.sync_well(name)
    table, months = paged.table(PATHS[name]), {}
    for row in table.rows.values():
        months[f"{row['Date']:%Y-%m}"] = row
    for older, newer in pairwise(row for _, row in sorted(months.items())):
        table.change(older["EntryID"], Date=newer["Date"])
    assert only(paged.sync(name, full=True), name).tally.deleted == 0
    assert paged.differences(name) == []


@pytest.mark.parametrize(
    ("mover", "when", "odd"),
    [(-1, "before", {}), (0, "after", {}), (0, "after", {"EntryNumber": "{}"})],
    ids=["still to come", "read already", "read already, unreadable"],
)
def test_an_entry_that_moves_into_another_window_while_they_are_read_is_not_buried(
    paged: Deployment, monkeypatch: pytest.MonkeyPatch, mover: int, when: str, odd: dict[str, str]
) -> None:
    """F21: though it was missed in its own, and in both if the other was read already."""
    monkeypatch.setattr(cursors, "WINDOW_RECORDS", 20)
    name = "financial_transactions"
    paged.sync_well(name)
    table, faults = paged.table(PATHS[name]), paged.simulator.faults
    rows = sorted(table.rows.values(), key=lambda row: row["Date"])
    key, date = rows[mover]["EntryID"], rows[-1 - mover]["Date"]

    def move(context: object) -> None:
        table.change(key, Date=date)

    faults.add("hook", path="Transactions", query="StatusDescription", hook=move, when=when)
    faults.add("value", path="Transactions", key=str(key), values=odd, times=None)
    assert only(paged.sync(name, full=True), name).tally.deleted == 0
    assert [*quarantined(paged, name)] == ([str(key)] if odd else [])
    assert paged.differences(name) == [] or odd


def test_a_window_that_broke_off_goes_on_and_the_rows_of_its_first_pages_are_not_gone(
    paged: Deployment,
) -> None:
    """And what looks newer here than at Exact gives way in the run that goes on, too."""
    name = "financial_transactions"
    paged.sync_well(name)
    sql(paged, f"UPDATE exact.{name} SET modified = modified + interval '1 day', description = 'newer'")
    faults = paged.simulator.faults
    faults.add("status", path="Transactions", query="skiptoken", after=2, times=None, status=503)
    assert only(paged.sync(name, full=True), name).status == "later"
    faults.clear()
    paged.clock.advance(hours=1)
    paged.simulator.stats.reset()
    assert only(paged.sync_well(name), name).tally.deleted == 0
    assert paged.calls("Transactions") == 3  # what was changed, the last page, and the count
    assert paged.differences(name) == []


@pytest.mark.parametrize("refused", [False, True], ids=["bulk", "pages of 60"])
def test_five_hundred_rows_with_one_modified_are_read_once_and_not_for_ever(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path, refused: bool
) -> None:
    """F22: a job touches 500 records in one moment; no overlap hides what is passed over."""
    counts, zero = TINY | {"documents/Documents": 520}, timedelta()
    with Deployment(simulator, database_url, clock, tmp_path, counts=counts, overlap=zero) as deployment:
        if refused:
            simulator.faults.add("refuse_bulk", times=None)
        deployment.sync_well("documents")
        clock.advance(hours=2)
        table = deployment.table("documents/Documents")
        for key in sorted(table.rows)[:500]:
            table.change(key, Subject="touched by a job")
        assert only(deployment.sync_well("documents"), "documents").tally.updated == 500
        # One of them changes again within the same moment: `gt` would lose it.
        table.change(sorted(table.rows)[250], Subject="and again")
        deployment.sync_well("documents")
        assert deployment.differences("documents") == []
        clock.advance(hours=1, minutes=16)
        deployment.sync_well("documents")
        outcome = only(deployment.sync_well("documents"), "documents")
        assert (outcome.tally.calls, outcome.tally.records) == (1, 0)


LATE = {"customers": "crm/Accounts", "items": "logistics/Items", "payments": "cashflow/Payments",
        "financial_transactions": "financialtransaction/Transactions"}  # fmt: skip


def insert_late(deployment: Deployment, path: str, modified: datetime, seed: int) -> None:
    """A row that becomes visible now, with a Modified of then."""
    record = new_record(deployment.books, DIVISION, path, random.Random(seed))
    deployment.table(path).insert(record, created=modified, modified=modified)


@pytest.mark.parametrize("pause", [timedelta(minutes=1), timedelta(hours=3)], ids=["soon", "later"])
@pytest.mark.parametrize(("name", "path"), LATE.items())
def test_a_row_that_was_committed_ten_minutes_late_is_found(
    deployment: Deployment, name: str, path: str, pause: timedelta
) -> None:
    """F23, right after a change was read, and after a run that found nothing new."""
    deployment.sync_well(name)
    table = deployment.table(path)
    key = next(iter(table.rows))
    for seed in range(2):
        table.change(key, Description=f"now {seed}") if name != "customers" else table.change(key, Name="now")
        deployment.sync_well(name)
        before = cursor(deployment, name)
        assert before is not None
        deployment.clock.advance(seconds=pause.total_seconds())
        insert_late(deployment, path, before - timedelta(minutes=10), seed)
        deployment.sync_well(name)
        assert deployment.differences(name) == []
        # After a run that saw nothing new the cursor has followed Exact's clock, not past the late ones.
        deployment.clock.advance(hours=5)
        deployment.sync_well(name)
        insert_late(deployment, path, deployment.books.clock.wall() - timedelta(minutes=10), seed + 10)
        deployment.clock.advance(minutes=1)
        deployment.sync_well(name)
        assert deployment.differences(name) == []


def test_what_is_deleted_and_comes_back_with_the_same_id_lives_again(deployment: Deployment) -> None:
    """F30, where deletions are seen already."""
    names = {"journals": "financial/Journals", "document_attachments": PATHS["document_attachments"],
             "financial_transactions": PATHS["financial_transactions"]}  # fmt: skip
    deployment.sync_well(*names)
    gone = {}
    for path in names.values():
        table = deployment.table(path)
        gone[path] = table.delete(next(iter(table.rows)))
    deployment.clock.advance(hours=7)
    deployment.sync_well(*names)
    assert deployment.differences(*names) == []
    for name in names:
        assert sql(deployment, f"SELECT count(*) FROM exact.{name} WHERE _deleted_at IS NOT NULL") == [(1,)]
    for path, record in gone.items():
        deployment.table(path).insert(record)
    deployment.clock.advance(hours=7)
    deployment.sync_well(*names)
    assert deployment.differences(*names) == []
    for name in names:
        assert sql(deployment, f"SELECT count(*) FROM exact.{name} WHERE _deleted_at IS NOT NULL") == [(0,)]
    assert deployment.violations() == {}


def test_a_list_of_which_one_went_and_another_came_is_as_long_as_before(deployment: Deployment) -> None:
    """And the one that went is gone here, too."""
    table = deployment.table("financial/Journals")
    deployment.sync_well("journals")
    table.delete(max(table.rows))
    table.insert(new_record(deployment.books, DIVISION, "financial/Journals", random.Random(1)))
    outcome = only(deployment.sync_well("journals"), "journals")
    assert (outcome.tally.inserted, outcome.tally.deleted) == (1, 1)
