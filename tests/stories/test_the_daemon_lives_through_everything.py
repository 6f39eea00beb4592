"""`run`: on schedule, by itself, through whatever passes (F37, F42)."""

import signal

from tests.postgres import Server
from tests.processes import Machine, one_clear_line, until

EVERY_SECOND = {"INTERVAL": "1s", "SNAPSHOT_INTERVAL": "1s"}


def test_the_daemon_waits_for_its_database_and_for_a_sign_in_and_survives_a_restart(
    shaky_machine: Machine, another_server: Server
) -> None:
    machine, deployment = shaky_machine, shaky_machine.deployment
    machine.nobody_is_signed_in()
    deployment.service.database.close()
    another_server.stop()
    daemon = machine.start("run", **EVERY_SECOND)

    daemon.says("the database can't be used now")
    another_server.start()
    daemon.says("nobody is signed in at Exact yet")
    assert deployment.calls("crm/") == 0

    deployment.sign_in()
    until(lambda: deployment.differences() == [], "the first sync")

    deployment.edit(1)
    until(lambda: deployment.differences(deleted=False) == [], "a sync on schedule")

    code, process = machine.run("sync")
    assert code == 4, process
    assert f":{daemon.pid}" in one_clear_line(process.err)

    another_server.restart()
    deployment.service.database.close()
    deployment.edit(2)
    until(lambda: deployment.differences(deleted=False) == [], "a sync after the restart")

    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0, daemon
    assert "Traceback" not in daemon.err
    assert deployment.violations() == {}
