"""The table of a resource of one's own, when something else is done to it."""

from typing import Any

import pytest

from exact_sync.config import ResourceSettings
from exact_sync.errors import BadConfiguration
from exact_sync.sync.verify import Checks
from tests.deployment import Silent
from tests.facts import line, only, restart, sql
from tests.stories.ones_own.mine import KNOWN, Deploy, columns, differences


@pytest.mark.parametrize("is_known", [True, False])
def test_another_endpoint_than_the_table_was_made_from_is_one_clear_line(
    deploy: Deploy, request: pytest.FixtureRequest, is_known: bool
) -> None:
    """Else its rows would stand beside those of the other one, from the other one's position on."""
    if not is_known:
        request.getfixturevalue("nothing_is_known")
    with deploy("logistics/ItemGroups", strategy="modified") as deployment:
        deployment.sync_well("divisions", "mine")
        other = {"endpoint": "financial/Journals", "strategy": "modified"}
        restart(deployment, resources=_sections({"mine": other}))
        with pytest.raises(BadConfiguration, match="was made from logistics/ItemGroups") as refusal:
            deployment.sync("mine")
        sql(deployment, refusal.value.hint.partition(": ")[2])
        deployment.clock.advance(hours=1)
        restart(deployment)
        deployment.sync_well("mine")
        assert differences(deployment, "financial/Journals") == []


@pytest.mark.parametrize("is_known", [True, False])
def test_a_table_that_was_dropped_is_read_from_the_beginning(
    deploy: Deploy, request: pytest.FixtureRequest, is_known: bool
) -> None:
    """The position that is left tells of rows that are gone."""
    if not is_known:
        request.getfixturevalue("nothing_is_known")
    with deploy(KNOWN, strategy="modified") as deployment:
        deployment.sync_well("divisions", "mine")
        sql(deployment, "DROP TABLE exact.mine")
        deployment.clock.advance(hours=1)
        restart(deployment)
        deployment.sync_well("mine")
        assert differences(deployment, KNOWN) == []


@pytest.mark.usefixtures("nothing_is_known")
def test_a_view_that_keeps_a_column_from_growing_is_one_clear_line(deploy: Deploy) -> None:
    with deploy("crm/Opportunities", strategy="modified") as deployment:
        deployment.sync_well("divisions", "mine")
        sql(deployment, "CREATE VIEW public.report AS SELECT id, close_date FROM exact.mine")
        table = deployment.table("crm/Opportunities")
        key = next(iter(table.rows))
        deployment.clock.advance(hours=1)
        values = {"CloseDate": '"soon"'}
        deployment.simulator.faults.add(
            "value", path="Opportunities", key=str(key), times=None, values=values
        )
        table.change(key, Notes="odd")
        outcome = only(deployment.sync("mine"), "mine")
        assert (outcome.status, outcome.exit_code) == ("failed", 1)
        assert "can't do this: cannot alter type of a column used by a view" in str(outcome.message)
        assert "on view report" in str(outcome.message)
        assert "a view, a trigger or a policy of your own is in the way" in str(outcome.hint)
        sql(deployment, "DROP VIEW public.report")
        deployment.sync_well("mine")
        assert columns(deployment)["close_date"] == "text"


def test_a_name_that_sql_reserves_is_quoted(deploy: Deploy) -> None:
    with deploy(KNOWN, name="order", strategy="modified") as deployment:
        deployment.sync_well("order")
        assert differences(deployment, KNOWN, name="order") == []
        outcome = deployment.service.verify(("order",), (), Checks(rows="all"), Silent())[0]
        assert outcome.status == "verified"
        assert line(deployment, "order").rows == 12


def _sections(resources: dict[str, Any]) -> Any:
    return {name: ResourceSettings(**section) for name, section in resources.items()}
