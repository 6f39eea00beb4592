"""What is stored of a sign-in, and what of it can be read."""

from pathlib import Path

import pytest
from sqlalchemy import text

from exact_sync.credentials import Cipher, SignIn
from exact_sync.errors import BadConfiguration, DatabaseAway
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from tests.store.credentials.outage import Outage, refresh_without_a_database
from tests.store.credentials.tokens import FIRST, SECOND


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


def test_signing_in_mends_a_secret_key_that_changed(store: StoredSignIn, database: Database) -> None:
    store.sign_in(FIRST)
    other = StoredSignIn(database, Cipher("other"), Path("/nowhere"))
    other.sign_in(SECOND)
    assert other.read() == SignIn(SECOND)


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
