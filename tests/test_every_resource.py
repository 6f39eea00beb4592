"""The contract of a catalog entry: its table is made, a run fills it with every column as it is at
Exact, and a second run writes nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from exact_sync.catalog import RESOURCES, Edm, Strategy
from exact_sync.simulator import Simulator
from exact_sync.simulator.schema import BULK, REPORTS, TABLES
from exact_sync.simulator.schema_sync import TWINS
from exact_sync.sync.outcome import Outcome
from tests.conftest import named
from tests.deployment import DIVISION, Deployment, SharedClock
from tests.mirror import PATHS, column_name, expected_rows, properties_of

SCALARS = {str(edm) for edm in Edm}
EVERYTHING = {name: {"enabled": True} for name, resource in RESOURCES.items() if not resource.default}


class TwoRuns:
    """What two runs of everything came to."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        table = deployment.table("crm/Accounts")
        table.delete(next(iter(table.rows)))  # so that the log of deletions has something in it
        self.first = self._sync()
        deployment.clock.advance(hours=1)
        self.second = self._sync()

    def _sync(self) -> dict[str, Outcome]:
        return {outcome.resource: outcome for outcome in self.deployment.sync_well()}


@pytest.fixture(scope="module")
def everything(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoRuns]:
    """A deployment in which every resource of the catalog is on."""
    clock = SharedClock()
    name = f"everything_{os.getpid()}"
    folder: Path = tmp_path_factory.mktemp("everything")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    with (
        Simulator(clock=clock.theirs) as simulator,
        Deployment(simulator, named(server, name), clock, folder, resources=EVERYTHING) as deployment,
    ):
        yield TwoRuns(deployment)


def test_every_resource_of_the_contract_is_in_the_catalog() -> None:
    assert set(PATHS) <= {name for name, resource in RESOURCES.items() if resource.default}


def test_at_least_forty_more_can_be_switched_on() -> None:
    assert len(EVERYTHING) >= 40


@pytest.mark.parametrize("name", RESOURCES)
def test_the_catalog_has_every_scalar_property_with_its_type(everything: TwoRuns, name: str) -> None:
    """Held against the simulator, whose properties were written down independently of ours."""
    resource = RESOURCES[name]
    theirs = properties_of(everything.deployment.books, DIVISION, resource.endpoint)
    ours = {column.property: str(column.edm) for column in resource.columns}
    assert ours == theirs
    entity = (TABLES | REPORTS | {path: twin.entity for path, twin in TWINS.items()})[resource.endpoint]
    assert resource.key == entity.identity
    if resource.bulk is not None:
        assert BULK[resource.bulk.endpoint].path == resource.endpoint
    if resource.feed is not None:
        assert resource.feed.lacks == ours.keys() - TWINS[resource.feed.endpoint].entity.properties.keys()
    assert {column.name for column in resource.columns} == {column_name(prop) for prop in theirs}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_run_fills_the_table_and_a_second_one_writes_nothing(everything: TwoRuns, name: str) -> None:
    by_version = RESOURCES[name].strategy is Strategy.ROW_VERSION
    lacks = RESOURCES[name].feed.lacks if by_version else frozenset()
    assert expected_rows(everything.deployment.books, name, lacks=lacks)
    assert everything.deployment.differences(name) == []
    assert everything.first[name].tally.inserted > 0
    assert everything.second[name].tally.written == 0


def test_an_idle_cycle_costs_a_call_for_each_resource_and_one_for_what_was_deleted(
    everything: TwoRuns,
) -> None:
    """Snapshots cost their pages, and windows a count besides; their interval says how often."""
    for name, outcome in everything.second.items():
        if RESOURCES[name].strategy in (Strategy.MODIFIED, Strategy.ROW_VERSION):
            assert outcome.tally.calls == 1, name
    assert everything.second["financial_transactions"].tally.calls == 2
    assert everything.deployment.violations() == {}
