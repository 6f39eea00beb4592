"""/webhooks/exact/…: Exact tells that something changed, and the daemon looks soon.

A message writes nothing: it is a hint, and anybody on the internet can send what looks like one. So all
that is refused is refused before the database, Exact or the log hear of it.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exact_sync.catalog import DELETIONS
from exact_sync.catalog.topics import concerned
from exact_sync.connections import WEBHOOKS
from exact_sync.errors import ExactSyncError
from exact_sync.exact.messages import Event, Forged, NoMessage, read_event
from exact_sync.exact.subscriptions import same_guid
from exact_sync.store import divisions
from exact_sync.web.counts import Counts
from exact_sync.web.recent import Recent
from exact_sync.web.source import Source

log = logging.getLogger(__name__)

LARGEST = 64 * 1024
"""Bytes; Exact's own messages have some 400."""
PATIENCE = 5.0
"""Seconds until a message must be here to its end."""
_AT_A_TIME = 32
"""So many may be on their way; with more, others would find no room at the server."""
_REMEMBERED = 10_000
"""So many messages are known again when they come once more."""
_LATE = timedelta(days=1)
_WARN_EVERY = 60.0
"""Seconds between two warnings."""
_DIVISIONS_AGE = 30.0

_REFUSALS = {
    "unknown_connection": (404, "Not Found"),
    "oversized": (413, "Content Too Large"),
    "slow": (408, "Request Timeout"),
    "busy": (503, "Service Unavailable"),
    "malformed": (400, "Bad Request"),
    "forged": (401, "Unauthorized"),
    "foreign": (403, "Forbidden"),
}
_UNREAD = ("unknown_connection", "oversized", "slow", "busy")
"""Of these the body may not be here yet."""


class Refused(Exception):
    """It is not let in; why, as metrics call it."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class _Ear:
    """Hears the messages for one connection."""

    def __init__(self, source: Source, secret: str, monotonic: Callable[[], float]) -> None:
        self._source = source
        self._secret = secret.encode()
        self._topics = concerned(source.mirrored)
        self._heard: OrderedDict[bytes, None] = OrderedDict()
        self._divisions = Recent(self._list, monotonic, age=_DIVISIONS_AGE, patience=2.0)

    async def hear(self, body: bytes) -> str:
        """What became of it. Raises Refused, and what the desk raises where it can't take a hint."""
        if not body:
            return "validation"  # Exact asks whether somebody is there, before it subscribes us
        try:
            event = read_event(body, self._secret)
        except NoMessage:
            raise Refused("malformed") from None
        except Forged:
            raise Refused("forged") from None
        client_id = self._source.connection.settings.client_id or ""
        if event.client_id and not same_guid(event.client_id, client_id):
            raise Refused("foreign")
        if event.code in self._heard:
            return "repeated"
        outcome = await self._follow(event)
        self._heard[event.code] = None
        if len(self._heard) > _REMEMBERED:
            self._heard.popitem(last=False)
        return outcome

    async def _follow(self, event: Event) -> str:
        if event.created_at is not None and self._source.now() - event.created_at > _LATE:
            return "late"
        names = self._topics.get(event.topic, ())
        if not names or not await self._is_read(event.division):
            return "unknown"
        if event.is_deletion and DELETIONS.name in self._source.mirrored:
            self._source.desk.hint(DELETIONS.name, event.division)
        for name in names:
            self._source.desk.hint(name, event.division)
        return "accepted"

    async def _is_read(self, division: int) -> bool:
        """Whether the settings want it. While the database is away, whoever knows the secret is believed."""
        try:
            return division in await self._divisions.get()
        except (ExactSyncError, TimeoutError):
            return True

    def _list(self) -> frozenset[int]:
        with self._source.database().begin() as connection:
            return frozenset(self._source.wanted.of(divisions.listed(connection)))


class _Door:
    """Lets messages in, counts them, and complains about what it refused now and then."""

    def __init__(self, ears: Mapping[str, _Ear], counts: Counts, monotonic: Callable[[], float]) -> None:
        self._ears = ears
        self._counts = counts
        self._monotonic = monotonic
        self._on_their_way = 0
        self._refused = 0
        self._warned_at: float | None = None

    async def receive(self, request: Request) -> Response:
        name = request.path_params["connection"]
        ear = self._ears.get(name)
        try:
            if ear is None:
                raise Refused("unknown_connection")
            outcome = await ear.hear(await self._body(request))
        except Refused as refusal:
            self._count(name if ear else "", refusal.outcome)
            self._complain(name if ear else "?", refusal.outcome)
            status, words = _REFUSALS[refusal.outcome]
            # What is still on its way of the body is not read: the connection goes with it.
            headers = {"Connection": "close"} if refusal.outcome in _UNREAD else None
            return PlainTextResponse(f"{words}\n", status, headers=headers)
        except ClientDisconnect:
            return Response(status_code=400)
        except ExactSyncError as error:
            self._count(name, "failed")
            self._complain(name, error.message)
            return PlainTextResponse("Service Unavailable\n", 503)
        self._count(name, outcome)
        return PlainTextResponse("OK\n")

    async def _body(self, request: Request) -> bytes:
        """All of it. Raises Refused as soon as it is too much, or takes too long."""
        if int(request.headers.get("Content-Length") or 0) > LARGEST:
            raise Refused("oversized")
        if self._on_their_way >= _AT_A_TIME:
            raise Refused("busy")
        self._on_their_way += 1
        try:
            async with asyncio.timeout(PATIENCE):
                body = bytearray()
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > LARGEST:
                        raise Refused("oversized")
                return bytes(body)
        except TimeoutError:
            raise Refused("slow") from None
        finally:
            self._on_their_way -= 1

    def _count(self, connection: str, outcome: str) -> None:
        with self._counts.mutex:
            self._counts.webhooks[connection, outcome] += 1

    def _complain(self, connection: str, what: str) -> None:
        """One line a minute at most, however many there are."""
        self._refused += 1
        now = self._monotonic()
        if self._warned_at is None or now - self._warned_at >= _WARN_EVERY:
            log.warning(
                "webhooks were refused: %d since the last such line; the last one for %s: %s",
                self._refused, connection, what,
            )  # fmt: skip
            self._warned_at, self._refused = now, 0


def routes(sources: Sequence[Source], counts: Counts, monotonic: Callable[[], float]) -> list[Route]:
    """One address for each connection with a webhook secret. ``monotonic``: real seconds."""
    ears = {}
    for source in sources:
        secret = source.connection.settings.webhook_secret
        if secret is not None and secret.get_secret_value():
            ears[source.name] = _Ear(source, secret.get_secret_value(), monotonic)
    door = _Door(ears, counts, monotonic)
    return [Route(f"{WEBHOOKS}{{connection}}", door.receive, methods=["POST"])]
