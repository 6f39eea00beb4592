"""Two processes at the same time: never both in one division, nothing read twice, no limit exceeded."""

import signal
from collections import Counter

from tests.deployment import DIVISION, TINY
from tests.founding import found
from tests.processes import Machine, Process, until

OTHERS = [DIVISION + 97 * n for n in range(1, 8)]
AT_WORK = """
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.mode = 'ShareLock' AND l.granted
"""
MINUTES = {"crm/Accounts": 200, "documents/Documents": 150}


def found_others(machine: Machine) -> None:
    deployment = machine.deployment
    for code in OTHERS:
        found(deployment.books, code, deployment.clock.now().date(), counts=TINY | MINUTES)


def both(machine: Machine, *, together: bool = False, **environment: str) -> list[Process]:
    """``together``: none is through with anything before both have begun; they must have much to ask."""
    seldom = {"INTERVAL": "30d", "SNAPSHOT_INTERVAL": "30d"}  # so that nothing is left to small reads
    latency = machine.simulator.latency
    if together:
        machine.simulator.latency = 0.5
    processes = [machine.fork("sync", WORKERS="2", **seldom, **environment) for _ in range(2)]
    if together:
        until(lambda: machine.query(AT_WORK) == [(2,)], "two processes that share the work")
        machine.simulator.latency = latency
    for process in processes:
        assert process.ends() in (0, 4), process
    return processes


def test_two_syncs_share_the_divisions_and_read_nothing_twice(machine: Machine) -> None:
    found_others(machine)
    machine.simulator.latency = 0.02
    machine.simulator.stats.reset()
    processes = both(machine, together=True)
    assert machine.deployment.violations() == {}
    asked = Counter(
        (call.division, call.path, call.query)
        for call in machine.simulator.stats.calls()
        if call.division and call.path != "system/Divisions"  # who begins later looks for new ones again
    )
    assert [question for question, times in asked.items() if times > 1] == []
    assert all(" new, 0 changed, 0 removed, " in process.out for process in processes)
    shared = [
        {
            line.split()[1]
            for line in process.out.splitlines()
            if ": ok, " in line and " 0 calls" not in line and line.split()[1].endswith(":")
        }
        for process in processes
    ]
    assert min(map(len, shared)) >= 1, "one did it all"
    machine.deployment.sync_well()  # what one left to the other that was still at it
    assert machine.deployment.differences() == []


def test_two_processes_never_exceed_what_a_day_allows(machine: Machine) -> None:
    """Whatever one of them has called, the other knows."""
    found_others(machine)
    machine.simulator.limits.day_limit = 40
    machine.simulator.stats.reset()
    for _ in range(3):
        both(machine)
    used = {code: machine.simulator.limits.used(code)[1] for code in (DIVISION, *OTHERS)}
    assert max(used.values()) <= 36, used  # a tenth is left for people
    assert min(used.values()) >= 30, used  # and the rest is used
    assert [call for call in machine.simulator.stats.calls() if call.status == 429] == []
    assert machine.deployment.violations() == {}


def test_two_processes_never_exceed_what_all_divisions_may_call_together(machine: Machine) -> None:
    found_others(machine)
    machine.deployment.service.close()
    machine.simulator.limits.connection_day_limit = 120
    machine.simulator.limits.use_by_all(0)
    machine.simulator.stats.reset()
    for _ in range(2):
        processes = both(machine, CONNECTION_DAY_LIMIT="120")
    assert machine.simulator.limits.used_by_all() == 108  # a tenth is left for people
    assert [call for call in machine.simulator.stats.calls() if call.status == 429] == []
    assert machine.deployment.violations() == {}
    for process in processes:
        assert "the 108 calls that all divisions together may make today are used up" in process.err


def test_small_reads_of_a_daemon_go_on_while_a_first_load_takes_its_time(machine: Machine) -> None:
    """Also where the only thread is the one that loads."""
    deployment = machine.deployment
    found(deployment.books, OTHERS[0], deployment.clock.now().date(), counts=TINY | {"crm/Accounts": 4000})
    deployment.sync_well("divisions", "contacts", "items")
    machine.simulator.faults.add("refuse_bulk", times=None)
    machine.simulator.latency = 0.1
    # A cycle takes two to three seconds by latency alone: more often, and the first load would starve.
    seldom = {"WORKERS": "1", "INTERVAL": "4s", "SNAPSHOT_INTERVAL": "30d"}
    daemon = machine.fork("run", **seldom)
    loading = "SELECT progress FROM exact_sync.checkpoint WHERE resource = 'customers' AND division = %s"
    until(lambda: machine.query(loading, OTHERS[0]) not in ([], [(None,)]), "a first load")
    asked = "SELECT count(*) FROM exact_sync.run WHERE resource = 'contacts' AND outcome = 'ok'"
    before = machine.query(asked)
    until(lambda: machine.query(asked)[0][0] >= before[0][0] + 3, "small reads")
    assert machine.query(loading, OTHERS[0]) != [(None,)], "the first load was over before them"
    machine.simulator.latency = 0
    loaded = "SELECT division FROM exact_sync.checkpoint WHERE resource = 'customers' AND complete_at < now()"
    until(lambda: len(machine.query(loaded)) == 2, "the end of the first loads")
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0, daemon
    assert deployment.differences("customers", "contacts", "items") == []
    pages = Counter(
        call.query
        for call in machine.simulator.stats.calls(OTHERS[0], "crm/Accounts")
        if "$skiptoken" in call.query
    )
    assert len(pages) > 60
    assert set(pages.values()) == {1}, "a page was read twice"
    assert deployment.violations() == {}
