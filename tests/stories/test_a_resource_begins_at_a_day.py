"""[resources.NAME] start_date: what is dated before that day is not read, in any strategy."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from exact_sync.simulator import Simulator
from exact_sync.sync.verify import Checks
from tests.deployment import TINY, Deployment, SharedClock, Silent
from tests.facts import only, sql
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


def day(row: dict[str, Any]) -> date:
    found: date = row["DocumentDate"].date()
    return found


def at_exact(deployment: Deployment) -> set[str]:
    return {str(row["ID"]) for row in deployment.table(PATH).rows.values() if day(row) >= START}


def mirrored(deployment: Deployment) -> set[str]:
    live = sql(deployment, f"SELECT id FROM exact.{NAME} WHERE _deleted_at IS NULL")
    return {str(key) for (key,) in live}
