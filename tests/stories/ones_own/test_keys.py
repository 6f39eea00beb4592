"""Any key will do: a text, a number, another one than the table was made with is refused."""

import random
import string
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from exact_sync.config import ResourceSettings
from exact_sync.errors import BadConfiguration
from exact_sync.sync.verify import Checks
from tests.deployment import Silent
from tests.facts import line, only, quarantined, restart, sql
from tests.stories.ones_own.mine import KNOWN, Deploy, columns, differences


@pytest.mark.parametrize("path", ["SalesOrder/GoodsDeliveries", "Subscription/Subscriptions"])
def test_a_feed_that_the_reference_gives_its_version_for_a_key_has_the_key_of_its_twin(
    deploy: Deploy, path: str
) -> None:
    room, name = path.split("/")
    own = f"{room.lower()}/{name}"
    with deploy(own) as deployment:
        restart(deployment, resources=_sections({"mine": {"endpoint": f"sync/{path}"}}))
        table = deployment.table(own)
        deployment.sync_well("mine")
        table.change(next(iter(table.rows)), Description="changed")
        deployment.clock.advance(hours=1)
        outcome = only(deployment.sync_well("mine"), "mine")
        assert (outcome.tally.inserted, outcome.tally.updated) == (0, 1)
        stored = {row[0] for row in sql(deployment, "SELECT entry_id FROM exact.mine")}
        assert stored == table.rows.keys()
        assert deployment.violations() == {}


@pytest.mark.usefixtures("nothing_is_known")
@pytest.mark.parametrize(
    ("path", "key"),
    [("financial/Journals", "Code"), ("general/Currencies", "Code"), ("financial/FinancialPeriods", "ID")],
)
def test_a_key_may_be_a_text(deploy: Deploy, path: str, key: str) -> None:
    resources = {"mine": {"endpoint": path, "key": key}}
    with deploy("project/CostTransactions") as deployment:
        restart(deployment, resources=_sections(resources))
        deployment.sync_well("mine")
        assert differences(deployment, path, key) == []
        table = deployment.table(path)
        if path == "financial/FinancialPeriods":
            return
        first = next(iter(table.rows))
        quoted = {"Code": "' or ID ne '"} if path == "financial/Journals" else {}
        table.change(first, Description="changed", **quoted)
        deployment.clock.advance(hours=7)
        deployment.sync_well("mine")
        assert differences(deployment, path, key) == []
        sql(deployment, "DELETE FROM exact.mine WHERE description = 'changed'")
        outcome = deployment.service.verify(("mine",), (), Checks(repair=True), Silent())[0]
        assert (outcome.status, outcome.message) == ("verified", "mended: 1 of 1 differences")


@pytest.mark.parametrize("nobody_knows", [False, True])
def test_a_key_too_long_for_an_index_goes_to_quarantine_and_the_rest_goes_in(
    deploy: Deploy, request: pytest.FixtureRequest, nobody_knows: bool
) -> None:
    if nobody_knows:
        request.getfixturevalue("nothing_is_known")
    path, name = "financial/Journals", "a_name_of_as_many_letters_as_a_resource_may_have"
    long, longest, odd = (random_text(length) for length in (9_000, 2_600, 2_599))
    with deploy("crm/Opportunities") as deployment:
        table = deployment.table(path)
        for key, code in zip(table.rows, (long, longest, odd), strict=False):
            table.change(key, Code=code)
        deployment.simulator.faults.add(
            "value", path=path, key=str(list(table.rows)[2]), values={"Description": "{}"}, times=None
        )
        section = {"endpoint": path, "key": "Code", "strategy": "snapshot"}
        restart(deployment, resources=_sections({name: section}))
        outcome = only(deployment.sync(name), name)
        assert (outcome.status, outcome.exit_code, outcome.tally.quarantined) == ("quarantine", 1, 2)
        held = quarantined(deployment, name)
        (unreadable,) = held.keys() - {odd}
        assert unreadable.startswith("unreadable key ")
        assert held[unreadable].endswith("is no String of at most 2600 bytes")
        assert only(deployment.sync(name), name).exit_code == 0
        codes = {str(row["Code"]).strip() for row in table.rows.values()}
        stored = {row[0] for row in sql(deployment, f"SELECT code FROM exact.{name}")}
        assert codes - stored == {long, odd}
        deployment.simulator.faults.clear()
        table.change(next(iter(table.rows)), Code="short")
        deployment.sync_well(name)
        assert quarantined(deployment, name) == {}
        assert differences(deployment, path, "Code", name) == []


def random_text(length: int) -> str:
    """One that PostgreSQL can't make shorter."""
    return "".join(random.Random(length).choices(string.ascii_letters + string.digits, k=length))


@pytest.mark.usefixtures("nothing_is_known")
@pytest.mark.parametrize("strategy", ["modified", "snapshot"])
def test_a_key_may_be_a_number(deploy: Deploy, strategy: str) -> None:
    """As HID is one; rows are found by it too."""
    with deploy(KNOWN) as deployment:
        table = deployment.table("salesinvoice/SalesInvoices")
        assert len({row["InvoiceNumber"] for row in table.rows.values()}) > 1
        for key, row in list(table.rows.items()):
            if not row["InvoiceNumber"]:
                table.delete(key)
        resources = {
            "mine": {"endpoint": "salesinvoice/SalesInvoices", "key": "InvoiceNumber", "strategy": strategy}
        }
        restart(deployment, resources=_sections(resources))
        deployment.sync_well("mine")
        assert columns(deployment)["invoice_number"] == "bigint"
        assert differences(deployment, "salesinvoice/SalesInvoices", "InvoiceNumber") == []
        sql(
            deployment,
            "DELETE FROM exact.mine WHERE invoice_number = (SELECT min(invoice_number) FROM exact.mine)",
        )
        outcome = deployment.service.verify(("mine",), (), Checks(repair=True), Silent())[0]
        assert (outcome.status, outcome.message) == ("verified", "mended: 1 of 1 differences")
        assert differences(deployment, "salesinvoice/SalesInvoices", "InvoiceNumber") == []


@pytest.mark.parametrize("key", ["Quantity", "Date"])
def test_rows_are_asked_for_by_a_key_that_is_a_sum_or_a_day(deploy: Deploy, key: str) -> None:
    with deploy(KNOWN, key=key) as deployment:
        table = deployment.table(KNOWN)
        for number, row in enumerate(table.rows, start=1):
            value = Decimal(number) / 4 if key == "Quantity" else datetime(2026, 1, number)
            table.change(row, **{key: value})
        deployment.sync_well("mine")
        column = f'"{key.lower()}"'
        sql(deployment, f"DELETE FROM exact.mine WHERE {column} = (SELECT min({column}) FROM exact.mine)")
        outcome = deployment.service.verify(("mine",), (), Checks(rows=5, repair=True), Silent())[0]
        assert (outcome.status, outcome.message) == ("verified", "mended: 1 of 1 differences")


@pytest.mark.parametrize("nobody_knows", [False, True])
def test_another_key_than_the_table_was_made_with_is_one_clear_line(
    deploy: Deploy, request: pytest.FixtureRequest, nobody_knows: bool
) -> None:
    if nobody_knows:
        request.getfixturevalue("nothing_is_known")
    with deploy("financial/Journals") as deployment:
        deployment.sync_well("mine")
        restart(deployment, resources=_sections({"mine": {"endpoint": "financial/Journals", "key": "Code"}}))
        with pytest.raises(BadConfiguration, match="was made with the key division, id"):
            deployment.sync("mine")


@pytest.mark.usefixtures("nothing_is_known")
def test_settings_that_name_what_an_endpoint_does_not_have_stand_in_the_status(deploy: Deploy) -> None:
    """Also where something else was learned of it before."""
    with deploy(KNOWN) as deployment:
        for learns_first in (False, True):
            if learns_first:
                restart(deployment, resources=_sections({"mine": {"endpoint": KNOWN}}))
                deployment.sync_well("mine")
                assert line(deployment, "mine").rows == 12
                [cost] = deployment.service.plan(["mine"], [], count=False).costs
                assert (cost.rows, cost.first_load) == (12, 0)
            restart(deployment, resources=_sections({"mine": {"endpoint": KNOWN, "date": "SomeDate"}}))
            assert only(deployment.sync("mine"), "mine").exit_code == 2
            assert "has no date SomeDate" in str(line(deployment, "mine").message)


def _sections(resources: dict[str, Any]) -> Any:
    return {name: ResourceSettings(**section) for name, section in resources.items()}
