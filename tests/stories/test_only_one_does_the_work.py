"""Two runs at once: one works, the other says so and exits 4; no call is made twice (F42)."""

import os
from pathlib import Path

import psutil
import psycopg
import pytest

from exact_sync.catalog import RESOURCES
from exact_sync.errors import WorkHeld
from exact_sync.service import Service
from exact_sync.simulator.faults import Context
from exact_sync.sync import once
from exact_sync.sync.once import exit_code
from tests.at_work import AtWork
from tests.deployment import DIVISION, Deployment, Silent
from tests.facts import only
from tests.feeds import small_pages
from tests.processes import Machine, Process, one_clear_line, the_token_has_ended, until

LOCK = """
    SELECT pid, objid::int, classid::int FROM pg_locks
    WHERE locktype = 'advisory' AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def test_of_two_syncs_at_once_one_works_and_the_other_exits_4(machine: Machine) -> None:
    the_token_has_ended(machine.deployment)
    others: list[Process] = []

    def start_another(context: Context) -> None:
        others.append(machine.fork("sync"))
        others[0].ends()

    machine.simulator.faults.add("hook", hook=start_another)
    process = machine.fork("sync")
    assert process.ends() == 0, process
    [other] = others
    assert other.ends() == 4, other
    assert (
        f"another run holds the work (exact-sync sync {os.uname().nodename}:{process.pid}"
        in one_clear_line(other.err)
    )
    assert machine.deployment.calls("oauth2/token") == 1
    assert machine.deployment.violations() == {}
    assert machine.deployment.differences() == []


def test_a_run_that_lost_its_lock_to_another_stops(
    deployment: Deployment, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F42 after F37: the one connection that holds the lock is cut, and another run takes it."""
    monkeypatch.setattr(once, "_LOOK_EVERY", 0.01)
    with psycopg.connect(database_url, autocommit=True) as another:

        def take_away(context: Context) -> None:
            locks = another.execute(LOCK).fetchall()
            assert sorted(object_ for _, object_, _ in locks) == [1, DIVISION]  # the work, and a division
            another.execute("SELECT pg_terminate_backend(%s)", [locks[0][0]])
            for _, object_, class_ in locks:
                another.execute("SELECT pg_advisory_lock(%s, %s)", [class_, object_])
            until(lambda: noticed, "our noticing")

        noticed: list[bool] = []
        lock = deployment.service.crew.lock
        drop = lock._drop
        monkeypatch.setattr(lock, "_drop", lambda: noticed.append(True) or drop())
        deployment.sync_well("divisions")
        noticed.clear()
        deployment.simulator.faults.add("hook", path="Journals", hook=take_away)
        with pytest.raises(WorkHeld) as error:
            deployment.sync("journals", "items")
        assert error.value.exit_code == 4
        another.execute("SELECT pg_advisory_unlock_all()")  # at once: a connection that closes takes a moment
    deployment.sync_well()
    assert deployment.differences() == []


def test_what_another_run_has_read_meanwhile_is_not_gone(deployment: Deployment, database_url: str) -> None:
    """F42 after F37: before we notice that the lock was cut, another run reads the same list to its end, and
    with that forgets which keys came.
    """
    customers = deployment.table("crm/Accounts")
    for number in range(160):
        customers.insert({"Code": f"{number}", "Name": f"Customer {number}"})
    deployment.sync_well("customers")
    another = Service(deployment.settings, deployment.clock)

    def take_over(context: Context) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", connection.execute(LOCK).fetchone()[:1])
        assert exit_code(another.sync(["customers"], [], Silent(), full=True)) == 0

    with small_pages(40):
        deployment.simulator.faults.add("hook", path="Accounts", query="$skiptoken", hook=take_over)
        outcomes = deployment.sync("customers", full=True)
    another.close()
    assert only(outcomes, "customers").tally.deleted == 0, outcomes
    assert deployment.differences("customers") == []


def test_a_daemon_that_lost_its_lock_to_another_calls_no_more_and_goes_on_after_that(
    deployment: Deployment, database_url: str
) -> None:
    """In the middle of a long list, where it would go on for minutes."""
    customers, calls = deployment.table("crm/Accounts"), deployment.simulator.stats.calls
    for number in range(600):
        customers.insert({"Code": f"{number}", "Name": f"Customer {number}"})
    deployment.simulator.faults.add("refuse_bulk", times=None)
    another = Service(deployment.settings, deployment.clock)
    until_then: list[int] = []

    with AtWork(deployment, is_new=True) as at_work:

        def take_over(context: Context) -> None:
            with psycopg.connect(database_url, autocommit=True) as connection:
                [*_, (pid, _, _)] = connection.execute(LOCK).fetchall()
                connection.execute("SELECT pg_terminate_backend(%s)", [pid])
            another.crew.take_over(alone=False)
            assert another.crew.claim(DIVISION)
            at_work.daemon._watch()
            assert at_work.daemon._wishes.trouble == "another run has taken over the work"
            until_then.append(len(calls(DIVISION)))

        deployment.simulator.faults.add("hook", path="crm/Accounts", query="$skiptoken", hook=take_over)
        at_work.looks()
        assert len(calls(DIVISION)) == until_then[0], "none after the one that was under way"
        another.crew.lock.free()
        at_work.looks(12)
    another.close()
    assert deployment.differences() == []
    assert deployment.violations() == {}


def test_a_division_is_insisted_on_and_given_back_when_nobody_here_has_it_any_more(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was heard of its limits is only then another process's to change."""
    crew, another = deployment.service.crew, Service(deployment.settings, deployment.clock)
    released: list[int] = []
    monkeypatch.setattr(crew._runner, "release", released.append)
    assert another.crew.claim(DIVISION)
    deployment.clock.wakes = lambda: another.crew.release(DIVISION)
    with crew.claimed(DIVISION):
        assert crew.claim(DIVISION)
        crew.release(DIVISION)
        assert released == []
    assert released == [DIVISION]
    assert another.crew.claim(DIVISION)
    another.close()


def test_what_another_run_has_read_meanwhile_is_read_again_only_where_everything_is_wanted(
    deployment: Deployment,
) -> None:
    began, runner = deployment.service.crew.moment(), deployment.service.crew._runner
    deployment.sync_well("divisions", "journals")
    for name, where in (("journals", DIVISION), ("divisions", 0)):
        outcome = runner.run(RESOURCES[name], DIVISION, since=began)
        assert (outcome.division, outcome.message) == (where, "another run has read it meanwhile")
        assert runner.run(RESOURCES[name], DIVISION, since=began, full=True).tally.calls == 1


def test_no_secret_is_on_a_command_line_or_in_a_connections_name(machine: Machine) -> None:
    """F45, as far as `ps` and pg_stat_activity show."""
    canary = "canary-password"
    seen: list[str] = []
    started: list[Process] = []

    def look(context: Context) -> None:
        process = psutil.Process(started[0].pid)
        for member in (process, *process.children(recursive=True)):
            seen.append(" ".join(member.cmdline()))
            seen.append(member.name())
        seen.extend(name for (name,) in machine.query("SELECT application_name FROM pg_stat_activity"))

    url = machine.database_url.replace("postgres:@", f"postgres:{canary}@")
    machine.simulator.faults.add("hook", hook=look)
    started.append(machine.start("sync", DATABASE_URL=url))
    assert started[0].ends() == 0, started[0]
    assert any("exact_sync" in line for line in seen)
    tokens = machine.deployment.service.sign_in.read().tokens
    assert tokens is not None
    key = (Path(machine.folder) / "secret.key").read_text()
    for secret in (canary, machine.simulator.client_secret, tokens.access, tokens.refresh, key):
        assert not [line for line in seen if secret in line]
        assert secret not in started[0].out + started[0].err
