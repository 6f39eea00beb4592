"""Connect to Exact Online: from the button to stored tokens, all of it in the browser."""

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from exact_sync.errors import BadConfiguration, ExactSyncError, SignInNeeded
from exact_sync.exact.oauth import loopback_address
from exact_sync.urls import THIS_MACHINE
from exact_sync.web import facts
from exact_sync.web.pages.actions import came_of
from exact_sync.web.pages.asking import Reader, form, problem, source_of
from exact_sync.web.pages.boards import Boards
from exact_sync.web.pages.consents import ELSEWHERE, LIFE, Consents
from exact_sync.web.pages.doorway import Doorway
from exact_sync.web.pages.remedies import remedy
from exact_sync.web.pages.rendering import render
from exact_sync.web.source import Source

RETURN = "/connect/return"
_COOKIE = "exact_sync_consent"
_NAMING = 10.0
"""Seconds that a person waits for Exact to say whose sign-in it is; it is known a little later else."""


class Connecting:
    """Signs in, whichever connection."""

    def __init__(
        self, boards: Boards, reader: Reader, monotonic: Callable[[], float], public_url: str | None
    ) -> None:
        self._boards = boards
        self._reader = reader
        self._consents = Consents(monotonic)
        self._public_url = public_url
        self.doorway = Doorway()

    def paths(self) -> list[str]:
        """Where the browser may come back to."""
        ours = {urlsplit(source.consent.redirect_uri).path for source in self._boards.sources}
        return [RETURN, *sorted(ours - {"", "/", RETURN})]

    async def page(self, request: Request) -> Response:
        """The button and, where the browser does not find its way back, a place to paste."""
        source = source_of(request, self._boards.sources)
        return await self._page(request, source)

    async def begin(self, request: Request) -> Response:
        """Send the browser to Exact."""
        source = source_of(request, self._boards.sources)
        await form(request)
        await asyncio.to_thread(facts.sign_in, source)  # nobody consents in vain: tokens can be kept
        state, cookie = self._consents.begin(source.name, request.cookies.get(_COOKIE))
        url = source.consent.url(state)
        trouble = None
        way = self._way_back(request, source)
        if way == "doorway":
            address = loopback_address(source.consent.redirect_uri)
            assert address is not None  # noqa: S101 - that is what a doorway is for
            try:
                await asyncio.to_thread(self.doorway.open, address, state, f"{self._base(request)}{RETURN}")
            except BadConfiguration as error:
                trouble, way = error, "paste"
        if trouble is not None:
            answer = await self._page(request, source, trouble, 409, url=url)
        else:
            answer = render(request, "leaving.html", url=url, current=source)
        is_safe = self._base(request).startswith("https:")
        answer.set_cookie(
            _COOKIE, cookie, max_age=int(LIFE), httponly=True, samesite="lax", secure=is_safe, path="/"
        )
        return answer

    async def come_back(self, request: Request) -> Response:
        """Exact has sent the browser back here."""
        return await self._finish(request, f"{request.url.path}?{request.url.query}")

    async def paste(self, request: Request) -> Response:
        """A person brings the address at which the browser ended."""
        fields = dict(await form(request))
        source = source_of(request, self._boards.sources)
        return await self._finish(request, fields.get("address", ""), source)

    async def _finish(self, request: Request, address: str, source: Source | None = None) -> Response:
        try:
            returned = self._consents.come_back(address, request.cookies.get(_COOKIE))
            source = next(each for each in self._boards.sources if each.name == returned.connection)
            await asyncio.to_thread(source.consent.given, returned.code())
        except ExactSyncError as error:
            status = 400 if isinstance(error, SignInNeeded) else 503
            source = source or self._only()
            if source is None:  # no button: it could replace the tokens of another connection
                return problem(request, SignInNeeded(error.message, ELSEWHERE), status)
            return await self._page(request, source, error, status)
        finally:
            if source is not None:
                self._boards.forget(source.name)
        with contextlib.suppress(ExactSyncError, TimeoutError):  # the tokens are safe: this may fail
            await asyncio.wait_for(asyncio.to_thread(source.consent.who), _NAMING)
        return came_of("/", "connected")

    def _only(self) -> Source | None:
        """The connection that is meant whatever happens; None where there are several."""
        return self._boards.sources[0] if len(self._boards.sources) == 1 else None

    async def _page(
        self,
        request: Request,
        source: Source,
        error: ExactSyncError | None = None,
        status: int = 200,
        url: str | None = None,
    ) -> Response:
        sign_in = None
        with contextlib.suppress(ExactSyncError):
            sign_in = await self._reader.ask(lambda: facts.sign_in(source))
        return render(
            request, "connect.html", status, section="connect", current=source, error=error,
            remedy=remedy(error.hint) if error else None, url=url, way=self._way_back(request, source),
            redirect_uri=source.consent.redirect_uri, sign_in=sign_in, now=source.now(),
        )  # fmt: skip

    def _way_back(self, request: Request, source: Source) -> str:
        """How the browser comes back from Exact: to the server itself, through a doorway, or by hand."""
        there, base = urlsplit(source.consent.redirect_uri), urlsplit(self._base(request))
        if _origin(there) == _origin(base) and there.path in self.paths():
            return "server"
        is_here = request.url.hostname in THIS_MACHINE
        with contextlib.suppress(BadConfiguration):
            if is_here and loopback_address(source.consent.redirect_uri) and _port(there) != _port(base):
                return "doorway"
        return "paste"

    def _base(self, request: Request) -> str:
        """Our own address as this browser knows it."""
        is_here = request.url.hostname in THIS_MACHINE
        if self._public_url and not is_here:
            return self._public_url.rstrip("/")
        return str(request.base_url).rstrip("/")


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _origin(url: SplitResult) -> tuple[str, str | None, int]:
    return url.scheme, url.hostname, _port(url)
