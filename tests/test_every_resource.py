"""The contract of a catalog entry: its table exists, a run fills it, a second run writes nothing."""

import pytest

from exact_sync.catalog import RESOURCES, Edm
from exact_sync.simulator.schema import ENTITIES
from tests.deployment import Deployment
from tests.mirror import PATHS, column_name, expected_rows

SCALARS = {str(edm) for edm in Edm}


def test_every_resource_of_the_contract_is_in_the_catalog() -> None:
    assert set(RESOURCES) == set(PATHS)


@pytest.mark.parametrize("name", RESOURCES)
def test_the_catalog_has_every_scalar_property_with_its_type(name: str) -> None:
    """Held against the simulator, whose properties were written down independently of ours."""
    entity = ENTITIES[PATHS[name]]
    theirs = {prop: edm for prop, edm in entity.properties.items() if edm in SCALARS}
    ours = {column.property: str(column.edm) for column in RESOURCES[name].columns}
    assert ours == theirs
    assert RESOURCES[name].key == entity.key
    assert (RESOURCES[name].bulk.endpoint if RESOURCES[name].bulk else None) == entity.bulk
    assert {column.name for column in RESOURCES[name].columns} == {column_name(prop) for prop in theirs}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_run_fills_the_table_and_a_second_one_writes_nothing(deployment: Deployment, name: str) -> None:
    first = deployment.sync_well(name)
    assert expected_rows(deployment.books, name)
    assert deployment.differences(name) == []
    assert sum(outcome.tally.inserted for outcome in first if outcome.resource == name) > 0
    second = deployment.sync_well(name)
    assert sum(outcome.tally.written for outcome in second) == 0
