"""Many at the same time: who says nothing is not waited for, and probes find their way through a crowd."""

import asyncio

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from exact_sync.web.access import PROBES
from exact_sync.web.headers import strictly

HEAD_PATIENCE = 10.0
"""Seconds until the first line and the headers of a request must be here to their end."""
ANSWERS = 100
"""On their way at the same time; who asks beyond that gets a 503."""


class Limited:
    """So many answers at a time; probes are answered beyond that, or a daemon that is well would be ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._number = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._number >= ANSWERS and scope["path"] not in PROBES:
            answer = PlainTextResponse("too much is asked at the same time\n", 503, {"Retry-After": "5"})
            strictly(answer.headers)  # it is made outside of everything else
            await answer(scope, receive, send)
            return
        self._number += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._number -= 1


class Impatient(H11Protocol):
    """A connection that ends where no complete head comes in time: uvicorn itself waits without end, except
    in silence between two requests.
    """

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._wait_or_not()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_or_not()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._no_longer()

    def _wait_or_not(self) -> None:
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering:
            self._no_longer()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_PATIENCE, self.transport.close)

    def _no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
