"""The log of requests: every call to Exact of the last days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, RowMapping, func, literal, select, tuple_

from exact_sync.store.schemas import sql
from exact_sync.store.state import among, request

# One statement for any number of rows: a third of the cost of a row at a time.
_INSERT = """
    INSERT INTO exact_sync.request
        (at, division, resource, endpoint, query, status, trouble, milliseconds, rows, minute_left, day_left)
    SELECT * FROM unnest(
        CAST(:at AS timestamptz[]), CAST(:division AS integer[]), CAST(:resource AS text[]),
        CAST(:endpoint AS text[]), CAST(:query AS text[]), CAST(:status AS smallint[]),
        CAST(:trouble AS text[]), CAST(:milliseconds AS integer[]), CAST(:rows AS integer[]),
        CAST(:minute_left AS integer[]), CAST(:day_left AS integer[]))
"""
# Rows that another process is removing are left to it.
_DELETE = """
    DELETE FROM exact_sync.request WHERE id IN (
        SELECT id FROM exact_sync.request WHERE at < :before ORDER BY at LIMIT :most
        FOR UPDATE SKIP LOCKED)
"""

COLUMNS = (
    "at", "division", "resource", "endpoint", "query", "status", "trouble",
    "milliseconds", "rows", "minute_left", "day_left",
)  # fmt: skip


@dataclass(frozen=True)
class Filter:
    """Which requests are meant; what is None or empty leaves nothing out."""

    divisions: Sequence[int] = ()
    resource: str | None = None
    status: int | None = None
    only_errors: bool = False
    since: datetime | None = None
    before: tuple[datetime, int] | None = None
    """Only requests before this moment and id: the next page of a list."""

    def conditions(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if self.divisions:
            wanted.append(among(request.c.division, self.divisions))
        if self.resource is not None:
            wanted.append(request.c.resource == self.resource)
        if self.status is not None:
            wanted.append(request.c.status == self.status)
        if self.only_errors:
            wanted.append(request.c.trouble.is_not(None))
        if self.since is not None:
            wanted.append(request.c.at >= self.since)
        if self.before is not None:
            at, number = self.before
            place = tuple_(literal(at, request.c.at.type), literal(number, BigInteger))
            wanted.append(tuple_(request.c.at, request.c.id) < place)
        return wanted


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows with a value for each of COLUMNS."""
    values = {name: [row[name] for row in rows] for name in COLUMNS}
    connection.execute(sql(connection, _INSERT), values)


def drop_before(connection: Connection, moment: datetime, most: int) -> int:
    """Remove the oldest requests before a moment, at most so many; how many that were."""
    return connection.execute(sql(connection, _DELETE), {"before": moment, "most": most}).rowcount


def newest(connection: Connection, wanted: Filter, limit: int) -> list[dict[str, Any]]:
    """The newest requests, in the order in which they were made."""
    columns = [request.c[name] for name in COLUMNS]
    query = select(request.c.id, *columns).where(*wanted.conditions())
    query = query.order_by(request.c.at.desc(), request.c.id.desc()).limit(limit)
    return [dict(row) for row in reversed(connection.execute(query).mappings().all())]


def refusals(connection: Connection, endpoint: str, since: datetime) -> list[tuple[datetime, str]]:
    """When Exact refused what was asked there, and what it said; the oldest first."""
    query = select(request.c.at, func.coalesce(request.c.trouble, ""))
    is_one = (request.c.endpoint == endpoint) & request.c.status.in_((400, 401, 403, 404))
    rows = connection.execute(query.where(request.c.at >= since, is_one).order_by(request.c.at))
    return [(at, trouble) for at, trouble in rows]


def summary(connection: Connection, wanted: Filter) -> list[dict[str, Any]]:
    """Per endpoint: calls, errors, and how long they took; the most called first."""
    taken = request.c.milliseconds
    query = (
        select(
            request.c.endpoint,
            func.count().label("calls"),
            func.count(request.c.trouble).label("errors"),
            func.percentile_disc(0.5).within_group(taken).label("median_milliseconds"),
            func.percentile_disc(0.95).within_group(taken).label("p95_milliseconds"),
        )
        .where(*wanted.conditions())
        .group_by(request.c.endpoint)
        .order_by(func.count().desc(), request.c.endpoint)
    )
    rows: Sequence[RowMapping] = connection.execute(query).mappings().all()
    return [dict(row) for row in rows]
