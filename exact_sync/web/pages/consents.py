"""Sign-ins that were begun in a browser and have not come back: who began which, and until when."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from exact_sync.errors import SignInNeeded
from exact_sync.exact.oauth import NotOurs, new_state, query_of, read_redirect
from exact_sync.web.pages.language import phrase

LIFE = 600.0
"""Seconds that a person has for consenting."""
_MOST = 100
"""So many may be open at a time; the oldest go first."""
HINT = phrase("Begin again with the button below.")
ELSEWHERE = phrase("Begin again on the page of the connection that is to sign in.")
USED = phrase("This answer belongs to no sign-in that is open: it was used before, or came too late.")


@dataclass(frozen=True)
class _Begun:
    connection: str
    browser: str
    """A fingerprint of the browser's cookie."""
    until: float


@dataclass(frozen=True)
class Returned:
    """What Exact answered to a sign-in that was begun here."""

    connection: str
    _query: str
    _state: str

    def code(self) -> str:
        """Raises SignInNeeded where it is a refusal."""
        try:
            return read_redirect(f"?{self._query}", self._state)
        except NotOurs:
            raise
        except SignInNeeded as error:
            raise SignInNeeded(error.message, HINT) from None


class Consents:
    """Each state is good once, for ten minutes, and only in the browser that began it.

    Kept in memory, so that there is nothing to forge: after a restart a person begins again.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._begun: dict[str, _Begun] = {}
        self._mutex = threading.Lock()

    def begin(self, connection: str, cookie: str | None) -> tuple[str, str]:
        """A new state, and the browser's cookie: the one it has, or a new one."""
        state = new_state()
        cookie = cookie if cookie is not None and 20 <= len(cookie) <= 100 else secrets.token_urlsafe(24)
        with self._mutex:
            self._drop_old()
            while len(self._begun) >= _MOST:
                del self._begun[next(iter(self._begun))]
            self._begun[state] = _Begun(connection, _fingerprint(cookie), self._monotonic() + LIFE)
        return state, cookie

    def come_back(self, address: str, cookie: str | None) -> Returned:
        """What the address says to which Exact sent the browser.

        Raises SignInNeeded: where it belongs to no sign-in of this browser, was used before, or came too
        late.
        """
        query = query_of(address.strip())
        state = parse_qs(query).get("state", [""])[0]
        with self._mutex:
            self._drop_old()
            begun = self._begun.get(state)
            if begun is None:
                raise NotOurs(USED, HINT)
            if not secrets.compare_digest(begun.browser, _fingerprint(cookie or "")):
                raise NotOurs(
                    phrase("This answer belongs to a sign-in that was begun in another browser."), HINT
                )
            del self._begun[state]
        return Returned(begun.connection, query, state)

    def _drop_old(self) -> None:
        now = self._monotonic()
        for state in [state for state, begun in self._begun.items() if begun.until <= now]:
            del self._begun[state]


def _fingerprint(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
