"""Where an attempt begins: one question for all that it must know, one statement that notes it.

An idle cycle consists of beginnings and ends, so each statement that is spared here counts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, literal, select

from exact_sync.catalog import DIVISIONS
from exact_sync.store.checkpoints import Checkpoint
from exact_sync.store.schemas import sql
from exact_sync.store.state import checkpoint, division
from exact_sync.store.tables import table as table_of

_FIELDS = tuple(Checkpoint.__dataclass_fields__)


@dataclass(frozen=True)
class Beginning:
    """What PostgreSQL knows of a resource of a division, all of the same moment."""

    now: datetime
    """By the database's clock."""
    point: Checkpoint
    rows: int | None
    """Rows of the table, the deleted ones included; None where they must be counted."""
    budget: dict[str, Any] | None
    """What an earlier run knew of the division's call limits."""
    is_suspended: bool
    moved_at: datetime | None
    """When Exact last moved the division to another database, where its row versions begin anew."""


def _question() -> Any:
    listed = table_of(DIVISIONS)
    moved_at = select(listed.c.division_move_date).where(listed.c.code == bindparam("asked"))
    point, known = checkpoint.c, division.c
    one = select(literal(1).label("one")).subquery()
    is_point = and_(point.division == bindparam("division"), point.resource == bindparam("resource"))
    return select(
        func.now(),
        moved_at.scalar_subquery(),
        known.budget,
        known.suspended_because.is_not(None),
        point.rows,
        *(point[name] for name in _FIELDS),
    ).select_from(
        one.outerjoin(checkpoint, is_point).outerjoin(division, known.division == bindparam("asked"))
    )


_QUESTION = _question()

_RUN = """
    INSERT INTO exact_sync.run (division, resource, strategy, full_read)
    VALUES (:division, :resource, :strategy, :full_read) RETURNING id
"""
_ATTEMPT = f"""
    WITH attempt AS (
        INSERT INTO exact_sync.checkpoint AS c (division, resource, attempted_at, rows)
        VALUES (:division, :resource, now(), :rows)
        ON CONFLICT (division, resource)
        DO UPDATE SET attempted_at = excluded.attempted_at, rows = excluded.rows
    ) {_RUN}
"""  # noqa: S608 - a constant


def look(connection: Connection, where: int, resource: str, asked: int) -> Beginning:
    """``where``: the division of the checkpoint; ``asked``: the one whose number goes into the requests."""
    row = connection.execute(_QUESTION, {"division": where, "resource": resource, "asked": asked}).one()
    now, moved_at, budget, is_suspended, rows, *point = row
    known = Checkpoint(*point) if point[0] is not None else Checkpoint(where, resource)
    return Beginning(now, known, rows, dict(budget) if budget else None, bool(is_suspended), moved_at)


def begin(
    connection: Connection, where: int, resource: str, strategy: str, *, full: bool, rows: int | None
) -> int:
    """Note an attempt in the run log and in the checkpoint; the number of the run."""
    values = {"division": where, "resource": resource, "strategy": strategy, "full_read": full, "rows": rows}
    return int(connection.execute(sql(connection, _ATTEMPT), values).scalar_one())


def begin_apart(connection: Connection, where: int, resource: str, strategy: str) -> int:
    """The same for what only looks: the checkpoint hears nothing of it."""
    values = {"division": where, "resource": resource, "strategy": strategy, "full_read": False}
    return int(connection.execute(sql(connection, _RUN), values).scalar_one())
