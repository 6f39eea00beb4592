"""The sign-in in PostgreSQL: encrypted, refreshed under a row lock, never dropped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from exact_sync.credentials import NOBODY, REFRESH_TOKEN_LIFE, Cipher, SignIn, Tokens
from exact_sync.errors import BadConfiguration, ExactSyncError
from exact_sync.store.database import Database
from exact_sync.store.schemas import FIRST
from exact_sync.store.state import refresh_attempt, sign_in
from exact_sync.store.trouble import translated
from exact_sync.store.unsaved import Unsaved

# A refresh may take four tries at the token endpoint; others wait for its answer.
_PATIENCE = "180s"

# Seconds before each new attempt to store what Exact handed out: a database restarts within a minute.
_WAITS = (0, 1, 2, 4, 8, 15, 15, 15)


@dataclass(frozen=True)
class Validity:
    """How long the sign-in holds: all but the tokens, so that nothing secret is read for it."""

    has_tokens: bool = False
    needed_because: str | None = None
    access_until: datetime | None = None
    refresh_until: datetime | None = None
    user_name: str | None = None
    signed_in_at: datetime | None = None
    """When a person gave consent."""
    needed_since: datetime | None = None

    @property
    def why_not(self) -> str | None:
        """Why a person must sign in; None while all is well."""
        return self.needed_because or (None if self.has_tokens else NOBODY)


def validity(connection: Connection) -> Validity:
    names = (
        "needed_because", "access_expires_at", "obtained_at", "user_name", "signed_in_at", "needed_since",
    )  # fmt: skip
    columns = [sign_in.c[name] for name in names]
    row = connection.execute(
        select(sign_in.c.refresh_token.is_not(None).label("has_tokens"), *columns)
    ).first()
    if row is None:
        return Validity()
    ends = row.obtained_at + REFRESH_TOKEN_LIFE if row.obtained_at else None
    return Validity(
        row.has_tokens, row.needed_because, row.access_expires_at, ends,
        row.user_name, row.signed_in_at, row.needed_since,
    )  # fmt: skip


class StoredSignIn:
    """Implements credentials.TokenStore."""

    def __init__(self, database: Database, cipher: Cipher, data_dir: Path) -> None:
        self._database = database
        self._cipher = cipher
        state = database.schemas.state
        file = data_dir / ("unsaved-tokens" if state == FIRST.state else f"unsaved-tokens-{state}")
        self._unsaved = Unsaved(file, cipher)

    def read(self) -> SignIn:
        with self._database.begin() as connection:
            found = self._read(connection)
        if found.why_not is None or self._unsaved.after(found.tokens) is None:
            return found
        with self.locked() as slot:  # no person is needed: the newest tokens are still here
            return slot.read()

    @contextmanager
    def locked(self) -> Iterator["LockedSignIn"]:
        # Pinned, because the slot commits by itself, and what it rescued before it goes on.
        with self._database.pinned() as connection:
            self._lock(connection)
            yield LockedSignIn(self, connection)

    def sign_in(self, tokens: Tokens) -> None:
        """Begin a new token chain, after a person consented."""
        self.sign_in_with(lambda: tokens)

    def sign_in_with(self, obtain: Callable[[], Tokens]) -> None:
        """The same with tokens that are obtained under the lock: a refresh may hold it for a minute or
        two, and what a person's consent yields can't be obtained again.
        """
        with self.locked() as slot:
            slot.begin_chain(obtain)

    def sign_out(self) -> Validity:
        """Forget the sign-in, also one that another secret key locks away; what it was."""
        with self.locked() as slot:
            return slot.sign_out()

    def describe(self, user_name: str, home_division: int | None) -> None:
        """Note whose sign-in it is."""
        values = {"user_name": user_name, "home_division": home_division}
        with self._database.begin() as connection:
            connection.execute(update(sign_in).values(**values))

    def _lock(self, connection: Connection) -> None:
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
        connection.execute(insert(sign_in).values(id=1).on_conflict_do_nothing())
        connection.execute(select(sign_in.c.id).with_for_update()).all()

    def _read(self, connection: Connection) -> SignIn:
        row = connection.execute(select(sign_in)).first()
        if row is None:
            return SignIn(None)
        tokens = None
        if row.refresh_token:
            tokens = Tokens(
                access=self._cipher.open(row.access_token),
                refresh=self._cipher.open(row.refresh_token),
                expires_at=row.access_expires_at,
                obtained_at=row.obtained_at,
            )
        attempt = connection.execute(select(refresh_attempt.c.fingerprint)).scalar()
        return SignIn(
            tokens, row.needed_because, row.user_name, row.home_division, attempt,
            row.signed_in_at, row.needed_since,
        )  # fmt: skip

    def _store(self, connection: Connection, tokens: Tokens, *, is_first: bool) -> None:
        values = {
            "access_token": self._cipher.seal(tokens.access),
            "refresh_token": self._cipher.seal(tokens.refresh),
            "access_expires_at": tokens.expires_at,
            "obtained_at": tokens.obtained_at,
            "needed_because": None,
            "needed_since": None,
        }
        if is_first:
            values["signed_in_at"] = tokens.obtained_at
        statement = insert(sign_in).values(id=1, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
        connection.execute(delete(refresh_attempt))


class LockedSignIn:
    """Implements credentials.TokenSlot: valid while the row is locked."""

    def __init__(self, owner: StoredSignIn, connection: Connection) -> None:
        self._owner = owner
        self._connection = connection
        self._sent: Tokens | None = None

    def read(self) -> SignIn:
        found = self._owner._read(self._connection)
        unsaved = self._owner._unsaved.after(found.tokens)
        if unsaved is None:
            return found
        self._save(unsaved.tokens, is_first=unsaved.is_first)
        self._owner._lock(self._connection)
        return self._owner._read(self._connection)

    def refresh_begins(self, tokens: Tokens) -> None:
        # A connection of its own: this must be durable now, while the row stays locked here.
        self._sent = tokens
        values = {"fingerprint": tokens.fingerprint, "began_at": text("now()")}
        with self._owner._database.begin() as connection:
            statement = insert(refresh_attempt).values(id=1, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    def refresh_ended(self) -> None:
        with self._owner._database.begin() as connection:
            connection.execute(delete(refresh_attempt))

    def store(self, tokens: Tokens) -> None:
        self._insist(self._sent, tokens)

    def begin_chain(self, obtain: Callable[[], Tokens]) -> None:
        """Store what a person's consent yields."""
        try:
            replaced = self.read().tokens
        except BadConfiguration:  # of another secret key, for which signing in is the cure
            replaced = None
        self._insist(replaced, obtain(), is_first=True)

    def _insist(self, parent: Tokens | None, tokens: Tokens, *, is_first: bool = False) -> None:
        try:
            with translated():
                self._save(tokens, is_first=is_first)
        except Exception:
            # Exact has replaced the parent: whatever is wrong here, these are the one link of the chain.
            self._owner._unsaved.keep(parent, tokens, is_first=is_first)
            if is_first:
                is_stored = self._is_done_late(lambda: self._save(tokens, is_first=True))
            else:  # unless somebody has stored other tokens meanwhile
                is_stored = self._is_done_late(self.read)
            if not is_stored:
                raise

    def _is_done_late(self, work: Callable[[], object]) -> bool:
        """Try for about a minute, each time on a new connection. Raises Stopped."""
        for wait in _WAITS:
            if wait:
                self._owner._database.clock.sleep(wait)
            with suppress(ExactSyncError), translated():
                self._lock_anew()
                work()
                return True
        return False

    def _lock_anew(self) -> None:
        """The row's lock went with the connection, if that was cut; else it goes now."""
        self._connection.invalidate()
        self._connection.rollback()
        self._owner._lock(self._connection)

    def _save(self, tokens: Tokens, *, is_first: bool) -> None:
        self._owner._store(self._connection, tokens, is_first=is_first)
        self._connection.commit()
        self._owner._unsaved.forget()

    def sign_out(self) -> Validity:
        before = validity(self._connection)
        # First, for else these tokens might be taken over. The row stays: others wait for its lock.
        self._owner._unsaved.forget()
        nothing = {column.name: None for column in sign_in.columns if not column.primary_key}
        self._connection.execute(update(sign_in).values(**nothing))
        self._connection.execute(delete(refresh_attempt))
        self._connection.commit()
        return before

    def sign_in_needed(self, reason: str) -> None:
        values = {"needed_because": reason, "needed_since": text("now()")}
        self._connection.execute(update(sign_in).where(sign_in.c.needed_because.is_(None)).values(**values))
        self._connection.execute(delete(refresh_attempt))
        self._connection.commit()
