"""PostgreSQL answers, but not as we like: rolled back, tried again or put off (F38, F39)."""

import random
import string
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from exact_sync.store import database as database_module
from exact_sync.sync.once import exit_code
from tests.deployment import Deployment
from tests.facts import only
from tests.processes import Here, one_clear_line, until

REFUSE = """
    CREATE SEQUENCE attempts;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('attempts') <= {times} THEN
            RAISE EXCEPTION 'not now' USING ERRCODE = '{state}';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER refuse AFTER INSERT ON exact.customers EXECUTE FUNCTION refuse();
"""
CHECKPOINT = "SELECT cursor, resume, succeeded_at FROM exact_sync.checkpoint WHERE resource = 'customers'"
TOUCH = "UPDATE exact.customers SET _synced_at = now() WHERE id = %s"
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@contextmanager
def other(database_url: str) -> Iterator["psycopg.Connection[Any]"]:
    """Somebody else at work in the same database."""
    with psycopg.connect(database_url) as connection:
        yield connection


def execute(database_url: str, statement: str) -> list[Any]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("disk full", "53100"),
        ("statement timeout", "57014"),
        ("serialization failure, again and again", "40001"),
    ],
)
def test_a_refused_page_is_rolled_back_and_the_checkpoint_stays(
    deployment: Deployment, database_url: str, name: str, state: str
) -> None:
    execute(database_url, REFUSE.format(times=1000, state=state))
    outcomes = deployment.sync("divisions", "customers", "contacts")
    assert exit_code(outcomes) == 4, outcomes
    assert all("\n" not in outcome.message for outcome in outcomes if outcome.message)
    assert execute(database_url, "SELECT count(*) FROM exact.customers") == [(0,)]
    assert execute(database_url, CHECKPOINT) == [(None, None, None)]
    execute(database_url, "DROP TRIGGER refuse ON exact.customers")
    deployment.sync_well()
    assert deployment.differences() == []
    assert deployment.violations() == {}


@pytest.mark.parametrize(("state", "when"), [("40001", "DEFERRED"), ("40P01", "IMMEDIATE")])
def test_a_collision_is_tried_again_at_once(
    deployment: Deployment, database_url: str, state: str, when: str
) -> None:
    """Also where PostgreSQL says so only at the commit; and nothing is counted twice."""
    kind, each = "CREATE CONSTRAINT TRIGGER", f"DEFERRABLE INITIALLY {when} FOR EACH ROW EXECUTE"
    refuse = REFUSE.replace("CREATE TRIGGER", kind).replace("EXECUTE", each)
    execute(database_url, refuse.format(times=3, state=state))
    outcome = only(deployment.sync_well("divisions", "customers"), "customers")
    rows = len(deployment.table("crm/Accounts"))
    assert execute(database_url, "SELECT last_value FROM attempts") == [(3 + rows,)]
    assert outcome.tally.inserted == rows
    assert deployment.differences("customers") == []


def test_a_lock_that_is_not_let_go_is_waited_for_only_so_long(
    deployment: Deployment, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_LOCK_TIMEOUT", "50ms")
    deployment.sync_well("divisions")
    deployment.service.database.close()  # so that new connections have the short timeout
    with other(database_url) as holder:
        holder.execute("LOCK TABLE exact.customers IN SHARE MODE")
        outcomes = deployment.sync("customers")
    assert exit_code(outcomes) == 4, outcomes
    assert execute(database_url, CHECKPOINT) == [(None, None, None)]
    deployment.sync_well()
    assert deployment.differences() == []
    assert deployment.violations() == {}


def test_a_deadlock_with_another_writer_is_survived(deployment: Deployment, database_url: str) -> None:
    """F39: the other one takes the rows in the opposite order, and PostgreSQL ends us, not it."""
    deployment.sync_well()
    customers = deployment.table("crm/Accounts")
    first, *_, middle, last = sorted(customers.rows, key=str)
    deployment.clock.advance(hours=1)
    for key in (first, middle, last):
        customers.change(key, Name="changed")
    execute(
        database_url,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = %L', "
        "current_database(), '20ms'); END $$",
    )
    deployment.service.database.close()
    with other(database_url) as writer, other(database_url) as third, ThreadPoolExecutor(2) as threads:
        writer.execute("SET deadlock_timeout = '1min'")
        writer.execute(TOUCH, [last])
        third.execute(TOUCH, [middle])
        ours = threads.submit(deployment.sync_well, "customers")
        until(lambda: execute(database_url, WAITING) == [(1,)], "our waiting, with the first row taken")
        theirs = threads.submit(writer.execute, TOUCH, [first])
        until(lambda: execute(database_url, WAITING) == [(2,)], "the other's waiting for the first row")
        third.rollback()
        theirs.result()
        writer.commit()
        ours.result()
    assert deployment.differences() == []
    assert deployment.violations() == {}


def test_a_read_only_database_is_one_clear_line_and_exit_code_4(here: Here) -> None:
    here.machine.query(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET default_transaction_read_only = on', "
        "current_database()); END $$"
    )
    code, _, err = here.run("sync")
    assert code == 4
    assert "read-only" in one_clear_line(err)
    assert here.machine.query("SELECT count(*) FROM exact_sync.run") == [(0,)]


def test_too_many_connections_are_one_clear_line_and_exit_code_4(here: Here) -> None:
    url = here.machine.database_url
    here.machine.query("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    try:
        code, _, err = here.run("sync", DATABASE_URL=url.replace("postgres:@", "crowded:@"))
    finally:
        here.machine.query("DROP ROLE crowded")
    assert code == 4
    assert "too many connections" in one_clear_line(err)


def test_an_index_of_somebody_elses_that_can_not_hold_a_text_is_not_called_temporary(
    deployment: Deployment, database_url: str
) -> None:
    """Trying again would never help: it needs a person."""
    deployment.sync_well("customers")
    execute(database_url, "CREATE INDEX mine ON exact.customers (remarks)")
    table = deployment.table("crm/Accounts")
    words = "".join(random.Random(1).choices(string.ascii_letters, k=9_000))
    table.change(next(iter(table.rows)), Remarks=words)
    deployment.clock.advance(hours=1)
    outcome = only(deployment.sync("customers"), "customers")
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert "the database can't hold what came: index row" in str(outcome.message)
    assert words[:50] not in str(outcome.message)
    execute(database_url, "DROP INDEX exact.mine")
    deployment.sync_well("customers")
    assert deployment.differences("customers") == []


def test_a_constraint_of_somebody_elses_is_one_line_in_the_status_and_shows_nobodys_rows(
    deployment: Deployment, database_url: str
) -> None:
    deployment.sync_well("customers")
    execute(database_url, "ALTER TABLE exact.customers ADD CONSTRAINT mine CHECK (remarks <> 'canary')")
    table = deployment.table("crm/Accounts")
    table.change(next(iter(table.rows)), Remarks="canary")
    deployment.clock.advance(hours=1)
    outcome = only(deployment.sync("customers"), "customers")
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    [(status, message)] = execute(
        database_url, "SELECT outcome, message FROM exact_sync.checkpoint WHERE resource = 'customers'"
    )
    assert (status, message) == ("failed", outcome.message)
    assert 'violates check constraint "mine"' in message
    assert "canary" not in message


def test_a_mistake_of_ours_is_in_the_status_too(
    deployment: Deployment, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else that would say to the end of days that all is well."""
    deployment.sync_well("journals")
    execute(database_url, REFUSE.format(times=1000, state="XX000").replace("customers", "journals"))
    table = deployment.table("financial/Journals")
    table.change(next(iter(table.rows)), Description="canary")
    deployment.clock.advance(hours=1)
    deployment.sync("journals")
    query = "SELECT message FROM exact_sync.{} WHERE resource = 'journals' AND outcome = 'failed'"
    for noted in ("checkpoint", "run"):
        [(message,)] = execute(database_url, query.format(noted))
        assert message == "unexpected InternalError: (psycopg.errors.InternalError_) not now"
