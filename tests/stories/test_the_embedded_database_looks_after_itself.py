"""Without a database URL there is a PostgreSQL in the data directory, for as long as it is used."""

import json

import psutil

from tests.processes import Machine, Process, until


def servers(machine: Machine) -> list[int]:
    """PostgreSQL servers that run in this machine's data directory."""
    folder = str(machine.deployment.settings.data_dir / "postgres")
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if folder in (process.info["cmdline"] or []) and "-D" in process.info["cmdline"]
    ]


def test_it_survives_the_death_of_who_started_it_and_nothing_is_left_running(machine: Machine) -> None:
    login = machine.start("auth", "login", "--paste", DATABASE_URL=None)
    url = until(lambda: login.out.partition("\n")[0] if "\n" in login.out else "", "the URL")
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
    code, process = machine.run("status", "--json", DATABASE_URL=None)
    assert code == 0, process
    rows = {line["resource"]: line["rows"] for line in json.loads(process.out)["resources"]}
    assert rows["customers"] == len(machine.deployment.table("crm/Accounts"))
    assert servers(machine) == []
