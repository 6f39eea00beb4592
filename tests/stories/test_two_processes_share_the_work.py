"""Two processes at the same time: never both in one division, nothing read twice, no limit exceeded."""

from collections import Counter

from tests.deployment import DIVISION, TINY
from tests.founding import found
from tests.processes import Machine, Process

OTHERS = [DIVISION + 97 * n for n in range(1, 8)]
MINUTES = {"crm/Accounts": 200, "documents/Documents": 150}


def found_others(machine: Machine) -> None:
    deployment = machine.deployment
    for code in OTHERS:
        found(deployment.books, code, deployment.clock.now().date(), counts=TINY | MINUTES)


def both(machine: Machine) -> list[Process]:
    seldom = {"INTERVAL": "30d", "SNAPSHOT_INTERVAL": "30d"}  # so that nothing is left to small reads
    processes = [machine.fork("sync", WORKERS="2", **seldom) for _ in range(2)]
    for process in processes:
        assert process.ends() in (0, 4), process
    return processes


def test_two_syncs_share_the_divisions_and_read_nothing_twice(machine: Machine) -> None:
    found_others(machine)
    machine.simulator.latency = 0.02
    machine.simulator.stats.reset()
    processes = both(machine)
    assert machine.deployment.violations() == {}
    asked = Counter(
        (call.division, call.path, call.query) for call in machine.simulator.stats.calls() if call.division
    )
    assert [question for question, times in asked.items() if times > 1] == []
    assert all(" new, 0 changed, 0 removed, " in process.out for process in processes)
    shared = [
        {line.split()[1] for line in process.out.splitlines() if ": ok, " in line and " 0 calls" not in line}
        for process in processes
    ]
    assert len(shared[0] & shared[1]) <= 1, "both have worked on the same divisions"
    assert min(map(len, shared)) >= 2, "one did it all"
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
