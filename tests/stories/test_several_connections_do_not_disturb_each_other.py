"""A group has companies at Exact in three countries: three sign-ins, one deployment."""

import json
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from exact_sync.deployment import Deployment
from exact_sync.service import Service
from exact_sync.sync.verify import Checks
from tests.deployment import DIVISION, Silent
from tests.processes import Here, Machine, until
from tests.several import FEW, Several, several


@pytest.fixture
def three(machine: Machine) -> Iterator[Several]:
    with several(machine) as three:
        yield three


def test_one_that_is_signed_out_does_not_stop_the_others(three: Several, here: Here) -> None:
    three.sign_in("de")
    code, out, err = here.run("sync", **three.environment)
    assert code == 1, err
    assert (
        "error: be: nobody is signed in at Exact yet\n  → run: exact-sync auth login --connection be\n" in err
    )
    assert err.count("error: ") == 1, err
    assert f"de: journals {DIVISION}: ok" in out
    assert f"default: journals {DIVISION}: ok" in out
    assert (three.differences("default"), three.differences("de")) == ([], [])
    assert three.simulators["be"].stats.calls() == []

    code, out, _ = here.run("status", "--json", **three.environment)
    facts = json.loads(out)
    assert [(c["name"], c["schema"], c["signed_in"]) for c in facts["connections"]] == [
        ("default", "exact", True),
        ("be", "exact_be", False),
        ("de", "exact_de", True),
    ]
    assert facts["signed_in"] is False
    assert facts["sign_in_message"] == "be: nobody is signed in at Exact yet"
    assert {line["connection"] for line in facts["resources"]} == {"default", "de"}
    code, out, _ = here.run("status", **three.environment)
    assert "→ run: exact-sync auth login --connection be" in out
    assert here.run("auth", "status", **three.environment)[0] == 3
    assert here.run("auth", "status", "--connection", "de", **three.environment)[0] == 0

    code, _, err = here.run("sync", "--connection", "be", **three.environment)
    assert (code, err.count("be: nobody is signed in")) == (3, 1)

    three.sign_in("be")
    code, _, err = here.run("sync", **three.environment)
    assert (code, err) == (0, "")
    assert [three.differences(name) for name in three.simulators] == [[], [], []]
    for simulator in three.simulators.values():
        assert not any(simulator.stats.violations.values())


def test_a_command_may_be_for_one_connection_only(three: Several, here: Here) -> None:
    three.sign_in("be")
    code, out, err = here.run("sync", "--connection", "be", "journals", **three.environment)
    assert (code, err) == (0, "")
    assert three.simulators["default"].stats.calls(DIVISION) == []
    assert f"be: journals {DIVISION}: ok" in out

    code, _, err = here.run("sync", "--connection", "bee", **three.environment)
    assert (code, err) == (2, "error: there is no connection bee\n  → did you mean be?\n")
    code, _, err = here.run("auth", "login", "--paste", **three.environment)
    assert code == 2
    assert "name one with --connection: default, be, de" in err

    code, out, err = here.run("reset", "journals", "--connection", "be", **three.environment)
    assert (code, out.split(" reset")[0]) == (0, "journals: 1 checkpoint")
    code, out, _ = here.run("plan", "--json", "--no-count", "--connection", "be", **three.environment)
    assert {cost["connection"] for cost in json.loads(out)["costs"]} == {"be"}
    code, out, err = here.run("plan", "--no-count", **three.environment)
    assert code == 1
    assert "\nbe, schema exact_be\n" in out
    assert "error: default: Exact's list of divisions was never read" in err
    assert "error: de: nobody is signed in" in err
    code, out, _ = here.run("verify", "journals", "--connection", "be", **three.environment)
    assert code == 0, out
    assert here.run("auth", "logout", **three.environment)[0] == 2
    code, out, _ = here.run("auth", "logout", "--connection", "be", **three.environment)
    assert (code, out.partition(":")[0]) == (0, "be"), out
    assert here.run("auth", "status", "--connection", "be", **three.environment)[0] == 3
    assert here.run("auth", "status", "--connection", "default", **three.environment)[0] == 0

    three.machine.query("UPDATE exact_be_sync.alembic_version SET version_num = '9999'")
    code, _, err = here.run("db", "upgrade", **three.environment)
    assert (code, err.partition(", which")[0]) == (2, "error: be: the database is at revision 9999")


def test_a_division_is_synced_by_the_connections_that_have_it(three: Several, here: Here) -> None:
    for name, code in (("be", 71), ("de", 72)):
        three.sign_in(name)
        three.simulators[name].books.add_division(code, Description=name)
    # Nobody knows yet whose it is: each looks, and the one that has it speaks for all.
    code, out, err = here.run("sync", "journals", "--division", "72", **three.environment)
    assert (code, err) == (0, ""), out
    assert "de: journals 72: ok" in out
    assert here.run("sync", "divisions", **three.environment)[0] == 0
    code, out, err = here.run("sync", "journals", "--division", "71", **three.environment)
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if "journals" in line and "be: journals 71" not in line] == []
    code, _, err = here.run("sync", "--division", "99", **three.environment)
    assert (code, "division 99 is not among the divisions of any connection" in err) == (2, True)


def test_a_section_without_its_secret_fails_alone(three: Several, here: Here) -> None:
    sections = json.loads(three.environment["CONNECTIONS"])
    del sections["be"]["client_secret"], sections["de"]
    environment = three.environment | {"CONNECTIONS": json.dumps(sections)}
    code, out, err = here.run("sync", "journals", **environment)
    assert (code, f"default: journals {DIVISION}: ok" in out) == (2, True)
    assert "error: be: setting connections.be.client_secret is not set\n" in err
    assert "EXACT_SYNC_CONNECTIONS__BE__CLIENT_SECRET" in err

    # Whoever is told to stop leaves even then.
    settings = three.deployment._settings.model_copy(update={"client_secret": None})
    Deployment(settings).close()


def test_sections_that_change_places_mix_nothing(three: Several, here: Here) -> None:
    three.sign_in("be")
    sections = json.loads(three.environment["CONNECTIONS"])
    swapped = {"be": sections["be"] | {"schema": "exact_de"}, "de": sections["de"] | {"schema": "exact_be"}}
    assert here.run("sync", "journals", "--connection", "be", **three.environment)[0] == 0
    environment = three.environment | {"CONNECTIONS": json.dumps(swapped)}
    code, _, err = here.run("sync", "journals", "--connection", "de", **environment)
    assert code == 2
    assert "error: de: the schema exact_be holds the rows of the connection be, not of de\n" in err


def test_the_daemon_serves_the_others_while_one_waits_for_a_person(three: Several, here: Here) -> None:
    machine, done = three.machine, "SELECT count(*) FROM {}.checkpoint WHERE outcome = 'ok'"

    def all_done(schema: str) -> bool:
        return machine.query(done.format(schema)) == [(len(FEW),)]

    three.sign_in("de")
    daemon = machine.fork(
        "run", **three.environment, INTERVAL="1s", SNAPSHOT_INTERVAL="1s", LOG_FORMAT="json"
    )
    until(lambda: all_done("exact_sync") and all_done("exact_de_sync"), "a cycle of two")
    lines = [json.loads(line) for line in daemon.err.splitlines()]
    waiting = [line for line in lines if "nobody is signed in" in line["event"]]
    assert {line["connection"] for line in waiting} == {"be"}
    assert all("exact-sync auth login --connection be" in line["event"] for line in waiting)
    assert {line["connection"] for line in lines if line["event"] == "a run ended"} == {"default", "de"}
    assert not any(three.simulators["be"].stats.calls())

    three.sign_in("be")
    until(lambda: all_done("exact_be_sync"), "a cycle of the third")
    code, out, _ = here.run("health", **three.environment)
    assert (code, out.count("at work: ")) == (0, 3)
    code, _, err = here.run("run", **three.environment)
    assert (code, "error: default: another run holds the work" in err) == (4, True)
    daemon.signal(15)
    assert daemon.ends() == 0, daemon
    code, _, err = here.run("health", "--connection", "de", **three.environment)
    assert (code, err.partition("\n")[0]) == (4, "error: de: no exact-sync is at work")
    assert [three.differences(name) for name in three.simulators] == [[], [], []]


def test_a_daemon_that_can_not_work_leaves_the_others_alone_and_begins_when_it_can(
    three: Several,
) -> None:
    three.sign_in("be")
    held = three.service("be")
    held.ready()
    held.crew.take_over()
    daemon = three.machine.fork("run", **three.environment, LOG_FORMAT="json")
    daemon.says("be: another run holds the work")
    until(lambda: three.machine.query("SELECT 1 FROM exact_sync.checkpoint WHERE outcome = 'ok'"), "a run")
    ready = f"{daemon.address()}/readyz"
    assert "another run holds the work" in httpx.get(ready).text
    held.crew.lock.free()
    until(
        lambda: three.machine.query("SELECT 1 FROM exact_be_sync.checkpoint WHERE outcome = 'ok'"), "its run"
    )
    assert "another run holds the work" not in httpx.get(ready).text
    daemon.signal(15)
    assert daemon.ends() == 0, daemon


def test_everything_is_read_where_the_first_connection_never_was(three: Several) -> None:
    """Nothing of another connection may reach into the first one's schemas."""
    three.sign_in("be")
    service, machine = three.service("be"), three.machine
    for schema in ("exact", "exact_sync"):
        machine.query(f"DROP SCHEMA {schema} CASCADE")
    settings = service.settings.model_copy(update={"resources": machine.deployment.settings.resources})
    connection = replace(service.connection, settings=settings)
    with Service(settings, service.clock, connection=connection) as everything:
        for full in (False, False, True):
            assert {o.status for o in everything.sync((), (), Silent(), full=full)} == {"ok"}
        assert three.differences("be") == []
        checks = Checks(keys=True, rows="all", repair=True)
        assert {o.status for o in everything.verify((), (), checks, Silent())} == {"verified"}
        assert everything.status().resources != []
        three.simulators["be"].faults.add("null_key", path="financial/Journals", query="Created")
        [outcome] = everything.sync(["journals"], (), Silent(), full=True)
        assert outcome.hint == "see: SELECT * FROM exact_be_sync.quarantine"
        assert len(machine.query(str(outcome.hint).removeprefix("see: "))) == 1
    assert machine.query("SELECT 1 FROM pg_namespace WHERE nspname IN ('exact', 'exact_sync')") == []


def test_the_log_of_requests_says_whose_they_are(three: Several, here: Here) -> None:
    three.sign_in("de")
    here.run("sync", "journals", **three.environment)
    code, out, _ = here.run("requests", "--json", "--limit", "1000", **three.environment)
    found = json.loads(out)
    assert code == 0
    assert {line["connection"] for line in found} == {"default", "de"}
    assert [line["at"] for line in found] == sorted(line["at"] for line in found)
    german = [line for line in found if line["connection"] == "de"]
    asked = three.simulators["de"].stats.calls(division=DIVISION)
    assert sum(line["division"] == DIVISION for line in german) == len(asked)

    code, out, _ = here.run("requests", "--limit", "3", **three.environment)
    head, *lines = out.splitlines()
    assert head.startswith("connection  time (UTC)")
    assert [line.split()[0] for line in lines] == [line["connection"] for line in found[-3:]]
    only = ("requests", "--connection", "de", "--json", "--limit", "1000")
    assert json.loads(here.run(*only, **three.environment)[1]) == german
