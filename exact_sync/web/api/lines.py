"""What the API's answers consist of, where nothing else has a form for it yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exact_sync.store.checkpoints import Position
from exact_sync.store.deliveries import Delivery
from exact_sync.store.incidents import Record
from exact_sync.store.pauses import Pause
from exact_sync.store.quarantine import Held
from exact_sync.store.runs import Run


@dataclass(frozen=True)
class RunsPage:
    """The newest first."""

    connection: str
    items: list[Run]
    next: int | None
    """The cursor of the next page; None where there is none."""


@dataclass(frozen=True)
class CheckpointsPage:
    """By division and resource."""

    connection: str
    items: list[Position]
    next: str | None
    """The cursor of the next page; None where there is none."""


@dataclass(frozen=True)
class DeliveriesPage:
    """The oldest first; what has no `given_up_at` waits."""

    connection: str
    items: list[Delivery]
    next: str | None
    """The cursor of the next page; None where there is none."""


@dataclass(frozen=True)
class RequestLine:
    """One call to Exact."""

    id: int
    at: datetime
    division: int | None
    resource: str | None
    endpoint: str
    query: str | None
    status: int | None
    """None where no answer came."""
    trouble: str | None
    milliseconds: int
    rows: int | None
    minute_left: int | None
    day_left: int | None


@dataclass(frozen=True)
class EndpointLine:
    """All calls to one endpoint."""

    endpoint: str
    calls: int
    errors: int
    median_milliseconds: int
    p95_milliseconds: int


@dataclass(frozen=True)
class Incident:
    """What people are told of."""

    id: int
    kind: str
    subject: str
    message: str
    hint: str | None
    opened_at: datetime
    closed_at: datetime | None
    told_at: datetime | None
    told_over_at: datetime | None


@dataclass(frozen=True)
class QuarantinePage:
    """The newest first."""

    connection: str
    items: list[Held]
    next: int | None
    """The cursor of the next page; None where there is none."""


@dataclass(frozen=True)
class PauseList:
    """By division and resource; division 0 stands for all of them."""

    connection: str
    items: list[Pause]


@dataclass(frozen=True)
class RequestsPage:
    """The newest so many, in the order in which they were made; the next page has older ones."""

    connection: str
    items: list[RequestLine]
    next: str | None
    """The cursor of the next page; None where there is none."""


@dataclass(frozen=True)
class EndpointList:
    """The most called first."""

    connection: str
    items: list[EndpointLine]


@dataclass(frozen=True)
class IncidentsPage:
    """The newest first."""

    connection: str
    items: list[Incident]
    next: int | None
    """The cursor of the next page; None where there is none."""


@dataclass(frozen=True)
class Done:
    """What was asked for is done, or will be by the daemon's own threads."""

    connection: str
    count: int
    """Of readings that were asked for, or of places or messages for which something changed."""


def requests(rows: Iterable[dict[str, Any]]) -> list[RequestLine]:
    return [RequestLine(**row) for row in rows]


def endpoints(rows: Iterable[dict[str, Any]]) -> list[EndpointLine]:
    return [EndpointLine(**row) for row in rows]


def incidents(records: Iterable[Record]) -> list[Incident]:
    """Whom it was told is nobody's business."""
    names = Incident.__dataclass_fields__
    return [Incident(**{name: getattr(record, name) for name in names}) for record in records]
