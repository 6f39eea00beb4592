"""The token chain in PostgreSQL: encrypted, locked, and never dropped."""

import errno
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, event, text

from exact_sync.credentials import Cipher, SignIn, Tokens
from exact_sync.errors import BadConfiguration, DatabaseAway
from exact_sync.exact.oauth import TRIES
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from tests.deployment import START, SharedClock
from tests.processes import until

FIRST = Tokens("access-canary-1", "refresh-canary-1", START + timedelta(minutes=10), START)
SECOND = Tokens(
    "access-canary-2", "refresh-canary-2", START + timedelta(minutes=20), START + timedelta(minutes=10)
)
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def store(database: Database, tmp_path: Path) -> StoredSignIn:
    return StoredSignIn(database, Cipher("key"), tmp_path)


class Outage:
    """The database goes away, and comes back."""

    def __init__(self, url: str) -> None:
        self._server = make_conninfo(url, dbname="postgres")
        self._name = conninfo_to_dict(url)["dbname"]

    def begins(self) -> None:
        self._tell("ALTER DATABASE {} ALLOW_CONNECTIONS false")
        self.cut()

    def ends(self) -> None:
        self._tell("ALTER DATABASE {} ALLOW_CONNECTIONS true")

    def cut(self) -> None:
        """Every connection ends; new ones come about if the outage has not begun."""
        self._tell("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}", sql.Literal)

    def _tell(self, statement: str, kind: Callable[[str], sql.Composable] = sql.Identifier) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(kind(self._name)))


@pytest.fixture
def outage(database_url: str) -> Iterator[Outage]:
    outage = Outage(database_url)
    yield outage
    outage.ends()


def refresh_without_a_database(store: StoredSignIn, outage: Outage) -> None:
    """Exact has rotated the token when the database goes away, for longer than anyone waits."""

    def refresh() -> None:
        with store.locked() as slot:
            slot.refresh_begins(FIRST)
            outage.begins()
            slot.store(SECOND)

    with pytest.raises(DatabaseAway):
        refresh()
    outage.ends()


def test_nobody_is_signed_in_at_first(store: StoredSignIn, database: Database) -> None:
    assert store.read() == SignIn(None)
    with store.locked() as slot:
        assert slot.read() == SignIn(None)
        with pytest.raises(DatabaseAway), database.begin() as other:  # whose turn it is, holds then, too
            other.execute(text("SET lock_timeout = '1ms'; INSERT INTO exact_sync.sign_in (id) VALUES (1)"))


def test_tokens_come_back_as_they_were_stored(store: StoredSignIn, database: Database) -> None:
    store.sign_in(FIRST)
    store.describe("Jansen", 124132)
    assert store.read() == SignIn(FIRST, user_name="Jansen", home_division=124132)
    with store.locked() as slot:
        slot.refresh_begins(FIRST)
        slot.store(SECOND)
    assert store.read() == SignIn(SECOND, user_name="Jansen", home_division=124132)
    with database.begin() as connection:
        since = connection.execute(text("SELECT signed_in_at FROM exact_sync.sign_in")).scalar()
    assert since == FIRST.obtained_at  # a refresh is no new consent


def test_no_token_stands_in_clear_in_any_table_or_file(
    store: StoredSignIn, database: Database, outage: Outage, tmp_path: Path
) -> None:
    store.sign_in(FIRST)
    refresh_without_a_database(store, outage)
    kept = "".join(file.read_text() for file in tmp_path.iterdir())
    with database.begin() as connection:
        for name in ("sign_in", "refresh_attempt"):
            kept += connection.execute(
                text(f"SELECT string_agg(t::text, '') FROM exact_sync.{name} t")
            ).scalar_one()
    assert "canary" not in kept
    assert len(kept) > 200


def test_another_secret_key_is_a_clear_error(store: StoredSignIn, database: Database, tmp_path: Path) -> None:
    store.sign_in(FIRST)
    with pytest.raises(BadConfiguration, match="another secret key") as caught:
        StoredSignIn(database, Cipher("other"), tmp_path).read()
    assert "EXACT_SYNC_SECRET_KEY" in caught.value.hint


def test_a_refresh_that_began_is_on_record_even_if_the_process_dies(
    store: StoredSignIn, database: Database
) -> None:
    store.sign_in(FIRST)

    def die() -> None:
        with store.locked() as slot:
            slot.refresh_begins(slot.read().tokens)  # type: ignore[arg-type]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die()
    assert store.read() == SignIn(FIRST, unfinished_refresh=FIRST.fingerprint)


def test_a_refresh_that_did_not_happen_leaves_no_record(store: StoredSignIn) -> None:
    store.sign_in(FIRST)
    with store.locked() as slot:
        slot.refresh_begins(FIRST)
        slot.refresh_ended()
    assert store.read() == SignIn(FIRST)


def test_storing_the_answer_closes_the_record_of_the_refresh(store: StoredSignIn) -> None:
    store.sign_in(FIRST)
    with store.locked() as slot:
        slot.refresh_begins(FIRST)
        slot.store(SECOND)
        assert store.read() == SignIn(SECOND)


def test_tokens_that_could_not_be_stored_are_kept_in_a_file_and_taken_over_later(
    store: StoredSignIn, database: Database, outage: Outage, tmp_path: Path
) -> None:
    store.sign_in(FIRST)
    refresh_without_a_database(store, outage)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    with StoredSignIn(database, Cipher("key"), tmp_path).locked() as slot:
        assert slot.read() == SignIn(SECOND)
        slot.refresh_begins(SECOND)
        slot.store(replace(SECOND, refresh="refresh-canary-3"))
    assert store.read().tokens == replace(SECOND, refresh="refresh-canary-3")
    assert list(tmp_path.iterdir()) == []


def test_rescued_tokens_of_an_older_chain_are_not_taken_over(
    store: StoredSignIn, database: Database, outage: Outage, tmp_path: Path
) -> None:
    store.sign_in(FIRST)
    refresh_without_a_database(store, outage)
    (file,) = tmp_path.iterdir()
    rescued = file.read_text()
    anew = replace(FIRST, access="access-canary-4", refresh="refresh-canary-4")
    store.sign_in(anew)
    assert not file.exists()
    for content in (rescued, "torn"):
        file.write_text(content)
        with store.locked() as slot:
            assert slot.read().tokens == anew


def test_a_sign_in_that_was_given_up_is_taken_up_again_where_its_newest_tokens_wait(
    store: StoredSignIn, database: Database, outage: Outage, tmp_path: Path
) -> None:
    store.sign_in(FIRST)
    refresh_without_a_database(store, outage)
    another_machine = StoredSignIn(database, Cipher("key"), tmp_path / "elsewhere")
    with another_machine.locked() as slot:
        slot.sign_in_needed("the old token was used")
    assert another_machine.read().needed_because == "the old token was used"
    assert StoredSignIn(database, Cipher("key"), tmp_path).read() == SignIn(SECOND)
    assert another_machine.read() == SignIn(SECOND)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_can_not_be_read_is_a_clear_error(
    store: StoredSignIn, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old token is not offered: the newer one is known to be there."""

    def refuse(*arguments: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    store.sign_in(FIRST)
    monkeypatch.setattr(Path, "read_text", refuse)
    with (
        pytest.raises(BadConfiguration, match="unsaved-tokens: Permission denied") as caught,
        store.locked() as slot,
    ):
        slot.read()
    assert "data folder" in caught.value.hint


def test_a_consent_that_could_not_be_stored_waits_like_any_token(
    store: StoredSignIn, database: Database, outage: Outage, tmp_path: Path
) -> None:
    def obtain() -> Tokens:
        outage.begins()
        return SECOND

    def consent_without_a_database() -> None:
        with pytest.raises(DatabaseAway):
            store.sign_in_with(obtain)
        outage.ends()

    consent_without_a_database()
    with database.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM exact_sync.sign_in")).scalar() == 0
    assert StoredSignIn(database, Cipher("key"), tmp_path).read() == SignIn(SECOND)
    store.sign_in(FIRST)
    with store.locked() as slot:
        slot.sign_in_needed("expired")
    consent_without_a_database()
    assert StoredSignIn(database, Cipher("key"), tmp_path).read() == SignIn(SECOND)
    with database.begin() as connection:
        since = connection.execute(text("SELECT signed_in_at, needed_since FROM exact_sync.sign_in")).one()
    assert since == (SECOND.obtained_at, None)


def test_a_consent_is_stored_late_whoever_refreshed_meanwhile(
    store: StoredSignIn, database: Database, clock: SharedClock, outage: Outage, tmp_path: Path
) -> None:
    """The lock was lost; the other process knows nothing of the consent."""
    store.sign_in(FIRST)
    anew = replace(FIRST, access="access-canary-4", refresh="refresh-canary-4")

    def obtain() -> Tokens:
        outage.begins()
        return anew

    def another_refreshes() -> None:
        outage.ends()
        with StoredSignIn(database, Cipher("key"), tmp_path / "elsewhere").locked() as slot:
            slot.refresh_begins(FIRST)
            slot.store(SECOND)

    clock.wakes = another_refreshes
    store.sign_in_with(obtain)
    assert store.read() == SignIn(anew)


def test_signing_in_mends_a_secret_key_that_changed(store: StoredSignIn, database: Database) -> None:
    store.sign_in(FIRST)
    other = StoredSignIn(database, Cipher("other"), Path("/nowhere"))
    other.sign_in(SECOND)
    assert other.read() == SignIn(SECOND)


def unwritable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tests may be root, who may write anywhere."""

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("write_text", "touch", "replace", "unlink"):
        monkeypatch.setattr(Path, name, refuse)


def test_where_the_data_folder_can_not_be_written_the_process_itself_keeps_the_tokens(
    store: StoredSignIn,
    outage: Outage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    unwritable(monkeypatch)
    store.sign_in(FIRST)
    refresh_without_a_database(store, outage)
    assert "only this process has them" in caplog.text
    assert "Read-only file system" in caplog.text
    with store.locked() as slot:
        assert slot.read() == SignIn(SECOND)
    assert store.read() == SignIn(SECOND)


def test_a_database_that_restarts_in_the_worst_moment_gets_the_tokens_a_little_later(
    store: StoredSignIn, database: Database, clock: SharedClock, outage: Outage, tmp_path: Path
) -> None:
    store.sign_in(FIRST)

    def comes_back() -> None:
        if sum(clock.slept) >= 15:
            outage.ends()

    clock.wakes = comes_back
    with store.locked() as slot:
        slot.refresh_begins(FIRST)
        outage.begins()
        slot.store(SECOND)
        assert slot.read() == SignIn(SECOND)
        with pytest.raises(DatabaseAway), database.begin() as other:
            other.execute(text("SET lock_timeout = '1ms'; UPDATE exact_sync.sign_in SET id = 1"))
    assert sum(clock.slept) == 15
    assert list(tmp_path.iterdir()) == []
    assert store.read() == SignIn(SECOND)


def test_a_connection_that_is_cut_in_the_worst_moment_costs_no_wait(
    store: StoredSignIn, clock: SharedClock, outage: Outage
) -> None:
    store.sign_in(FIRST)
    with store.locked() as slot:
        slot.refresh_begins(FIRST)
        outage.cut()
        slot.store(SECOND)
    assert store.read() == SignIn(SECOND)
    assert clock.slept == []


def test_tokens_that_are_stored_late_do_not_replace_those_of_a_new_consent(
    store: StoredSignIn, database: Database, clock: SharedClock, outage: Outage, tmp_path: Path
) -> None:
    """Nor where somebody is signing in just then: who comes late waits for the row."""
    store.sign_in(FIRST)
    anew = replace(FIRST, access="access-canary-4", refresh="refresh-canary-4")
    begun = Event()

    def consent() -> Tokens:
        begun.set()
        with database.connect() as connection:
            until(lambda: connection.execute(text(WAITING)).scalar(), "that somebody waits for the row")
        return anew

    def somebody_signs_in() -> None:
        outage.ends()
        signing_in.submit(StoredSignIn(database, Cipher("key"), tmp_path).sign_in_with, consent)
        assert begun.wait(30)

    clock.wakes = somebody_signs_in
    with ThreadPoolExecutor(1) as signing_in, store.locked() as slot:
        slot.refresh_begins(FIRST)
        outage.begins()
        slot.store(SECOND)
    assert store.read() == SignIn(anew)


def test_signing_in_is_needed_once_and_with_the_first_reason(store: StoredSignIn) -> None:
    store.sign_in(FIRST)
    for reason in ("expired", "something else"):
        with store.locked() as slot:
            slot.refresh_begins(FIRST)
            slot.sign_in_needed(reason)
    assert store.read() == SignIn(FIRST, needed_because="expired")
    store.sign_in(SECOND)
    assert store.read() == SignIn(SECOND)


def test_signing_out_forgets_also_what_waits_to_be_stored_and_what_another_key_locks_away(
    store: StoredSignIn, database: Database, outage: Outage, tmp_path: Path
) -> None:
    store.sign_in(FIRST)
    store.describe("Jansen", 124132)
    refresh_without_a_database(store, outage)
    before = StoredSignIn(database, Cipher("other"), tmp_path).sign_out()
    assert (before.has_tokens, before.user_name) == (True, "Jansen")
    assert list(tmp_path.iterdir()) == []
    assert store.read() == SignIn(None)
    assert not store.sign_out().has_tokens
    store.sign_in(SECOND)
    assert store.read() == SignIn(SECOND)


def test_who_signs_out_waits_for_a_refresh_that_is_under_way(store: StoredSignIn, database: Database) -> None:
    """Else its answer would sign in again."""
    waits = text(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    store.sign_in(FIRST)
    with ThreadPoolExecutor(1) as thread:
        with store.locked() as slot:
            slot.refresh_begins(FIRST)
            over = thread.submit(store.sign_out)
            while not over.done():
                with database.begin() as connection:
                    if connection.execute(waits).first() is not None:
                        break
            slot.store(SECOND)
        assert over.result().has_tokens
    assert store.read() == SignIn(None)


def test_the_sign_in_is_locked_against_other_processes(database_url: str, tmp_path: Path) -> None:
    """Two of them count in turn; without the lock they would count the same numbers."""
    databases = [Database(database_url, SharedClock()) for _ in range(4)]
    stores = [StoredSignIn(database, Cipher("key"), tmp_path) for database in databases]
    stores[0].sign_in(replace(FIRST, refresh="0"))

    def count(store: StoredSignIn) -> None:
        for _ in range(5):
            with store.locked() as slot:
                tokens = slot.read().tokens
                assert tokens is not None
                slot.refresh_begins(tokens)
                slot.store(replace(tokens, refresh=str(int(tokens.refresh) + 1)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, stores))
    tokens = stores[0].read().tokens
    assert tokens is not None
    assert tokens.refresh == "20"
    for database in databases:
        database.close()


def test_who_waits_for_a_refresh_waits_longer_than_one_can_take(
    store: StoredSignIn, database: Database
) -> None:
    """Not only as long as anyone waits for a lock: to give up would look like an outage."""
    patience: list[str] = []

    def look(connection: Connection, cursor: Any, statement: str, *others: object) -> None:
        if "FOR UPDATE" in statement:
            cursor.execute("SELECT setting FROM pg_settings WHERE name = 'lock_timeout'")
            patience.extend(cursor.fetchone())

    event.listen(database.engine, "before_cursor_execute", look)
    with store.locked():
        pass
    waits = sum(2**attempt for attempt in range(1, TRIES))
    assert int(patience[0]) > 1000 * (TRIES * 30 + waits)  # milliseconds: to connect, and to be answered
