"""Any endpoint of Exact by settings alone: columns from the reference, or learned from what comes."""

from datetime import datetime
from decimal import Decimal

import pytest

from exact_sync.sync.verify import Checks
from tests.deployment import DIVISION, TINY, Silent
from tests.facts import OTHER, found_other, line, only, sql
from tests.mirror import column_name, properties_of
from tests.stories.ones_own.mine import KNOWN, Deploy, columns, differences


@pytest.mark.parametrize("strategy", ["modified", "date_windows", "snapshot"])
def test_an_endpoint_of_the_reference_has_its_columns_types_and_key(deploy: Deploy, strategy: str) -> None:
    section = {"strategy": strategy} | ({"date": "Date"} if strategy == "date_windows" else {})
    with deploy(KNOWN, rows=80, name="my_costs", **section) as deployment:
        table = deployment.table(KNOWN)
        for number, key in enumerate(list(table.rows)):
            if table.rows[key]["Date"] is None:
                table.change(key, Date=datetime(2025, 1 + number % 12, 3))
        deployment.sync_well("my_costs")
        types = columns(deployment, "my_costs")
        assert types.keys() == {column_name(p) for p in properties_of(deployment.books, DIVISION, KNOWN)} | {
            "division",
            "_fingerprint",
            "_synced_at",
            "_deleted_at",
        }
        assert (types["id"], types["quantity"], types["date"]) == ("uuid", "numeric", "date")
        key = """SELECT a.attname FROM pg_index i JOIN pg_attribute a
                 ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
                 WHERE i.indisprimary AND i.indrelid = 'exact.my_costs'::regclass"""
        assert {row[0] for row in sql(deployment, key)} == {"division", "id"}
        assert line(deployment, "my_costs").strategy == strategy
        assert differences(deployment, KNOWN, name="my_costs") == []
        deployment.clock.advance(hours=1)
        assert only(deployment.sync_well("my_costs"), "my_costs").tally.written == 0
        table.change(next(iter(table.rows)), Notes="changed")
        deployment.clock.advance(hours=7)
        deployment.sync_well("my_costs")
        assert differences(deployment, KNOWN, name="my_costs") == []
        assert deployment.violations() == {}


@pytest.mark.usefixtures("nothing_is_known")
@pytest.mark.parametrize("strategy", ["modified", "snapshot"])
def test_columns_that_nobody_knows_are_learned_and_grow_and_nothing_is_lost(
    deploy: Deploy, strategy: str
) -> None:
    path = "crm/Opportunities"
    with deploy(path, strategy=strategy) as deployment:
        table = deployment.table(path)
        with deployment.books.lock:
            for key in list(table.rows):
                table.change(key, RateFC=None, Notes=None, Probability=Decimal(7))
        deployment.sync_well("mine")
        assert "notes" not in columns(deployment)
        assert columns(deployment)["id"] == "uuid"
        assert columns(deployment)["modified"] == "timestamp with time zone"
        assert differences(deployment, path) == []
        before = len(table.rows)

        deployment.clock.advance(hours=1)
        keys = list(table.rows)
        table.change(keys[0], Notes="at last")
        table.change(keys[1], RateFC=Decimal("1.25"))
        outcome = only(deployment.sync_well("mine"), "mine")
        assert outcome.tally.updated == 2
        assert sql(deployment, "SELECT FROM exact_sync.run WHERE finished_at IS NULL") == []
        assert columns(deployment)["notes"] == "text"
        assert columns(deployment)["rate_fc"] == "numeric"
        assert differences(deployment, path) == []

        # A date, a guid and a number turn out to be texts.
        deployment.clock.advance(hours=1)
        fault = deployment.simulator.faults.add(
            "value",
            path="Opportunities",
            key=str(keys[2]),
            times=None,
            values={"Modifier": '"system"', "CloseDate": '"soon"', "Probability": '"often"'},
        )
        table.change(keys[2], Notes="odd")
        deployment.sync_well("mine")
        assert {columns(deployment)[name] for name in ("modifier", "close_date", "probability")} == {"text"}
        query = "SELECT modifier, close_date, probability FROM exact.mine WHERE id = :id"
        assert sql(deployment, query, id=keys[2]) == [("system", "soon", "often")]
        other = table.rows[keys[3]]
        day = other["CloseDate"].date().isoformat() if other["CloseDate"] else None
        assert sql(deployment, query, id=keys[3]) == [
            (str(other["Modifier"]), day, str(other["Probability"]))
        ]

        # What comes by another way is the same: a reading of everything changes nothing.
        deployment.clock.advance(hours=1)
        assert only(deployment.sync_well("mine", full=True), "mine").tally.written == 0
        deployment.simulator.faults.remove(fault)
        assert sql(deployment, "SELECT count(*) FROM exact.mine") == [(before,)]
        assert deployment.violations() == {}


@pytest.mark.usefixtures("nothing_is_known")
def test_a_whole_number_becomes_a_broken_one(deploy: Deploy) -> None:
    path = "budget/Budgets"
    with deploy(path, strategy="modified") as deployment:
        table = deployment.table(path)
        for key in list(table.rows)[1:]:
            table.delete(key)
        [key] = table.rows
        deployment.simulator.faults.add("value", path="Budgets", values={"AmountDC": "5"}, times=None)
        deployment.sync_well("mine")
        assert columns(deployment)["amount_dc"] == "bigint"
        deployment.simulator.faults.clear()
        deployment.clock.advance(hours=1)
        table.change(key, AmountDC=Decimal("7.25"))
        deployment.sync_well("mine")
        assert columns(deployment)["amount_dc"] == "numeric"
        assert sql(deployment, "SELECT amount_dc FROM exact.mine") == [(Decimal("7.25"),)]


@pytest.mark.usefixtures("nothing_is_known")
def test_an_endpoint_that_only_the_sync_api_has_is_read_by_row_version(deploy: Deploy) -> None:
    path = "sync/Inventory/StockPositions"
    with deploy(path) as deployment:
        deployment.sync_well("mine")
        assert line(deployment, "mine").strategy == "row_version"
        assert differences(deployment, path) == []
        table = deployment.table(path)
        table.change(next(iter(table.rows)), CurrentStock=Decimal("3.75"))
        deployment.clock.advance(hours=1)
        outcome = only(deployment.sync_well("mine"), "mine")
        assert (outcome.tally.updated, outcome.tally.calls) == (1, 1)
        assert differences(deployment, path) == []
        outcome = deployment.service.verify(("mine",), (), Checks(rows="all"), Silent())[0]
        assert outcome.status == "verified"


@pytest.mark.usefixtures("nothing_is_known")
@pytest.mark.parametrize("strategy", ["modified", "snapshot"])
def test_an_endpoint_without_a_record_is_a_note_until_the_first_one(deploy: Deploy, strategy: str) -> None:
    path = "crm/Opportunities"
    with deploy(path, strategy=strategy) as deployment:
        table = deployment.table(path)
        rows = list(table.rows.values())
        table.clear()
        outcome = only(deployment.sync_well("mine"), "mine")
        assert "Exact has no record here yet" in str(outcome.message)
        assert columns(deployment) == {}
        verified = deployment.service.verify(("mine",), (), Checks(), Silent())[0]
        assert (verified.status, verified.exit_code) == ("never run", 0)
        assert deployment.service.status()
        deployment.clock.advance(hours=1)
        table.load(rows)
        deployment.sync_well("mine")
        assert differences(deployment, path) == []


@pytest.mark.usefixtures("nothing_is_known")
def test_two_divisions_learn_at_the_same_time(deploy: Deploy) -> None:
    path = "crm/Opportunities"
    with deploy(path, strategy="modified") as deployment:
        found_other(deployment, TINY | {path: 9})
        for division, prop in ((DIVISION, "Notes"), (OTHER, "RateFC")):
            table = deployment.table(path, division)
            for key in list(table.rows):
                table.change(key, **{prop: None})
        deployment.sync_well()
        assert {"notes", "rate_fc"} <= columns(deployment).keys()
        deployment.clock.advance(hours=1)
        deployment.sync_well("mine")
        counts = sql(deployment, "SELECT division, count(*) FROM exact.mine GROUP BY 1 ORDER BY 1")
        assert counts == [(DIVISION, 12), (OTHER, 9)]
        for division in (DIVISION, OTHER):
            verified = deployment.service.verify(("mine",), (division,), Checks(rows="all"), Silent())[0]
            assert verified.status == "verified"


def test_records_without_a_date_are_not_passed_over_by_date_windows(deploy: Deploy) -> None:
    with deploy(KNOWN, strategy="date_windows", date="Date") as deployment:
        table = deployment.table(KNOWN)
        table.change(next(iter(table.rows)), Date=None)
        outcome = only(deployment.sync("mine"), "mine")
        assert (outcome.status, outcome.exit_code) == ("failed", 2)
        assert "mine can't be read by date_windows: Exact has records without a Date" in str(outcome.message)
