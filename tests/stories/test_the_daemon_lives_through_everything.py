"""`run`: on schedule, by itself, through whatever passes (F37, F42)."""

import signal
from datetime import timedelta

import pytest
from sqlalchemy import update

from exact_sync.errors import DatabaseAway
from exact_sync.scheduler.daemon import Daemon
from exact_sync.store.state import checkpoint
from tests.at_work import AtWork
from tests.deployment import DIVISION, Deployment, Silent
from tests.facts import sql
from tests.mirror import ENOUGH
from tests.postgres import Server
from tests.processes import Machine, one_clear_line, until

EVERY_SECOND = {
    "INTERVAL": "1s",
    "SNAPSHOT_INTERVAL": "1s",
}


def a_whole_cycle(machine: Machine) -> None:
    """Wait until a run that began after this has gone well, for each resource."""
    [since] = machine.query("SELECT now()")
    done = """
        SELECT count(DISTINCT resource) FROM exact_sync.run
        WHERE outcome = 'ok' AND started_at > %s AND strategy <> 'verify'
    """
    until(lambda: machine.query(done, *since) == [(len(ENOUGH),)], "a cycle")


def test_the_daemon_waits_for_its_database_and_for_a_sign_in_and_survives_a_restart(
    shaky_machine: Machine, another_server: Server
) -> None:
    machine, deployment = shaky_machine, shaky_machine.deployment
    machine.nobody_is_signed_in()
    deployment.service.database.close()
    another_server.stop()
    daemon = machine.fork("run", **EVERY_SECOND)

    daemon.says("the database can't be used now")
    another_server.start()
    daemon.says("nobody is signed in at Exact yet")
    assert deployment.calls("crm/") == 0

    deployment.sign_in()
    a_whole_cycle(machine)
    assert deployment.differences() == []

    deployment.edit(1)
    a_whole_cycle(machine)
    assert deployment.differences(deleted=False) == []

    process = machine.fork("sync")
    assert process.ends() == 4, process
    assert f":{daemon.pid}" in one_clear_line(process.err)

    another_server.restart()
    deployment.service.database.close()
    deployment.edit(2)
    a_whole_cycle(machine)
    assert deployment.differences(deleted=False) == []

    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0, daemon
    assert "Traceback" not in daemon.err
    assert deployment.violations() == {}


def test_the_daemon_begins_again_where_the_database_goes_away_while_it_begins(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, begun = deployment.service, []
    monkeypatch.setattr("exact_sync.service._BEFORE_ANOTHER", 0)

    def schedule(daemon: Daemon) -> None:
        begun.append(daemon)
        assert service.crew.lock.held()
        if len(begun) == 1:
            raise DatabaseAway("gone for a moment")
        service.stop.set()

    monkeypatch.setattr(Daemon, "_schedule", schedule)
    service.run(Silent())
    assert len(begun) == 2
    assert not service.crew.lock.held()


def test_what_is_overdue_at_the_start_is_caught_up_with_once(deployment: Deployment) -> None:
    """The catching up reads it at once; its schedule begins an interval later."""
    deployment.sync_well()
    service, now = deployment.service, deployment.clock.now()
    with service.database.begin() as connection:
        connection.execute(update(checkpoint).values(succeeded_at=now - timedelta(days=1)))
    daemon = Daemon(service.crew, service.schedules(), Silent(), lambda: None, timedelta(hours=6))
    daemon._schedule()
    begins = {name: job.next_run_time for name, job in daemon._timetable.jobs().items()}
    assert begins == {name: now + schedule.every for name, schedule in service.schedules().items()}


def test_a_daemon_that_runs_for_months_keeps_ninety_days_of_runs(deployment: Deployment) -> None:
    """And closes once a day what a process left open that died beside it, but not what goes on."""
    with AtWork(deployment) as at_work:
        at_work.looks()
        aged = (
            "UPDATE exact_sync.run SET started_at = started_at - interval '91 days' WHERE resource <> 'items'"
        )
        left_open = f"""
            INSERT INTO exact_sync.run (division, resource, strategy, full_read, started_at)
            SELECT code, 'contacts', 'modified', false, now() FROM unnest(ARRAY[{DIVISION}, 7]) code
        """
        log = "SELECT division, resource, outcome FROM exact_sync.run ORDER BY division, resource, outcome"
        with deployment.service.database.begin() as connection:
            connection.exec_driver_sql(aged)
            connection.exec_driver_sql(left_open)
        before = sql(deployment, log)
        at_work.looks()
        assert sql(deployment, log) == before
        assert at_work.crew.claim(DIVISION)
        at_work.looks(1, seconds=86_400)
        at_work.crew.release(DIVISION)
        assert [tuple(row) for row in sql(deployment, log)] == [
            (7, "contacts", "broken"),
            (DIVISION, "contacts", "running"),
            (DIVISION, "items", "ok"),
        ]
