"""Exact answers late, badly or not at all: F15, F16, F17, F18."""

import time
from pathlib import Path
from typing import Any

import pytest

from exact_sync.exact.sending import Patience
from exact_sync.simulator import Simulator
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.facts import checkpoint, only

NAMES = ("journals", "customers", "payments", "financial_transactions")
PLACES = ("Journals", "/Accounts", "Payments", "Transactions")

STUMBLES: list[dict[str, Any]] = [
    {"fault": "status", "status": 408},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html"},
    {"fault": "status", "status": 503, "body": ""},
    {"fault": "status", "status": 504},
    {"fault": "reset"},
    {"fault": "timeout", "seconds": 0.01},
    {"fault": "html"},
    {"fault": "empty_body"},
    {"fault": "redirect"},
    {"fault": "cut_json"},
    {"fault": "cut_json", "share": 0.999},
    {"fault": "wrong_length"},
    {"fault": "gzip_cut"},
    {"fault": "no_d"},
    {"fault": "no_d", "body": '{"d":null}'},
    {"fault": "no_d", "body": '{"d":{"results":null}}'},
    {"fault": "no_d", "body": '{"d":{"results":[1]}}'},
    {"fault": "no_d", "body": '{"d":"text"}'},
    {"fault": "no_d", "body": "[]"},
]


EDITED = ("crm/Accounts", "cashflow/Payments", "financialtransaction/Transactions")


def named(fault: dict[str, Any]) -> str:
    return "-".join(str(value)[:24] for value in fault.values())


@pytest.mark.parametrize("first", range(4))
def test_a_stumble_costs_growing_waits_and_the_same_page_again(deployment: Deployment, first: int) -> None:
    """F15, F16, F17, F18: twice for every strategy, in a later run, where silence could delete."""
    deployment.sync_well(*NAMES)
    for number, fault in enumerate(STUMBLES[first::4]):
        deployment.clock.advance(hours=7)
        deployment.edit(
            number, paths=["crm/Accounts", "cashflow/Payments", "financialtransaction/Transactions"]
        )
        deployment.clock.slept.clear()
        for path in PLACES:
            deployment.simulator.faults.add(path=path, times=2, **fault)
        outcomes = deployment.sync_well(*NAMES)
        assert [outcome.status for outcome in outcomes] == ["ok"] * len(NAMES), named(fault)
        waits = deployment.clock.slept
        assert len(waits) == 2 * len(NAMES), named(fault)
        for one, other in zip(waits[::2], waits[1::2], strict=True):
            assert 1 <= one <= 1.5
            assert 2 <= other <= 3
        assert deployment.differences(*NAMES, deleted=False) == [], named(fault)
        assert deployment.differences("journals", "financial_transactions") == [], named(fault)
    assert deployment.violations() == {}


@pytest.mark.parametrize("fault", STUMBLES[::5], ids=named)
def test_a_stumble_without_end_is_given_up_and_the_checkpoint_is_kept(
    deployment: Deployment, fault: dict[str, Any]
) -> None:
    """F15 to F18 for an hour: exit 4, no row deleted, the same checkpoint, and it goes on later."""
    deployment.sync_well(*NAMES)
    before = {name: (checkpoint(deployment, name)["cursor"]) for name in NAMES}
    deployment.simulator.faults.add(times=None, **fault)
    deployment.simulator.stats.reset()
    outcomes = deployment.sync(*NAMES)
    assert exit_code(outcomes) == 4
    assert {outcome.status for outcome in outcomes} == {"later", "skipped"}
    # Two resources are tried seven times each; then it is clear that Exact is away.
    assert deployment.calls() == 14
    assert {name: checkpoint(deployment, name)["cursor"] for name in NAMES} == before
    assert deployment.differences(*NAMES) == []
    deployment.simulator.faults.clear()
    deployment.clock.advance(hours=1)
    deployment.edit(4, paths=["crm/Accounts", "financialtransaction/Transactions"])
    deployment.sync_well(*NAMES)
    assert deployment.differences(*NAMES, deleted=False) == []
    assert deployment.violations() == {}


def test_one_resource_that_stumbles_does_not_stop_the_others(deployment: Deployment) -> None:
    """F15 on one endpoint only."""
    deployment.simulator.faults.add("status", path="Journals", status=500, times=None)
    outcomes = deployment.sync(*NAMES)
    assert exit_code(outcomes) == 4
    assert [only(outcomes, name).status for name in NAMES] == ["later", "ok", "ok", "ok"]
    assert deployment.differences("customers", "payments", "financial_transactions") == []


def test_a_reading_goes_on_from_its_last_page(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """F15 between pages: what was committed isn't asked for again."""
    with Deployment(
        simulator, database_url, clock, tmp_path, counts=TINY | {"crm/Accounts": 200}
    ) as deployment:
        simulator.faults.add("refuse_bulk", times=None)
        broken = simulator.faults.add("status", path="crm/Accounts", after=2, times=None, status=503)
        assert exit_code(deployment.sync("customers")) == 4
        assert only(deployment.sync("customers"), "customers").tally.records == 0
        simulator.faults.remove(broken)
        outcome = only(deployment.sync_well("customers"), "customers")
        assert outcome.tally.records == outcome.tally.inserted == 200 - 2 * 60
        assert deployment.differences("customers") == []
        assert deployment.violations() == {}


def test_exact_not_answering_in_time_is_a_stumble_too(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """F15: it hangs, really."""
    with Deployment(simulator, database_url, clock, tmp_path, patience=Patience(read=0.4)) as deployment:
        simulator.faults.add("timeout", path="Journals", times=2)
        deployment.sync_well("journals")
        assert len(clock.slept) == 2
        assert deployment.differences("journals") == []


class RealSeconds(SharedClock):
    """Measures how long an answer takes for real."""

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.mark.parametrize("patience", [Patience(whole_answer=0.3), Patience(read=0.3)], ids=["whole", "read"])
def test_a_body_that_drips_is_cut_off_and_read_again(
    patience: Patience, database_url: str, tmp_path: Path
) -> None:
    """F17: a byte now and then must not hold a division up for hours."""
    clock = RealSeconds()
    with (
        Simulator(clock=clock.theirs) as simulator,
        Deployment(simulator, database_url, clock, tmp_path, patience=patience) as deployment,
    ):
        deployment.sync_well("divisions")
        simulator.stats.reset()
        simulator.faults.add("drip", path="Journals", delay=0.4, pieces=2)
        deployment.sync_well("journals")
        assert deployment.calls("Journals") == 2
        assert deployment.differences("journals") == []


def test_a_body_that_drips_a_little_is_taken(deployment: Deployment) -> None:
    """F17 within bounds."""
    deployment.sync_well("divisions")
    deployment.simulator.stats.reset()
    deployment.simulator.faults.add("drip", path="Journals", delay=0.005, pieces=20)
    deployment.sync_well("journals")
    assert deployment.calls("Journals") == 1
    assert deployment.differences("journals") == []


def test_all_three_shapes_of_an_answer_are_read(deployment: Deployment) -> None:
    """F18: d as a list, as results, as one object."""
    journals = deployment.table("financial/Journals")
    groups = deployment.table("logistics/ItemGroups")
    for key in list(groups.rows)[1:]:
        groups.delete(key)
    deployment.simulator.faults.add("d_list", path="Journals")
    deployment.simulator.faults.add("d_object", path="ItemGroups")
    outcomes = deployment.sync_well("journals", "item_groups", "gl_accounts")
    assert deployment.clock.slept == [], "none had to be asked for again"
    assert only(outcomes, "journals", DIVISION).tally.inserted == len(journals) > 1
    assert only(outcomes, "item_groups", DIVISION).tally.inserted == 1
    assert deployment.differences("journals", "item_groups", "gl_accounts") == []


def test_gzip_is_read(deployment: Deployment) -> None:
    """F17, the good case: a compressed answer is an answer."""
    deployment.simulator.gzip = True
    deployment.sync_well(*NAMES)
    assert deployment.differences(*NAMES) == []
