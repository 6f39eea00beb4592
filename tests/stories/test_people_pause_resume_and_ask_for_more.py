"""What people pause is not read until they resume it; what they ask for is read at once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from exact_sync.desk import Desk
from exact_sync.simulator import Simulator
from exact_sync.store import conditions
from exact_sync.sync import once
from exact_sync.sync.once import exit_code
from exact_sync.sync.verify import Checks
from tests.deployment import DIVISION, TINY, Deployment, SharedClock, Silent
from tests.facts import command, line, only, quarantined, sql
from tests.processes import Here, Machine, one_clear_line, until


def test_what_is_paused_is_left_out_until_it_is_resumed(deployment: Deployment) -> None:
    deployment.sync_well()
    assert command(deployment, "pause", "items", "contacts") == 0
    deployment.edit(1)
    deployment.clock.advance(hours=1)
    assert {"items", "contacts"}.isdisjoint(outcome.resource for outcome in deployment.sync_well())
    assert line(deployment, "items").state == "paused"
    assert not line(deployment, "items").is_failing
    assert deployment.differences("items")
    compared = deployment.service.verify((), (), Checks(), Silent())  # a person wants to know
    assert only(compared, "items").is_verification

    deployment.sync_well("items")
    assert deployment.differences("items", deleted=False) == []
    assert command(deployment, "resume", "contacts", "--division", str(DIVISION)) == 2
    assert command(deployment, "resume") == 0
    deployment.sync_well()
    assert deployment.differences("contacts", deleted=False) == []
    assert line(deployment, "items").state == "ok"
    assert command(deployment, "pause") == 0
    assert deployment.sync_well() == []
    assert [outcome.resource for outcome in deployment.sync_well("divisions")] == ["divisions"]


def test_a_first_load_that_is_paused_makes_no_more_calls(
    simulator: Simulator,
    database_url: str,
    clock: SharedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(once, "_LOOK_EVERY", 0.05)
    counts = TINY | {"crm/Accounts": 1000}
    simulator.faults.add("refuse_bulk", times=None)
    with Deployment(simulator, database_url, clock, tmp_path, counts=counts) as deployment:
        deployment.sync_well("divisions")
        crew = deployment.service.crew

        class Person(Silent):
            def page(self, division: int, resource: str, records: int) -> None:
                if resource == "customers" and not crew.is_paused(division, resource):
                    sql(deployment, "INSERT INTO exact_sync.pause VALUES (0, 'customers')")
                    until(lambda: crew.is_paused(division, resource), "a look at what is paused")

        outcomes = deployment.service.sync((), (), Person())
        assert (only(outcomes, "customers").status, exit_code(outcomes)) == ("waits", 0)
        assert only(outcomes, "customers").tally.calls < 12  # of 18; some pages were under way already
        assert line(deployment, "customers").state == "paused"
        assert command(deployment, "resume") == 0
        deployment.sync_well()
        assert deployment.differences("customers") == []


@pytest.mark.parametrize("word", ["accept", "reset", "pause", "resume"])
def test_a_division_that_there_is_not_is_no_success(here: Here, word: str) -> None:
    """A slip of the pen; the settings may name one that Exact does not list, as for ``sync``."""
    here.machine.deployment.sync_well("items")
    for code in (99, 99_999_999_999, 0):  # 0 would mean all, in the table of pauses
        result, out, err = here.run(word, "items", "--division", str(code), "--division", str(DIVISION))
        assert (result, out) == (2, ""), err
        assert str(code) in one_clear_line(err)
    result, _, err = here.run(word, "items", "--division", "99", DIVISIONS=f"99,{DIVISION}")
    assert (result, err) == (0, "")


def test_before_the_first_sync_nobody_knows_which_divisions_there_are(here: Here) -> None:
    result, out, _ = here.run("pause", "items", "--division", str(DIVISION))
    again = f"exact-sync resume items --division {DIVISION}"
    assert (result, out) == (0, f"Paused: items of division {DIVISION}. It is read again after: {again}\n")
    assert here.run("pause", "contacts")[0] == 0
    assert {"items", "contacts"}.isdisjoint(
        outcome.resource for outcome in here.machine.deployment.sync_well()
    )
    # They never had a checkpoint, and are seen all the same.
    out = here.run("status")[1]
    assert f"items {DIVISION}: paused since" in out
    assert "contacts: paused since" in out
    assert line(here.machine.deployment, "contacts", None).state == "paused"


def test_nobody_is_told_of_the_age_of_what_is_paused(deployment: Deployment) -> None:
    deployment.sync_well("items", "contacts")
    sql(deployment, "UPDATE exact_sync.checkpoint SET succeeded_at = now() - interval '9 days'")
    assert command(deployment, "pause", "items") == 0
    with deployment.service.database.begin() as connection:
        now = connection.execute(text("SELECT now()")).scalar_one()
        found = conditions.read(connection, now, timedelta(days=1), now.date())
    stale = {place.resource for place in found.stale}
    assert "contacts" in stale
    assert "items" not in stale


def test_a_record_in_quarantine_is_asked_for_again_by_its_key(deployment: Deployment) -> None:
    """Exact mends it without a new Modified: no question for changes would bring it."""
    key = min(deployment.table("crm/Contacts").rows)
    rule = deployment.simulator.faults.add(
        "value", path="/Contacts", query="BirthName", key=key, values={"Created": '"soon"'}, times=None
    )
    assert exit_code(deployment.sync("contacts")) == 1
    assert quarantined(deployment, "contacts").keys() == {str(key)}
    deployment.clock.advance(hours=2)
    assert only(deployment.sync_well("contacts"), "contacts").tally.quarantined == 0
    assert quarantined(deployment, "contacts").keys() == {str(key)}

    deployment.simulator.faults.remove(rule)
    deployment.clock.advance(hours=2)
    deployment.sync_well("contacts")
    assert quarantined(deployment, "contacts").keys() == {str(key)}
    deployment.service.sync(["contacts"], [], Silent(), again=True)
    assert quarantined(deployment, "contacts") == {}
    assert deployment.differences("contacts") == []
    assert deployment.violations() == {}


def test_of_an_accepted_record_nobody_is_told_until_it_is_another_one(deployment: Deployment) -> None:
    key = min(deployment.table("crm/Contacts").rows)

    def comes_with(value: str) -> None:
        deployment.simulator.faults.clear()
        deployment.simulator.faults.add(
            "value", path="/Contacts", query="BirthName", key=key, values={"Created": value}, times=None
        )
        deployment.sync("contacts", full=True)

    def told_of() -> list[str]:
        with deployment.service.database.begin() as connection:
            now = deployment.clock.now()
            found = conditions.read(connection, now, timedelta(days=1), now.date())
        return [place.resource for place in found.quarantined]

    comes_with('"soon"')
    assert told_of() == ["contacts"]
    assert command(deployment, "accept", "contacts") == 0
    assert told_of() == []
    comes_with('"soon"')
    assert told_of() == []
    comes_with('"later"')
    assert told_of() == ["contacts"]


@pytest.fixture
def desk(machine: Machine) -> Iterator[Desk]:
    """Of a daemon that runs in a thread here; its own time comes every hour."""
    service = machine.deployment.service
    daemon = threading.Thread(target=service.run, args=(Silent(),))
    daemon.start()
    try:
        until(lambda: service.wishes.trouble is None, "the daemon")
        until(lambda: machine.deployment.differences() == [], "the first cycle")
        yield service.desk(lambda: service.database)
    finally:
        service.stop.set()
        daemon.join(30)
    assert not daemon.is_alive()


def test_the_running_daemon_reads_what_it_is_asked_for(machine: Machine, desk: Desk) -> None:
    """Its own time would come in an hour."""
    deployment = machine.deployment
    deployment.edit(1)
    assert desk.sync_now(["items"]) == 1
    until(lambda: deployment.differences("items", deleted=False) == [], "what a person asked for")
    assert deployment.differences("contacts", deleted=False)
    desk.hint("contacts", DIVISION)
    until(lambda: deployment.differences("contacts", deleted=False) == [], "what a webhook hinted at")


def test_the_running_daemon_leaves_out_what_is_paused_and_catches_up(machine: Machine, desk: Desk) -> None:
    deployment = machine.deployment
    assert desk.pause(["items"], [DIVISION]) == 1
    deployment.edit(1)
    desk.hint("items", DIVISION)
    desk.hint("contacts", DIVISION)
    until(lambda: deployment.differences("contacts", deleted=False) == [], "what is not paused")
    assert deployment.differences("items", deleted=False)
    assert desk.resume(["items"]) == 1
    until(lambda: deployment.differences("items", deleted=False) == [], "what was resumed")
