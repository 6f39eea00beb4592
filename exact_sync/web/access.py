"""The guard at the door: before any route runs, it asks whence a request comes and who sent it."""

import asyncio
from urllib.parse import parse_qs, quote

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exact_sync.connections import WEBHOOKS
from exact_sync.errors import ExactSyncError
from exact_sync.web.admission import Admission, Entry
from exact_sync.web.origins import came_from, is_from_our_pages
from exact_sync.web.pages.language import phrase
from exact_sync.web.pages.remedies import remedy
from exact_sync.web.pages.rendering import render, wants_page
from exact_sync.web.problems import problem
from exact_sync.web.visitor import Visitor

API = "/api/v1"
LOGIN = "/login"
LARGEST_BODY = 64 * 1024
"""Bytes; webhooks have a limit of their own."""
_BODY_PATIENCE = 10.0
_SAFE = ("GET", "HEAD", "OPTIONS")
_BEARER = {"WWW-Authenticate": "Bearer"}
PROBES = ("/livez", "/readyz")
_PUBLIC = (*PROBES, "/metrics", LOGIN)
_PUBLIC_BELOW = ("/static/", WEBHOOKS)


class Refused(Exception):
    """A request that goes no further."""

    def __init__(self, status: int, why: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.headers = headers


class SignInFirst(Refused):
    """A change that was sent by nobody who is known: a session has ended, perhaps."""


def is_api(path: str) -> bool:
    return path == API or path.startswith(f"{API}/")


def is_public(path: str) -> bool:
    """Anybody may ask for it; sends nothing that is worth a password."""
    return path in _PUBLIC or path.startswith(_PUBLIC_BELOW)


class Guard:
    """Lets through who may come in, with ``request.state.visitor`` set; refuses all others."""

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        entry = None
        try:
            entry = self._entry(request)
            # Exact has no token of ours; that route itself checks who signed what comes.
            if request.method not in _SAFE and not scope["path"].startswith(WEBHOOKS):
                receive = await self._checked_change(request, entry)
        except ClientDisconnect:
            return
        except Refused as refused:
            await self._refusal(request, refused, entry)(scope, receive, send)
            return
        visitor = entry.visitor
        if visitor is None and not is_public(scope["path"]):
            await self._sign_in_first(request)(scope, receive, send)
            return
        self._introduce(request, entry)
        await self._app(scope, receive, _with_cookie(request, entry, send))

    def _entry(self, request: Request) -> Entry:
        """Raises Refused for who is called wrong, or comes with a wrong token."""
        path, admission = request.scope["path"], self._admission
        if path not in PROBES and not path.startswith(WEBHOOKS):
            if not admission.is_called_right(request):
                why = "this server is not called so; use http://localhost, or set server.public_url"
                raise Refused(421, why)
            if admission.is_brought_in(request):
                raise Refused(403, _BROUGHT_IN)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        # What else stands there is meant for the proxy that has asked for it.
        if is_api(path) and kind.lower() == "bearer":
            visitor = admission.by_token(token.strip())
            if visitor is None:
                raise Refused(401, "this token is not known", _BEARER)
            return Entry(visitor, "")
        return admission.by_cookie(request)

    async def _checked_change(self, request: Request, entry: Entry) -> Receive:
        """Raises Refused unless who sent it may change something and our own page, or a token, did so.

        Returns what gives the body once more.
        """
        path, visitor = request.scope["path"], entry.visitor
        _check_rights(path, visitor)
        if visitor is not None and not visitor.csrf:  # it came with a token, which no browser adds by itself
            return _again(await _body(request), request.receive)
        given = request.headers.get("x-csrf-token")
        if given is None and is_api(path):
            raise Refused(401, "a change needs a token, or the form token of our page", _BEARER)
        if not is_from_our_pages(request.headers, self._admission.names(request)):
            raise Refused(403, phrase("another site has sent this"))
        if not (_is_form(request) if given is None else self._is_ours(given, entry)):
            raise Refused(403, _STALE)
        body = await _body(request)
        if given is None and not self._is_ours(_field(body, "csrf"), entry):
            raise Refused(403, _STALE)
        return _again(body, request.receive)

    def _introduce(self, request: Request, entry: Entry) -> None:
        """As every route and page asks who it is."""
        stranger = Visitor("", False, self._admission.seals.form_token(entry.known_as))
        request.state.visitor = entry.visitor or stranger

    def _is_ours(self, given: str, entry: Entry) -> bool:
        return self._admission.seals.is_form_token(given, entry.known_as)

    def _sign_in_first(self, request: Request) -> Response:
        if is_api(request.scope["path"]):
            return problem(401, "a token is needed", headers=_BEARER)
        if self._admission.password_hash is None:
            return PlainTextResponse("come through the proxy\n", 403)
        back = request.scope["path"] if request.method == "GET" else "/"
        query = request.scope["query_string"].decode("latin-1")
        return _to_login(f"{back}?{query}" if query and back != "/" else back)

    def _refusal(self, request: Request, refused: Refused, entry: Entry | None) -> Response:
        """``entry``: None where it was not even found out who it is."""
        if is_api(request.scope["path"]):
            return problem(refused.status, refused.why, headers=refused.headers)
        if entry is None or not wants_page(request):
            return PlainTextResponse(f"{refused.why}\n", refused.status, headers=refused.headers)
        back = came_from(request.headers, self._admission.names(request))
        if isinstance(refused, SignInFirst) and self._admission.password_hash is not None:
            return _to_login(back)
        self._introduce(request, entry)
        error, hint = ExactSyncError(refused.why), remedy(None)
        return render(
            request, "problem.html", refused.status, refused.headers, error=error, remedy=hint, back=back
        )


def _to_login(back: str) -> Response:
    """``back``: where it goes on afterwards."""
    return RedirectResponse(LOGIN if back == "/" else f"{LOGIN}?next={quote(back, safe='/')}", 303)


_BROUGHT_IN = (
    "only who is on this machine may come in without a password; set server.password_hash to what this "
    "prints: exact-sync server password; or server.trusted_proxy where a proxy asks for one"
)
_STALE = phrase("the form's token is missing or too old: load the page again")


def _check_rights(path: str, visitor: Visitor | None) -> None:
    """Raises Refused for who may change nothing here, whatever else is sent."""
    if visitor is None and is_api(path):
        raise Refused(401, "a token is needed", _BEARER)
    if visitor is None and not is_public(path):
        raise SignInFirst(403, "sign in first")
    if visitor is not None and not visitor.may_change:
        raise Refused(403, "this token may only read")


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/x-www-form-urlencoded"


def _field(body: bytes, name: str) -> str:
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=100).get(name, [""])[0]
    except (ValueError, UnicodeError):
        return ""


async def _body(request: Request) -> bytes:
    """All of it, which is little. Raises Refused where it is not, or comes in drips."""
    received = bytearray()

    async def read() -> None:
        async for part in request.stream():
            received.extend(part)
            if len(received) > LARGEST_BODY:
                raise Refused(413, "this is too long")

    try:
        await asyncio.wait_for(read(), _BODY_PATIENCE)
    except TimeoutError:
        raise Refused(408, "this took too long") from None
    return bytes(received)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read already, and then what else comes."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return parts.pop() if parts else await receive()

    return replay


def _with_cookie(request: Request, entry: Entry, send: Send) -> Send:
    """Pages have forms, so they bring the cookie that those are checked by; nothing else does."""
    path, cookie = request.scope["path"], entry.new_cookie
    is_page = not is_api(path) and (path == LOGIN or not is_public(path))
    if cookie is None or not is_page or request.method != "GET":
        return send
    header = cookie.header

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", header)
        await send(message)

    return adding
