"""What signing in yields, how it is encrypted, and who may keep it."""

import base64
import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken

from exact_sync.errors import BadConfiguration, SignInNeeded

REFRESH_TOKEN_LIFE = timedelta(days=30)
"""How long Exact accepts a refresh token that nobody uses."""

NOBODY = "nobody is signed in at Exact yet"


@dataclass(frozen=True)
class Tokens:
    """One link of the token chain. The refresh token works once."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime
    """When the access token ends (UTC)."""
    obtained_at: datetime
    """When Exact handed them out (UTC); the refresh token ends 30 days later."""

    @property
    def fingerprint(self) -> str:
        """Names the refresh token without revealing it."""
        return hashlib.sha256(self.refresh.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SignIn:
    """The stored sign-in of this deployment."""

    tokens: Tokens | None
    needed_because: str | None = None
    """Why a person must sign in again; None while all is well."""
    user_name: str | None = None
    home_division: int | None = None
    """A division this user can see: the one whose number goes into connection-wide requests."""
    unfinished_refresh: str | None = None
    """Fingerprint of a refresh token that was sent without its answer being stored."""
    signed_in_at: datetime | None = field(default=None, compare=False)
    """When a person gave consent: told to people, like the next one, and nothing goes by it."""
    needed_since: datetime | None = field(default=None, compare=False)

    @property
    def why_not(self) -> str | None:
        """Why a person must sign in; None while all is well."""
        return NOBODY if self.tokens is None else self.needed_because

    def required(self) -> Tokens:
        """Raises SignInNeeded where there are none, or none that still work."""
        if self.needed_because:
            raise SignInNeeded(f"signing in again is needed: {self.needed_because}")
        if self.tokens is None:
            raise SignInNeeded(NOBODY)
        return self.tokens


class TokenSlot(Protocol):
    """The one stored sign-in, while its row is locked."""

    def read(self) -> SignIn:
        """What is stored, after storing what could not be stored when it came."""
        ...

    def refresh_begins(self, tokens: Tokens) -> None:
        """Put on record, durably and at once, that this refresh token is being used."""
        ...

    def refresh_ended(self) -> None:
        """The refresh token was not used after all."""
        ...

    def store(self, tokens: Tokens) -> None:
        """Make the new tokens durable before anyone uses them.

        Insists for about a minute. Raises DatabaseAway or Stopped; they are then stored by a later ``read``.
        """
        ...

    def sign_in_needed(self, reason: str) -> None: ...


class TokenStore(Protocol):
    """Where the sign-in lives."""

    def read(self) -> SignIn:
        """What is stored. No person is needed as long as newer tokens wait to be stored."""
        ...

    def locked(self) -> AbstractContextManager[TokenSlot]:
        """The sign-in under a lock that all processes respect."""
        ...


class Cipher:
    """Encrypts tokens at rest with a key made from the secret key (any text)."""

    def __init__(self, secret_key: str) -> None:
        digest = hashlib.sha256(b"exact-sync tokens:" + secret_key.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise BadConfiguration(
                "the stored sign-in was encrypted with another secret key",
                "set EXACT_SYNC_SECRET_KEY (or restore the key file in the data directory) "
                "to what it was, or sign in again with: exact-sync auth login",
            ) from None
