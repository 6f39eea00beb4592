"""The run log: one row per attempt for one resource in one division."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Interval, cast, delete, func, select, text, update

from exact_sync.store.state import among, run

KEEP_DAYS = 90


@dataclass(slots=True)
class Tally:
    """What a run did so far. Small: a cycle over hundreds of divisions keeps thousands of them."""

    calls: int = 0
    records: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    quarantined: int = 0

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}

    def become(self, counts: dict[str, int]) -> None:
        for name, number in counts.items():
            setattr(self, name, number)

    @property
    def written(self) -> int:
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt, as the log has it."""

    id: int
    division: int
    resource: str
    strategy: str
    full_read: bool
    started_at: datetime
    finished_at: datetime | None
    """None while it runs."""
    outcome: str
    message: str | None
    hint: str | None
    calls: int
    records: int
    inserted: int
    updated: int
    deleted: int
    quarantined: int


@dataclass(frozen=True)
class Filter:
    """Which runs are meant; what is None or empty leaves nothing out."""

    divisions: Sequence[int] = ()
    resource: str | None = None
    outcome: str | None = None
    before: int | None = None
    """Only runs with a lower id: the next page of a list."""

    def conditions(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if self.divisions:
            wanted.append(among(run.c.division, self.divisions))
        if self.resource is not None:
            wanted.append(run.c.resource == self.resource)
        if self.outcome is not None:
            wanted.append(run.c.outcome == self.outcome)
        if self.before is not None:
            wanted.append(run.c.id < self.before)
        return wanted


def newest(connection: Connection, wanted: Filter, limit: int) -> list[Run]:
    """The newest runs first."""
    columns = [run.c[name] for name in Run.__dataclass_fields__]
    query = select(*columns).where(*wanted.conditions()).order_by(run.c.id.desc()).limit(limit)
    return [Run(*row) for row in connection.execute(query)]


BAD = ("failed", "suspect", "quarantine", "differs", "broken")
"""Outcomes that a person may want to look at."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The runs that began in a stretch of time, added up."""

    begins: datetime
    runs: int
    bad: int
    """Of those, the ones with an outcome of BAD."""
    written: int
    """Rows that were inserted, updated or deleted."""


def history(connection: Connection, wanted: Filter, since: datetime, step: timedelta) -> list[Stretch]:
    """The stretches since then that have runs, the oldest first; ``step``: how long each is."""
    begins = func.date_bin(cast(step, Interval), run.c.started_at, since).label("begins")
    query = (
        select(
            begins,
            func.count(),
            func.count().filter(run.c.outcome.in_(BAD)),
            func.sum(run.c.inserted + run.c.updated + run.c.deleted),
        )
        .where(run.c.started_at >= since, *wanted.conditions())
        .group_by(begins)
        .order_by(begins)
    )
    return [Stretch(at, number, bad, int(written)) for at, number, bad, written in connection.execute(query)]


NOW = func.now()
"""The time of the transaction, by the database's clock."""


def end(tally: Tally, outcome: str, message: str | None, hint: str | None) -> dict[str, Any]:
    """What the log says of a run that has ended."""
    said = {"outcome": outcome, "message": message, "hint": hint, "finished_at": NOW}
    return tally.counts() | said


def last_of(connection: Connection, strategy: str) -> datetime | None:
    """When a run of this kind last began."""
    query = select(func.max(run.c.started_at)).where(run.c.strategy == strategy)
    return connection.execute(query).scalar()


def tidy(connection: Connection, division_class: int) -> None:
    """Close what killed processes left open, and drop what is older than KEEP_DAYS.

    ``division_class``: the class of the locks that those who are at work hold on their divisions.
    """
    at_work = text(
        "division NOT IN (SELECT objid::bigint FROM pg_locks JOIN pg_database d ON d.oid = database "
        "WHERE datname = current_database() AND locktype = 'advisory' AND classid = :class)"
    ).bindparams(**{"class": division_class})
    broken = {"outcome": "broken", "finished_at": func.now(), "message": "the process ended in the middle"}
    connection.execute(update(run).where(run.c.outcome == "running", at_work).values(**broken))
    connection.execute(delete(run).where(run.c.started_at < text(f"now() - interval '{KEEP_DAYS} days'")))
