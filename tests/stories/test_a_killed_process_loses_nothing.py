"""kill -9 at any moment, then one more run: nothing lost, nothing half done (F01, F02)."""

import random
from collections import Counter

from exact_sync.catalog import RESOURCES
from tests.processes import Machine, Process, the_token_has_ended, until

KILLS = 10

WAITING = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'exact-sync sync%%'
      AND wait_event_type = 'Lock'
"""


def killed(machine: Machine, calls: int, when: str) -> int:
    """Start a sync and kill it with a call; before Exact handles it, or before its answer comes."""
    started: list[Process] = []
    fault = machine.simulator.faults.add(
        "hook", after=calls, when=when, hook=lambda context: started[0].kill()
    )
    started.append(machine.fork("sync"))
    code = started[0].ends()
    machine.simulator.faults.remove(fault)
    return code


def test_ten_kills_and_one_more_run_end_with_equality(machine: Machine) -> None:
    """F01"""
    the_token_has_ended(machine.deployment)
    # Pages of sixty for all, and some more rows, so that there is much to be killed between.
    machine.simulator.faults.add("refuse_bulk", times=None)
    for number in range(300):
        machine.deployment.table("crm/Accounts").insert({"Code": f"{number}", "Name": f"Customer {number}"})
    rng = random.Random(10)
    for _ in range(KILLS):
        assert killed(machine, rng.randint(1, 11), rng.choice(["before", "after"])) == -9
    last = machine.fork("sync")
    assert last.ends() == 0, last
    assert machine.deployment.differences() == []

    # The token chain: one refresh in all, and no page of a first reading was read again but
    # for the one at which a process died. (Lists are read from their beginning.)
    assert machine.deployment.calls("oauth2/token") == 1
    assert machine.deployment.violations() == {}
    lists = tuple(r.endpoint.rpartition("/")[2] for r in RESOURCES.values() if r.strategy == "snapshot")
    first_readings = Counter(
        (call.path, call.query)
        for call in machine.simulator.stats.calls()
        if call.division and call.status == 200 and not call.path.endswith(lists) and is_page(call.query)
    )
    assert len(first_readings) > KILLS
    assert sum(first_readings.values()) - len(first_readings) <= KILLS


def is_page(query: str) -> bool:
    """Whether a question reads history, rather than what is new."""
    return "$top" not in query and ("Modified ge datetime'1900" in query or "Date " in query)


def test_rows_that_were_sent_but_not_committed_never_show(machine: Machine) -> None:
    """F02"""
    machine.deployment.sync_well("divisions")
    with machine.deployment.service.database.begin() as reader:
        reader.exec_driver_sql("LOCK TABLE exact.customers IN SHARE ROW EXCLUSIVE MODE")
        process = machine.fork("sync", "customers")
        backend = until(lambda: machine.query(WAITING), "waiting for the lock")
        process.kill()
    until(
        lambda: not machine.query("SELECT 1 FROM pg_stat_activity WHERE pid = %s", *backend[0]),
        "the end of the killed process's work",
    )
    assert machine.query("SELECT count(*) FROM exact.customers") == [(0,)]
    assert machine.query(
        "SELECT cursor, resume, succeeded_at FROM exact_sync.checkpoint WHERE resource = 'customers'"
    ) == [(None, None, None)]
    machine.deployment.sync_well()
    assert machine.deployment.differences() == []
    assert machine.deployment.violations() == {}
