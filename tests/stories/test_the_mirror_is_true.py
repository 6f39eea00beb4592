"""The main job: everything, then nothing, then what changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exact_sync.simulator import Simulator
from tests.deployment import Deployment, SharedClock
from tests.mirror import DEFAULTS


@pytest.fixture
def deployment(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> Iterator[Deployment]:
    """With all that is on by default."""
    with Deployment(simulator, database_url, clock, tmp_path, resources={}) as deployment:
        yield deployment


def test_a_first_sync_makes_every_column_of_every_row_equal(deployment: Deployment) -> None:
    deployment.sync_well()
    assert deployment.differences() == []
    assert deployment.violations() == {}


def test_a_second_sync_with_nothing_new_writes_nothing_and_costs_at_most_two_calls(
    deployment: Deployment,
) -> None:
    deployment.sync_well()
    deployment.simulator.stats.reset()
    outcomes = deployment.sync_well()
    assert {outcome.resource for outcome in outcomes} == DEFAULTS
    assert [outcome for outcome in outcomes if outcome.tally.written] == []
    assert [(o.resource, o.tally.calls) for o in outcomes if o.tally.calls > 2] == [("reporting_balance", 7)]


def test_after_random_edits_one_more_sync_makes_all_equal_again(deployment: Deployment) -> None:
    deployment.sync_well()
    for seed in range(2):
        deployment.clock.advance(hours=1)
        deployment.edit(seed)
        deployment.clock.advance(minutes=1)
        deployment.sync_well()
        assert deployment.differences(deleted=False) == []
        no_log_names = {"payments", "receivables", "purchase_entries"}  # a weekly sweep finds what is gone
        assert deployment.differences(*DEFAULTS - no_log_names) == []
    assert deployment.violations() == {}
