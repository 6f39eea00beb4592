"""Signing in: authorisation codes, access tokens and the one chain of refresh tokens.

As at Exact: a code lives 3 minutes and is used once; an access token lives 600 s and may be
refreshed only from 570 s on; a refresh token lives 30 days and is used once; a new sign-in of
the same app and user kills the former chain; 200 token calls a UTC day.

Answers that nobody recorded, chosen here: a killed or revoked chain is 400 invalid_grant; the
201st token call is 429; a wrong client or redirect is 400 invalid_request.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from exact_sync.simulator.books import Books
from exact_sync.simulator.clock import Clock
from exact_sync.simulator.consent import consent_page, error_page
from exact_sync.simulator.exchange import HTML, Reply, Request
from exact_sync.simulator.fault_replies import early
from exact_sync.simulator.render import json_body
from exact_sync.simulator.stats import Stats

ACCESS_SECONDS = 600
EARLIEST_REFRESH_SECONDS = 570
CODE_SECONDS = 180
REFRESH_DAYS = 30
TOKEN_CALLS_A_DAY = 200
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass
class _Code:
    redirect_uri: str
    expires: datetime
    used: bool = False


@dataclass
class _Chain:
    """One consent and what grew from it."""

    refresh: str = ""
    refresh_expires: datetime | None = None
    issued: datetime | None = None
    dead: bool = False
    """Replaced by a newer sign-in, or revoked."""
    revoked: bool = False


class OAuth:
    """Who may ask. Switches: `early_status` (400 or 401), `granted` divisions (None: all)."""

    def __init__(
        self,
        books: Books,
        clock: Clock,
        stats: Stats,
        *,
        client_id: str,
        client_secret: str,
        redirect_uris: list[str] | None,
        auto_consent: bool,
    ) -> None:
        self.books = books
        self.clock = clock
        self.stats = stats
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uris = redirect_uris
        self.auto_consent = auto_consent
        self.granted: set[int] | None = None
        self.early_status = 400
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, tuple[datetime, _Chain]] = {}
        self._refresh: dict[str, _Chain] = {}
        self._chain: _Chain | None = None
        self._day: date | None = None
        self._calls_today = 0

    def divisions(self) -> list[int]:
        """The divisions the user granted, archived ones included."""
        return [code for code in self.books.divisions if self.granted is None or code in self.granted]

    def valid(self, authorization: str | None) -> bool:
        """Whether an Authorization header carries a living access token."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        with self._lock:
            found = self._access.get(token.strip())
            return found is not None and not found[1].revoked and self.clock.now() < found[0]

    def revoke(self) -> None:
        """The user takes the consent back: every token is worth nothing."""
        with self._lock:
            if self._chain is not None:
                self._chain.dead = self._chain.revoked = True

    def sign_in(self) -> dict[str, str]:
        """A fresh chain without any browser, as the token endpoint would answer it."""
        with self._lock:
            return self._begin()

    def steal(self) -> dict[str, str] | None:
        """Another program uses our refresh token: it is rotated behind our back."""
        with self._lock:
            return self._issue(self._chain) if self._chain is not None else None

    # the browser's side

    def authorize(self, request: Request) -> Reply:
        """GET shows the consent page (or consents by itself), POST is the user's decision."""
        posted = request.method == "POST"
        text = request.body.decode("utf-8", "replace") if posted else request.query
        fields = dict(parse_qsl(text, keep_blank_values=True))
        redirect = fields.get("redirect_uri", "")
        if not hmac.compare_digest(fields.get("client_id", "").encode(), self.client_id.encode()):
            return Reply(400, error_page("Unknown client_id."), HTML)
        if not self._redirect_allowed(redirect):
            return Reply(400, error_page("The redirect_uri is not the one registered for this app."), HTML)
        if fields.get("response_type") != "code":
            return Reply(400, error_page("response_type must be code."), HTML)
        decision = fields.pop("decision", "") if posted else ("allow" if self.auto_consent else "")
        if not decision:
            names = [str(self.books.division(code)["Description"]) for code in self.divisions()]
            return Reply(200, consent_page(self.books.user_name, names, fields), HTML)
        answer = (
            f"code={quote(self._code(redirect), safe='')}" if decision == "allow" else "error=access_denied"
        )
        if "state" in fields:
            answer += f"&state={quote(fields['state'], safe='')}"
        joint = "&" if "?" in redirect else "?"
        return Reply(302, headers=[("Location", f"{redirect}{joint}{answer}")])

    def _redirect_allowed(self, redirect: str) -> bool:
        if self.redirect_uris is not None:
            return redirect in self.redirect_uris
        if not redirect.isprintable():  # a line break would end the Location header
            return False
        try:
            parts = urlsplit(redirect)
        except ValueError:  # "http://[::1"
            return False
        return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK and not parts.fragment

    def _code(self, redirect: str) -> str:
        # the "!" is what makes forgetting to URL-decode visible, as at Exact
        code = f"stamp001.{secrets.token_urlsafe(12)}!{secrets.token_urlsafe(12)}"
        with self._lock:
            self._codes[code] = _Code(redirect, self.clock.now() + timedelta(seconds=CODE_SECONDS))
        return code

    # the program's side

    def token(self, request: Request) -> Reply:
        """POST of a grant: form body, client id and secret in it or as HTTP Basic."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded" or not self._known_client(form, request.headers):
            return _failure(400, "invalid_request")
        with self._lock:
            if self._too_many():
                return _failure(429, "access_denied", "Rate limit exceeded: token calls of today")
            match form.get("grant_type"):
                case "authorization_code":
                    return self._redeem(form)
                case "refresh_token":
                    return self._refreshed(form.get("refresh_token", ""))
        return _failure(400, "unsupported_grant_type")

    def _known_client(self, form: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, packed = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                text = base64.b64decode(packed, validate=True).decode()
            except ValueError:  # no base64, no ASCII even, or no UTF-8 in it
                return False
            client, _, secret = (unquote(part) for part in text.partition(":"))
        right = hmac.compare_digest(client.encode(), self.client_id.encode())
        return right & hmac.compare_digest(secret.encode(), self.client_secret.encode())

    def _too_many(self) -> bool:
        today = self.clock.now().date()
        if today != self._day:
            self._day, self._calls_today = today, 0
        self._calls_today += 1
        return self._calls_today > TOKEN_CALLS_A_DAY

    def _redeem(self, form: Mapping[str, str]) -> Reply:
        code = self._codes.get(form.get("code", ""))
        if code is None or code.used or self.clock.now() >= code.expires:
            return _dead()
        code.used = True
        if form.get("redirect_uri") != code.redirect_uri:
            return _failure(400, "invalid_request")
        return Reply(200, json_body(self._begin()))

    def _refreshed(self, token: str) -> Reply:
        chain = self._refresh.get(token)
        if chain is not None and chain.dead:
            return _dead()
        if chain is None or token != chain.refresh or chain.issued is None or chain.refresh_expires is None:
            self.stats.broke("replayed_refreshes")
            return _failure(401, "unauthorized_client", "Old refresh token used.")
        now = self.clock.now()
        if now >= chain.refresh_expires:
            stamps = (
                f"expired at {chain.refresh_expires:%Y-%m-%d %H:%M:%S} and it is now {now:%Y-%m-%d %H:%M:%S}"
            )
            return _failure(400, "invalid_request", f"The refresh token {stamps}")
        if now - chain.issued < timedelta(seconds=EARLIEST_REFRESH_SECONDS):
            self.stats.broke("early_refreshes")
            return early(self.early_status)
        return Reply(200, json_body(self._issue(chain)))

    def _begin(self) -> dict[str, str]:
        if self._chain is not None:
            self._chain.dead = True
        self._chain = _Chain()
        return self._issue(self._chain)

    def _issue(self, chain: _Chain) -> dict[str, str]:
        now = self.clock.now()
        access, refresh = (f"stamp001.{secrets.token_urlsafe(48)}" for _ in range(2))
        chain.refresh, chain.issued = refresh, now
        chain.refresh_expires = now + timedelta(days=REFRESH_DAYS)
        self._access[access] = (now + timedelta(seconds=ACCESS_SECONDS), chain)
        self._refresh[refresh] = chain
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": str(ACCESS_SECONDS),  # text, as Exact sends it
            "refresh_token": refresh,
        }


def _failure(status: int, error: str, description: str | None = None) -> Reply:
    body = {"error": error}
    if description is not None:
        body["error_description"] = description
    return Reply(status, json_body(body))


def _dead() -> Reply:
    return _failure(400, "invalid_grant", "Token is not allowed, because of invalid or empty chainId")
