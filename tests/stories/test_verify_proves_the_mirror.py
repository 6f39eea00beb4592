"""``verify`` finds whatever is wrong here, says nothing of what is only young, and mends what it is let."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from exact_sync.service import Service
from exact_sync.simulator import Simulator
from exact_sync.store import books
from exact_sync.sync.once import exit_code
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.verify import Checks
from tests.deployment import DIVISION, TINY, Deployment, SharedClock, Silent
from tests.facts import OTHER, checkpoint, found_other, only, sql
from tests.mirror import THE_OTHERS_OFF

Deploy = Callable[..., Any]

WITH_THE_BALANCE = {name: off for name, off in THE_OTHERS_OFF.items() if name != "reporting_balance"}


@pytest.fixture
def deploy(simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path) -> Deploy:
    """A deployment in which some resources were synced, and time went on a little."""

    @contextmanager
    def deploy(*names: str, **settings: Any) -> Iterator[Deployment]:
        settings.setdefault("resources", WITH_THE_BALANCE)
        with Deployment(simulator, database_url, clock, tmp_path, **settings) as deployment:
            deployment.sync_well(*names)
            clock.advance(minutes=30)
            yield deployment

    return deploy


def verify(
    deployment: Deployment, *names: str, divisions: tuple[int, ...] = (), **checks: Any
) -> list[Outcome]:
    return deployment.service.verify(names, divisions, Checks(**checks), Silent())


def asked(deployment: Deployment) -> int:
    """How many calls counted against a limit."""
    return sum(call.division is not None for call in deployment.simulator.stats.calls())


def kinds(outcome: Outcome) -> list[str]:
    return sorted(difference.kind for difference in outcome.differences)


# What someone does behind our back; each names the key of the row that it concerns.


@dataclass(frozen=True)
class Case:
    """A resource, and the column that somebody changes in it."""

    name: str
    column: str
    value: str
    settings: dict[str, Any]

    @property
    def key(self) -> str:
        return "entry_id" if self.name == "financial_transactions" else "id"

    def row(self, deployment: Deployment, at: int) -> str:
        query = (
            f"SELECT {self.key}::text FROM exact.{self.name} WHERE _deleted_at IS NULL ORDER BY 1 OFFSET {at}"
        )
        return str(sql(deployment, query)[0][0])


def removed(deployment: Deployment, case: Case) -> tuple[str, str]:
    key = case.row(deployment, 1)
    sql(deployment, f"DELETE FROM exact.{case.name} WHERE {case.key} = '{key}'")
    return "missing", key


def marked(deployment: Deployment, case: Case) -> tuple[str, str]:
    key = case.row(deployment, 2)
    sql(deployment, f"UPDATE exact.{case.name} SET _deleted_at = now() WHERE {case.key} = '{key}'")
    return "missing", key


def changed(deployment: Deployment, case: Case) -> tuple[str, str]:
    key = case.row(deployment, 3)
    sql(deployment, f"UPDATE exact.{case.name} SET {case.column} = {case.value} WHERE {case.key} = '{key}'")
    return "changed", key


def added(deployment: Deployment, case: Case) -> tuple[str, str]:
    key = f"f{str(uuid4())[1:]}"
    copy = f"jsonb_populate_record(t, jsonb_build_object('{case.key}', '{key}'))"
    sql(
        deployment,
        f"INSERT INTO exact.{case.name} SELECT ({copy}).* FROM exact.{case.name} t "
        f"WHERE {case.key} = '{case.row(deployment, 4)}'",
    )
    return "extra", key


def on(name: str, **more: Any) -> dict[str, Any]:
    return {"resources": {name: {"enabled": True, **more}}}


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


def test_the_books_tie_out_to_the_cent_in_every_period_of_every_division(deploy: Deploy) -> None:
    with deploy("transaction_lines", "reporting_balance") as deployment:
        found_other(deployment)
        deployment.sync_well("divisions", "transaction_lines", "reporting_balance")
        for division in (DIVISION, OTHER):
            with deployment.service.database.begin() as connection:
                number, cells = books.compare(connection, division, None)
            lines = sql(
                deployment,
                "SELECT count(DISTINCT (gl_account, financial_year, financial_period)), count(*) "
                "FROM exact.transaction_lines WHERE division = :division",
                division=division,
            )[0]
            assert cells == []
            assert number == lines[0] > 100
            outcome = only(verify(deployment, "transaction_lines"), "transaction_lines", division)
            assert outcome.status == "verified"
            assert outcome.checked == f"{number:,} sums of the books, {lines[1]:,} counted"


def test_what_is_left_of_a_binary_float_is_no_difference_and_a_cent_is(deploy: Deploy) -> None:
    one = "ctid = (SELECT min(ctid) FROM exact.reporting_balance)"
    with deploy("transaction_lines", "reporting_balance") as deployment:
        deployment.sync_well("divisions", "transaction_lines", "reporting_balance")
        for more, differing in (("5.55E-17", 0), ("0.01", 1)):
            sql(deployment, f"UPDATE exact.reporting_balance SET amount = amount + {more} WHERE {one}")
            with deployment.service.database.begin() as connection:
                assert len(books.compare(connection, DIVISION, None)[1]) == differing


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


def test_with_the_books_it_costs_the_balance_s_pages_and_what_is_new_in_the_ledger_besides(
    deploy: Deploy,
) -> None:
    with deploy("transaction_lines", "reporting_balance", "payments") as deployment:
        pages = only(deployment.sync_well("reporting_balance"), "reporting_balance").tally.calls
        deployment.simulator.stats.reset()
        assert exit_code(verify(deployment, "transaction_lines", "reporting_balance", "payments")) == 0
        assert deployment.calls("ReportingBalance") == pages + 1
        assert deployment.calls("sync/Financial/TransactionLines") == 1
        assert asked(deployment) == 3 + pages + 1
        assert deployment.violations() == {}


LEDGER = Case("transaction_lines", "amount_dc", "amount_dc + 0.01", {})


def test_a_cent_in_the_ledger_is_found_by_the_books_and_mended(deploy: Deploy) -> None:
    """In lines that the next run doesn't read again by itself."""
    with deploy("transaction_lines", "reporting_balance") as deployment:
        deployment.sync_well("transaction_lines")
        for damage in (changed, added, removed, marked):
            _, key = damage(deployment, LEDGER)
            outcome = only(verify(deployment, "transaction_lines"), "transaction_lines")
            line = sql(deployment, f"SELECT * FROM exact.transaction_lines WHERE id = '{key}'")
            assert outcome.exit_code == 1
            assert "sum" in kinds(outcome), (damage, key, line)
            sums = [d for d in outcome.differences if d.kind == "sum"]
            assert len(sums) == 1
            assert sums[0].detail.startswith("here ")
            outcome = only(verify(deployment, "transaction_lines", repair=True), "transaction_lines")
            assert (outcome.status, outcome.differences) == ("verified", ())
        for damage in (changed, added, removed, marked):
            damage(deployment, LEDGER)
        assert exit_code(verify(deployment, "transaction_lines")) == 1
        assert exit_code(verify(deployment, "transaction_lines", repair=True)) == 0
        assert deployment.differences("transaction_lines") == []
        assert deployment.violations() == {}


def test_where_much_of_the_ledger_is_wrong_it_is_read_again_at_once(deploy: Deploy) -> None:
    with deploy("transaction_lines", "reporting_balance") as deployment:
        sql(deployment, "UPDATE exact.transaction_lines SET amount_dc = amount_dc + 1")
        deployment.sync_well("transaction_lines")
        deployment.simulator.stats.reset()
        outcome = only(verify(deployment, "transaction_lines", repair=True), "transaction_lines")
        assert outcome.status == "verified"
        assert deployment.differences("transaction_lines") == []
        assert deployment.calls("TransactionLines") < 10


def test_where_much_is_missing_everything_is_read_instead_of_row_by_row(deploy: Deploy) -> None:
    with deploy("customers", counts={"crm/Accounts": 400}) as deployment:
        sql(deployment, "DELETE FROM exact.customers")
        deployment.simulator.stats.reset()
        outcome = only(verify(deployment, "customers", repair=True), "customers")
        assert (outcome.status, outcome.message) == ("verified", "mended: 400 of 400 differences")
        assert deployment.differences("customers") == []
        assert deployment.calls() <= 5


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


def test_hidden_ledger_lines_are_not_buried_by_the_books(deploy: Deploy) -> None:
    with deploy("transaction_lines", "reporting_balance") as deployment:
        sql(
            deployment,
            "INSERT INTO exact.transaction_lines SELECT (jsonb_populate_record(NULL::exact.transaction_lines,"
            " to_jsonb(t) || jsonb_build_object('id', gen_random_uuid(), '_version', NULL))).* FROM ("
            "SELECT * FROM exact.transaction_lines WHERE amount_dc > 0 LIMIT 1) t, generate_series(1, 200)",
        )
        deployment.simulator.faults.add("hidden", path="financialtransaction/TransactionLines", times=None)
        before = sql(deployment, "SELECT count(*) FROM exact.transaction_lines WHERE _deleted_at IS NULL")
        outcome = only(verify(deployment, "transaction_lines", repair=True), "transaction_lines")
        assert outcome.exit_code == 1
        assert "sum" in kinds(outcome)
        assert (
            sql(deployment, "SELECT count(*) FROM exact.transaction_lines WHERE _deleted_at IS NULL")
            == before
        )


def test_books_that_cannot_be_read_are_a_note_and_the_rest_is_compared(deploy: Deploy) -> None:
    with deploy("transaction_lines") as deployment:
        deployment.simulator.faults.add("status", path="ReportingBalance", times=None, status=403)
        deployment.sync("reporting_balance")
        for _ in range(2):  # found out now, and known already
            outcome = only(verify(deployment, "transaction_lines"), "transaction_lines")
            assert (outcome.status, outcome.exit_code) == ("verified", 0)
            assert "the books were not added up" in str(outcome.message)
            assert "counted" in outcome.checked


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
        deployment.simulator.faults.add("status", path="cashflow/Payments", times=None, status=400)
        for _ in range(2):
            outcome = only(verify(deployment, "payments"), "payments")
            assert (outcome.status, outcome.checked) == ("verified", "40 keys")
        refused = [call for call in deployment.simulator.stats.calls() if call.status == 400]
        assert len(refused) == 1


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


def test_a_drawn_row_that_is_not_at_exact_is_found_too(deploy: Deploy) -> None:
    with deploy("payments") as deployment:
        added(deployment, CASES[0])
        removed(deployment, CASES[0])  # so that the counts agree
        assert only(verify(deployment, "payments"), "payments").status == "verified"
        assert kinds(only(verify(deployment, "payments", rows=1000), "payments")) == ["extra"]
        assert kinds(only(verify(deployment, "payments", keys=True), "payments")) == ["extra", "missing"]


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
        assert only(deployment.sync_well("payments"), "payments").tally.deleted == 0
        assert deployment.differences("payments") == []
