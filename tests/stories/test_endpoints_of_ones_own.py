"""Any endpoint of Exact by settings alone: columns from the reference, or learned from what comes."""

import random
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exact_sync.catalog import custom as custom_module
from exact_sync.config import ResourceSettings
from exact_sync.errors import BadConfiguration
from exact_sync.simulator import Simulator
from exact_sync.sync.verify import Checks
from tests.deployment import DIVISION, TINY, Deployment, SharedClock, Silent
from tests.facts import OTHER, found_other, line, only, quarantined, restart, sql
from tests.mirror import column_name, expected, properties_of, same
from tests.processes import Here, one_clear_line

Deploy = Callable[..., Any]
KNOWN = "project/CostTransactions"


@pytest.fixture
def deploy(simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path) -> Deploy:
    @contextmanager
    def deploy(path: str, rows: int = 12, name: str = "mine", **section: Any) -> Iterator[Deployment]:
        resources = {name: {"endpoint": path, **section}}
        with Deployment(
            simulator, database_url, clock, tmp_path, counts=TINY | {path: rows}, resources=resources
        ) as deployment:
            yield deployment

    return deploy


@pytest.fixture
def nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reference has any endpoint."""
    monkeypatch.setattr(custom_module, "known", lambda endpoint: False)
    monkeypatch.setattr(custom_module, "endpoints", lambda: ())


def columns(deployment: Deployment, name: str = "mine") -> dict[str, str]:
    query = """SELECT column_name, data_type FROM information_schema.columns
               WHERE table_schema = 'exact' AND table_name = :name"""
    return dict(sql(deployment, query, name=name))


def differences(deployment: Deployment, path: str, key: str = "ID", name: str = "mine") -> list[str]:
    """What the table and the books disagree on, by what each value is in its column."""
    table = deployment.table(path)
    properties = properties_of(deployment.books, DIVISION, path)
    there = columns(deployment, name)
    with deployment.service.database.begin() as connection:
        rows = connection.exec_driver_sql(
            f'SELECT * FROM exact."{name}" WHERE _deleted_at IS NULL AND division = {DIVISION}'
        )
        stored = {str(row[column_name(key)]).strip(): row for row in rows.mappings()}
    theirs = {str(row[key]).strip(): row for row in table.rows.values()}
    found = [f"{k}: only on one side" for k in theirs.keys() ^ stored.keys()]
    for k in theirs.keys() & stored.keys():
        for prop, edm in properties.items():
            value = theirs[k][prop]
            want = None if value is None else expected(prop, edm)(value)
            if column_name(prop) not in there:
                if want is not None:
                    found.append(f"{k}.{prop}: has no column")
                continue
            have = stored[k][column_name(prop)]
            learned = isinstance(want, int | Decimal) and isinstance(have, int | Decimal)
            if not (want == have if learned else same(want, have)):
                found.append(f"{k}.{prop}: want {want!r}, have {have!r}")
    return found


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
        table.change(first, Description="changed")
        deployment.clock.advance(hours=7)
        deployment.sync_well("mine")
        assert differences(deployment, path, key) == []
        sql(
            deployment,
            f"DELETE FROM exact.mine WHERE {key.lower()} IN (SELECT min({key.lower()}) FROM exact.mine)",
        )
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


def test_another_key_than_the_table_was_made_with_is_one_clear_line(deploy: Deploy) -> None:
    with deploy("financial/Journals") as deployment:
        deployment.sync_well("mine")
        restart(deployment, resources=_sections({"mine": {"endpoint": "financial/Journals", "key": "Code"}}))
        with pytest.raises(BadConfiguration, match="was made with the key division, id"):
            deployment.sync("mine")


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
        assert "can't widen a column: cannot alter type of a column used by a view" in str(outcome.message)
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


def test_records_without_a_date_are_not_passed_over_by_date_windows(deploy: Deploy) -> None:
    with deploy(KNOWN, strategy="date_windows", date="Date") as deployment:
        table = deployment.table(KNOWN)
        table.change(next(iter(table.rows)), Date=None)
        outcome = only(deployment.sync("mine"), "mine")
        assert (outcome.status, outcome.exit_code) == ("failed", 2)
        assert "mine can't be read by date_windows: Exact has records without a Date" in str(outcome.message)


# From the command line.

TOML = """
[resources.my_costs]
endpoint = "project/CostTransactions"
"""


@pytest.mark.parametrize("where", ["file", "environment"])
def test_every_command_knows_a_resource_of_one_s_own(here: Here, where: str) -> None:
    environment = {}
    if where == "file":
        (here.machine.folder / "config.toml").write_text(TOML)
    else:
        environment["RESOURCES__MY_COSTS__ENDPOINT"] = KNOWN
    assert here.run("sync", "my_costs", **environment)[0] == 0
    rows = here.machine.query("SELECT count(*) FROM exact.my_costs")[0][0]
    assert rows == len(here.machine.deployment.table(KNOWN).rows) > 0
    code, out, _ = here.run("status", **environment)
    assert code == 0
    [status] = [text.split() for text in out.splitlines() if "my_costs" in text]
    assert status[1:5] == ["my_costs", "modified", "ok", str(rows)]
    code, out, _ = here.run("resources", **environment)
    [shown] = [text.split() for text in out.splitlines() if text.startswith("my_costs ")]
    assert shown[:4] == ["my_costs", "exact.my_costs", KNOWN, "id"]
    assert "off" not in shown
    assert here.run("verify", "my_costs", "--rows", "all", **environment)[0] == 0
    assert here.run("reset", "my_costs", **environment)[0] == 0
    assert here.run("sync", "my_costs", **environment)[0] == 0
    code, out, _ = here.run("accept", "my_costs", **environment)
    nothing = "No run of my_costs is suspect, and nothing of it is new in quarantine; nothing to accept.\n"
    assert (code, out) == (0, nothing)


@pytest.mark.parametrize(
    ("name", "section", "line"),
    [
        ("customers", 'endpoint = "crm/Quotations"', "the catalog defines this resource"),
        (
            "my_costs",
            'endpoint = "Project/CostTransactions"',
            "Exact writes this path project/CostTransactions",
        ),
        ("my_costs", 'endpoint = "nonsense"', "is no path of an endpoint"),
        ("my_costs", 'endpoint = "crm/../Accounts"', "is no path of an endpoint"),
        ("my_costs", f'endpoint = "{KNOWN}"\nkey = "Id"', "has no property Id; did you mean ID?"),
        ("my_costs", f'endpoint = "{KNOWN}"\nkey = "a b"', "is no name of a property"),
        ("my_costs", f'endpoint = "{KNOWN}"\ndate = "Created"', "Created is no date"),
        ("my_costs", f'endpoint = "{KNOWN}"\nstrategy = "date_windows"', "date_windows needs a date"),
        ("my_costs", f'endpoint = "{KNOWN}"\nstrategy = "row_version"', "can't be read by row_version"),
        ("my_costs", 'endpoint = "beta/New"\ndate = "Moment"', "Moment is no date"),
        ("MyCosts", f'endpoint = "{KNOWN}"', "a table can't have this name"),
        ("my-costs", f'endpoint = "{KNOWN}"', "a table can't have this name"),
        ("my_costs", f'endpont = "{KNOWN}"', "unknown setting resources.my_costs"),
        ("my_costs", 'key = "ID"', "unknown setting resources.my_costs"),
    ],
)
def test_what_cannot_be_is_one_clear_line(here: Here, name: str, section: str, line: str) -> None:
    (here.machine.folder / "config.toml").write_text(f"[resources.{name}]\n{section}\n")
    code, out, err = here.run("sync")
    assert (code, out) == (2, "")
    assert line in one_clear_line(err)


@pytest.mark.usefixtures("nothing_is_known")
@pytest.mark.parametrize(
    ("section", "line"),
    [
        ({"key": "Code"}, "crm/Opportunities has no property Code; it has: "),
        ({"key": "Notes"}, "Notes of crm/Opportunities is empty, so it is no key"),
        ({"strategy": "date_windows", "date": "NoDate"}, "has no date NoDate"),
    ],
)
def test_what_turns_out_only_at_exact_is_one_clear_line_too(
    deploy: Deploy, section: dict[str, str], line: str
) -> None:
    path = "crm/Opportunities"
    with deploy(path, **section) as deployment:
        table = deployment.table(path)
        for key in list(table.rows):
            table.change(key, Notes=None)
        outcome = only(deployment.sync("mine"), "mine")
        assert (outcome.status, outcome.exit_code) == ("failed", 2)
        assert line in str(outcome.message)
        assert "setting resources.mine: " in str(outcome.message)
