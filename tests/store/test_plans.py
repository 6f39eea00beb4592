"""No question of ours reads a whole table where it is about one division or one page.

A million rows take long to make. So there are twenty thousand, in 250 divisions, and PostgreSQL is told
that there are fifty times as many of them on the same pages: reading all of a table looks cheaper to it
than it would be, so the test is the stricter for it.
"""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, text

from exact_sync.catalog import DIVISIONS, RESOURCES
from exact_sync.store import attempts, conditions, counts, incidents, quarantine, requests, runs, seen
from exact_sync.store.attempts import Attempt
from exact_sync.store.database import Database
from exact_sync.store.fingerprints import Fingerprints
from exact_sync.store.keys import Deletion, Keys, Stamp
from exact_sync.store.runs import Tally
from exact_sync.store.writer import Writer
from exact_sync.sync import status
from exact_sync.sync.loading import Allowance
from tests.conftest import named
from tests.deployment import SharedClock
from tests.store.rows import key, row

CUSTOMERS, LINES = RESOURCES["customers"], RESOURCES["transaction_lines"]
BIG = {"customers", "transaction_lines", "run", "request", "seen"}
LISTED = BIG | {"quarantine", "incident"}
"""What is said of it all, as its number, may need all of it; a page of its list may not."""
DIVISION = 7
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

_ROWS, _TIMES = 20_000, 50
_FILL = """
INSERT INTO exact.customers (division, id, modified, _version, _deleted_at)
SELECT n % 250, md5(n::text)::uuid, now(), n, CASE WHEN n % 97 = 0 THEN now() END
FROM generate_series(1, :rows) n;
INSERT INTO exact.transaction_lines
    (division, id, entry_id, gl_account, modified, date, _version, _deleted_at)
SELECT n % 250, md5(n::text)::uuid, md5((n / 3)::text)::uuid, md5((n % 90)::text)::uuid, now(),
    date '2026-01-01' + n % 2000, n, CASE WHEN n % 97 = 0 THEN now() END
FROM generate_series(1, :rows) n;
INSERT INTO exact_sync.seen (division, resource, keys)
SELECT n % 250, 'customers', ARRAY[md5(n::text)::uuid::text] FROM generate_series(1, :rows) n;
INSERT INTO exact_sync.run (division, resource, strategy, full_read, started_at, finished_at, outcome)
SELECT n % 250, 'customers', 'modified', false, now() - n * interval '1 minute', now(), 'ok'
FROM generate_series(1, :rows) n;
INSERT INTO exact_sync.request (at, division, resource, endpoint, status, milliseconds)
SELECT now() - n * interval '1 second', n % 250, 'r' || n % 24, 'crm/Accounts', 200, 90
FROM generate_series(1, :rows) n;
INSERT INTO exact_sync.quarantine (division, resource, key, reason, record, first_seen_at)
SELECT n % 250, 'r' || n % 24, n::text, 'Code: 5 is no String', repeat('x', 500), now()
FROM generate_series(1, :rows) n;
INSERT INTO exact_sync.incident (kind, subject, message, opened_at, closed_at)
SELECT 'failure', n::text, 'late', now(), CASE WHEN n > 20 THEN now() END FROM generate_series(1, :rows) n;
INSERT INTO exact.divisions (code, description, status) SELECT n, n::text, 1 FROM generate_series(0, 249) n;
INSERT INTO exact_sync.checkpoint (division, resource, outcome, attempted_at, succeeded_at, rows)
SELECT n, name, 'ok', now(), now(), 80 FROM generate_series(0, 249) n,
    unnest(ARRAY['customers', 'transaction_lines']) name
"""
_PRETEND = """
UPDATE pg_class SET reltuples = reltuples * :times WHERE oid IN (
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid
    WHERE n.nspname IN ('exact', 'exact_sync') AND coalesce(t.relname, c.relname) = ANY(:big))
"""


@pytest.fixture(scope="module")
def big(server: str, template: str) -> Iterator[Database]:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE big TEMPLATE {template} STRATEGY FILE_COPY")
        database = Database(named(server, "big"), SharedClock())
        with database.begin() as filling:
            for statement in _FILL.split(";"):
                filling.execute(text(statement), {"rows": _ROWS} if ":rows" in statement else {})
        with database.connect() as telling:
            telling.execute(text("ANALYZE"))
            telling.execute(text(_PRETEND), {"times": _TIMES, "big": list(LISTED)})
        yield database
        database.close()
        connection.execute("DROP DATABASE big WITH (FORCE)")


@contextmanager
def explained(connection: Connection, big: Collection[str] = BIG) -> Iterator[list[str]]:
    """Meanwhile the plan of each statement is looked at: the big tables that are read as a whole."""
    read_whole: list[str] = []

    def explain(conn: Connection, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        if statement.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            asking = conn.connection.driver_connection.cursor()  # type: ignore[union-attr]
            asking.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
            plan = asking.fetchone()[0]
            read_whole.extend(_read_whole(plan[0]["Plan"], statement, big))
            seen_statements.append(statement)

    seen_statements: list[str] = []
    event.listen(connection, "before_cursor_execute", explain)
    try:
        yield read_whole
    finally:
        event.remove(connection, "before_cursor_execute", explain)
    assert seen_statements, "nothing was asked"


def _read_whole(plan: dict[str, Any], statement: str, big: Collection[str]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in big:
        yield f"{plan['Relation Name']}: {' '.join(statement.split())} {json.dumps(plan)}"
    for part in plan.get("Plans", ()):
        yield from _read_whole(part, statement, big)


KEYS = [key(number) for number in range(500)]
BEFORE = (datetime.now(UTC) - timedelta(hours=1), 9000)
DELETIONS = [Deletion(each, 5, NOW) for each in KEYS]

QUESTIONS: dict[str, Callable[[Connection], object]] = {
    "the highest version": lambda c: Keys(LINES).last(c, DIVISION),
    "the lowest version": lambda c: Keys(LINES).first(c, DIVISION),
    "forget versions": lambda c: Keys(LINES).forget_versions(c, DIVISION, 2**40),
    "which keys differ": lambda c: Keys(CUSTOMERS).different(c, DIVISION, [Stamp(k, NOW) for k in KEYS]),
    "which keys are here": lambda c: Keys(CUSTOMERS).here(c, DIVISION, KEYS),
    "rows by key": lambda c: Keys(CUSTOMERS).rows(c, DIVISION, KEYS),
    "all live keys": lambda c: Keys(CUSTOMERS).live_keys(c, DIVISION),
    "how many did not come": lambda c: Keys(CUSTOMERS).unseen(c, DIVISION, NOW, None),
    "bury what did not come": lambda c: Keys(CUSTOMERS).bury_unseen(c, DIVISION, NOW, None),
    "bury what the log names": lambda c: Keys(LINES).bury_logged(
        c, DIVISION, DELETIONS, by_version=True, known_until=NOW
    ),
    "purge": lambda c: Keys(replace(CUSTOMERS, hard_deletes=True)).purge(c, DIVISION),
    "what is known by its fingerprint": lambda c: Fingerprints(CUSTOMERS).unknown(
        c, DIVISION, [str(k) for k in KEYS], [k.int for k in KEYS]
    ),
    "live rows": lambda c: Writer(CUSTOMERS).live(c, DIVISION),
    "live rows between": lambda c: Writer(LINES).live_between(
        c, DIVISION, date(2026, 1, 1), date(2026, 2, 1)
    ),
    "keys between": lambda c: Writer(LINES).live_keys(c, DIVISION, date(2026, 1, 1), date(2026, 2, 1)),
    "delete by key": lambda c: Writer(CUSTOMERS).delete_keys(c, DIVISION, KEYS),
    "count a division": lambda c: counts.count(c, CUSTOMERS, DIVISION),
    "count all divisions": lambda c: counts.of_divisions(c, CUSTOMERS, [(n, 80) for n in range(250)]),
    "count what is unknown": lambda c: counts.of_divisions(c, CUSTOMERS, [(7, None), (8, 80)]),
    "forget keys seen": lambda c: seen.forget(c, DIVISION, "customers"),
    "note keys": lambda c: seen.note(c, DIVISION, "customers", KEYS),
    "quarantined without a row": lambda c: quarantine.without_row(c, DIVISION, CUSTOMERS),
    "where it stands": lambda c: attempts.look(c, DIVISION, "customers", DIVISION),
    "begin": lambda c: attempts.begin(c, DIVISION, "customers", "modified", full=False, rows=80),
    "progress": lambda c: Attempt(500, DIVISION, "customers", DIVISION, None).note(
        c, Tally().counts(), {"cursor": "1"}, {"left": 5}
    ),
    "the end of a run": lambda c: Attempt(500, DIVISION, "customers", DIVISION, None).note(
        c, runs.end(Tally(), "ok", None, None), {"outcome": "ok"}, None
    ),
    "the last verification": lambda c: runs.last_of(c, "verify"),
    "tidy": lambda c: runs.tidy(c, 5),
    "an hour's requests": lambda c: requests.summary(
        c, requests.Filter(since=datetime.now(UTC) - timedelta(minutes=5))
    ),
    "drop old requests": lambda c: requests.drop_before(c, NOW - timedelta(days=3650), 1000),
    "conditions": lambda c: conditions.read(c, datetime.now(UTC), timedelta(hours=1), NOW.date()),
    "status": lambda c: status.read(c, None, [DIVISIONS, CUSTOMERS, LINES], NOW, Allowance()),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_reads_a_whole_table(big: Database, name: str) -> None:
    with big.begin() as connection:
        with explained(connection) as read_whole:
            QUESTIONS[name](connection)
        connection.rollback()
    assert read_whole == []


PAGES: dict[str, Callable[[Connection], object]] = {
    "the newest runs": lambda c: runs.newest(c, runs.Filter(), 50),
    "the next page of runs": lambda c: runs.newest(c, runs.Filter(before=9000), 50),
    "a division's newest runs": lambda c: runs.newest(
        c, runs.Filter(divisions=[7], resource="customers"), 50
    ),
    "runs that failed": lambda c: runs.newest(c, runs.Filter(outcome="failed"), 50),
    "runs under way": lambda c: runs.newest(c, runs.Filter(outcome="running", before=9000), 50),
    "runs of a rare resource": lambda c: runs.newest(c, runs.Filter(resource="rare", before=9000), 50),
    "the newest requests": lambda c: requests.newest(c, requests.Filter(), 50),
    "the next page of requests": lambda c: requests.newest(c, requests.Filter(before=BEFORE), 50),
    "a division's requests": lambda c: requests.newest(c, requests.Filter([7], before=BEFORE), 50),
    "requests that failed": lambda c: requests.newest(
        c, requests.Filter(only_errors=True, before=BEFORE), 50
    ),
    "requests with a status": lambda c: requests.newest(c, requests.Filter(status=429, before=BEFORE), 50),
    "a resource's requests": lambda c: requests.newest(c, requests.Filter(resource="r7", before=BEFORE), 50),
    "requests of a rare division": lambda c: requests.newest(
        c, requests.Filter([998, 999], before=BEFORE), 50
    ),
    "requests of a rare resource": lambda c: requests.newest(
        c, requests.Filter(resource="rare", before=BEFORE), 50
    ),
    "quarantine": lambda c: quarantine.held(c, None, [], 50),
    "the next page of quarantine": lambda c: quarantine.held(c, None, [], 50, 9000),
    "a resource in quarantine": lambda c: quarantine.held(c, "r7", [], 50, 9000),
    "a rare resource in quarantine": lambda c: quarantine.held(c, "rare", [], 50, 9000),
    "a division in quarantine": lambda c: quarantine.held(c, "r7", [7, 8], 50, 9000),
    "open incidents": lambda c: incidents.recent(c, None),
    "the next page of incidents": lambda c: incidents.recent(c, 50, 9000),
}


@pytest.mark.parametrize("name", PAGES)
def test_no_page_of_a_list_reads_a_whole_table(big: Database, name: str) -> None:
    with big.begin() as connection, explained(connection, LISTED) as read_whole:
        PAGES[name](connection)
    assert read_whole == []


JOINS = {
    "an account": "gl_account = :key",
    "an entry": "entry_id = :key",
    "a month": "date >= '2031-06-01'",
}


@pytest.mark.parametrize("name", JOINS)
def test_no_look_at_one_thing_reads_a_whole_table(big: Database, name: str) -> None:
    with big.begin() as connection, explained(connection) as read_whole:
        statement = f"SELECT sum(amount_dc) FROM exact.transaction_lines WHERE division = 7 AND {JOINS[name]}"
        connection.execute(text(statement), {"key": key(1)} if ":key" in statement else {})
    assert read_whole == []


@pytest.mark.parametrize("kept", [False, True])
def test_no_merge_reads_a_whole_table(big: Database, kept: bool) -> None:
    writer = Writer(CUSTOMERS)
    with big.begin() as connection:
        writer.stage(connection, [row("customers", n, modified=NOW) for n in range(1000)], keep=kept)
        with explained(connection) as read_whole:
            writer.merge(connection, kept=kept)
            if kept:
                writer.delete_missing(connection, DIVISION, [])
        connection.rollback()
    assert read_whole == []


def test_more_resources_are_no_more_questions_of_the_status(big: Database) -> None:
    """A question for each would look at the checkpoints of all, a hundred times."""

    def asked(*names: str) -> int:
        statements: list[str] = []
        resources = [RESOURCES[name] for name in names]
        with big.begin() as connection:
            event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
            lines = status.read(connection, None, resources, NOW, Allowance(), (), {}).resources
        assert [line.resource for line in lines] == [name for name in names for _ in range(250)]
        return len(statements)

    assert asked("transaction_lines", "customers") == asked("customers")


def test_a_whole_table_would_be_noticed(big: Database) -> None:
    with big.begin() as connection, explained(connection) as read_whole:
        connection.execute(text("SELECT count(*) FROM exact.customers WHERE _deleted_at IS NULL"))
    assert len(read_whole) == 1
