"""How a page asks: the database one question at a time, and errors as pages."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from exact_sync.errors import BadConfiguration, ExactSyncError, TryLater
from exact_sync.patterns import LARGEST_CODE
from exact_sync.web.origins import local_path
from exact_sync.web.pages.remedies import remedy
from exact_sync.web.pages.rendering import render
from exact_sync.web.source import Source

T = TypeVar("T")
View = Callable[[Request], Awaitable[Response]]

_PATIENCE = 8.0
_LONGEST_FORM = 64 * 1024


class NotHere(Exception):
    """There is no such connection, division or page."""


class TooLong(Exception):
    """A form with more in it than any page of ours sends."""


class Asked:
    """What the address of a list asks for; what can't be meant is as if it were not there."""

    def __init__(self, query: QueryParams) -> None:
        self._query = query

    def text(self, name: str) -> str:
        value = self._query.get(name, "")
        return value if len(value) <= 100 and value.isprintable() else ""

    def number(self, name: str) -> int | None:
        value = self.text(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None

    def one_of(self, name: str, values: Any) -> str | None:
        value = self.text(name)
        return value if value in values else None

    @property
    def resource(self) -> str | None:
        return self.text("resource") or None

    @property
    def divisions(self) -> list[int]:
        code = self.number("division")
        return [] if code is None else [code]


class Reader:
    """Asks one question at a time, so that a flood of visitors never takes all there is."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def ask(self, question: Callable[[], T]) -> T:
        """What ``question``, which blocks, returns or raises. Raises TryLater where others are in the way."""
        try:
            async with asyncio.timeout(_PATIENCE), self._turn:
                return await asyncio.to_thread(question)
        except TimeoutError:
            raise TryLater("too many questions at the moment", "try again in a moment") from None


def answering(view: View) -> View:
    """A view whose errors become pages that say what is wrong and what to do."""

    async def answer(request: Request) -> Response:
        try:
            return await view(request)
        except NotHere:
            return render(request, "missing.html", 404)
        except TooLong:
            return render(request, "missing.html", 413)
        except ExactSyncError as error:
            return problem(request, error)

    return answer


def problem(request: Request, error: ExactSyncError, status: int | None = None) -> Response:
    """A page about an error."""
    if status is None:
        status = 503 if isinstance(error, TryLater) else 400 if isinstance(error, BadConfiguration) else 409
    return render(request, "problem.html", status, error=error, remedy=remedy(error.hint), back=back(request))


def source_of(request: Request, sources: Sequence[Source]) -> Source:
    """The connection that the path names. Raises NotHere."""
    for source in sources:
        if source.name == request.path_params["connection"]:
            return source
    raise NotHere


def division_of(request: Request) -> int:
    """The division that the path names. Raises NotHere."""
    code: int = request.path_params["division"]
    if code > LARGEST_CODE:
        raise NotHere
    return code


async def form(request: Request) -> list[tuple[str, str]]:
    """What a form of ours sends. Raises TooLong."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_FORM:
            raise TooLong
    fields = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    request.state.back = dict(fields).get("back", "")
    return fields


def back(request: Request) -> str:
    """The page that a form was on: never one of somebody else's."""
    return local_path(str(getattr(request.state, "back", "")))
