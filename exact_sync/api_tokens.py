"""Tokens by which machines use the API: made here, known by their hash only."""

import hashlib
import secrets
from dataclasses import dataclass

PREFIX = "exs_"
"""So that whoever finds one in a file knows what it is."""


@dataclass(frozen=True)
class NewToken:
    """A token, which nobody can learn again later."""

    token: str
    hash: str
    """As the settings have it. The token is 256 random bits, so one round of SHA-256 is enough."""


def new_token() -> NewToken:
    token = PREFIX + secrets.token_urlsafe(32)
    return NewToken(token, f"sha256:{digest(token)}")


def digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
