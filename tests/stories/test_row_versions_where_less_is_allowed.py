"""Row versions where a site allows less: no right, no Sync API, fewer fields, another strategy."""

import random
from datetime import date

import pytest

from exact_sync.simulator.edits import change_record
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, Deployment
from tests.facts import command, line, only, sql
from tests.feeds import (
    ACCOUNTS,
    FEED,
    FEEDS,
    begin,
    change,
    read_by,
    remove_unseen,
    small_pages,
)

LIVE = "SELECT count(*) FROM exact.customers WHERE _deleted_at IS NULL"


@pytest.fixture
def reader(deployment: Deployment) -> Deployment:
    """Reads the customers by row version, and has read them once."""
    return begin(deployment, "customers")


# Rights.


@pytest.mark.parametrize("name", ["customers", "transaction_lines"])
def test_a_feed_without_rights_is_suspect_and_deletes_nothing(deployment: Deployment, name: str) -> None:
    """F28: exit 1 the first time, then 0; and all is well when the right is back."""
    reader = begin(deployment, name)
    reader.simulator.rights.hide(FEEDS[name])
    outcomes = reader.sync("deletions", name)
    assert (exit_code(outcomes), only(outcomes, name).status) == (1, "suspect")
    reader.clock.advance(hours=1)
    outcomes = reader.sync("deletions", name)
    assert (exit_code(outcomes), only(outcomes, name).status) == (0, "suspect")
    assert sql(reader, f"SELECT count(*) FROM exact.{name} WHERE _deleted_at IS NOT NULL") == [(0,)]
    reader.simulator.rights.clear()
    reader.edit(1, paths=["financialtransaction/Transactions", ACCOUNTS, "financial/GLAccounts"])
    reader.clock.advance(hours=1)
    reader.sync("deletions", name)
    assert reader.differences(name) == []
    reader.clock.advance(days=1)  # then all keys are compared
    reader.sync_well("deletions", name)
    assert line(reader, name).outcome == "ok"
    assert reader.differences(name) == []


def test_what_a_person_accepts_is_taken_over(reader: Deployment) -> None:
    """F28: all customers are really gone, and no log says so."""
    remove_unseen(reader, ACCOUNTS, 40)
    assert exit_code(reader.sync("customers")) == 1
    assert sql(reader, LIVE) == [(40,)]
    assert command(reader, "accept", "customers") == 0
    reader.sync_well("customers")
    assert sql(reader, LIVE) == [(0,)]
    reader.clock.advance(hours=1)
    assert reader.sync_well("customers")[0].tally.calls == 1


def test_a_site_that_refuses_the_sync_api_is_read_otherwise_and_asked_again_after_a_month(
    reader: Deployment,
) -> None:
    reader.simulator.rights.forbid(FEED)
    change(reader, 3)
    outcome = reader.sync_well("customers")[0]
    assert f"{FEED} is refused here" in str(outcome.message)
    assert line(reader, "customers").strategy == "modified"
    assert reader.differences("customers") == []
    reader.simulator.stats.reset()
    for _ in range(3):
        reader.clock.advance(hours=1)
        change(reader, 3, seed=2)
        assert reader.sync_well("customers")[0].message is None
        assert reader.differences("customers") == []
    assert reader.calls("sync/") == 0
    reader.simulator.rights.clear()
    reader.clock.advance(days=28)
    reader.sync_well("customers")
    assert reader.calls("sync/") == 0
    reader.clock.advance(days=3)
    reader.sync_well("customers")
    assert line(reader, "customers").strategy == "row_version"
    assert reader.differences("customers") == []
    reader.clock.advance(hours=1)
    assert reader.sync_well("customers")[0].tally.calls == 1


def test_a_right_that_is_lost_while_a_feed_is_read_makes_no_site_without_the_sync_api(
    reader: Deployment,
) -> None:
    with small_pages(10):
        change(reader, 25)
        refusal = reader.simulator.faults.add("status", path=FEED, status=403, after=1, times=None)
        assert only(reader.sync("customers"), "customers").status == "unavailable"
        reader.simulator.faults.remove(refusal)
    reader.clock.advance(days=1)
    reader.sync_well("customers")
    assert line(reader, "customers").strategy == "row_version"
    assert reader.differences("customers") == []


# What is asked for.


def test_a_start_date_leaves_older_ledger_lines_out(deployment: Deployment) -> None:
    """The feed can't be asked to, so they are left out here; a line that moves across the date follows."""
    start = date(2025, 7, 1)
    read_by(deployment, "row_version", "transaction_lines", start_date=start)
    table = deployment.table(FEEDS["transaction_lines"])

    def check() -> None:
        wanted = {(key, row["Date"].date()) for key, row in table.rows.items() if row["Date"].date() >= start}
        assert 0 < len(wanted) < len(table)
        live = "SELECT id, date FROM exact.transaction_lines WHERE _deleted_at IS NULL"
        assert set(sql(deployment, live)) == wanted

    deployment.sync_well("deletions", "transaction_lines")
    check()
    deployment.clock.advance(hours=1)
    by_date = sorted(table.rows, key=lambda key: table.rows[key]["Date"])
    oldest, newest = table.rows[by_date[0]]["Date"], table.rows[by_date[-1]]["Date"]
    table.change(by_date[0], Date=newest)
    table.change(by_date[-1], Date=oldest)
    table.delete(by_date[1])
    table.delete(by_date[-2])
    deployment.sync_well("deletions", "transaction_lines")
    check()
    deployment.clock.advance(days=8)  # a sweep
    deployment.sync_well("deletions", "transaction_lines")
    check()


def test_what_a_feed_lacks_is_empty_and_nothing_else(deployment: Deployment) -> None:
    """And it is there again when another strategy reads it."""
    resource = deployment.service.mirrored["items"]
    assert resource.feed is not None
    columns = [resource.by_property[name].name for name in sorted(resource.feed.lacks)]
    filled = f"SELECT count(*) FROM exact.items WHERE num_nonnulls({', '.join(columns)}) > 0"
    read_by(deployment, "row_version", "items")
    deployment.sync_well("items")
    assert sql(deployment, filled) == [(0,)]
    assert deployment.differences("items") == []
    deployment.clock.advance(hours=1)
    read_by(deployment, "modified", "items")
    deployment.sync_well("items")
    assert deployment.differences("items") == []
    assert sql(deployment, filled) != [(0,)]


@pytest.mark.parametrize(
    ("name", "strategies"),
    [
        ("customers", "modified row_version snapshot modified snapshot row_version"),
        ("items", "modified row_version"),
    ],
)
def test_another_strategy_keeps_the_table_and_needs_no_manual_step(
    deployment: Deployment, name: str, strategies: str
) -> None:
    """From each to each; what was changed and removed meanwhile included."""
    path = {"items": "logistics/Items", "customers": ACCOUNTS}[name]
    read_by(deployment, "row_version", name)
    deployment.sync_well("deletions", name)
    dice = random.Random(1)
    for strategy in strategies.split():
        deployment.clock.advance(hours=1)
        table = deployment.table(path)
        remove_unseen(deployment, path, 1)
        table.delete(sorted(table.rows)[0])
        change_record(deployment.books, DIVISION, path, sorted(table.rows)[0], dice)
        read_by(deployment, strategy, name)
        outcome = only(deployment.sync_well("deletions", name), name)
        assert "the strategy was changed from" in str(outcome.message)
        assert outcome.tally.inserted == 0
        assert line(deployment, name).strategy == strategy
        assert deployment.differences(name) == []
        deployment.clock.advance(hours=1)
        again = only(deployment.sync_well("deletions", name), name)
        assert (again.message, again.tally.written) == (None, 0)
