"""One at a time may change the sign-in, whatever process it is in (F05)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text

from exact_sync.credentials import Cipher, SignIn
from exact_sync.exact.oauth import TRIES
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from tests.deployment import SharedClock
from tests.processes import until
from tests.store.credentials.tokens import FIRST, SECOND, WAITING


def test_who_signs_out_waits_for_a_refresh_that_is_under_way(store: StoredSignIn, database: Database) -> None:
    """Else its answer would sign in again."""
    store.sign_in(FIRST)
    with ThreadPoolExecutor(1) as thread:
        with store.locked() as slot, database.connect() as connection:
            slot.refresh_begins(FIRST)
            over = thread.submit(store.sign_out)
            until(lambda: connection.execute(text(WAITING)).scalar(), "that somebody waits for the row")
            slot.store(SECOND)
        assert over.result().access_until == SECOND.expires_at
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
