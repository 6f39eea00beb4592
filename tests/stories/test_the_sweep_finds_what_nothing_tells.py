"""The sweep: once a week every key at Exact against every key here; F28, F29."""

import random
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from exact_sync.config import ResourceSettings
from exact_sync.simulator import Simulator
from exact_sync.simulator.edits import insert_record
from exact_sync.sync import standing
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.facts import checkpoint, command, found_other, line, only, quarantined, restart, sql
from tests.feeds import read_by, remove_unseen, small_pages

ACCOUNTS, BULK = "crm/Accounts", "bulk/CRM/Accounts"
LIVE = "SELECT count(*) FROM exact.customers WHERE _deleted_at IS NULL"
A_WEEK = {"days": 7, "hours": 1}


def keys(deployment: Deployment) -> list[Any]:
    """Of the customers, the one that was written first first (a cursor never looks there again)."""
    table = deployment.table(ACCOUNTS)
    return sorted(table.rows, key=table.versions.__getitem__)


def run(deployment: Deployment, **duration: float) -> Any:
    """Let time pass; then a cycle of the customers, which must go well."""
    deployment.clock.advance(**duration)
    deployment.simulator.stats.reset()
    return only(deployment.sync_well("deletions", "customers"), "customers")


def trouble(deployment: Deployment) -> None:
    """An hour later the customers can't be read."""
    deployment.clock.advance(hours=1)
    rule = deployment.simulator.faults.add("status", path="Accounts", times=None, status=503)
    assert exit_code(deployment.sync("customers")) == 4
    deployment.simulator.faults.remove(rule)


by_each = pytest.mark.parametrize("reader", ["modified", "row_version"], indirect=True)


@pytest.fixture
def reader(
    deployment: Deployment, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    """Has read the customers once, and reads nothing again that is older than the last five."""
    monkeypatch.setattr(standing, "READ_AGAIN", 5)
    read_by(deployment, getattr(request, "param", "modified"), "customers")
    deployment.sync_well("divisions", "deletions", "customers")
    return deployment


def test_it_comes_once_a_week_and_costs_an_idle_cycle_nothing(reader: Deployment) -> None:
    calls = [run(reader, days=1).tally.calls for _ in range(15)]
    assert set(calls) == {1, 2}  # the question of each day, and the keys, a thousand a page
    swept = [day for day, count in enumerate(calls, 1) if count == 2]
    assert len(swept) >= 2
    assert swept[0] <= 8
    assert [later - day for day, later in pairwise(swept)] == [7] * (len(swept) - 1)
    assert reader.differences("customers") == []


def test_each_resource_of_each_division_has_a_time_of_its_own(deployment: Deployment) -> None:
    """So that the calls of a week don't fall on one hour."""
    found_other(deployment)
    names = ("customers", "contacts", "items")
    deployment.sync_well("divisions", *names)
    begun = deployment.clock.now()
    for _ in range(11):
        deployment.clock.advance(hours=16)
        deployment.sync_well(*names)
    query = "SELECT division, resource, swept_at FROM exact_sync.checkpoint WHERE swept_at > :begun"
    moments = {(code, name): at for code, name, at in sql(deployment, query, begun=begun)}
    assert len(moments) == 6
    assert len(set(moments.values())) >= 4
    assert max(moments.values()) - min(moments.values()) > timedelta(days=3)


def test_windows_that_are_read_again_every_few_hours_are_compared_all_the_same(
    deployment: Deployment,
) -> None:
    """That the recent ones were just read whole says nothing of the older ones; that all were, all."""
    name = "financial_transactions"
    deployment.sync_well("divisions", name)
    for _ in range(8):
        deployment.clock.advance(hours=23)
        deployment.sync_well(name)
    deployment.clock.advance(days=8)
    deployment.sync_well(name, full=True)
    asked = [call.query for call in deployment.simulator.stats.calls()]
    assert len([query for query in asked if "EntryID,Modified,Date&" in query and "$skip" not in query]) == 1


def test_it_finds_a_row_that_was_removed_here(reader: Deployment) -> None:
    sql(reader, "DELETE FROM exact.customers WHERE id = :key", key=keys(reader)[0])
    assert run(reader, hours=1).tally.inserted == 0
    outcome = run(reader, **A_WEEK)
    assert (outcome.tally.inserted, outcome.tally.calls) == (1, 3)
    assert reader.differences("customers") == []


@by_each
def test_it_finds_a_row_that_was_removed_at_exact_without_a_word(reader: Deployment) -> None:
    gone = remove_unseen(reader, ACCOUNTS, 2)
    assert run(reader, hours=1).tally.deleted == 0
    outcome = run(reader, **A_WEEK)
    assert outcome.tally.deleted == len(gone)
    assert "2 rows were gone that Exact's log of deletions did not name" in str(outcome.message)
    assert reader.differences("customers") == []


@by_each
def test_it_finds_a_row_that_is_older_here_and_that_no_cursor_will_bring(reader: Deployment) -> None:
    """Whatever set it back: a restored backup of ours, a hand."""
    change = "modified = modified - interval '1 day', name = 'old', _version = _version - 1"
    sql(reader, f"UPDATE exact.customers SET {change} WHERE id = :key", key=keys(reader)[0])
    assert run(reader, hours=1).tally.written == 0
    outcome = run(reader, **A_WEEK)
    assert (outcome.tally.updated, outcome.tally.calls) == (1, 3)
    assert reader.differences("customers") == []
    assert run(reader, **A_WEEK).tally.calls == 2  # its version is right, too: it is not fetched each week


@by_each
def test_it_finds_a_row_that_is_newer_here_than_at_exact(reader: Deployment) -> None:
    """Exact restored a backup, or a hand: what Exact has now counts, though it is older."""
    change = "modified = modified + interval '1 day', name = 'newer', _version = _version + 1"
    sql(reader, f"UPDATE exact.customers SET {change} WHERE id = :key", key=keys(reader)[0])
    assert run(reader, **A_WEEK).tally.updated == 1
    assert reader.differences("customers") == []


def test_it_fetches_few_by_key_and_many_by_reading_everything(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Payments have large pages: 140 of 160 missing cost two calls, not four."""
    table = deployment.table("cashflow/Payments")
    dice = random.Random(1)
    for _ in range(220):
        insert_record(deployment.books, DIVISION, "cashflow/Payments", dice)
    for _ in range(3):
        deployment.sync_well("divisions", "deletions", "payments")
        deployment.clock.advance(hours=2)
    for missing, message, expected in ((3, None, 2), (250, "much was missing: everything is read again", 3)):
        some = sorted(table.rows)[:missing]
        sql(deployment, "DELETE FROM exact.payments WHERE id = ANY(:keys)", keys=some)
        deployment.clock.advance(days=8)
        outcome = only(deployment.sync_well("deletions", "payments"), "payments")
        assert outcome.tally.inserted == missing
        assert outcome.message == message
        assert outcome.tally.calls <= expected + 2
        assert deployment.differences("payments") == []


@by_each
def test_it_goes_on_where_it_broke_off(reader: Deployment) -> None:
    """In a later run, and what came before the break is not asked for again."""
    remove_unseen(reader, ACCOUNTS, 2)
    sql(reader, "DELETE FROM exact.customers WHERE id = ANY(:keys)", keys=keys(reader)[20:22])
    is_feed = line(reader, "customers").strategy == "row_version"
    question = "$select=Timestamp,ID,Modified" if is_feed else "$select=ID,Modified"
    with small_pages(10):
        reader.clock.advance(**A_WEEK)
        reader.simulator.faults.add("status", status=500, query=question, after=2, times=None)
        broken = only(reader.sync("deletions", "customers"), "customers")
        assert broken.status == "later"
        assert checkpoint(reader, "customers")["sweep"] is not None
        assert sql(reader, "SELECT count(*) FROM exact.customers WHERE _deleted_at IS NOT NULL") == [(0,)]
        reader.simulator.faults.clear()
        run(reader, hours=1)
    assert len([call for call in reader.simulator.stats.calls() if question in unquote(call.query)]) == 2
    assert checkpoint(reader, "customers")["sweep"] is None
    assert reader.differences("customers") == []
    assert run(reader, hours=1).tally.calls == 1


@pytest.mark.parametrize(
    ("reader", "full", "question"),
    [
        ("modified", False, "$select=ID,Modified"),
        ("modified", True, "skiptoken"),
        ("row_version", True, "skiptoken"),
    ],
    indirect=["reader"],
)
def test_what_broke_off_does_not_go_on_after_another_reading_has_begun_and_failed(
    reader: Deployment, full: bool, question: str
) -> None:
    """What it had noted of its first pages is forgotten by then: their rows would look gone."""
    faults = reader.simulator.faults
    with small_pages(5):
        reader.clock.advance(**A_WEEK)
        faults.add("status", status=500, query=question, path="Accounts", after=not full, times=None)
        assert only(reader.sync("customers", full=full), "customers").status == "later"
        faults.clear()
        faults.add("status", status=500, path="Accounts", times=None)
        reader.clock.advance(hours=1)
        assert only(reader.sync("customers", full=True), "customers").status == "later"
        faults.clear()
        reader.clock.advance(hours=1)
        assert only(reader.sync_well("customers"), "customers").tally.deleted == 0
    assert reader.differences("customers") == []


def test_one_that_took_longer_is_not_begun_again_at_once(deployment: Deployment) -> None:
    """Of what no log of deletions tells, either: a long first load is compared at once, a sweep is not."""
    deployment.sync_well("payments")
    with small_pages(10):
        deployment.clock.advance(**A_WEEK)
        rule = deployment.simulator.faults.add(
            "status", status=500, query="$select=ID,Modified", after=2, times=None
        )
        assert only(deployment.sync("payments"), "payments").status == "later"
        deployment.simulator.faults.remove(rule)
        deployment.clock.advance(hours=1)
        deployment.sync_well("payments")
        assert checkpoint(deployment, "payments")["sweep"] is None
        deployment.clock.advance(hours=1)
        assert only(deployment.sync_well("payments"), "payments").tally.calls == 1


@by_each
def test_keys_in_quarantine_are_not_fetched_each_time(reader: Deployment) -> None:
    """They can't be had, this week or the next."""
    key = keys(reader)[-1]
    reader.table(ACCOUNTS).change(key, Name="unreadable")
    reader.simulator.faults.add(
        "value", path="CRM/Accounts", key=str(key), values={"CreditLineSales": '"much"'}, times=None
    )
    reader.sync("customers")
    assert set(quarantined(reader, "customers")) == {str(key)}
    outcomes = [run(reader, **A_WEEK) for _ in range(2)]
    assert [outcome.tally.calls for outcome in outcomes] == [2, 2]
    assert reader.calls("crm/Accounts") <= 1  # the question for changes
    reader.simulator.faults.clear()
    reader.table(ACCOUNTS).change(key, Name="readable")
    run(reader, hours=1)
    assert quarantined(reader, "customers") == {}
    assert reader.differences("customers") == []


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_a_list_of_keys_that_is_empty_or_much_smaller_deletes_nothing_until_a_person_accepts_it(
    reader: Deployment, share: float
) -> None:
    """F28: exit 1 the first time; what is new comes all the same; really gone, it takes `accept`."""
    remove_unseen(reader, ACCOUNTS, int(40 * share))
    reader.clock.advance(**A_WEEK)
    outcomes = reader.sync("deletions", "customers")
    assert (exit_code(outcomes), only(outcomes, "customers").status) == (1, "suspect")
    assert "exact-sync accept customers" in str(only(outcomes, "customers").hint)
    assert sql(reader, LIVE) == [(40,)]
    assert sql(reader, "SELECT * FROM exact_sync.seen") == []
    if share < 1:
        reader.table(ACCOUNTS).change(keys(reader)[0], Name="changed meanwhile")
    trouble(reader)
    outcomes = reader.sync("deletions", "customers")
    assert (exit_code(outcomes), only(outcomes, "customers").status) == (0, "suspect")
    assert "exact-sync accept customers" in str(only(outcomes, "customers").hint)
    trouble(reader)
    if share < 1:
        changed = "SELECT count(*) FROM exact.customers WHERE name = 'changed meanwhile'"
        assert sql(reader, changed) == [(1,)]
    assert command(reader, "accept", "customers", "--division", str(DIVISION)) == 0
    reader.sync_well("deletions", "customers")
    assert reader.differences("customers") == []
    assert line(reader, "customers").outcome == "ok"
    assert checkpoint(reader, "customers")["accepted_rows"] is None
    assert run(reader, hours=1).tally.calls == 1


@pytest.mark.parametrize("strategy", ["modified", "snapshot"])
def test_what_goes_into_quarantine_while_a_list_is_suspect_is_a_failure_once(
    reader: Deployment, strategy: str
) -> None:
    read_by(reader, strategy, "customers")
    reader.sync_well("customers")
    remove_unseen(reader, ACCOUNTS, 12)
    reader.clock.advance(**A_WEEK)
    assert only(reader.sync("customers"), "customers").status == "suspect"
    key = keys(reader)[0]
    reader.table(ACCOUNTS).change(key, Name="unreadable")
    values = {"CreditLineSales": '"much"'}
    reader.simulator.faults.add("value", path="CRM/Accounts", key=str(key), values=values, times=None)
    for expected in (1, 0):
        reader.clock.advance(hours=1)
        outcomes = reader.sync("customers")
        assert (only(outcomes, "customers").status, exit_code(outcomes)) == ("suspect", expected)
    assert set(quarantined(reader, "customers")) == {str(key)}


def test_keys_that_were_hidden_are_compared_again_the_next_day(reader: Deployment) -> None:
    """F28: rights that come back need no person."""
    reader.clock.advance(**A_WEEK)
    reader.simulator.rights.hide(ACCOUNTS)
    assert exit_code(reader.sync("deletions", "customers")) == 1
    reader.simulator.rights.clear()
    remove_unseen(reader, ACCOUNTS, 1)
    reader.clock.advance(days=1)
    reader.sync_well("deletions", "customers")
    assert line(reader, "customers").outcome == "ok"
    assert reader.differences("customers") == []


def test_what_somebody_accepted_wrongly_comes_back(reader: Deployment) -> None:
    """All customers buried while they were hidden; at the next sweep they live again."""
    reader.clock.advance(**A_WEEK)
    reader.simulator.rights.hide(ACCOUNTS)
    reader.sync("deletions", "customers")
    assert command(reader, "accept", "customers") == 0
    reader.sync("deletions", "customers")
    assert sql(reader, LIVE) == [(0,)]
    reader.simulator.rights.clear()
    run(reader, **A_WEEK)
    assert reader.differences("customers") == []


def test_its_pace_can_be_set(reader: Deployment) -> None:
    restart(reader, sweep_interval=timedelta(days=1))
    calls = [run(reader, hours=8).tally.calls for _ in range(7)]
    assert calls.count(2) == 2
    assert set(calls) == {1, 2}


def test_a_deployment_that_stood_still_compares_all_keys_when_it_goes_on(reader: Deployment) -> None:
    remove_unseen(reader, ACCOUNTS, 1)
    run(reader, **A_WEEK)
    remove_unseen(reader, ACCOUNTS, 1)
    assert run(reader, days=8).tally.deleted == 1
    assert reader.differences("customers") == []


def test_a_row_that_went_while_a_first_load_was_broken_off_is_found(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """It came with an early page, the log does not name it, and the later runs bring later pages only."""
    with Deployment(
        simulator, database_url, clock, tmp_path, counts=TINY | {"crm/Accounts": 200}
    ) as deployment:
        simulator.faults.add("refuse_bulk", times=None)
        broken = simulator.faults.add("status", path="crm/Accounts", after=2, times=None, status=503)
        deployment.sync("customers")
        [(key,)] = sql(deployment, "SELECT id FROM exact.customers LIMIT 1")
        deployment.books.feeds(DIVISION).deleted.recording = False
        deployment.table("crm/Accounts").delete(key)
        simulator.faults.remove(broken)
        clock.advance(days=8)
        for _ in range(2):
            clock.advance(hours=1)
            deployment.sync_well("customers")
        assert deployment.differences("customers") == []


def test_a_sweep_waits_for_a_day_with_calls_to_spare_and_what_is_new_does_not(deployment: Deployment) -> None:
    deployment.sync_well("contacts")
    deployment.clock.advance(days=8)
    deployment.sync_well("divisions")
    swept_at = checkpoint(deployment, "contacts")["swept_at"]
    deployment.simulator.limits.use(DIVISION, day=4400)
    deployment.edit(seed=1)
    outcome = only(deployment.sync_well("contacts"), "contacts")
    deployment.sync_well("contacts")
    assert outcome.status == "ok"
    assert checkpoint(deployment, "contacts")["swept_at"] == swept_at
    assert deployment.differences("contacts", deleted=False) == []
    deployment.clock.advance(days=1)
    deployment.sync_well("contacts")
    assert checkpoint(deployment, "contacts")["swept_at"] > swept_at


def test_a_sweep_lets_small_reads_go_first_and_ends_in_the_same_cycle(deployment: Deployment) -> None:
    """What is new counts as read before: nobody need wait for the sweep to know that."""
    names = ("contacts", "items")
    deployment.sync_well(*names)
    deployment.clock.advance(days=8)
    before = {name: checkpoint(deployment, name) for name in names}
    sql(deployment, "UPDATE exact_sync.checkpoint SET suspect_rows = 1 WHERE resource = 'contacts'")
    meanwhile: list[dict[str, Any]] = []
    deployment.simulator.faults.add(
        "hook", path="Items", hook=lambda context: meanwhile.append(checkpoint(deployment, "contacts"))
    )
    with small_pages(5):
        outcomes = deployment.sync_well(*names)
    assert sorted(outcome.resource for outcome in outcomes if outcome.resource in names) == sorted(names)
    assert sql(deployment, "SELECT FROM exact_sync.run WHERE outcome = 'waits' AND resource = 'contacts'")
    assert meanwhile[0]["succeeded_at"] > before["contacts"]["succeeded_at"]
    assert meanwhile[0]["suspect_rows"] == 1, "nobody knows yet what is gone"
    assert checkpoint(deployment, "contacts")["suspect_rows"] is None
    for name in names:
        assert checkpoint(deployment, name)["swept_at"] > before[name]["swept_at"]


def test_what_is_gone_without_a_word_leaves_quarantine(deployment: Deployment) -> None:
    """What is still at Exact stays there, and all where a record comes that may be any of them."""
    table = deployment.table("cashflow/Payments")
    gone, kept = sorted(table.rows)[:2]
    for key in (gone, kept):
        deployment.simulator.faults.add(
            "value", path="/Payments", query="Created", key=str(key), values={"Created": "[]"}, times=None
        )
    deployment.sync("divisions", "payments")
    assert set(quarantined(deployment, "payments")) == {str(gone), str(kept)}
    table.delete(gone)
    fault = deployment.simulator.faults.add("null_key", path="/Payments", times=None)
    deployment.clock.advance(**A_WEEK)
    deployment.sync("payments")
    assert set(quarantined(deployment, "payments")) >= {str(gone), str(kept)}
    deployment.simulator.faults.remove(fault)
    deployment.clock.advance(**A_WEEK)
    deployment.sync_well("payments")
    assert set(quarantined(deployment, "payments")) == {str(kept)}


def test_what_the_log_told_while_a_resource_was_switched_off_is_looked_for_though_it_was_half_read(
    deployment: Deployment,
) -> None:
    """The first pages had brought it, and noted that it is there."""
    name, table = "contacts", deployment.table("crm/Contacts")
    sections = dict(deployment.settings.resources)
    with small_pages(10):
        deployment.sync_well("divisions", "deletions", name)
        fault = deployment.simulator.faults.add("status", path="CRM/Contacts", after=2, times=None)
        assert only(deployment.sync(name, full=True), name).status == "later"
        deployment.simulator.faults.remove(fault)
        [*_, (noted,)] = sql(deployment, "SELECT unnest(keys) FROM exact_sync.seen")
        table.delete(next(key for key in table.rows if str(key) == noted))
        restart(deployment, resources=sections | {name: ResourceSettings(enabled=False)})
        for _ in range(3):  # until the log does not tell it any more
            deployment.clock.advance(hours=1)
            items = deployment.table("logistics/Items")
            items.delete(min(items.rows))
            deployment.sync_well("deletions")
        restart(deployment, resources=sections)
        for _ in range(2):
            deployment.clock.advance(hours=1)
            deployment.sync_well("deletions", name)
        assert deployment.differences(name) == []
