"""Tokens that can't be stored at once are never lost (F03, F04)."""

import errno
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from exact_sync.credentials import Cipher, SignIn, Tokens
from exact_sync.errors import BadConfiguration, DatabaseAway
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from tests.deployment import SharedClock
from tests.processes import until
from tests.store.credentials.outage import Outage, refresh_without_a_database
from tests.store.credentials.tokens import FIRST, SECOND, WAITING


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
