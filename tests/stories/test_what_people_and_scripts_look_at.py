"""`status`, `resources` and `db`: facts for people, and for machines."""

import json
import re

import pytest
from rich.console import Console

from exact_sync.catalog import RESOURCES
from exact_sync.store import migrate
from tests.deployment import DIVISION
from tests.mirror import ENOUGH, PATHS, expected_rows
from tests.processes import Here, one_clear_line


def test_the_status_as_json_tells_all_that_the_contract_names(here: Here) -> None:
    deployment = here.machine.deployment
    deployment.sync_well()
    deployment.simulator.faults.add("cut_json", path="Items", times=None)
    assert here.run("sync", "items", TRIES="1")[0] == 4
    code, out, err = here.run("status", "--json")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert facts["signed_in"] is True
    lines = {line["resource"]: line for line in facts["resources"]}
    assert lines.keys() == ENOUGH
    for name, line in lines.items():
        assert line["division"] == (None if name == "divisions" else DIVISION)
        assert line["rows"] == len(expected_rows(deployment.books, name))
        assert line["succeeded_at"] is not None
        assert 0 <= line["lag_seconds"] < 600
    assert lines["customers"]["cursor"] is not None
    assert "Items" in lines["items"]["message"]
    assert lines["items"]["hint"]
    [division] = facts["divisions"]
    assert division["division"] == DIVISION
    assert 0 < division["day_left"] < division["day_limit"]
    assert division["minute_left"] is not None

    code, out, err = here.run("status")
    assert (code, err) == (0, "")
    assert all(name in out for name in PATHS)


def test_until_when_a_division_makes_no_calls_is_told_as_everywhere(here: Here) -> None:
    here.machine.deployment.sync_well("items")
    here.machine.deployment.simulator.faults.add("day_429", path="Items")
    assert here.run("sync", "items")[0] == 4
    assert re.search(r"  no calls until \d{4}-\d\d-\d\d 00:00 UTC  ", here.run("status")[1])


def test_where_there_is_nothing_to_show_the_status_says_so(here: Here) -> None:
    assert here.run("status") == (0, "Nothing has been read yet.\n", "")
    here.machine.deployment.sync_well("journals")
    assert here.run("status", "--problems") == (0, "Nothing needs a look.\n", "")
    here.machine.nobody_is_signed_in()
    words = "Signing in is needed: nobody is signed in at Exact yet\n  → run: exact-sync auth login\n"
    assert here.run("status", "--problems") == (0, words, "")


def test_a_narrow_terminal_cuts_nothing_off(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.machine.deployment.sync_well("customers", "financial_transactions")
    for module in ("show", "requests", "status_lines"):
        monkeypatch.setattr(f"exact_sync.cli.{module}.console", lambda: Console(markup=False, width=80))
    for command in ("resources", "requests", "status"):
        code, out, _ = here.run(command)
        assert (code, "…" in out) == (0, False), out
    day = here.machine.query(
        "SELECT left(cursor, 10) FROM exact_sync.checkpoint WHERE resource = 'customers'"
    )
    assert day[0][0] in out


def test_the_catalog_lists_every_resource(here: Here) -> None:
    code, out, err = here.run("resources", INTERVAL="15m", RESOURCES=None)
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines()[1:]}
    assert lines.keys() == RESOURCES.keys()
    assert lines["quotations"].rstrip().endswith("off")
    assert lines["reporting_balance"].rstrip().endswith("every 1d")
    for name, path in PATHS.items():
        assert f"exact.{name} " in lines[name]
        assert path in lines[name]
    assert lines["customers"].rstrip().endswith("every 15m")
    assert lines["journals"].rstrip().endswith("every 6h")


def test_the_schema_is_upgraded_and_shown(here: Here, empty_database_url: str) -> None:
    empty = {"DATABASE_URL": empty_database_url}
    newest = migrate.head()
    assert here.run("db", "current", **empty)[:2] == (0, f"database: empty, newest: {newest}\n")
    code, _, err = here.run("sync", **empty, AUTO_MIGRATE="false")
    assert code == 2
    assert "exact-sync db upgrade" in one_clear_line(err)
    code, out, _ = here.run("db", "upgrade", **empty)
    assert code == 0
    assert out.startswith(f"upgraded to {newest}: postgresql://")
    assert here.run("db", "current", **empty)[:2] == (0, f"database: {newest}, newest: {newest}\n")
