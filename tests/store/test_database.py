"""The database's errors in our words: what can be tried later, and what a person must change."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, literal, make_url, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from exact_sync.errors import BadConfiguration, BadData, DatabaseAway, ExactSyncError, NeedsPerson
from exact_sync.store import seen, state
from exact_sync.store.database import Database, moment, shown_url
from exact_sync.store.trouble import Conflict, translated
from tests.conftest import Databases
from tests.deployment import SharedClock


def fail(state: str, what: str = "it failed") -> Callable[[Connection], None]:
    """Makes PostgreSQL itself raise an error of its own."""

    def work(connection: Connection) -> None:
        connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION '{what}' USING ERRCODE = '{state}'; END $$"))

    return work


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", DatabaseAway),  # disk full
        ("53200", DatabaseAway),  # out of memory
        ("53300", DatabaseAway),  # too many connections
        ("55P03", DatabaseAway),  # lock timeout
        ("57014", DatabaseAway),  # statement timeout
        ("57P01", DatabaseAway),  # the server is shut down
        ("57P03", DatabaseAway),  # the server starts up
        ("25006", DatabaseAway),  # read-only
        ("08006", DatabaseAway),  # connection failure
        ("58030", DatabaseAway),  # I/O error
        ("54000", BadData),  # a limit of the program
        ("54011", BadData),  # too many columns
        ("0A000", NeedsPerson),  # a view on a column that has to grow, row-level security
        ("23505", NeedsPerson),  # somebody's unique index
        ("23514", NeedsPerson),  # and constraint
        ("P0001", NeedsPerson),  # and trigger
        ("40001", Conflict),
        ("40P01", Conflict),
        ("28P01", BadConfiguration),  # wrong password
        ("3D000", BadConfiguration),  # no such database
        ("42501", BadConfiguration),  # a right is missing
        ("42P01", BadConfiguration),  # no such table
    ],
)
def test_an_error_of_the_server_is_sorted_by_what_happens_next(
    database: Database, state: str, kind: type[ExactSyncError]
) -> None:
    with pytest.raises(kind, match="it failed") as caught:
        database.transact(fail(state))
    assert type(caught.value) is kind
    assert caught.value.exit_code == {BadConfiguration: 2, BadData: 1, NeedsPerson: 1}.get(kind, 4)
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert "CONTEXT" not in str(caught.value)


def test_a_missing_table_is_no_missing_database_whatever_it_is_called(database: Database) -> None:
    with pytest.raises(BadConfiguration) as caught:
        database.transact(fail("42P01", 'relation "exact.database_items" does not exist'))
    assert caught.value.hint == "run: exact-sync db upgrade"


@pytest.mark.parametrize("state", ["22012", "42601", "XX000"])
def test_what_is_a_mistake_of_ours_stays_what_it_is(database: Database, state: str) -> None:
    with pytest.raises((DBAPIError, psycopg.Error)):
        database.transact(fail(state))


@pytest.mark.parametrize("whose", ["environment", "database"])
def test_texts_are_sent_as_utf_8_whatever_others_prefer(
    databases: Databases, clock: SharedClock, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    with databases.one("encoded") as url:
        if whose == "environment":
            monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
        else:
            name = make_url(url).database
            with psycopg.connect(url) as connection:
                connection.execute(f"ALTER DATABASE {name} SET client_encoding TO 'LATIN1'")
        database = Database(url, clock)
        with database.begin() as connection:
            assert connection.execute(text("SHOW client_encoding")).scalar_one() == "UTF8"
        database.close()


def test_what_a_database_prefers_changes_nothing(databases: Databases, clock: SharedClock) -> None:
    """The driver reads moments in one style only, who waited for a lock must see what has changed, and what
    takes its time must come to its end."""
    preferences = {
        "datestyle": "SQL, DMY",
        "default_transaction_isolation": "serializable",
        "statement_timeout": "10s",
        "idle_in_transaction_session_timeout": "10s",
    }
    with databases.one("particular") as url:
        with psycopg.connect(url, autocommit=True) as admin:
            for name, value in preferences.items():
                admin.execute(f"ALTER DATABASE {make_url(url).database} SET {name} TO '{value}'")
        database = Database(url, clock)
        names = ["transaction_isolation", *preferences]
        shows = text("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
        for way in (database.connect, database.begin):
            with way() as connection:
                assert moment(connection).tzinfo is not None
                shown = connection.execute(shows).one()
                assert shown == ("read committed", "ISO, DMY", "read committed", "0", "0")
        database.close()


def test_a_database_that_takes_every_byte_holds_every_text(databases: Databases, clock: SharedClock) -> None:
    """SQL_ASCII is what initdb makes where no language is set; the driver leaves its texts undecoded."""
    with databases.one("ascii", "ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0") as url:
        database = Database(url, clock)
        with database.begin() as connection:
            assert connection.execute(text("SELECT 'Súdwest – ½'")).scalar_one() == "Súdwest – ½"
            named = {"keys": ["Súdwest – ½"]}
            assert connection.execute(select(literal(named, JSONB))).scalar_one() == named
            connection.execute(text("CREATE SCHEMA exact_sync"))
            state.seen.create(connection)
            seen.note(connection, 7, "mine", named["keys"])
            assert connection.execute(select(state.seen.c["keys"])).scalar_one() == named["keys"]
        database.close()


def test_a_database_that_can_not_hold_every_text_is_refused(databases: Databases, clock: SharedClock) -> None:
    with databases.one("latin", "ENCODING LATIN1 LOCALE 'C' TEMPLATE template0") as url:
        database = Database(url, clock)
        with pytest.raises(BadConfiguration, match="encoding is LATIN1") as caught, database.begin():
            pass
        assert "UTF8" in str(caught.value.hint)
        database.close()


def test_a_driver_error_outside_sqlalchemy_is_translated_too() -> None:
    with pytest.raises(DatabaseAway, match="no space"), translated():
        raise psycopg.errors.DiskFull("no space")


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_collision_is_tried_again_a_few_times(database: Database, clock: SharedClock, state: str) -> None:
    attempts = 0

    def work(connection: Connection) -> int:
        nonlocal attempts
        attempts += 1
        if attempts < 4:
            fail(state)(connection)
        return attempts

    assert database.transact(work) == 4
    assert clock.slept == sorted(clock.slept)
    assert len(clock.slept) == 3
    attempts = -99
    with pytest.raises(Conflict) as caught:
        database.transact(work)
    assert caught.value.exit_code == 4
    assert attempts == -94


def test_other_errors_are_not_tried_again(database: Database) -> None:
    attempts = []

    def work(connection: Connection) -> None:
        attempts.append(1)
        fail("53100")(connection)

    with pytest.raises(DatabaseAway):
        database.transact(work)
    assert attempts == [1]


@pytest.mark.parametrize("pinned", [False, True])
def test_a_transaction_that_fails_is_rolled_back_whole(database: Database, pinned: bool) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO exact.divisions (code) VALUES (7)"))
        fail("53100")(connection)

    with pytest.raises(DatabaseAway), database.pinned() as connection:
        database.transact(work, connection if pinned else None)
    with database.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM exact.divisions")).scalar_one() == 0


@pytest.mark.parametrize("pinned", [False, True])
def test_a_transaction_that_ends_well_is_committed(database: Database, pinned: bool) -> None:
    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO exact.divisions (code) VALUES (7)"))
        return "done"

    with database.pinned() as connection:
        assert database.transact(work, connection if pinned else None) == "done"
    with database.begin() as connection:
        assert connection.execute(text("SELECT code FROM exact.divisions")).scalar_one() == 7


def test_a_real_deadlock_is_resolved_and_both_sides_finish(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("INSERT INTO exact.divisions (code) VALUES (1), (2)"))
    both = threading.Barrier(2)

    def cross(first: int, second: int) -> None:
        met = False

        def work(connection: Connection) -> None:
            nonlocal met
            connection.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
            update = text("UPDATE exact.divisions SET city = 'x' WHERE code = :code")
            connection.execute(update, {"code": first})
            if not met:
                met = True
                both.wait(20)
            connection.execute(update, {"code": second})

        database.transact(work)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(cross, (1, 2), (2, 1)))


def test_a_lock_that_others_hold_is_not_waited_for_without_end(database: Database) -> None:
    def impatient(connection: Connection) -> None:
        assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "30s"
        connection.execute(text("SET LOCAL lock_timeout = '20ms'"))
        connection.execute(text("LOCK TABLE exact.items"))

    with database.begin() as holder:
        holder.execute(text("LOCK TABLE exact.items"))
        with pytest.raises(DatabaseAway, match="lock timeout"):
            database.transact(impatient)


def test_a_connection_cut_in_the_middle_is_temporary_and_the_next_one_works(database: Database) -> None:
    def cut(connection: Connection) -> None:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with database.connect() as other:
            other.execute(text(f"SELECT pg_terminate_backend({pid})"))
        connection.execute(text("SELECT 1"))

    with pytest.raises(DatabaseAway):
        database.transact(cut)
    with database.begin() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_nobody_listening_is_temporary(clock: SharedClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        database = Database(f"postgresql://u:canary@127.0.0.1:{taken.getsockname()[1]}/d", clock)
        with pytest.raises(DatabaseAway) as caught, database.begin():
            pass
    assert "canary" not in str(caught.value)


def test_a_database_that_does_not_exist_is_a_matter_of_configuration(server: str, clock: SharedClock) -> None:
    database = Database(server.replace("/postgres?", "/nowhere?"), clock)
    with pytest.raises(BadConfiguration, match="does not exist"), database.begin():
        pass


@pytest.mark.parametrize(
    "url",
    [
        "",
        "canary",
        "mysql://u:canary@h/d",
        "sqlite:///canary.db",
        "postgresql",
        "postgresql://u:canary@h/d?port=x",
    ],
)
def test_what_is_no_postgresql_url_is_refused_without_showing_it(url: str, clock: SharedClock) -> None:
    with pytest.raises(BadConfiguration) as caught:
        Database(url, clock)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "rest",
    [
        ":1/d?sslmode=nonsense",
        ":99999/d",
        ":1/d?target_session_attrs=x",
        ":1/d?keepalives=x",
        ":1/d?service=none-of-this-name",
    ],
)
def test_a_value_that_no_server_could_take_is_a_matter_of_configuration(
    rest: str, clock: SharedClock
) -> None:
    """To try again later would never help."""
    database = Database(f"postgresql://u:canary@127.0.0.1{rest}", clock)
    with (
        pytest.raises(BadConfiguration, match=r"is not understood: (invalid|definition)") as caught,
        database.begin(),
    ):
        pass
    assert caught.value.exit_code == 2
    assert "canary" not in str(caught.value)


def test_a_role_that_does_not_exist_is_a_matter_of_configuration(server: str, clock: SharedClock) -> None:
    database = Database(server.replace("postgres:@", "nobody_of_this_name@"), clock)
    with pytest.raises(BadConfiguration, match=r"refuses the login: .*nobody_of_this_name"), database.begin():
        pass


@pytest.mark.parametrize(
    "said",
    [
        'FATAL:  password authentication failed for user "u"',
        'FATAL:  Peer authentication failed for user "u"',
        'FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", no encryption',
        'FATAL:  pg_hba.conf rejects connection for host "1.2.3.4", user "u", database "d", no encryption',
        "fe_sendauth: no password supplied",
        'FATAL:  permission denied for database "d"',
        "server does not support SSL, but SSL was required",
        'root certificate file "/nowhere/root.crt" does not exist',
        "SSL error: certificate verify failed",
    ],
)
def test_who_is_not_let_in_has_to_change_something(said: str) -> None:
    """Words are all there is before there is a connection."""
    server = 'connection failed: connection to server at "1.2.3.4", port 5432 failed: '
    with pytest.raises(BadConfiguration, match="refuses the login: "), translated():
        raise psycopg.OperationalError(server + said)


@pytest.mark.parametrize("option", ["foo=bar", "sslmod=require", "autocommit=1"])
def test_an_option_that_postgresql_does_not_know_is_refused(option: str, clock: SharedClock) -> None:
    with pytest.raises(BadConfiguration, match=f'not understood: .*"{option.partition("=")[0]}"'):
        Database(f"postgresql://u:p@h/d?{option}", clock)
    Database("postgresql://u:p@/d?host=one:5432&host=two:5433&target_session_attrs=any", clock)


@pytest.mark.parametrize("url", ["postgresql://u:pa@canary@127.0.0.1:1/d", "postgresql://u:pa@can/ary@h/d"])
def test_an_at_too_many_is_refused_without_showing_the_end_of_the_password(
    url: str, clock: SharedClock
) -> None:
    with pytest.raises(BadConfiguration, match="%40") as caught:
        Database(url, clock)
    assert "can" not in str(caught.value)


def test_a_password_among_the_options_is_a_password_too(clock: SharedClock) -> None:
    url = Database("postgresql://u@/d?host=/run/pg&password=canary&sslpassword=canary", clock).url
    assert url.password == "canary"
    assert "canary" not in repr(url.difference_update_query(["sslpassword"]))
    assert shown_url(url) == "postgresql://u:***@/d?host=%2Frun%2Fpg"


@pytest.mark.parametrize("url", ["postgresql://u:canary@h:5/d", "postgres://u:canary@h/d?sslmode=require"])
def test_a_url_is_shown_without_its_password(url: str, clock: SharedClock) -> None:
    shown = shown_url(Database(url, clock).url)
    assert "canary" not in shown
    assert shown.startswith("postgresql://u:***@h")


def test_moments_up_to_the_end_of_9999_can_be_read(database: Database) -> None:
    with database.begin() as connection:
        query = text("SELECT timestamptz '9999-12-31 23:59:59+00', current_setting('timezone')")
        assert str(connection.execute(query).one()[0]) == "9999-12-31 23:59:59+00:00"


def test_each_side_notices_within_a_minute_that_the_other_has_vanished(
    database_url: str, clock: SharedClock
) -> None:
    database, options = Database(f"{database_url}&keepalives_idle=7", clock), dict[str, Any]()
    event.listen(database.engine, "do_connect", lambda dialect, entry, args, named: options.update(named))
    query = "SELECT count(*) FROM pg_settings WHERE name LIKE 'tcp_keepalives_%' AND source = 'session'"
    with database.begin() as connection:
        assert connection.execute(text(query)).scalar() == 3
    database.close()
    wanted = {"keepalives_idle": "7", "keepalives_interval": 10, "tcp_user_timeout": 60_000}
    assert {name: options[name] for name in wanted} == wanted


def test_all_connections_in_use_is_temporary(database_url: str, clock: SharedClock) -> None:
    database = Database(database_url, clock, connections=1)
    database.engine.pool._timeout = 0.01  # type: ignore[attr-defined]
    with database.begin(), database.begin(), pytest.raises(DatabaseAway, match="in use"), database.begin():
        pass
    database.close()
