"""[resources.NAME] start_date: what is dated before that day is not read, in any strategy."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exact_sync.config import ResourceSettings
from exact_sync.simulator import Simulator
from exact_sync.sync import cursors
from exact_sync.sync.verify import Checks
from tests.deployment import TINY, Deployment, SharedClock, Silent
from tests.facts import command, only, quarantined, restart, sql
from tests.mirror import THE_OTHERS_OFF

NAME, PATH = "documents", "documents/Documents"
START = date(2025, 6, 1)


def section(strategy: str) -> dict[str, Any]:
    return {"start_date": START, "date": "DocumentDate", "strategy": strategy}


@pytest.mark.parametrize("strategy", ["modified", "row_version", "snapshot"])
def test_only_what_is_dated_from_that_day_on_is_mirrored(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path, strategy: str
) -> None:
    resources = THE_OTHERS_OFF | {NAME: section(strategy)}
    counts = TINY | {PATH: 150}
    with Deployment(
        simulator, database_url, clock, tmp_path, counts=counts, resources=resources
    ) as deployment:
        for _ in range(2):
            deployment.sync_well()
            assert mirrored(deployment) == at_exact(deployment)
            clock.advance(hours=1)
            table = deployment.table(PATH)
            old = next(row for row in table.rows.values() if day(row) < START)
            new = next(row for row in table.rows.values() if day(row) >= START)
            table.change(old["ID"], DocumentDate=new["DocumentDate"])
            table.change(new["ID"], DocumentDate=old["DocumentDate"])
        deployment.sync_well()
        assert mirrored(deployment) == at_exact(deployment)
        [outcome] = deployment.service.verify([NAME], [], Checks(keys=True), Silent())
        assert outcome.status == "verified", outcome
        idle = only(deployment.sync_well(), NAME)
        assert idle.tally.written == 0


@pytest.mark.parametrize("moves", ["record", "start"])
def test_a_record_in_quarantine_from_before_that_day_is_left_out(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path, moves: str
) -> None:
    """It is as good as gone, also where it is asked for by its key."""
    resources = THE_OTHERS_OFF | {NAME: section("modified")}
    with Deployment(
        simulator, database_url, clock, tmp_path, counts=TINY | {PATH: 150}, resources=resources
    ) as deployment:
        rows = deployment.table(PATH).rows.values()
        key = str(next(row["ID"] for row in rows if day(row) >= START))
        simulator.faults.add("value", key=key, values={"Subject": "{}"}, times=None)
        assert only(deployment.sync(NAME), NAME).tally.quarantined == 1
        simulator.faults.clear()
        if moves == "record":
            old = next(row for row in rows if day(row) < START)
            deployment.table(PATH).change(UUID(key), DocumentDate=old["DocumentDate"])
        else:
            own = ResourceSettings(**section("modified") | {"start_date": date(2030, 1, 1)})
            restart(deployment, resources=deployment.settings.resources | {NAME: own})
        deployment.service.sync([NAME], [], Silent(), again=moves == "start")
        assert quarantined(deployment, NAME) == {}
        assert key not in mirrored(deployment)


@pytest.mark.parametrize("earlier", [date(2024, 6, 1), None])
@pytest.mark.parametrize("strategy", ["modified", "row_version", "snapshot"])
def test_an_earlier_day_brings_what_was_left_out(
    simulator: Simulator,
    database_url: str,
    clock: SharedClock,
    tmp_path: Path,
    strategy: str,
    earlier: date | None,
) -> None:
    """Though it has not changed, so that no cursor would bring it."""
    resources = THE_OTHERS_OFF | {NAME: section(strategy)}
    with Deployment(
        simulator, database_url, clock, tmp_path, counts=TINY | {PATH: 150}, resources=resources
    ) as deployment:
        deployment.sync_well(NAME)
        for start in (date(2025, 4, 1), earlier):
            clock.advance(hours=1)
            changed = {"start_date": start} if start else {"start_date": None, "date": None}
            own = ResourceSettings(**section(strategy) | changed)
            restart(deployment, resources=deployment.settings.resources | {NAME: own})
            deployment.sync_well(NAME)
            assert mirrored(deployment) == at_exact(deployment, start)
            clock.advance(hours=1)
            assert only(deployment.sync_well(NAME), NAME).tally.written == 0


def test_a_ledger_that_began_later_for_a_while_has_all_of_its_history_again(deployment: Deployment) -> None:
    """What changed meanwhile was taken away, as it is dated before the start."""
    deployment.sync_well("divisions", "transaction_lines")
    deployment.clock.advance(hours=1)
    restart(deployment, start_date=deployment.clock.now().date().replace(day=1))
    table = deployment.table("financialtransaction/TransactionLines")
    table.change(min(table.rows, key=lambda key: table.rows[key]["Date"]), Notes="changed long after")
    outcome = only(deployment.sync_well("transaction_lines"), "transaction_lines")
    assert outcome.tally.deleted > 0
    assert outcome.message is None  # a later day leaves out more: nothing is read again for it
    deployment.clock.advance(hours=1)
    restart(deployment, start_date=None)
    outcome = only(deployment.sync_well("transaction_lines"), "transaction_lines")
    assert outcome.message == "the start date is earlier than before: everything is read once"
    assert deployment.differences("transaction_lines") == []


def day(row: dict[str, Any]) -> date:
    found: date = row["DocumentDate"].date()
    return found


def at_exact(deployment: Deployment, start: date | None = START) -> set[str]:
    rows = deployment.table(PATH).rows.values()
    return {str(row["ID"]) for row in rows if start is None or day(row) >= start}


def mirrored(deployment: Deployment) -> set[str]:
    live = sql(deployment, f"SELECT id FROM exact.{NAME} WHERE _deleted_at IS NULL")
    return {str(key) for (key,) in live}


def test_how_far_a_position_reaches_is_no_window_that_was_read(deployment: Deployment) -> None:
    """Another strategy's first reading got as far as to note that, and no further."""
    name = "transaction_lines"
    deployment.sync_well("divisions")
    away = deployment.simulator.faults.add("status", path="TransactionLines", status=503, times=None)
    assert only(deployment.sync(name), name).status == "later"
    deployment.simulator.faults.remove(away)
    own = ResourceSettings(strategy="date_windows")
    restart(deployment, resources=deployment.settings.resources | {name: own})
    assert "strategy" not in str(only(deployment.sync_well(name), name).message)
    assert deployment.differences(name) == []
    windows = "SELECT count(*) > 1, min(starts) > '1970-01-01' FROM exact_sync.window WHERE resource = :name"
    assert sql(deployment, windows, name=name) == [(True, True)]
    restart(deployment, resources=deployment.settings.resources | {name: ResourceSettings()})
    outcome = only(deployment.sync_well(name), name)
    assert outcome.message == "the strategy was changed from date_windows: everything is read once"


def test_a_later_day_makes_no_list_suspect(deployment: Deployment) -> None:
    """What is older stays, as in every strategy; what is missing besides is held against the rest."""
    own = ResourceSettings(strategy="snapshot")
    restart(deployment, resources=deployment.settings.resources | {NAME: own})
    deployment.sync_well("divisions", NAME)
    days = sorted(day(row) for row in deployment.table(PATH).rows.values())
    everything, start = at_exact(deployment, None), days[len(days) // 2]
    own = ResourceSettings(**section("snapshot") | {"start_date": start})
    restart(deployment, resources=deployment.settings.resources | {NAME: own})
    newest = max(deployment.table(PATH).rows.values(), key=day)
    deployment.table(PATH).delete(newest["ID"])
    deployment.clock.advance(hours=7)
    deployment.sync_well(NAME)
    assert mirrored(deployment) == everything - {str(newest["ID"])}
    deployment.simulator.rights.hide(PATH)
    deployment.clock.advance(hours=7)
    assert only(deployment.sync(NAME), NAME).status == "suspect"


def test_an_empty_list_of_keys_is_suspect_however_much_is_older(deployment: Deployment) -> None:
    """What is older can't be missing from it, so it is no sign that all is well."""
    deployment.sync_well("divisions", NAME)
    everything = mirrored(deployment)
    start = sorted(day(row) for row in deployment.table(PATH).rows.values())[-2]
    own = ResourceSettings(**section("modified") | {"start_date": start})
    restart(deployment, resources=deployment.settings.resources | {NAME: own})
    deployment.simulator.rights.hide(PATH)
    deployment.clock.advance(days=8)
    [outcome] = deployment.service.verify([NAME], [], Checks(keys=True, repair=True), Silent())
    assert outcome.status == "differs"
    assert only(deployment.sync(NAME), NAME).status == "suspect"
    assert mirrored(deployment) == everything


def test_a_strategy_that_was_tried_in_vain_leaves_no_windows_that_look_read(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever goes back to date windows begins anew: half of them had not been read again yet."""
    monkeypatch.setattr(cursors, "WINDOW_RECORDS", 20)
    name, path, faults = "financial_transactions", "/Transactions", deployment.simulator.faults
    table = deployment.table("financialtransaction/Transactions")
    deployment.sync_well("divisions", name)
    oldest, *_, newest = sorted(table.rows, key=lambda key: table.rows[key]["Date"])
    for key in (oldest, newest):
        deployment.clock.advance(hours=1)
        table.change(key, Description="changed")
    assert command(deployment, "reset", name) == 0
    for strategy, query in (("date_windows", "Date lt"), ("modified", None)):
        own = ResourceSettings(strategy=strategy)  # type: ignore[arg-type]
        restart(deployment, resources=deployment.settings.resources | {name: own})
        away = faults.add("status", path=path, query=query, status=503, times=None)
        assert only(deployment.sync(name), name).status == "later"
        faults.remove(away)
    restart(deployment, resources=deployment.settings.resources | {name: ResourceSettings()})
    deployment.sync_well(name)
    assert deployment.differences(name) == []
