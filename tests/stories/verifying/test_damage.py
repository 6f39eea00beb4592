"""``verify`` finds whatever is wrong here, and mends what it is let."""

from typing import Any

import pytest

from exact_sync.errors import DatabaseAway
from exact_sync.store import runs
from tests.deployment import DIVISION, TINY
from tests.facts import checkpoint, only, sql
from tests.stories.verifying.damages import Case, added, changed, marked, removed
from tests.stories.verifying.proof import Deploy, kinds, on, verify

CASES = [
    Case("payments", "amount_dc", "amount_dc + 0.01", {}),
    Case("customers", "name", "'Somebody'", {}),
    Case("items", "description", "''", on("items", deletes="hard")),
    Case("contacts", "last_name", "'Nobody'", on("contacts", strategy="row_version")),
    Case("document_attachments", "file_size", "file_size + 1", {}),
    Case("financial_transactions", "description", "'Other'", {}),
    Case(
        "stock_positions",
        "current_stock",
        "current_stock + 1",
        on("stock_positions") | {"counts": TINY | {"sync/Inventory/StockPositions": 30}},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_kind_of_damage_is_found_and_mended_in_every_strategy(deploy: Deploy, case: Case) -> None:
    with deploy(case.name, **case.settings) as deployment:
        assert only(verify(deployment, case.name, rows="all"), case.name).status == "verified"
        cursor = checkpoint(deployment, case.name)
        damages = []
        for damage in (removed, marked, changed, added):
            kind, key = damage(deployment, case)
            damages.append(kind)
            outcome = only(verify(deployment, case.name, rows="all" if kind == "changed" else 0), case.name)
            assert (outcome.status, outcome.exit_code) == ("differs", 1)
            assert [(d.kind, d.what) for d in outcome.differences] == [(kind, key)]
            if kind == "changed":
                assert outcome.differences[0].detail == case.column
            assert checkpoint(deployment, case.name) == cursor

            mended = only(verify(deployment, case.name, rows="all", repair=True), case.name)
            assert (mended.status, mended.exit_code, mended.differences) == ("verified", 0, ())
            assert mended.message == "mended: 1 of 1 differences"
            assert deployment.differences(case.name) == []
            cursor = checkpoint(deployment, case.name)

        expected = sorted(damage(deployment, case)[0] for damage in (removed, marked, changed, added))
        assert kinds(only(verify(deployment, case.name, rows="all"), case.name)) == expected
        assert only(verify(deployment, case.name, rows="all", repair=True), case.name).exit_code == 0
        assert deployment.differences(case.name) == []
        assert only(verify(deployment, case.name, keys=True, rows="all"), case.name).status == "verified"
        assert deployment.violations() == {}


def test_where_much_is_missing_everything_is_read_instead_of_row_by_row(deploy: Deploy) -> None:
    with deploy("customers", counts={"crm/Accounts": 400}) as deployment:
        sql(deployment, "DELETE FROM exact.customers")
        deployment.simulator.stats.reset()
        outcome = only(verify(deployment, "customers", repair=True), "customers")
        assert (outcome.status, outcome.message) == ("verified", "mended: 400 of 400 differences")
        assert deployment.differences("customers") == []
        assert deployment.calls() <= 5


@pytest.mark.parametrize("missing", [2, 400])
def test_what_goes_to_quarantine_is_not_called_mended(deploy: Deploy, missing: int) -> None:
    """Fetched by its key, or with everything."""
    with deploy("customers", counts={"crm/Accounts": 400}) as deployment:
        rows = f"SELECT id FROM exact.customers ORDER BY id LIMIT {missing}"
        key = str(sql(deployment, rows)[0][0])
        sql(deployment, f"DELETE FROM exact.customers WHERE id IN ({rows})")
        deployment.simulator.faults.add("value", key=key, values={"Name": "{}"}, times=None)
        outcome = only(verify(deployment, "customers", repair=True), "customers")
        assert (outcome.status, outcome.exit_code, outcome.differences) == ("verified", 1, ())
        assert outcome.message == (
            f"mended: {missing - 1} of {missing} differences; customers of division {DIVISION}: "
            "1 record could not be converted and is in quarantine"
        )
        assert only(verify(deployment, "customers", repair=True), "customers").exit_code == 0


def test_a_repair_that_would_bury_much_waits_for_a_person(deploy: Deploy) -> None:
    """Lost rights look like that: Exact shows less than is here."""
    with deploy("payments") as deployment:
        hidden = deployment.simulator.faults.add("hidden", path="/Payments", times=None)
        outcome = only(verify(deployment, "payments", repair=True), "payments")
        assert (outcome.status, outcome.exit_code) == ("differs", 1)
        assert kinds(outcome) == ["extra"] * 40
        assert "nothing was deleted" in str(outcome.message)
        assert outcome.hint is not None
        assert f"exact-sync accept payments --division {DIVISION}" in outcome.hint
        assert sql(deployment, "SELECT count(*) FROM exact.payments WHERE _deleted_at IS NULL") == [(40,)]
        assert checkpoint(deployment, "payments")["outcome"] == "suspect"
        deployment.simulator.faults.remove(hidden)
        assert only(verify(deployment, "payments", repair=True), "payments").status == "verified"


def test_access_that_is_lost_while_it_is_mended_hides_no_difference(deploy: Deploy) -> None:
    with deploy("payments") as deployment:
        removed(deployment, CASES[0])
        fault = {"path": "/Payments", "query": "$filter=ID eq", "status": 403}
        deployment.simulator.faults.add("status", times=None, **fault)
        outcome = only(verify(deployment, "payments", repair=True), "payments")
        assert (outcome.status, outcome.exit_code) == ("differs", 1)
        assert "(1 differences), and could not be compared to the end" in str(outcome.message)


def test_a_record_without_a_key_is_counted_and_names_no_row(deploy: Deploy) -> None:
    """It may be any of those that did not come; that there are too many is told all the same."""
    with deploy("divisions") as deployment:
        deployment.simulator.faults.add("null_key", path="/Payments", times=None)
        deployment.sync("payments")
        outcome = only(verify(deployment, "payments"), "payments")
        assert (outcome.status, outcome.checked) == ("verified", "40 counted")
        added(deployment, CASES[0])
        outcome = only(verify(deployment, "payments"), "payments")
        assert [(d.kind, d.detail) for d in outcome.differences] == [("count", "here 41, at Exact 40")]


def test_a_row_of_another_version_than_exact_s_is_changed(deploy: Deploy) -> None:
    with deploy("contacts", **on("contacts", strategy="row_version")) as deployment:
        sql(
            deployment,
            "UPDATE exact.contacts SET _version = _version - 1 "
            "WHERE _version = (SELECT min(_version) FROM exact.contacts)",
        )
        assert kinds(only(verify(deployment, "contacts", keys=True), "contacts")) == ["changed"]


def test_a_row_that_looks_newer_than_exact_s_is_mended(deploy: Deploy) -> None:
    with deploy("payments") as deployment:
        key = CASES[0].row(deployment, 0)
        newer = "amount_dc = 0, modified = modified + interval '1 day'"
        sql(deployment, f"UPDATE exact.payments SET {newer} WHERE id = :key", key=key)
        outcome = only(verify(deployment, "payments", keys=True, repair=True), "payments")
        assert (outcome.status, outcome.tally.updated) == ("verified", 1)
        assert deployment.differences("payments") == []


@pytest.mark.parametrize("rows", ["all", 1000])
@pytest.mark.parametrize("fault", ["value", "null_key"])
def test_a_row_whose_record_cannot_be_read_is_at_exact_and_is_not_buried(
    deploy: Deploy, fault: str, rows: Any
) -> None:
    """Where the key is what can't be read, it may be any of them."""
    with deploy("payments") as deployment:
        key = CASES[0].row(deployment, 0)
        more = {"key": key, "values": {"AmountDC": '"much"'}} if fault == "value" else {}
        deployment.simulator.faults.add(fault, path="/Payments", query="AmountDC", times=None, **more)
        outcome = only(verify(deployment, "payments", rows=rows, repair=True), "payments")
        assert (outcome.status, outcome.tally.deleted) == ("verified", 0)
        assert deployment.differences("payments") == []


def test_a_log_of_deletions_that_may_not_be_read_hides_no_difference(deploy: Deploy) -> None:
    """Exact refuses it to users without a right of its own."""
    with deploy("customers") as deployment:
        deployment.simulator.faults.add("status", path="sync/Deleted", times=None, status=403)
        _, key = added(deployment, CASES[1])
        outcome = only(verify(deployment, "customers"), "customers")
        assert (outcome.exit_code, [(d.kind, d.what) for d in outcome.differences]) == (1, [("extra", key)])
        assert only(verify(deployment, "customers", repair=True), "customers").status == "verified"


def test_a_database_that_goes_away_is_no_mistake_of_ours(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseAway("the database can't be used now", "nothing is lost; try again later")

    with deploy("payments") as deployment:
        monkeypatch.setattr(runs, "end", away)
        outcome = only(verify(deployment, "payments"), "payments")
        assert (outcome.status, outcome.exit_code, outcome.is_verification) == ("later", 4, True)


def test_a_drawn_row_that_is_not_at_exact_is_found_too(deploy: Deploy) -> None:
    with deploy("payments") as deployment:
        added(deployment, CASES[0])
        removed(deployment, CASES[0])  # so that the counts agree
        assert only(verify(deployment, "payments"), "payments").status == "verified"
        assert kinds(only(verify(deployment, "payments", rows=1000), "payments")) == ["extra"]
        for rows in (0, 1):
            outcome = only(verify(deployment, "payments", keys=True, rows=rows), "payments")
            assert kinds(outcome) == ["extra", "missing"]
