"""Who may come in, by the settings: open on loopback, else by password, by proxy or by token."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import HTTPConnection

from exact_sync import api_tokens
from exact_sync.server_settings import ServerSettings
from exact_sync.web.origins import address, is_ours, is_passed_on, name_in, neighbourhood
from exact_sync.web.seals import Seals
from exact_sync.web.visitor import Visitor

OPERATOR = "operator"
_A_MONTH = 31 * 24 * 3600


@dataclass(frozen=True)
class Cookie:
    """A cookie to be set."""

    name: str
    value: str
    is_https: bool
    seconds: int | None
    """None: until the browser is closed."""

    @property
    def header(self) -> str:
        """Lax, not Strict: Exact sends the browser back to us after signing in, as does a link in a
        mail, and a Strict cookie would not come along. Changes are never made by GET.
        """
        parts = [f"{self.name}={self.value}", "Path=/", "HttpOnly", "SameSite=Lax"]
        parts += [] if self.seconds is None else [f"Max-Age={self.seconds}"]
        return "; ".join([*parts, "Secure"] if self.is_https else parts)


@dataclass(frozen=True)
class Entry:
    """What was found out about who sent a request."""

    visitor: Visitor | None
    """None: nobody who may look."""
    known_as: str
    """The session or visit that form tokens are for."""
    new_cookie: Cookie | None = None


class Admission:
    """The rules of one deployment."""

    def __init__(self, settings: ServerSettings, secret_key: str, now: Callable[[], datetime]) -> None:
        secret = settings.password_hash
        self.password_hash = secret.get_secret_value() if secret else None
        self.seals = Seals(secret_key, self.password_hash, settings.session_hours, now)
        self._settings = settings
        self._session_seconds = settings.session_hours * 3600
        self._tokens = {
            name: (token.hash.get_secret_value().removeprefix("sha256:"), token.access == "full")
            for name, token in settings.tokens.items()
        }

    # Whence it comes

    def is_proxy(self, request: HTTPConnection) -> bool:
        """It comes from a proxy whose headers are to be believed."""
        trusted = self._settings.trusted_proxy
        if isinstance(trusted, bool):
            return trusted
        peer = address(request.client.host if request.client else None)
        return peer is not None and any(peer in network for network in trusted)

    def peer(self, request: HTTPConnection) -> str:
        """Who tries to sign in: behind a proxy, whom the proxy names last."""
        sent = request.headers.get("x-forwarded-for")
        if sent is not None and self.is_proxy(request):
            return neighbourhood(sent.rpartition(",")[2].strip())
        return neighbourhood(request.client.host if request.client else None)

    def is_https(self, request: HTTPConnection) -> bool:
        """The browser came by https, even where a proxy spoke plain http to us."""
        sent = request.headers.get("x-forwarded-proto", "")
        if sent.rpartition(",")[2].strip() == "https" and self.is_proxy(request):
            return True
        url, host = self._settings.public_url, request.headers.get("host", "")
        return (
            url is not None and url.startswith("https:") and name_in(host) == name_in(url.partition("//")[2])
        )

    def names(self, request: HTTPConnection) -> set[str]:
        """Hosts, with their ports, that this request may have been sent to."""
        names = {request.headers.get("host", "")}
        if self._settings.public_url is not None:
            names.add(self._settings.public_url.partition("//")[2])
        if self.is_proxy(request):
            names.add(request.headers.get("x-forwarded-host", ""))
        return names - {""}

    def is_open(self, request: HTTPConnection) -> bool:
        """Nobody is asked for a password: we are alone on this machine, or a proxy has asked."""
        if self.password_hash is None:
            return self._is_from_here(request) or self.is_proxy(request)
        return self._settings.trusted_proxy is not True and self.is_proxy(request)

    def is_called_right(self, request: HTTPConnection) -> bool:
        """What listens on loopback without a password is only called by names that nobody can forge."""
        asks_for_it = self.password_hash is not None and not self.is_open(request)
        if asks_for_it or not self._settings.is_loopback:
            return True
        return is_ours(request.headers.get("host", ""), self._settings.public_url)

    def is_brought_in(self, request: HTTPConnection) -> bool:
        """What listens on loopback is reached from elsewhere all the same, and nobody asks for a password.

        A tunnel, perhaps, for the messages of Exact: it ends on this machine, and so comes from loopback.
        """
        is_asked = self.password_hash is not None or not self._settings.is_loopback
        return not (is_asked or self.is_open(request))

    def _is_from_here(self, request: HTTPConnection) -> bool:
        """Somebody on this machine has sent it, as far as can be told."""
        is_called_so = is_ours(request.headers.get("host", ""), None)
        return self._settings.is_loopback and is_called_so and not is_passed_on(request.headers)

    # Who it is

    def by_token(self, given: str) -> Visitor | None:
        """The machine that has this token."""
        digest, found = api_tokens.digest(given), None
        for name, (known, may_change) in self._tokens.items():
            if hmac.compare_digest(known, digest):
                found = Visitor(name, may_change, csrf="")
        return found

    def by_cookie(self, request: HTTPConnection) -> Entry:
        """The person at a browser; one who is not known gets a cookie, so that a form can be told."""
        if self.password_hash is not None:
            session = self.seals.session(request.cookies.get(self._name("session", request)))
            if session is not None:
                return Entry(Visitor(OPERATOR, True, self.seals.form_token(session)), session)
        visit, new = self.seals.visit(request.cookies.get(self._name("visit", request))), None
        if visit is None:
            visit, value = self.seals.new_visit()
            new = Cookie(self._name("visit", request), value, self.is_https(request), _A_MONTH)
        is_open = self.is_open(request)
        return Entry(Visitor("", is_open, self.seals.form_token(visit)) if is_open else None, visit, new)

    def session_cookie(self, request: HTTPConnection) -> Cookie:
        """For who has just given the password."""
        name, seconds = self._name("session", request), self._session_seconds
        return Cookie(name, self.seals.new_session(), self.is_https(request), seconds)

    def no_session(self, request: HTTPConnection) -> Cookie:
        """Ends the session of this request, and takes its cookie back."""
        name = self._name("session", request)
        session = self.seals.session(request.cookies.get(name))
        if session is not None:
            self.seals.end(session)
        return Cookie(name, "", self.is_https(request), 0)

    def _name(self, kind: str, request: HTTPConnection) -> str:
        prefix = "__Host-" if self.is_https(request) else ""  # no other host can set such a cookie
        return f"{prefix}exact_sync_{kind}_{self.seals.label}"
