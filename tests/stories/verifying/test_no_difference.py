"""``verify`` says nothing of what is only young, and is no trouble to what goes on beside it."""

from typing import Any

import pytest

from exact_sync.service import Service
from exact_sync.sync.once import exit_code
from tests.facts import checkpoint, only, restart, sql
from tests.feeds import read_by
from tests.stories.verifying.proof import Deploy, asked, kinds, on, verify


def test_everything_is_verified_after_a_sync(deploy: Deploy) -> None:
    with deploy() as deployment:
        before = {name: checkpoint(deployment, name) for name in ("customers", "journals", "payments")}
        deployment.simulator.stats.reset()
        outcomes = verify(deployment, books=False)
        assert {outcome.status for outcome in outcomes} == {"verified"}
        assert exit_code(outcomes) == 0
        verified = {outcome.resource for outcome in outcomes}
        assert verified == deployment.service.mirrored.keys() - {"divisions", "deletions"}
        assert {outcome.tally.calls for outcome in outcomes} == {1}
        assert asked(deployment) == len(outcomes)
        assert {name: checkpoint(deployment, name) for name in before} == before
        assert deployment.violations() == {}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("payments", "cashflow/Payments"),
        ("customers", "crm/Accounts"),
        ("gl_accounts", "financial/GLAccounts"),
        ("financial_transactions", "financialtransaction/Transactions"),
        ("contacts", "crm/Contacts"),
    ],
)
@pytest.mark.parametrize("rows", [0, "all"])
def test_what_exact_changed_since_is_no_difference(
    deploy: Deploy, name: str, path: str, rows: object
) -> None:
    settings = on("contacts", strategy="row_version") if name == "contacts" else {}
    with deploy(name, **settings) as deployment:
        table = deployment.table(path)
        first, second = list(table.rows)[:2]
        table.insert({**table.rows[first], table.entity.key: None, "Created": None, "Modified": None})
        column = {"customers": "Name", "contacts": "Notes"}.get(name, "Description")
        table.change(second, **{column: "later"})
        for keys in (False, True):
            outcome = only(verify(deployment, name, keys=keys, rows=rows), name)
            assert outcome.differences == (), outcome
            assert outcome.status == "verified"
        deployment.sync_well(name)
        assert deployment.differences(name) == []


@pytest.mark.parametrize(
    ("name", "path", "settings"),
    [
        ("contacts", "crm/Contacts", on("contacts", strategy="row_version")),
        ("transaction_lines", "financialtransaction/TransactionLines", {}),
        ("payments", "cashflow/Payments", {}),
    ],
)
def test_nor_is_it_one_in_rows_that_are_drawn_and_come_without_their_version(
    deploy: Deploy, name: str, path: str, settings: dict[str, Any]
) -> None:
    column = {"payments": "Description"}.get(name, "Notes")
    with deploy(name, **settings) as deployment:
        table = deployment.table(path)
        old = next(iter(table.rows))
        for key in table.rows.keys() - {old}:
            table.change(key, **{column: "later"})
        outcome = only(verify(deployment, name, rows=1000, books=False), name)
        assert (outcome.status, outcome.differences) == ("verified", ())
        sql(deployment, f"UPDATE exact.{name} SET {column.lower()} = 'damaged' WHERE id = '{old}'")
        outcome = only(verify(deployment, name, rows=1000, books=False), name)
        assert [(d.kind, d.what) for d in outcome.differences] == [("changed", str(old))]
        assert deployment.violations() == {}


def test_a_list_that_another_strategy_read_before_is_verified(deploy: Deploy) -> None:
    """Its cursor, a row version, is no moment, and is not left in the checkpoint for people to see."""
    with deploy("gl_accounts") as deployment:
        for strategy in ("row_version", "snapshot"):
            read_by(deployment, strategy, "gl_accounts")
            deployment.sync_well("gl_accounts")
        assert checkpoint(deployment, "gl_accounts")["cursor"] is None

        # As earlier versions left it. What is only young is compared with when it was read last.
        sql(deployment, "UPDATE exact_sync.checkpoint SET cursor = '4711' WHERE resource = 'gl_accounts'")
        deployment.clock.advance(minutes=1)
        table = deployment.table("financial/GLAccounts")
        table.change(next(iter(table.rows)), Description="later")
        outcome = only(verify(deployment, "gl_accounts", rows="all"), "gl_accounts")
        assert (outcome.status, outcome.differences) == ("verified", ())


def test_what_exact_removed_since_is_none_either_where_its_log_tells(deploy: Deploy) -> None:
    with deploy("deletions", "customers") as deployment:
        table = deployment.table("crm/Accounts")
        table.delete(next(iter(table.rows)))
        assert only(verify(deployment, "customers"), "customers").status == "verified"


def test_a_site_that_takes_no_filter_on_modified_does_not_look_wrong(deploy: Deploy) -> None:
    """Its changes since the last reading are told by the time of that reading."""
    with deploy("payments") as deployment:
        deployment.simulator.faults.add("refuse_modified_filter", path="/Payments", times=None)
        deployment.sync_well("payments")
        deployment.clock.advance(hours=3)
        deployment.sync_well("payments")
        deployment.clock.advance(minutes=1)
        table = deployment.table("cashflow/Payments")
        table.change(next(iter(table.rows)), Description="later")
        assert only(verify(deployment, "payments", rows="all"), "payments").status == "verified"
        sql(
            deployment,
            "UPDATE exact.payments SET amount_dc = 7 "
            "WHERE amount_dc = (SELECT max(amount_dc) FROM exact.payments)",
        )
        assert kinds(only(verify(deployment, "payments", rows="all"), "payments")) == ["changed"]


def test_with_a_start_date_only_what_lies_behind_it_is_compared(deploy: Deploy) -> None:
    """Rows from before it, of the time when there was none, are no difference."""
    names = ("transaction_lines", "reporting_balance", "financial_transactions")
    with deploy(*names) as deployment:
        settings = deployment.settings.model_copy(
            update={"start_date": deployment.clock.now().date().replace(month=2, day=10)}
        )
        deployment.service.close()
        deployment.service = Service(settings, deployment.clock)
        deployment.sync_well(*names)
        outcomes = verify(deployment, *names)
        assert [(o.status, o.differences) for o in outcomes] == [("verified", ())] * 3
        assert not any("keys" in outcome.checked for outcome in outcomes)
        for checks in ({"rows": 1000}, {"keys": True}):
            outcomes = verify(deployment, *names, books=False, **checks)
            assert [(o.status, o.differences) for o in outcomes] == [("verified", ())] * 3


def test_what_never_ran_or_is_refused_is_no_failure(deploy: Deploy) -> None:
    with deploy("customers") as deployment:
        deployment.simulator.faults.add("status", path="/Contacts", times=None, status=403)
        deployment.sync("contacts")
        outcomes = verify(deployment, "customers", "contacts", "items")
        assert {o.resource: o.status for o in outcomes} == {
            "customers": "verified",
            "contacts": "unavailable",
            "items": "never run",
        }
        assert exit_code(outcomes) == 0


def test_where_exact_does_not_count_the_keys_are_compared_and_it_is_asked_once(deploy: Deploy) -> None:
    with deploy("payments") as deployment:
        deployment.simulator.faults.add("status", path="Payments/$count", times=None, status=400)
        for _ in range(2):
            outcome = only(verify(deployment, "payments"), "payments")
            assert (outcome.status, outcome.checked) == ("verified", "40 keys")
        sql(deployment, "UPDATE exact.payments SET modified = created - interval '1 day'")
        restart(deployment)
        sql(deployment, "UPDATE exact_sync.checkpoint SET quirks = '{}'")
        outcome = only(verify(deployment, "payments", repair=True), "payments")
        assert outcome.message == "mended: 40 of 40 differences"
        refused = [call for call in deployment.simulator.stats.calls() if call.status == 400]
        assert len(refused) == 2  # also where it is compared twice


@pytest.mark.parametrize("name", ["customers", "financial_transactions"])
def test_where_only_a_filter_on_modified_is_refused_exact_is_counted(deploy: Deploy, name: str) -> None:
    with deploy(name) as deployment:
        deployment.simulator.faults.add("refuse_modified_filter", times=None)
        outcome = only(verify(deployment, name), name)
        assert (outcome.status, outcome.checked[-7:]) == ("verified", "counted")
        assert checkpoint(deployment, name)["quirks"] == {}


def test_where_only_a_feed_has_large_pages_the_keys_come_from_there(deploy: Deploy) -> None:
    with deploy("employees", **on("employees")) as deployment:
        deployment.simulator.stats.reset()
        assert only(verify(deployment, "employees", keys=True), "employees").status == "verified"
        assert deployment.calls("sync/Payroll/Employees") == 1


def test_where_only_the_count_is_forbidden_the_keys_are_compared(deploy: Deploy) -> None:
    with deploy("payments") as deployment:
        deployment.simulator.faults.add("status", path="Payments/$count", times=None, status=403)
        outcome = only(verify(deployment, "payments"), "payments")
        assert (outcome.status, outcome.checked) == ("verified", "40 keys")


def test_a_reading_that_broke_off_goes_on_as_if_nothing_had_been_verified(deploy: Deploy) -> None:
    """What it noted of the pages before is not forgotten; else their rows would look gone."""
    with deploy(
        counts={"cashflow/Payments": 130}, resources={"payments": {"strategy": "modified"}}
    ) as deployment:
        deployment.simulator.faults.add("refuse_bulk", path="/Payments", times=None)
        deployment.simulator.faults.add("status", path="/Payments", query="skiptoken", times=None, status=500)
        outcome = only(deployment.sync("payments", full=True), "payments")
        assert outcome.status == "later"
        before = sql(deployment, "SELECT division, resource, unnest(keys) FROM exact_sync.seen ORDER BY 3")
        assert len(before) == 60
        deployment.simulator.faults.clear()
        deployment.simulator.faults.add("refuse_bulk", path="/Payments", times=None)
        deployment.clock.advance(hours=1)
        assert only(verify(deployment, "payments", keys=True, rows="all"), "payments").status == "verified"
        assert (
            sql(deployment, "SELECT division, resource, unnest(keys) FROM exact_sync.seen ORDER BY 3")
            == before
        )
        newer = "amount_dc = 0, modified = modified + interval '1 day'"
        sql(deployment, f"UPDATE exact.payments SET {newer} WHERE id::text = :key", key=before[0][2])
        mended = only(verify(deployment, "payments", keys=True, repair=True), "payments")
        assert mended.message == "mended: 1 of 1 differences"
        assert only(deployment.sync_well("payments"), "payments").tally.deleted == 0
        assert deployment.differences("payments") == []
