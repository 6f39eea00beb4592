"""A process dies in the middle of a refresh: the token chain is never lost by us (F03, F04)."""

import psycopg

from exact_sync.simulator.faults import Context
from tests.processes import Here, Machine, Process, one_clear_line, the_token_has_ended, until

WAITING = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'exact-sync sync%%'
      AND wait_event_type = 'Lock'
"""


def test_killed_before_the_new_token_is_stored_it_asks_to_sign_in_once_and_does_not_loop(
    machine: Machine, here: Here
) -> None:
    """F03"""
    the_token_has_ended(machine.deployment)
    calls, violations = machine.deployment.calls, machine.deployment.violations
    with psycopg.connect(machine.database_url) as other:
        # Storing the tokens strikes the attempt off the record: that is where it now gets stuck.
        machine.simulator.faults.add(
            "hook",
            path="oauth2/token",
            hook=lambda context: other.execute("LOCK TABLE exact_sync.refresh_attempt IN SHARE MODE"),
        )
        process = machine.fork("sync", "journals")
        backend = until(lambda: machine.query(WAITING), "storing the token")
        process.kill()
    until(
        lambda: not machine.query("SELECT 1 FROM pg_stat_activity WHERE pid = %s", *backend[0]),
        "the end of the killed process's work",
    )
    assert machine.query("SELECT count(*) FROM exact_sync.refresh_attempt") == [(1,)]

    # One try with the old token, for its answer might have been lost instead; then no more.
    process = machine.fork("sync", "journals")
    assert (process.ends(), calls("oauth2/token")) == (3, 2), process
    assert "interrupted" in one_clear_line(process.err)
    assert "exact-sync auth login" in process.err
    code, _, err = here.run("sync", "journals")
    assert (code, calls("oauth2/token"), calls("Journals")) == (3, 2, 0), err
    assert "interrupted" in one_clear_line(err)
    assert violations() == {"replayed_refreshes": 1}

    machine.deployment.sign_in()
    machine.deployment.sync_well()
    assert machine.deployment.differences() == []
    assert violations() == {"replayed_refreshes": 1}


def test_killed_after_the_new_token_is_stored_the_next_run_uses_it(machine: Machine, here: Here) -> None:
    """F04"""
    the_token_has_ended(machine.deployment)
    started: list[Process] = []

    def die(context: Context) -> None:
        started[0].kill()

    machine.simulator.faults.add("hook", hook=die)  # the first call for data
    started.append(machine.fork("sync"))
    assert started[0].ends() == -9
    assert machine.deployment.calls("oauth2/token") == 1
    assert here.run("sync")[0] == 0
    assert machine.deployment.calls("oauth2/token") == 1
    assert machine.deployment.differences() == []
    assert machine.deployment.violations() == {}
