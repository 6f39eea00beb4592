"""Who we are: a valid access token on every request, and a token chain that never breaks.

A refresh happens under the store's lock: read again, refresh only if still old, make the new
tokens durable, only then use them.
"""

import copy
import threading
from collections.abc import Generator
from datetime import datetime, timedelta

import httpx

from exact_sync import logs
from exact_sync.clock import Clock
from exact_sync.credentials import SignIn, Tokens, TokenSlot, TokenStore
from exact_sync.errors import BadConfiguration, ExactAway, SignInNeeded
from exact_sync.exact.oauth import TRIES, OldTokenUsed, TokenEndpoint, TooEarly
from exact_sync.exact.odata import same_origin

# Exact refuses a refresh before the last 30 seconds; a token must also last to the end of the request.
MARGIN = timedelta(seconds=28)

# What is too early to be refreshed has more than 30 seconds left, whatever our clock says.
GRACE = MARGIN

IDLE_LIMIT = timedelta(days=3)
"""Refresh at least this often: an unused refresh token dies after 30 days."""


FIRST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(minutes=15)
"""How long the token endpoint is left alone after it gave no token; doubled each time. It may be asked
about 200 times a day, by all processes together."""

_LONGEST_REFRESH = 30.0
"""Seconds that it is waited for when all is to end; none begins then."""


class Session(httpx.Auth):
    """Signs requests to Exact; one for the whole process, shared by all threads."""

    def __init__(self, store: TokenStore, endpoint: TokenEndpoint, base_url: str, clock: Clock) -> None:
        self._store = store
        self._endpoint = endpoint
        self._base_url = base_url
        self._clock = clock
        self._mutex = threading.Lock()
        self._is_refreshing = False
        """From before Exact is asked until its answer is stored."""
        self._tokens: Tokens | None = None
        self._good_until: datetime | None = None
        self._no_answer: ExactAway | BadConfiguration | None = None
        """What the token endpoint's rest began with; None where the last answer was one."""
        self._rest = FIRST_REST
        self._rests_until = 0.0

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if not same_origin(str(request.url), self._base_url):
            raise ExactAway(f"refused to send the token to {request.url.host}")
        tokens = self.tokens()
        request.headers["Authorization"] = f"Bearer {tokens.access}"
        response = yield request
        if response.status_code == 401:
            renewed = self.tokens(refused=tokens)
            request.headers["Authorization"] = f"Bearer {renewed.access}"
            yield request

    def tokens(self, refused: Tokens | None = None) -> Tokens:
        """Valid tokens, refreshed if need be; ``refused`` are ones that Exact just answered 401 to.

        Raises SignInNeeded or BadConfiguration where only a person can help, ExactAway where waiting does.
        """
        with self._mutex:
            if refused is None and self._usable(self._tokens):
                assert self._tokens is not None  # noqa: S101 - narrowed by _usable
                return self._tokens
            with self._store.locked() as slot:
                sign_in = slot.read()
                stored = sign_in.required()
                replaced = refused is not None and stored.access != refused.access
                if (refused is None or replaced) and self._usable(stored):
                    return self._keep(stored)
                return self._keep(self._refresh(slot, sign_in, stored))

    def keep_alive(self) -> None:
        """Refresh when nothing else did for days."""
        tokens = self._store.read().required()
        if self._clock.now() - tokens.obtained_at > IDLE_LIMIT:
            self.tokens()

    def await_refresh(self) -> None:
        """Wait for a refresh that is under way in another thread: Exact accepts no other token any more.

        Not for a thread that only waits for the database, and is to begin none.
        """
        if self._is_refreshing and self._mutex.acquire(timeout=_LONGEST_REFRESH):
            self._mutex.release()

    def _usable(self, tokens: Tokens | None) -> bool:
        if tokens is None:
            return False
        now = self._clock.now()
        if self._good_until is not None and tokens is self._tokens and now < self._good_until:
            return True
        # A token "from the future" means that our clock was set back: its age is unknown, so ask Exact.
        return tokens.obtained_at - timedelta(minutes=5) <= now < tokens.expires_at - MARGIN

    def _trusted_until(self, tokens: Tokens) -> datetime:
        """Where Exact finds it too early for others: not past their end, unless that is over by our clock."""
        now = self._clock.now()
        return min(now + GRACE, tokens.expires_at) if now < tokens.expires_at else now + GRACE

    def _keep(self, tokens: Tokens) -> Tokens:
        if tokens != self._tokens:
            logs.hide_tokens(tokens.access, tokens.refresh)
            self._tokens, self._good_until = tokens, None
            self._no_answer = None  # whoever got them: the token endpoint works
        return self._tokens

    def _refresh(self, slot: TokenSlot, sign_in: SignIn, stored: Tokens) -> Tokens:
        if self._no_answer is not None and self._clock.monotonic() < self._rests_until:
            raise copy.copy(self._no_answer)
        self._is_refreshing = True
        try:
            return self._refreshed(slot, sign_in, stored)
        finally:
            self._is_refreshing = False

    def _refreshed(self, slot: TokenSlot, sign_in: SignIn, stored: Tokens) -> Tokens:
        self._clock.sleep(0)  # Stopped, where we are asked to: what begins now would have to be waited for
        interrupted = sign_in.unfinished_refresh == stored.fingerprint
        slot.refresh_begins(stored)
        before, self._no_answer = self._no_answer, None
        try:
            fresh = self._endpoint.refresh(stored, tries=TRIES if before is None else 1)
        except (ExactAway, BadConfiguration) as error:
            self._leave_alone(error, again=before is not None)
            raise
        except TooEarly:
            slot.refresh_ended()
            self._tokens, self._good_until = stored, self._trusted_until(stored)
            return stored
        except OldTokenUsed as error:
            # Whoever used it before us may have put its answer aside meanwhile, see store.unsaved.
            late = slot.read().tokens
            if late is not None and late.refresh != stored.refresh:
                return late
            interrupted = interrupted or error.unanswered_before
            reason = (
                "a refresh of the sign-in was interrupted before its answer could be stored"
                if interrupted
                else "the refresh token was already used; most likely another program, or a second "
                "installation, uses the same app and user"
            )
            slot.sign_in_needed(reason)
            raise SignInNeeded(f"signing in again is needed: {reason}") from None
        except SignInNeeded as error:
            slot.sign_in_needed(error.message)
            raise
        slot.store(fresh)
        return fresh

    def _leave_alone(self, error: ExactAway | BadConfiguration, *, again: bool) -> None:
        """The token endpoint rests, and all who want a token meanwhile hear the same error."""
        self._rest = min(self._rest * 2, LONGEST_REST) if again else FIRST_REST
        self._rests_until = self._clock.monotonic() + self._rest.total_seconds()
        if isinstance(error, ExactAway):
            error.until = self._clock.now() + self._rest
        self._no_answer = copy.copy(error)
