"""PostgreSQL is down at the start, restarts in the middle, or cuts a connection (F37)."""

import errno
from pathlib import Path

import psycopg
import pytest

from exact_sync.errors import SignInNeeded
from exact_sync.service import Service
from exact_sync.simulator.faults import Context
from exact_sync.store import credentials
from exact_sync.sync.once import exit_code
from tests.deployment import Deployment
from tests.facts import restart
from tests.postgres import Server
from tests.processes import Machine, one_clear_line, until

CUT_ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
CUT_OFF = """
    CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid());
        RETURN NEW;
    END $$;
    CREATE TRIGGER cut_off AFTER INSERT ON exact.customers FOR EACH ROW EXECUTE FUNCTION cut_off();
"""


@pytest.mark.parametrize("is_back_at_once", [True, False])
def test_a_one_shot_whose_database_restarts_leaves_whole_pages_and_goes_on_the_next_time(
    shaky_machine: Machine, another_server: Server, is_back_at_once: bool
) -> None:
    """Where it is not back, not even the end of the run can be recorded."""
    machine, customers = shaky_machine, shaky_machine.deployment.table("crm/Accounts")
    machine.deployment.sync_well("divisions")
    machine.simulator.faults.add("refuse_bulk", times=None)
    for number in range(180):
        customers.insert({"Code": f"{number}", "Name": f"Customer {number}"})

    here = "SELECT count(*) FROM exact.customers"

    def restart(context: Context) -> None:
        until(lambda: machine.query(here) == [(60,)], "the first page, which is written meanwhile")
        another_server.stop()
        if is_back_at_once:
            another_server.start()

    machine.simulator.faults.add("hook", path="crm/Accounts", query="$skiptoken", after=1, hook=restart)
    process = machine.fork("sync", "customers")
    assert process.ends() == 4, process
    another_server.start()
    assert "try again later" in one_clear_line(process.err)
    # The first page; the second one was held until the third would come, so it is read again.
    assert machine.query(here) == [(60,)]
    assert machine.query(
        "SELECT cursor, resume ->> 'link' LIKE '%%$skiptoken%%' FROM exact_sync.checkpoint "
        "WHERE resource = 'customers'"
    ) == [(None, True)]
    machine.deployment.service.database.close()  # this process's own connections were cut, too
    machine.deployment.sync_well()
    assert machine.deployment.differences() == []
    assert machine.deployment.violations() == {}


def test_a_one_shot_without_its_database_exits_with_4_and_asks_exact_nothing(
    shaky_machine: Machine, another_server: Server
) -> None:
    shaky_machine.simulator.stats.reset()
    another_server.stop()
    process = shaky_machine.fork("sync")
    assert process.ends() == 4, process
    assert "the database can't be used now" in one_clear_line(process.err)
    assert shaky_machine.deployment.calls() == 0


def test_a_connection_that_is_cut_in_the_middle_of_a_merge_leaves_nothing(deployment: Deployment) -> None:
    execute(deployment, CUT_OFF)
    outcomes = deployment.sync("divisions", "customers", "contacts")
    assert exit_code(outcomes) == 4
    with deployment.service.database.begin() as connection:
        count = "SELECT (SELECT count(*) FROM exact.customers) + (SELECT count(*) FROM exact.contacts)"
        assert connection.exec_driver_sql(count).scalar() == 0
    execute(deployment, "DROP TRIGGER cut_off ON exact.customers")
    deployment.sync_well()
    assert deployment.differences() == []
    assert deployment.violations() == {}


def test_when_every_connection_is_cut_between_two_pages_the_next_run_goes_on(
    deployment: Deployment, database_url: str
) -> None:
    def cut(context: Context) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(CUT_ALL)

    deployment.simulator.faults.add("hook", path="SalesInvoices", hook=cut, when="after")
    assert exit_code(deployment.sync()) == 4
    deployment.sync_well()
    assert deployment.differences() == []
    assert deployment.violations() == {}


def test_a_new_token_survives_a_cut_where_the_data_folder_can_not_be_written(
    deployment: Deployment, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(context: Context) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(CUT_ALL)

    def read_only(*arguments: object, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    deployment.sync_well("journals")
    deployment.clock.advance(hours=1)
    monkeypatch.setattr(Path, "touch", read_only)
    deployment.simulator.faults.add("hook", path="oauth2/token", hook=cut, when="after")
    assert exit_code(deployment.sync("journals")) in (0, 4)
    deployment.sync_well("journals")
    assert deployment.differences("journals") == []
    assert deployment.violations() == {}


@pytest.mark.parametrize("is_down_for_long", [False, True])
def test_two_that_refresh_at_once_because_the_lock_was_lost_need_no_person(
    deployment: Deployment, database_url: str, monkeypatch: pytest.MonkeyPatch, is_down_for_long: bool
) -> None:
    """Exact has rotated the token for one when the other offers the old one."""
    refused = []

    def cut(context: Context) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(CUT_ALL)
        with Service(deployment.settings, deployment.clock) as other, pytest.raises(SignInNeeded) as caught:
            other.session.tokens()
        refused.append(caught.value)

    deployment.sync_well("journals")
    deployment.clock.advance(hours=1)
    if is_down_for_long:
        monkeypatch.setattr(credentials, "_WAITS", ())
    deployment.simulator.faults.add("hook", path="oauth2/token", hook=cut, when="after")
    assert exit_code(deployment.sync("journals")) in (0, 4)
    assert "interrupted" in str(refused)
    restart(deployment)
    deployment.sync_well("journals")
    assert deployment.differences("journals") == []
    assert deployment.violations() == {"replayed_refreshes": 1}


def execute(deployment: Deployment, statement: str) -> None:
    with deployment.service.database.begin() as connection:
        connection.exec_driver_sql(statement)
