"""A long reading wastes neither calls nor commits: some pages ahead, several in a transaction."""

import threading
from collections import Counter
from pathlib import Path

import pytest

from exact_sync.catalog import RESOURCES
from exact_sync.simulator import Simulator
from exact_sync.sync.ahead import MOST
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.facts import only
from tests.processes import until

CUSTOMERS, ACCOUNTS = RESOURCES["customers"], "crm/Accounts"
PAGES = 20


@pytest.fixture
def deployment(simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Twenty pages of sixty customers at Exact, and none here yet."""
    counts = TINY | {ACCOUNTS: PAGES * 60 - 1}
    simulator.faults.add("refuse_bulk", times=None)
    with Deployment(simulator, database_url, clock, tmp_path, counts=counts) as deployment:
        deployment.sync_well("divisions")
        yield deployment


def asked(deployment: Deployment) -> list[str]:
    """The questions for pages of customers that were answered."""
    calls = deployment.simulator.stats.calls(DIVISION, ACCOUNTS)
    return [call.query for call in calls if "$select" in call.query and call.status == 200]


def rows(deployment: Deployment) -> int:
    return scalar(deployment, "SELECT count(*) FROM exact.customers")


def scalar(deployment: Deployment, query: str) -> int:
    with deployment.service.database.begin() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


def test_pages_of_sixty_are_written_several_at_a_time(deployment: Deployment) -> None:
    deployment.sync_well("customers")
    assert deployment.differences("customers") == []
    # Of 1, 2, 4, 8 and 5 pages.
    assert scalar(deployment, "SELECT count(DISTINCT xmin::text) FROM exact.customers") == 5


def test_the_next_pages_are_fetched_while_one_is_written(deployment: Deployment) -> None:
    with deployment.service.database.begin() as other:
        other.exec_driver_sql("LOCK TABLE exact.customers IN SHARE ROW EXCLUSIVE MODE")
        reading = threading.Thread(target=deployment.sync, args=("customers",))
        reading.start()
        until(lambda: len(asked(deployment)) == 1 + MOST, "the pages ahead")
        assert rows(deployment) == 0
    reading.join()
    assert deployment.differences("customers") == []
    assert deployment.violations() == {}  # never two calls at a time


def test_who_gives_way_has_no_page_on_the_way(deployment: Deployment) -> None:
    """Whether other work waits is asked before the next page is; what was fetched is stored."""
    runner = deployment.service.crew._runner
    statuses = []
    while not statuses or statuses[-1] == "waits":
        outcome = runner.run(CUSTOMERS, DIVISION, gives_way=lambda pages: pages is not None and pages >= 3)
        statuses.append(outcome.status)
        assert rows(deployment) == min(60 * len(asked(deployment)), PAGES * 60 - 1)
    assert statuses == ["waits"] * 6 + ["ok"]
    assert set(Counter(asked(deployment)).values()) == {1}
    assert deployment.differences("customers") == []


def test_work_that_comes_up_meanwhile_waits_for_the_page_on_the_way(deployment: Deployment) -> None:
    waits = iter([False] * 3)
    runner = deployment.service.crew._runner
    outcome = runner.run(CUSTOMERS, DIVISION, gives_way=lambda pages: next(waits, True))
    assert outcome.status == "waits"
    assert rows(deployment) == 60 * len(asked(deployment)) == 60 * 4


def test_what_came_is_kept_when_exact_goes_away(deployment: Deployment) -> None:
    deployment.simulator.faults.add("status", status=503, path=ACCOUNTS, after=11, times=None)
    assert only(deployment.sync("customers"), "customers").status == "later"
    assert rows(deployment) == 60 * len(asked(deployment)) == 60 * 10
    deployment.simulator.faults.clear()
    deployment.simulator.faults.add("refuse_bulk", times=None)
    deployment.sync_well("customers")
    assert set(Counter(asked(deployment)).values()) == {1}
    assert deployment.differences("customers") == []
