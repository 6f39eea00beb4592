"""From a question to an answer: the right connection, a thread for the work, and errors as problems."""

import logging
import math
from collections.abc import Callable, Sequence

from starlette.responses import Response

from exact_sync.connections import named
from exact_sync.errors import (
    BadConfiguration,
    ExactSyncError,
    NeedsPerson,
    TryLater,
    Unknown,
)
from exact_sync.sync.status_json import text_of
from exact_sync.web.gate import Gate
from exact_sync.web.problems import problem
from exact_sync.web.source import Source

log = logging.getLogger(__name__)

_SOON = 5
"""Seconds, where nobody knows when it is worth asking again."""
_LATEST = 24 * 3600


class Asked:
    """Answers questions about these connections, the first one first."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = {source.name: source for source in sources}
        self._reading = Gate()
        # They wait for the database of the work, not for the server's own small pool.
        self._changing = Gate()

    def of_all(self, name: str | None) -> list[Source]:
        """All connections, or the one named. Raises Unknown where there is none of this name."""
        connections = [source.connection for source in self._sources.values()]
        return [self._sources[each.name] for each in named(connections, name)]

    def one(self, name: str | None) -> Source:
        """The connection named, or the first one. Raises Unknown as ``of_all`` does."""
        return self.of_all(name)[0]

    async def read(self, look: Callable[[], object]) -> Response:
        """What ``look`` finds, which may block, as JSON."""
        return await self._answer(self._reading, look, 200)

    async def change(self, do: Callable[[], object], status: int = 200) -> Response:
        """The same for what is asked of a desk."""

        def possible() -> object:
            try:
                return do()
            except Unknown:
                raise
            except BadConfiguration as error:  # known, but it can't be done as things are
                raise NeedsPerson(error.message, error.hint) from error

        return await self._answer(self._changing, possible, status)

    async def _answer(self, gate: Gate, work: Callable[[], object], status: int) -> Response:
        try:
            text = await gate.run(lambda: text_of(work()))
        except ExactSyncError as error:
            return self._refused(error)
        except Exception:
            log.exception("an answer of the API failed")
            return problem(500, "a mistake of exact-sync; its log has more")
        return Response(text, status, media_type="application/json")

    def _refused(self, error: ExactSyncError) -> Response:
        if isinstance(error, Unknown):
            return problem(404, error.message, error.hint)
        # A schema that is behind is no mistake of who asks: it will be up to date later.
        if isinstance(error, TryLater | BadConfiguration):
            return problem(503, error.message, error.hint, {"Retry-After": str(self._seconds(error))})
        return problem(409, error.message, error.hint)

    def _seconds(self, error: ExactSyncError) -> int:
        until = error.until if isinstance(error, TryLater) else None
        if until is None:
            return _SOON
        now = next(iter(self._sources.values())).now()
        return min(_LATEST, max(1, math.ceil((until - now).total_seconds())))
