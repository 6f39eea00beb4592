"""Reading through Exact's Sync API: F26, and what else may happen to a reader of row versions."""

import random

import pytest

from exact_sync.simulator.edits import change_record, new_record
from exact_sync.simulator.feeds import Feeds
from tests.deployment import DIVISION, Deployment
from tests.facts import checkpoint, only, sql
from tests.feeds import (
    ACCOUNTS,
    FEED,
    FEEDS,
    begin,
    change,
    commit_late,
    remove_unseen,
    renumber,
    row_version,
    small_pages,
)

LIVE = "SELECT count(*) FROM exact.customers WHERE _deleted_at IS NULL"


@pytest.fixture
def reader(deployment: Deployment) -> Deployment:
    """Reads the customers by row version, and has read them once."""
    return begin(deployment, "customers")


def standing(deployment: Deployment, name: str = "customers") -> dict[str, object]:
    resume = checkpoint(deployment, name)["resume"]
    assert resume is not None
    return dict(resume["standing"])


def test_an_idle_run_costs_one_call_for_each_feed(deployment: Deployment) -> None:
    reader = begin(deployment, *FEEDS)
    for _ in range(3):
        reader.simulator.stats.reset()
        outcomes = reader.sync_well("deletions", *FEEDS)
        assert {outcome.resource: outcome.tally.calls for outcome in outcomes} == dict.fromkeys(
            ("deletions", *FEEDS), 1
        )
        assert sum(outcome.tally.written for outcome in outcomes) == 0
        reader.clock.advance(hours=1)


# What is committed late.


def test_a_row_that_is_committed_late_is_not_missed(reader: Deployment) -> None:
    """F26: it took its version before rows that were read long ago."""
    record = new_record(reader.books, DIVISION, ACCOUNTS, random.Random(1))
    with commit_late(reader, ACCOUNTS, record):
        change(reader, 3)
        reader.sync_well("customers")
        reader.clock.advance(minutes=14)
    reader.sync_well("customers")
    assert reader.differences("customers") == []


def test_a_row_that_is_committed_late_below_one_that_stays_the_last_is_not_missed(reader: Deployment) -> None:
    """F26: nothing else happens for hours, and it may be read in any of them."""
    record = new_record(reader.books, DIVISION, ACCOUNTS, random.Random(1))
    with commit_late(reader, ACCOUNTS, record):
        change(reader, 3)
        for _ in range(3):
            reader.sync_well("customers")
            reader.clock.advance(minutes=4)
    reader.clock.advance(hours=5)
    reader.sync_well("customers")
    assert reader.differences("customers") == []


def test_a_row_that_is_committed_between_two_pages_is_not_missed(reader: Deployment) -> None:
    """F26: below the page that is under way."""
    record = new_record(reader.books, DIVISION, ACCOUNTS, random.Random(1))
    with small_pages(10):
        late = commit_late(reader, ACCOUNTS, record)
        late.__enter__()
        change(reader, 25)
        reader.simulator.faults.add(
            "hook", path=FEED, after=1, hook=lambda _: late.__exit__(None, None, None), when="after"
        )
        reader.sync_well("customers")
        assert reader.differences("customers") != []
        reader.clock.advance(minutes=15)
        reader.sync_well("customers")
    assert reader.differences("customers") == []


def test_a_deletion_that_is_committed_late_is_not_missed(reader: Deployment) -> None:
    """F30: in the log it stands below one that was read before."""
    table, log = reader.table(ACCOUNTS), reader.books.feeds(DIVISION).deleted
    first, second = sorted(table.rows)[:2]
    log.recording = False
    table.delete(first)
    log.recording = True
    version = log.counter.take()
    table.delete(second)
    reader.sync_well("deletions", "customers")
    reader.clock.advance(minutes=10)
    log.add(2, first)
    log._entries[-1]["Timestamp"] = version
    log._versions.insert(0, version)
    log._versions.pop()
    log._entries.insert(0, log._entries.pop())
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []


# Numbers.


@pytest.mark.parametrize("is_odd", [False, True])
def test_versions_above_2_to_the_53_are_exact(reader: Deployment, is_odd: bool) -> None:
    """F26: where a double would round them, neighbours would become one; so it is on an odd page."""
    if is_odd:
        reader.simulator.faults.add("new_field", path="sync/", times=None)
    reader.table(ACCOUNTS).log.counter.jump(2**53)
    change(reader, 5)
    reader.sync_well("customers")
    stored = dict(sql(reader, "SELECT id, _version FROM exact.customers"))
    assert stored == {key: row_version(reader, ACCOUNTS, key) for key in stored}
    assert standing(reader)["highest"] == max(stored.values()) == 2**53 + 5
    reader.clock.advance(hours=1)
    change(reader, 5, seed=2)
    assert only(reader.sync_well("customers"), "customers").tally.updated == 5
    assert reader.differences("customers") == []


def test_versions_out_of_order_are_read_all_the_same(
    reader: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F26: the position is the highest version of a page, not its last one."""
    in_order = Feeds.changed_after
    monkeypatch.setattr(Feeds, "changed_after", lambda *where: reversed(list(in_order(*where))))
    change(reader, 5)
    reader.sync_well("customers")
    assert standing(reader)["highest"] == max(reader.table(ACCOUNTS).versions.values())
    reader.clock.advance(hours=1)
    assert reader.sync_well("customers")[0].tally.written == 0
    assert reader.differences("customers") == []


def test_an_older_version_never_overwrites_a_newer_one(reader: Deployment) -> None:
    """F26: Exact's pages may come from a copy that lags behind."""
    key = sorted(reader.table(ACCOUNTS).rows)[0]
    old = row_version(reader, ACCOUNTS, key)
    reader.table(ACCOUNTS).change(key, Name="newest")
    reader.sync_well("customers")
    reader.clock.advance(minutes=5)
    values = {"Timestamp": f'"{old}"', "Name": '"oldest"'}
    rule = reader.simulator.faults.add("value", path=FEED, key=str(key), values=values)
    reader.sync_well("customers")
    assert rule.used == 1
    assert reader.differences("customers") == []


# Everything anew.


@pytest.mark.parametrize(
    ("name", "announced", "where"),
    [
        ("customers", True, "below"),
        ("gl_accounts", True, "above"),
        ("customers", False, "below"),
        ("transaction_lines", False, "above"),
    ],
)
def test_a_division_that_moves_is_read_anew_and_ends_equal(
    deployment: Deployment, name: str, announced: bool, where: str
) -> None:
    """F26: all rows get other versions, and the log of deletions begins anew."""
    reader = begin(deployment, name)
    table = reader.table(FEEDS[name])
    removed = table.delete(sorted(table.rows)[0])
    reader.sync_well("deletions", name)
    reader.clock.advance(minutes=30)
    gone, changed = sorted(table.rows)[:2]
    table.delete(gone)
    table.change(changed, Description="moved") if name != "customers" else table.change(changed, Name="moved")
    last = reader.books.feeds(DIVISION).counter.last
    reader.books.move_division(DIVISION, first=100 if where == "below" else last + 1000, announced=announced)
    outcomes = reader.sync_well("divisions", "deletions", name)
    message, log = (str(only(outcomes, which).message) for which in (name, "deletions"))
    if announced:
        assert "moved to another database at Exact: everything is read again" in message
    elif where == "below":
        assert "Exact numbers its rows anew: everything is read again" in message
    assert "all keys are compared" in log
    assert reader.differences(name) == []
    # From then on as usual.
    reader.clock.advance(hours=1)
    again = reader.sync_well("divisions", "deletions", name)
    assert {o.resource: o.tally.calls for o in again} == {"divisions": 1, "deletions": 1, name: 1}
    table.insert(removed | {"Created": None, "Modified": None})
    reader.sync_well("divisions", "deletions", name)
    assert reader.differences(name) == []
    table.delete(sorted(table.rows)[0])
    reader.sync_well("divisions", "deletions", name)
    assert reader.differences(name) == []


def test_a_move_right_after_a_first_reading_is_seen_by_the_lower_versions(deployment: Deployment) -> None:
    """Nothing is settled yet, so all rows come again: with other numbers."""
    reader = begin(deployment, "customers")
    table = reader.table(ACCOUNTS)
    table.change(sorted(table.rows)[1], Name="moved")
    reader.books.move_division(DIVISION, first=100, announced=False)
    outcome = only(reader.sync_well("divisions", "deletions", "customers"), "customers")
    assert "Exact numbers its rows anew: everything is read again" in str(outcome.message)
    assert reader.differences("customers") == []


def test_a_move_right_after_a_first_reading_is_seen_though_the_last_row_has_gone(reader: Deployment) -> None:
    """What comes now is the lowest that is here, and is at Exact with just that version."""
    table = reader.table(ACCOUNTS)
    table.delete(sorted(table.rows)[0])
    reader.sync_well("deletions")
    table.delete(max(table.rows, key=table.versions.__getitem__))
    reader.books.move_division(DIVISION, first=100, announced=False)
    table.delete(sorted(table.rows)[0])
    outcomes = reader.sync_well("deletions", "customers")
    for outcome in outcomes:
        assert "Exact numbers its rows anew: everything is read again" in str(outcome.message)
    assert reader.differences("customers") == []
    change(reader)
    table.delete(sorted(table.rows)[0])
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []
    assert reader.differences("deletions", deleted=False) == []


def test_a_checkpoint_older_than_the_log_of_deletions_leads_to_a_full_read(reader: Deployment) -> None:
    """F29: what was deleted and forgotten meanwhile, nobody tells any more."""
    reader.table(ACCOUNTS).delete(sorted(reader.table(ACCOUNTS).rows)[0])
    change(reader, 2)
    reader.clock.advance(days=63)
    reader.sign_in()
    outcomes = reader.sync_well("deletions", "customers")
    for outcome in outcomes:
        assert "older than Exact's log of deletions: everything is read again" in str(outcome.message)
    assert reader.differences("customers") == []
    reader.clock.advance(days=1)
    assert [outcome.message for outcome in reader.sync_well("deletions", "customers")] == [None, None]


def test_a_reading_that_breaks_off_goes_on_where_it_was_and_still_buries(reader: Deployment) -> None:
    """What came before the break counts as seen."""
    gone = remove_unseen(reader, ACCOUNTS, 2)
    with small_pages(10):
        reader.simulator.faults.add("status", status=500, path=FEED, after=2, times=None)
        broken = only(reader.sync("customers", full=True), "customers")
        assert (broken.status, broken.tally.records, broken.tally.deleted) == ("later", 20, 0)
        reader.simulator.faults.clear()
        reader.simulator.stats.reset()
        reader.clock.advance(minutes=5)
        rest = only(reader.sync_well("customers"), "customers")
    assert (rest.tally.records, rest.tally.calls) == (18, 2)
    assert rest.tally.deleted == len(gone)
    assert reader.differences("customers") == []


def test_a_reading_that_breaks_off_and_finds_the_division_moved_begins_again(reader: Deployment) -> None:
    """A link into the old database leads nowhere in the new one."""
    with small_pages(10):
        reader.simulator.faults.add("status", status=500, path=FEED, after=2, times=None)
        reader.sync("customers", full=True)
        reader.simulator.faults.clear()
        reader.books.move_division(DIVISION)
        remove_unseen(reader, ACCOUNTS, 3, from_the_end=True)
        reader.sync_well("divisions", "customers")
    assert reader.differences("customers") == []


def test_a_restored_backup_is_noticed(reader: Deployment) -> None:
    """F26: the last changes are undone, and the rows have their older versions again."""
    table = reader.table(ACCOUNTS)
    keys = sorted(table.rows, key=table.versions.__getitem__)[-3:]
    before = [(table.rows[key], table.versions[key]) for key in keys]
    for key in keys:
        table.change(key, Name="to be undone")
    reader.sync_well("customers")
    reader.clock.advance(hours=1)
    for key, (row, version) in zip(keys, before, strict=True):
        table.change(key, **row)
        renumber(table, key, version)
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []


@pytest.mark.parametrize("stored", ['"text"', "[1, 2]"])
def test_a_position_that_is_none_only_costs_a_new_beginning(reader: Deployment, stored: str) -> None:
    """F27; of the log, too."""
    names = ("resume", "quirks", "sweep", "progress")
    written = ", ".join(f"{name} = CAST(:stored AS jsonb)" for name in names)
    sql(reader, f"UPDATE exact_sync.checkpoint SET {written} WHERE division <> 0", stored=stored)
    change(reader)
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []


def test_the_last_row_goes_without_a_word_in_the_log(reader: Deployment) -> None:
    """A reading meets it each time, so all keys are compared at once; and only once."""
    remove_unseen(reader, ACCOUNTS, 1, from_the_end=True)
    assert only(reader.sync_well("deletions", "customers"), "customers").tally.deleted == 1
    assert reader.differences("customers") == []
    reader.clock.advance(hours=1)
    assert only(reader.sync_well("deletions", "customers"), "customers").tally.calls == 1


@pytest.mark.parametrize("name", ["customers", "transaction_lines"])
@pytest.mark.parametrize("times", [1, None])
def test_a_page_without_any_version_stops_nothing(
    deployment: Deployment, name: str, times: int | None
) -> None:
    """F33: its rows go in, and what was written meanwhile is there when versions come again."""
    reader = begin(deployment, name)
    for full in (False, True, False):
        reader.simulator.faults.add("missing_field", path="sync/", name="Timestamp", times=times)
        dice = random.Random(7)
        for key in dice.sample(sorted(reader.table(FEEDS[name]).rows), 3):
            change_record(reader.books, DIVISION, FEEDS[name], key, dice)
        outcome = only(reader.sync_well(name, full=full), name)
        assert outcome.status == "ok"
        assert reader.differences(name) == []
        reader.simulator.faults.clear()
        reader.clock.advance(hours=1)
        reader.sync_well(name)
        assert reader.differences(name) == []
        reader.clock.advance(hours=1)
    assert only(reader.sync_well(name), name).tally.written == 0
