"""Summer time, wrong clocks and impossible checkpoints: F24, F25, F27."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exact_sync.simulator import Simulator
from exact_sync.store import checkpoints
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.facts import checkpoint, cursor, only, sql

NAMES = {
    "customers": ("crm/Accounts", "Name"),
    "payments": ("cashflow/Payments", "Description"),
    "financial_transactions": ("financialtransaction/Transactions", "Description"),
}
AUTUMN = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
"""03:00 CEST becomes 02:00 CET."""
SPRING = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
"""02:00 CET becomes 03:00 CEST."""


def change_one(deployment: Deployment, number: int) -> None:
    for path, column in NAMES.values():
        table = deployment.table(path)
        keys = sorted(table.rows)
        table.change(keys[number], **{column: f"changed {number}"})


@pytest.mark.parametrize("night", [AUTUMN, SPRING], ids=["autumn", "spring"])
@pytest.mark.parametrize("every", [1, 4])
def test_no_change_is_lost_in_the_nights_in_which_the_clocks_change(
    database_url: str, tmp_path: Path, night: datetime, every: int
) -> None:
    """F24: a change every 13 minutes, a run after each one, or after every fourth."""
    clock = SharedClock(night - timedelta(hours=1, minutes=25))
    with (
        Simulator(clock=clock.theirs) as simulator,
        Deployment(simulator, database_url, clock, tmp_path) as deployment,
    ):
        deployment.sync_well(*NAMES)
        for number in range(12):
            clock.advance(minutes=13)
            change_one(deployment, number)
            if number % every == every - 1:
                clock.advance(seconds=20)
                deployment.sync_well(*NAMES)
        clock.advance(hours=5)
        change_one(deployment, 20)
        deployment.sync_well(*NAMES)
        assert deployment.differences(*NAMES) == []
        assert deployment.violations() == {}


MOMENTS = {
    # Exact's wall clock: the instant in UTC
    "2025-10-26 01:59:59.997": "2025-10-25 23:59:59.997+00",
    "2025-10-26 02:00:00.000": "2025-10-26 00:00:00+00",
    "2025-10-26 02:30:00.003": "2025-10-26 00:30:00.003+00",
    "2025-10-26 02:59:59.997": "2025-10-26 00:59:59.997+00",
    "2025-10-26 03:00:00.000": "2025-10-26 02:00:00+00",
    "2025-10-26 03:00:00.003": "2025-10-26 02:00:00.003+00",
    "2026-03-29 01:59:59.997": "2026-03-29 00:59:59.997+00",
    "2026-03-29 03:00:00.000": "2026-03-29 01:00:00+00",
    "2026-03-29 03:00:00.003": "2026-03-29 01:00:00.003+00",
    "2026-01-01 00:00:00.000": "2025-12-31 23:00:00+00",
    "2026-06-25 00:00:00.007": "2026-06-24 22:00:00.007+00",
}


def test_created_and_modified_are_true_instants_to_the_millisecond(deployment: Deployment) -> None:
    """F24: on both sides of both nights, through the real database, against instants written by hand."""
    expected = {}
    for name, (path, _) in NAMES.items():
        table = deployment.table(path)
        for key, (wall, instant) in zip(sorted(table.rows), MOMENTS.items(), strict=False):
            moment = datetime.fromisoformat(wall)
            table.change(key, Created=moment, Modified=moment)
            expected[name, key] = (instant, instant)
    deployment.sync_well(*NAMES)
    for (name, key), instants in expected.items():
        column = "entry_id" if name == "financial_transactions" else "id"
        query = f"SELECT created::text, modified::text FROM exact.{name} WHERE {column} = :key"
        assert sql(deployment, query, key=key) == [instants]
    assert deployment.differences(*NAMES) == []


class OwnClock(SharedClock):
    """Ours goes wrong by an offset; Exact's stays right."""

    offset = timedelta()

    def now(self) -> datetime:
        return super().now() + self.offset


OFFSETS: dict[str, list[float]] = {
    "a day ahead": [24],
    "a day behind": [-24],
    "an hour behind": [-1],
    "jumping": [0, 26, -26, 0, -1, 700, 0],
}


@pytest.mark.parametrize("offsets", OFFSETS.values(), ids=OFFSETS)
def test_a_wrong_clock_of_ours_moves_no_cursor(
    database_url: str, tmp_path: Path, offsets: list[float]
) -> None:
    """F25."""
    clock = OwnClock()
    with Simulator(clock=clock.theirs) as simulator:
        deployment = Deployment(simulator, database_url, clock, tmp_path)
        clock.offset = timedelta(hours=offsets[0])
        with deployment:
            for number, hours in enumerate(offsets * (1 if len(offsets) > 1 else 3)):
                clock.offset = timedelta(hours=hours)
                change_one(deployment, number)
                clock.theirs.advance(20)
                deployment.sync_well(*NAMES)
                for name in NAMES:
                    moment = cursor(deployment, name)
                    assert moment is not None
                    assert moment <= deployment.books.clock.wall()
                clock.theirs.advance(3600)
            assert deployment.differences(*NAMES) == []
            broken = deployment.violations()
            broken.pop("early_refreshes", None)  # asking is how a jump of our clock is found out
            assert broken == {}


def test_a_change_in_the_future_carries_no_cursor_along(deployment: Deployment) -> None:
    """F25, where it is Exact's clock that slipped."""
    for path, _ in NAMES.values():
        table = deployment.table(path)
        table.change(min(table.rows), modified=deployment.books.clock.wall() + timedelta(days=2))
    deployment.sync_well(*NAMES)
    for name in NAMES:
        moment = cursor(deployment, name)
        assert moment is not None
        assert moment <= deployment.books.clock.wall()


IMPOSSIBLE: dict[str, str] = {
    "far future": "2099-01-01T00:00:00",
    "the last year": "9999-12-31T23:59:59",
    "rubbish": "yesterday",
    "empty": "",
    "number": "12",
    "with an offset": "2026-06-25T12:00:00+02:00",
    "before all": "0001-01-01T00:00:00",
    "hostile": "2026-06-25'); DROP TABLE exact.customers; --",
}


@pytest.mark.parametrize("stored", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_checkpoint_is_reported_with_the_command_that_resets_it(
    deployment: Deployment, stored: str
) -> None:
    """F27."""
    deployment.sync_well(*NAMES)
    deployment.clock.advance(hours=1)
    change_one(deployment, 1)
    sql(deployment, "UPDATE exact_sync.checkpoint SET cursor = :stored WHERE division <> 0", stored=stored)
    outcomes = deployment.sync(*NAMES, "journals")
    assert exit_code(outcomes) == 1
    assert only(outcomes, "journals").status == "ok"
    for name in NAMES:
        outcome = only(outcomes, name)
        assert outcome.status == "failed"
        assert outcome.hint == f"run: exact-sync reset {name} --division {DIVISION}"
        assert checkpoint(deployment, name)["cursor"] == stored
        reset(deployment, name)
    deployment.sync_well(*NAMES)
    assert deployment.differences(*NAMES) == []


UNREADABLE = {
    "text": '"text"',
    "list": "[1, 2]",
    "number": "5",
    "empty": "{}",
    "other fields": '{"select": "SELECT", "since": null}',
    "a number for a link": '{"link": 5, "select": "SELECT", "since": null}',
    "no dates": '{"link": "LINK", "select": "SELECT", "since": null, "highest": "x", "whole": WHOLE}',
}


@pytest.mark.parametrize("stored", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_resume_point_only_costs_a_new_beginning(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path, stored: str
) -> None:
    """F27, for the place where an unfinished reading goes on."""
    names = ("documents", "financial_transactions")
    counts = TINY | {"documents/Documents": 100}
    with Deployment(simulator, database_url, clock, tmp_path, counts=counts) as deployment:
        simulator.faults.add("refuse_bulk", times=None)
        for path, query in (("Documents", "Body"), ("Transactions", "Date lt")):
            simulator.faults.add("status", path=path, query=query, after=1, times=None, status=503)
        assert exit_code(deployment.sync(*names)) == 4
        for table in ("checkpoint", "window"):
            where = f"FROM exact_sync.{table} WHERE resume ? 'link'"
            ((resume,),) = sql(deployment, f"SELECT resume {where}")
            text = stored.replace("SELECT", resume["select"])
            text = text.replace("WHOLE", json.dumps(resume.get("whole")))
            sql(
                deployment,
                f"UPDATE exact_sync.{table} SET resume = CAST(:text AS jsonb) WHERE resume ? 'link'",
                text=text if table == "checkpoint" else text.replace("LINK", resume["link"]),
            )
        simulator.faults.clear()
        deployment.sync_well(*names)
        assert deployment.differences(*names) == []
        assert deployment.violations() == {}


def reset(deployment: Deployment, name: str) -> None:
    """As ``exact-sync reset NAME --division CODE`` does."""
    with deployment.service.database.begin() as connection:
        assert checkpoints.reset(connection, name, [DIVISION]) == 1
