"""Exact's OAuth 2 endpoints: where a person consents, and where tokens come from."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import httpx

from exact_sync import logs
from exact_sync.clock import Clock
from exact_sync.credentials import Tokens
from exact_sync.errors import BadConfiguration, ExactAway, SignInNeeded
from exact_sync.exact.requests import TOKEN_ENDPOINT, Observer, Request, milliseconds
from exact_sync.urls import THIS_MACHINE

TRIES = 4
"""How often one refresh token is offered while the token endpoint gives no readable answer."""

# The longest that an answer's way may take to be counted as life of the token; Session's margin is longer.
_LONGEST_WAY = timedelta(seconds=20)

_TIMEOUT = httpx.Timeout(20.0, connect=10.0)


class TooEarly(Exception):
    """The access token is not old enough to be refreshed; the one in hand still works."""


class OldTokenUsed(Exception):
    """The refresh token was used before, by us or by another program."""

    def __init__(self, description: str, *, unanswered_before: bool) -> None:
        super().__init__(description)
        self.unanswered_before = unanswered_before


class NotOurs(SignInNeeded):
    """A redirect that belongs to another sign-in than the one that waits for it."""


@dataclass(frozen=True)
class App:
    """The application as it is registered in Exact's App Center."""

    client_id: str
    client_secret: str
    redirect_uri: str

    def __repr__(self) -> str:
        return f"App({self.client_id!r})"


def authorize_url(base_url: str, app: App, state: str) -> str:
    """The page on which a person consents."""
    query = {
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "response_type": "code",
        "state": state,
        "force_login": "0",
    }
    return f"{base_url}/api/oauth2/auth?{urlencode(query)}"


def query_of(address: str) -> str:
    """What follows the question mark, in whatever a person has pasted."""
    return address.partition("?")[2].partition("#")[0]


def read_redirect(text: str, state: str) -> str:
    """The authorization code in the URL the browser was sent to, or in a bare pasted code.

    Raises SignInNeeded where the consent was refused or belongs to another sign-in.
    """
    text = text.strip()
    if "=" not in text and "/" not in text:
        if not text:
            raise SignInNeeded("no code was given")
        return unquote(text)
    query = parse_qs(query_of(text) or text)
    refused = "error" in query
    if refused and "state" not in query:
        raise SignInNeeded(f"Exact did not give consent: {query['error'][0]}")
    if not secrets.compare_digest(query.get("state", [""])[0].encode(), state.encode()):
        raise NotOurs(
            "the redirect does not belong to this sign-in (its state differs)",
            "start again with: exact-sync auth login, and use the URL it prints",
        )
    if refused:
        raise SignInNeeded(f"Exact did not give consent: {query['error'][0]}")
    if "code" not in query:
        raise SignInNeeded(
            "the redirect carries no code", "copy the whole URL from the browser's address bar"
        )
    return query["code"][0]


class TokenEndpoint:
    """Exchanges codes and refresh tokens. Never follows redirects, never logs bodies."""

    def __init__(
        self, http: httpx.Client, base_url: str, app: App, clock: Clock, observer: Observer | None = None
    ) -> None:
        self._http = http
        self._url = f"{base_url}/api/oauth2/token"
        self._app = app
        self._clock = clock
        self._observer = observer

    def exchange(self, code: str) -> Tokens:
        """Tokens for an authorization code (valid once, for three minutes)."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._app.redirect_uri}
        try:
            return self._ask(form, tries=1)
        except (TooEarly, OldTokenUsed) as error:
            raise SignInNeeded(f"Exact refused the code: {error}") from None

    def refresh(self, tokens: Tokens, tries: int = TRIES) -> Tokens:
        """The next link of the chain. Raises TooEarly, OldTokenUsed, SignInNeeded, BadConfiguration or
        ExactAway, the last one after so many ``tries``.
        """
        return self._ask({"grant_type": "refresh_token", "refresh_token": tokens.refresh}, tries=tries)

    def _ask(self, form: dict[str, str], tries: int) -> Tokens:
        form = form | {"client_id": self._app.client_id, "client_secret": self._app.client_secret}
        trouble = ""
        for attempt in range(tries):
            if attempt:
                self._clock.sleep(2.0**attempt)
            asked_at, started = self._clock.now(), self._clock.monotonic()
            try:
                response, answer = self._post(form)
            except httpx.HTTPError as error:
                trouble = f"{type(error).__name__}"
                continue
            if response.status_code == 200 and answer.get("access_token") and answer.get("refresh_token"):
                logs.hide_tokens(str(answer["access_token"]), str(answer["refresh_token"]))
                lifetime = timedelta(seconds=_seconds(answer.get("expires_in")))
                # Made at any time between question and answer: counted from the answer, so that the
                # next one is not asked for too early, which costs one of the day's calls.
                way = timedelta(seconds=self._clock.monotonic() - started)
                return Tokens(
                    access=str(answer["access_token"]),
                    refresh=str(answer["refresh_token"]),
                    expires_at=asked_at + min(way, _LONGEST_WAY) + lifetime,
                    obtained_at=asked_at,
                )
            reason = response.headers.get("Reason", "")
            if response.status_code in (400, 401) and (answer or _is_too_early(reason)):
                _raise_refusal(answer, reason, is_code="code" in form, unanswered_before=attempt > 0)
            trouble = f"HTTP {response.status_code}" + ("" if answer else " without a readable body")
        raise ExactAway(
            f"Exact's token endpoint gives no usable answer ({trouble})", "nothing is lost; try again later"
        )

    def _post(self, form: dict[str, str]) -> tuple[httpx.Response, dict[str, object]]:
        """One request, told to the observer without what it carries. Raises httpx.HTTPError."""
        at, started = self._clock.now(), self._clock.monotonic()
        status, trouble = None, ""
        try:
            response = self._http.post(
                self._url,
                data=form,
                headers={"Accept": "application/json"},
                follow_redirects=False,
                timeout=_TIMEOUT,
            )
            status, answer = response.status_code, _json_object(response.content)
            if status != 200 or not answer:
                trouble = f"HTTP {status}: {answer.get('error') or 'no readable answer'}"
            return response, answer
        except httpx.HTTPError as error:
            trouble = type(error).__name__
            raise
        finally:
            if self._observer is not None:
                self._observer.made(
                    Request(
                        at=at,
                        endpoint=TOKEN_ENDPOINT,
                        query=f"grant_type={form['grant_type']}",
                        status=status,
                        trouble=trouble,
                        milliseconds=milliseconds(started, self._clock.monotonic()),
                    )
                )


def _json_object(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _seconds(value: object) -> float:
    """`expires_in` arrives as text ("600"); anything odd counts as Exact's ten minutes."""
    try:
        seconds = float(str(value))
    except ValueError:
        return 600.0
    return seconds if 30 < seconds <= 86_400 else 600.0


def _is_too_early(said: str) -> bool:
    """Enough without a body: nobody has recorded what comes with the older refusal, of 401."""
    folded = said.casefold()
    return "tooearly" in folded or "not expired" in folded


def _raise_refusal(answer: dict[str, object], reason: str, *, is_code: bool, unanswered_before: bool) -> None:
    error, description = str(answer.get("error", "")), str(answer.get("error_description", ""))
    said = f"{reason} {description}".casefold()
    if _is_too_early(said):
        raise TooEarly(description)
    if "old refresh token" in said:
        raise OldTokenUsed(description, unanswered_before=unanswered_before)
    # A request that is invalid without a word why: a wrong app, secret or redirect URI. The sign-in is as
    # good as it was, and must not be given up for a setting.
    is_bare = error == "invalid_request" and not description
    if error == "invalid_client" or is_bare or (error == "unauthorized_client" and "token" not in said):
        raise BadConfiguration(
            f"Exact does not know this app or its secret: {description or error}",
            "check EXACT_SYNC_CLIENT_ID, EXACT_SYNC_CLIENT_SECRET and the redirect URI in the App Center",
        )
    why = description or error or "no reason given"
    if is_code:
        raise SignInNeeded(f"Exact refuses the code, which works once and for three minutes: {why}")
    raise SignInNeeded(f"Exact no longer accepts the sign-in: {why}")


def new_state() -> str:
    """An unguessable value that ties a redirect to the sign-in that asked for it."""
    return secrets.token_urlsafe(24)


def loopback_address(redirect_uri: str) -> tuple[str, int, str] | None:
    """Host, port and path to listen on, or None where the redirect URI is no loopback address."""
    try:
        parts = urlsplit(redirect_uri)
        port = parts.port or 80
    except ValueError:
        raise BadConfiguration(
            f"the redirect URI is not a URL: {redirect_uri}", "check EXACT_SYNC_REDIRECT_URI"
        ) from None
    if parts.scheme != "http" or parts.hostname not in THIS_MACHINE:
        return None
    return parts.hostname, port, parts.path or "/"
