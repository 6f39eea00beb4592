"""--full, reset and start_date: a person's word, and what it does."""

from datetime import date, datetime
from pathlib import Path

import pytest

from exact_sync.simulator import Simulator
from tests.deployment import DIVISION, Deployment, SharedClock
from tests.facts import OTHER, checkpoint, command, cursor, found_other, only, restart, sql
from tests.mirror import ENOUGH

SPOILED = {
    "customers": "UPDATE exact.customers SET name = 'spoiled', modified = now() + interval '1 year'",
    "documents": "DELETE FROM exact.documents WHERE hid % 2 = 0",
    "payments": "UPDATE exact.payments SET amount_dc = amount_dc + 0.01",
    "journals": "UPDATE exact.journals SET description = NULL",
    "financial_transactions": "UPDATE exact.financial_transactions SET description = 'x', date = date - 40, "
    "modified = now() + interval '1 year'",
}
"""What a person's mistake in the database looks like; Exact's Modified does not move for it."""


def spoil(deployment: Deployment) -> None:
    for statement in SPOILED.values():
        sql(deployment, statement)
    assert all(deployment.differences(name) for name in SPOILED)


def test_full_reads_everything_again_and_makes_it_true(deployment: Deployment) -> None:
    """Whatever has happened to the rows, newer than Exact's as they may look."""
    deployment.sync_well()
    spoil(deployment)
    outcomes = deployment.sync_well(full=True)
    assert {outcome.resource for outcome in outcomes} == ENOUGH
    assert deployment.differences() == []
    outcomes = deployment.sync_well()
    assert sum(outcome.tally.written for outcome in outcomes) == 0
    assert deployment.violations() == {}


@pytest.mark.parametrize("word", ["full", "reset"])
def test_nothing_is_taken_for_what_it_was_made_of(deployment: Deployment, word: str) -> None:
    """Newer than Exact's as it may look; also where somebody got past the triggers that note who has
    changed a row.
    """
    deployment.sync_well()
    for statement in SPOILED.values():
        sql(deployment, f"SET LOCAL session_replication_role = replica; {statement}")
    if word == "reset":
        for name in SPOILED:
            command(deployment, "reset", name)
    deployment.sync_well(full=word == "full")
    assert deployment.differences() == []


def test_full_of_one_resource_leaves_the_others_checkpoints(deployment: Deployment) -> None:
    deployment.sync_well("customers", "items")
    before = checkpoint(deployment, "items")
    deployment.clock.advance(hours=1)
    outcome = only(deployment.sync_well("customers", full=True), "customers")
    assert outcome.tally.records == len(deployment.table("crm/Accounts"))
    assert outcome.tally.written == 0
    assert checkpoint(deployment, "items") == before


def test_reset_reads_a_resource_again_and_no_reader_sees_it_empty(deployment: Deployment) -> None:
    """The rows stay until they are read again; with the command itself."""
    found_other(deployment)
    names = ("documents", "payments", "journals", "financial_transactions")
    deployment.sync_well(*names)
    for name in names:
        sql(deployment, SPOILED[name])
        kept = sql(deployment, f"SELECT count(*) FROM exact.{name}")
        assert command(deployment, "reset", name, "--division", str(DIVISION)) == 0
        assert sql(deployment, f"SELECT count(*) FROM exact.{name}") == kept
    deployment.sync_well(*names)
    mine = [text for text in deployment.differences(*names) if f"({DIVISION}," in text]
    assert mine == []
    for name in names:
        if name != "journals":  # which is read whole anyway
            assert [text for text in deployment.differences(name) if f"({OTHER}," in text]
        assert command(deployment, "reset", name) == 0
    deployment.sync_well(*names)
    assert deployment.differences(*names) == []
    assert deployment.violations() == {}


def test_reset_holds_though_it_is_being_read_then(deployment: Deployment) -> None:
    """The reading ends, and everything is read from the beginning, in the same run or the next."""
    names = ("documents", "payments", "journals", "financial_transactions")
    deployment.simulator.faults.add("refuse_bulk", times=None)
    deployment.sync_well(*names)
    deployment.clock.advance(hours=1)
    for name in names:

        def start_over(_: object, name: str = name) -> None:
            sql(deployment, SPOILED[name])
            assert command(deployment, "reset", name) == 0

        path = deployment.service.mirrored[name].endpoint
        deployment.simulator.faults.add("hook", path=path, hook=start_over, times=1)
    deployment.sync_well(*names)
    deployment.sync_well(*names)
    assert deployment.differences(*names) == []


def test_reset_forgets_what_a_site_refused(deployment: Deployment) -> None:
    deployment.simulator.faults.add("refuse_bulk", times=None)
    deployment.sync_well("customers")
    assert "no bulk" in checkpoint(deployment, "customers")["quirks"]
    deployment.simulator.faults.clear()
    deployment.simulator.stats.reset()
    assert command(deployment, "reset", "customers") == 0
    deployment.sync_well("customers")
    assert {call.path for call in deployment.simulator.stats.calls(DIVISION)} == {"bulk/CRM/Accounts"}


def test_a_full_reading_that_is_interrupted_loses_nothing(deployment: Deployment) -> None:
    """It begins again; until then the old rows and the old cursor stand."""
    deployment.simulator.faults.add("refuse_bulk", times=None)
    deployment.sync_well("financial_transactions", "documents")
    before = cursor(deployment, "documents")
    deployment.simulator.faults.add("status", path="Documents", status=503, times=None)
    deployment.simulator.faults.add("status", path="Transactions", status=503, after=3, times=None)
    deployment.sync("financial_transactions", "documents", full=True)
    assert cursor(deployment, "documents") == before
    assert deployment.differences("financial_transactions", "documents") == []
    deployment.simulator.faults.clear()
    deployment.clock.advance(hours=1)
    deployment.edit(1, paths=["financialtransaction/Transactions", "documents/Documents"])
    deployment.sync_well("financial_transactions", "documents")
    assert deployment.differences("financial_transactions") == []
    assert deployment.differences("documents", deleted=False) == []


@pytest.fixture
def since_2025(simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path) -> Deployment:
    return Deployment(simulator, database_url, clock, tmp_path, start_date=date(2025, 3, 15))


def stored_days(deployment: Deployment) -> set[date]:
    return {
        row[0]
        for row in sql(deployment, "SELECT date FROM exact.financial_transactions WHERE _deleted_at IS NULL")
    }


def test_financial_history_is_read_from_the_start_date_on(since_2025: Deployment) -> None:
    """Not a day earlier, also with changes to older entries; and the windows keep being true."""
    with since_2025 as deployment:
        table = deployment.table("financialtransaction/Transactions")
        old = [key for key, row in table.rows.items() if row["Date"] < datetime(2025, 3, 15)]
        on_the_day = next(key for key, row in table.rows.items() if row["Date"] >= datetime(2025, 3, 15))
        table.change(on_the_day, Date=datetime(2025, 3, 15))
        deployment.sync_well("financial_transactions", "customers")
        for hours in (1, 7):
            deployment.clock.advance(hours=hours)
            table.change(old.pop(), Description="changed long after")
            table.delete(old.pop())
            deployment.edit(hours, paths=["financialtransaction/Transactions"])
            deployment.sync_well("financial_transactions")
            expected = {
                row["Date"].date() for row in table.rows.values() if row["Date"] >= datetime(2025, 3, 15)
            }
            assert stored_days(deployment) == expected
            wrong = deployment.differences("financial_transactions")
            older = [key for key, row in table.rows.items() if row["Date"] < datetime(2025, 3, 15)]
            assert sorted(wrong) == sorted(
                f"financial_transactions {(DIVISION, key)}: missing" for key in older
            )
        # Only financial history is cut: customers have no date.
        assert deployment.differences("customers", deleted=False) == []


def test_an_earlier_start_date_brings_the_older_history(since_2025: Deployment) -> None:
    with since_2025 as deployment:
        deployment.sync_well("financial_transactions")
        restart(deployment, start_date=date(2024, 7, 1))
        deployment.sync_well("financial_transactions")
        assert min(stored_days(deployment)) < date(2025, 3, 15)
        restart(deployment, start_date=None)
        deployment.sync_well("financial_transactions")
        assert deployment.differences("financial_transactions") == []
