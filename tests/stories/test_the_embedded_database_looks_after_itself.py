"""Without a database URL there is a PostgreSQL in the data directory, for as long as it is used."""

import json
import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.processes import Here, Machine, Process


@pytest.fixture(autouse=True)
def _nothing_outlives_a_failed_test(machine: Machine) -> Iterator[None]:
    yield
    for pid in servers(machine):
        psutil.Process(pid).terminate()


def servers(machine: Machine) -> list[int]:
    """PostgreSQL servers that run in this machine's data directory."""
    folder = str(machine.deployment.settings.data_dir / "postgres")
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if folder in (process.info["cmdline"] or []) and "-D" in process.info["cmdline"]
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_with_who_waits_for_a_person_and_is_told_to_end(machine: Machine, number: int) -> None:
    login = machine.fork("auth", "login", "--paste", is_typed_to=True, DATABASE_URL=None)
    login.first_line()
    assert len(servers(machine)) == 1
    login.signal(number)
    assert (login.ends(), login.err.splitlines()[-1]) == (130, "interrupted")
    assert servers(machine) == []


def test_it_survives_the_death_of_who_started_it_and_nothing_is_left_running(
    machine: Machine, here: Here
) -> None:
    login = machine.start("auth", "login", "--paste", DATABASE_URL=None)
    url = login.first_line()
    assert len(servers(machine)) == 1
    login.type(machine.consent(url))
    assert login.ends() == 0, login
    assert servers(machine) == []

    # Killed, it can't stop its server; the next one takes that over, and stops it in the end.
    started: list[Process] = []
    machine.simulator.faults.add("hook", after=4, hook=lambda context: started[0].kill())
    started.append(machine.start("sync", DATABASE_URL=None))
    assert started[0].ends() == -9
    assert len(servers(machine)) == 1
    code, process = machine.run("sync", DATABASE_URL=None)
    assert code == 0, process
    assert servers(machine) == []
    code, out, _ = here.run("status", "--json", DATABASE_URL=None)
    assert code == 0
    rows = {line["resource"]: line["rows"] for line in json.loads(out)["resources"]}
    assert rows["customers"] == len(machine.deployment.table("crm/Accounts"))
    assert servers(machine) == []
