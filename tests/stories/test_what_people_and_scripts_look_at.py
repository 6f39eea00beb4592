"""`status`, `resources` and `db`: facts for people, and for machines."""

import json

from exact_sync.store import migrate
from tests.deployment import DIVISION
from tests.mirror import PATHS
from tests.processes import Machine


def test_the_status_as_json_tells_all_that_the_contract_names(machine: Machine) -> None:
    machine.deployment.sync_well()
    machine.simulator.faults.add("cut_json", path="Items", times=None)
    assert machine.run("sync", "items", TRIES="1")[0] == 4
    code, process = machine.run("status", "--json")
    assert (code, process.err) == (0, "")
    facts = json.loads(process.out)
    assert facts["signed_in"] is True
    lines = {line["resource"]: line for line in facts["resources"]}
    assert lines.keys() == PATHS.keys()
    for name, line in lines.items():
        assert line["division"] == (None if name == "divisions" else DIVISION)
        assert line["rows"] == len(machine.deployment.table(PATHS[name], line["division"] or 0))
        assert line["succeeded_at"] is not None
        assert 0 <= line["lag_seconds"] < 600
    assert lines["customers"]["cursor"] is not None
    assert "Items" in lines["items"]["message"]
    assert lines["items"]["hint"]
    [division] = facts["divisions"]
    assert division["division"] == DIVISION
    assert 0 < division["day_left"] < division["day_limit"]
    assert division["minute_left"] is not None

    code, process = machine.run("status")
    assert (code, process.err) == (0, "")
    assert all(name in process.out for name in PATHS)


def test_the_catalog_lists_all_twelve(machine: Machine) -> None:
    code, process = machine.run("resources", INTERVAL="15m")
    assert (code, process.err) == (0, "")
    lines = {line.split()[0]: line for line in process.out.splitlines()[1:]}
    assert lines.keys() == PATHS.keys()
    for name, path in PATHS.items():
        assert f"exact.{name} " in lines[name]
        assert path in lines[name]
    assert lines["customers"].rstrip().endswith("every 15m")
    assert lines["journals"].rstrip().endswith("every 6h")


def test_the_schema_is_upgraded_and_shown(machine: Machine, empty_database_url: str) -> None:
    empty = {"DATABASE_URL": empty_database_url}
    code, process = machine.run("db", "current", **empty)
    assert (code, process.out) == (0, f"database: empty, newest: {migrate.head()}\n"), process
    code, process = machine.run("sync", **empty, AUTO_MIGRATE="false")
    assert code == 2, process
    assert "exact-sync db upgrade" in process.err
    code, process = machine.run("db", "upgrade", **empty)
    assert code == 0, process
    assert process.out.startswith(f"upgraded to {migrate.head()}: postgresql://")
    code, process = machine.run("db", "current", **empty)
    assert (code, process.out) == (0, f"database: {migrate.head()}, newest: {migrate.head()}\n")
