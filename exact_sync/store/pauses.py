"""What people have paused: resources that are not read until somebody resumes them."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from exact_sync.store.state import pause as table

EVERYWHERE = 0
"""Stands for the division of what is paused in all of them."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A resource that is not read, in one division or (EVERYWHERE) in all."""

    division: int
    resource: str
    since: datetime


class Pauses:
    """What is paused at a moment."""

    def __init__(self, found: Iterable[Pause] = ()) -> None:
        self._since = {(pause.division, pause.resource): pause.since for pause in found}

    @property
    def places(self) -> Set[tuple[int, str]]:
        return self._since.keys()

    def since(self, division: int, resource: str) -> datetime | None:
        """Since when it is paused, there or everywhere; None where it is not."""
        return self._since.get((division, resource)) or self._since.get((EVERYWHERE, resource))

    def __contains__(self, place: tuple[int, str]) -> bool:
        return self.since(*place) is not None


def read(connection: Connection) -> Pauses:
    return Pauses(paused(connection))


def paused(connection: Connection) -> list[Pause]:
    """All pauses, by division and resource."""
    columns = (table.c.division, table.c.resource, table.c.since)
    return [Pause(*row) for row in connection.execute(select(*columns).order_by(*columns[:2]))]


def add(connection: Connection, places: Iterable[tuple[int, str]]) -> int:
    """Pause these (division and resource); how many were not paused before."""
    rows = [{"division": division, "resource": resource} for division, resource in places]
    if not rows:
        return 0
    statement = insert(table).values(rows).on_conflict_do_nothing().returning(table.c.division)
    return len(connection.execute(statement).all())


def drop(connection: Connection, places: Iterable[tuple[int, str]]) -> int:
    """Resume these; how many were paused."""
    wanted = list(places)
    if not wanted:
        return 0
    return connection.execute(
        delete(table).where(tuple_(table.c.division, table.c.resource).in_(wanted))
    ).rowcount
