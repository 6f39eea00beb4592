"""SIGTERM, SIGINT, and nobody listening any more: a clean end, soon, and nothing is lost."""

import os
import signal
import time

import psycopg
import pytest

from exact_sync.cli.work import PATIENCE
from exact_sync.scheduler.daemon import GRACE
from exact_sync.simulator.faults import Context
from tests.deployment import DIVISION
from tests.postgres import Server
from tests.processes import Machine, Process, one_clear_line, the_token_has_ended, until

IN_A_HURRY = """
import sys
from exact_sync.cli import main, work
from exact_sync.scheduler import daemon
daemon.GRACE, work.PATIENCE = daemon.GRACE / 10, work.PATIENCE / 10
sys.exit(main())
"""
"""The daemon, with a tenth of its patience: nobody has to wait for all of it."""

ERRORS_ONTO_A_FULL_DISK = """
import os, sys
os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
from exact_sync.__main__ import main
sys.exit(main())
"""

INTERRUPTED_WHILE_IT_IMPORTS = """
import os, signal, sys
from exact_sync.__main__ import main
os.getpid = lambda: 1  # as in a container
class Finder:
    def find_spec(self, name, *rest):
        if name == {name!r}:
            signal.raise_signal({number})
sys.meta_path.insert(0, Finder())
sys.exit(main())
"""
ITS_CHILDREN_ARE_INTERRUPTED_AT_THE_END = """
import subprocess, sys
from exact_sync.cli import main
from exact_sync.deployment import Deployment
Deployment.close = lambda deployment: subprocess.run(["sh", "-c", "kill -INT $$"], check=True)
sys.exit(main())
"""
"""As by a second Ctrl-C, while ``pg_ctl`` stops the embedded server."""

CLOSES_SLOWLY = """
import sys, time
from exact_sync.cli import main, work
from exact_sync.service import Service
work.PATIENCE, Service.close = 0.5, lambda service: time.sleep(60)
sys.exit(main())
"""

PSQL_IS_INTERRUPTED = """
import sys
from exact_sync.cli import db, main
class Embedded:
    psql, url = "sh", "-c"
    def __init__(self, folder): pass
    def close(self): pass
db.Embedded = Embedded
sys.exit(main(["db", "psql", "kill -INT $PPID; sleep 0.1; exit 7"]))
"""


def test_who_stops_us_and_gives_ten_seconds_is_not_kept_waiting() -> None:
    assert GRACE < PATIENCE < 10


def test_the_daemon_stops_within_seconds_though_a_request_hangs(
    machine: Machine, shaky_machine: Machine
) -> None:
    # One hangs in the list of divisions, which the scheduler reads itself, one in a worker.
    machine.simulator.faults.add("timeout", path="system/Divisions")
    shaky_machine.simulator.faults.add("timeout", path="Journals")
    daemons = {each: each.fork("run", program=IN_A_HURRY) for each in (machine, shaky_machine)}
    for each in daemons:
        until(lambda each=each: [fault.used for fault in each.simulator.faults] == [1], "a hanging request")
    for daemon in daemons.values():
        daemon.signal(signal.SIGTERM)
    for each, daemon in daemons.items():
        assert daemon.ends() == 0, daemon
        assert "Traceback" not in daemon.err
        each.deployment.sync_well()
        assert each.deployment.differences() == []
        assert each.deployment.violations() == {}


def test_the_daemon_stops_though_a_page_that_is_fetched_ahead_hangs(machine: Machine) -> None:
    for number in range(100):
        machine.deployment.table("crm/Accounts").insert({"Code": f"{number}", "Name": f"Customer {number}"})
    machine.simulator.faults.add("refuse_bulk", times=None)
    hangs = machine.simulator.faults.add("timeout", path="crm/Accounts", query="$skiptoken")
    daemon = machine.fork("run", program=IN_A_HURRY)
    until(lambda: hangs.used == 1, "a hanging request")
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0, daemon
    assert "Traceback" not in daemon.err
    assert machine.query("SELECT count(*) FROM exact.customers") == [(60,)]


def test_the_daemon_stops_though_its_database_hangs(machine: Machine) -> None:
    started: list[Process] = []
    frozen: list[int] = []

    def freeze(context: Context) -> None:
        until(lambda: started)
        ours = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE %s"
        for (pid,) in machine.query(ours, f"exact-sync run %:{started[0].pid}"):
            os.kill(pid, signal.SIGSTOP)
            frozen.append(pid)

    machine.simulator.faults.add("hook", after=3, hook=freeze)
    started.append(machine.fork("run", program=IN_A_HURRY))
    try:
        until(lambda: frozen)
        started[0].signal(signal.SIGTERM)
        assert started[0].ends() == 0, started[0]
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)


def test_the_daemon_stops_though_another_process_holds_the_sign_in(machine: Machine) -> None:
    """No new token is on its way, so there is nothing to wait for."""
    the_token_has_ended(machine.deployment)
    with psycopg.connect(machine.database_url) as other:
        other.execute("SELECT FROM exact_sync.sign_in FOR UPDATE")
        daemon = machine.fork("run", program=IN_A_HURRY)
        waits = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE %s"
        until(lambda: machine.query(waits, "exact-sync run %"), "a wait for the sign-in")
        asked = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.ends() == 0, daemon
        assert time.monotonic() - asked < 10


@pytest.mark.parametrize(("command", "code"), [("run", 0), ("plan", 4)])
def test_a_new_token_that_is_on_its_way_is_waited_for(machine: Machine, command: str, code: int) -> None:
    the_token_has_ended(machine.deployment)
    started: list[Process] = []

    def stop(context: Context) -> None:
        until(lambda: started)
        started[0].signal(signal.SIGINT)
        until(lambda: "stopped in the middle of a request" in started[0].err or not started[0].running)

    machine.simulator.faults.add("hook", path="oauth2/token", hook=stop)
    started.append(machine.fork(command, program=IN_A_HURRY))
    assert started[0].ends() == code, started[0]
    assert "Traceback" not in started[0].err
    machine.deployment.sync_well("journals")
    assert machine.deployment.violations() == {}


def test_the_daemon_stops_while_it_waits_for_its_database(
    shaky_machine: Machine, another_server: Server
) -> None:
    another_server.stop()
    daemon = shaky_machine.fork("run")
    daemon.says("the database can't be used now")
    daemon.signal(signal.SIGINT)
    assert daemon.ends() == 0, daemon
    assert "Traceback" not in daemon.err


def test_an_interrupted_sync_exits_with_4_and_the_next_one_goes_on(machine: Machine) -> None:
    sync = machine.fork("sync")
    machine.simulator.faults.add("hook", after=5, hook=lambda context: sync.signal(signal.SIGINT))
    assert sync.ends() == 4, sync
    assert "asked to stop" in one_clear_line(sync.err)
    stored = machine.query("SELECT count(*) FROM exact_sync.checkpoint WHERE outcome = 'ok'")
    assert stored[0][0] >= 4
    others = machine.query("SELECT DISTINCT outcome FROM exact_sync.checkpoint WHERE outcome <> 'ok'")
    assert others == [("waits",)], "nothing that anybody has to look at"
    machine.deployment.sync_well()
    assert machine.deployment.differences() == []
    assert machine.deployment.violations() == {}


def test_where_only_the_end_takes_long_no_request_is_blamed(machine: Machine) -> None:
    sync = machine.fork("sync", program=CLOSES_SLOWLY)
    machine.simulator.faults.add("hook", after=5, hook=lambda context: sync.signal(signal.SIGINT))
    assert sync.ends() == 4, sync
    assert "stopped before everything was closed; nothing is lost" in sync.err
    assert "in the middle" not in sync.err


def test_a_second_ctrl_c_does_not_reach_what_is_started_at_the_end(machine: Machine) -> None:
    sync = machine.fork("sync", program=ITS_CHILDREN_ARE_INTERRUPTED_AT_THE_END)
    machine.simulator.faults.add("hook", after=5, hook=lambda context: sync.signal(signal.SIGINT))
    assert sync.ends() == 4, sync
    assert "asked to stop" in one_clear_line(sync.err)


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("exact_sync.cli", 2, 130),
        ("exact_sync.cli.work", 2, 130),
        ("exact_sync.cli.work", 15, 143),
    ],
)
def test_who_is_told_to_end_in_the_first_moments_does_without_a_traceback(
    machine: Machine, name: str, number: int, code: int
) -> None:
    program = INTERRUPTED_WHILE_IT_IMPORTS.format(name=name, number=number)
    sync = machine.start("sync", program=("-c", program))
    assert (sync.ends(), sync.out, sync.err) == (code, "", "interrupted\n")


def test_ctrl_c_in_psql_is_for_psql(machine: Machine) -> None:
    """There it cancels a query; the session goes on."""
    psql = machine.fork(program=PSQL_IS_INTERRUPTED, DATABASE_URL=None)
    assert (psql.ends(), psql.err) == (7, "")


def test_a_sync_goes_on_when_nobody_reads_what_it_says(machine: Machine) -> None:
    code, said = piped_to_nobody(machine, "sync")
    assert (code, said) == (0, "")
    assert machine.deployment.differences() == []


def test_a_list_that_is_cut_off_by_head_is_no_error(machine: Machine) -> None:
    assert piped_to_nobody(machine, "resources") == (0, "")


def test_a_sync_goes_on_where_no_room_is_left_for_what_it_says(machine: Machine) -> None:
    """As the documented line of a crontab does: it writes to a file."""
    assert onto_a_full_disk(machine, "sync") == (0, "")
    assert machine.deployment.differences() == []


def test_what_there_is_no_room_for_is_one_clear_line(machine: Machine) -> None:
    for arguments in (("db", "current"), ("resources",)):
        code, said = onto_a_full_disk(machine, *arguments)
        assert code == 1, said
        assert "the output can't be written to its end: No space left on device" in one_clear_line(said)


def test_the_exit_code_is_right_where_nothing_can_be_said_of_it(machine: Machine) -> None:
    process = machine.start("sync", "itemz", program=("-c", ERRORS_ONTO_A_FULL_DISK))
    assert process.ends() == 2


@pytest.mark.parametrize("arguments", [("verify", "payments"), ("verify", "payments", "--json"), ("plan",)])
def test_a_result_that_is_cut_off_by_head_keeps_its_exit_code(machine: Machine, arguments: list[str]) -> None:
    machine.deployment.sync_well("payments")
    machine.query("DELETE FROM exact.payments")
    machine.environment["EXACT_SYNC_DIVISIONS"] = f"99,{DIVISION}"
    assert piped_to_nobody(machine, *arguments) == (1, "")


def onto_a_full_disk(machine: Machine, *arguments: str) -> tuple[int, str]:
    """Run with a stdout that takes nothing: exit code and stderr."""
    full = os.open("/dev/full", os.O_WRONLY)
    process = machine.start(*arguments, stdout=full)
    os.close(full)
    return process.ends(), process.err


def piped_to_nobody(machine: Machine, *arguments: str) -> tuple[int, str]:
    """Run with a stdout that nobody reads: exit code and stderr."""
    read, write = os.pipe()
    os.close(read)
    process = machine.start(*arguments, stdout=write)
    os.close(write)
    return process.ends(), process.err
