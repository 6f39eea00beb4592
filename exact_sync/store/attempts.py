"""Where an attempt begins, how far it comes and how it ends: one statement each, for all that is noted.

An idle cycle consists of beginnings and ends, so each statement that is spared here counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from exact_sync.catalog import DIVISIONS
from exact_sync.store.checkpoints import Checkpoint
from exact_sync.store.runs import NOW
from exact_sync.store.schemas import sql
from exact_sync.store.state import checkpoint, division, run, window
from exact_sync.store.tables import table as table_of

_Names = tuple[tuple[str, bool], ...]
"""Fields, and whether each is set to the time of the transaction."""
_FIELDS = tuple(Checkpoint.__dataclass_fields__)

POSITION = frozenset({"cursor", "resume", "complete_at", "progress", "sweep"})
"""Of a checkpoint's fields, those that tell how far reading has come."""


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
    reaches: date | None
    """Where the oldest part of history begins that was read, or is to be; None where nobody noted that."""


def _question() -> Any:
    listed = table_of(DIVISIONS)
    moved_at = select(listed.c.division_move_date).where(listed.c.code == bindparam("asked"))
    point, known, part = checkpoint.c, division.c, window.c
    is_part = and_(part.division == bindparam("division"), part.resource == bindparam("resource"))
    one = select(literal(1).label("one")).subquery()
    is_point = and_(point.division == bindparam("division"), point.resource == bindparam("resource"))
    return select(
        func.now(),
        moved_at.scalar_subquery(),
        known.budget,
        known.suspended_because.is_not(None),
        select(func.min(part.starts)).where(is_part).scalar_subquery(),
        point.rows,
        *(point[name] for name in _FIELDS),
    ).select_from(
        one.outerjoin(checkpoint, is_point).outerjoin(division, known.division == bindparam("asked"))
    )


_QUESTION = _question()

_RUN = """
    INSERT INTO exact_sync.run (division, resource, strategy, full_read)
    VALUES (:division, :resource, :strategy, :full_read) RETURNING id, started_at
"""
_ATTEMPT = f"""
    WITH attempt AS (
        INSERT INTO exact_sync.checkpoint AS c (division, resource, attempted_at, rows)
        VALUES (:division, :resource, now(), :rows)
        ON CONFLICT (division, resource)
        DO UPDATE SET attempted_at = excluded.attempted_at, rows = coalesce(c.rows, excluded.rows)
    ) {_RUN}
"""  # noqa: S608 - a constant


def look(connection: Connection, where: int, resource: str, asked: int) -> Beginning:
    """``where``: the division of the checkpoint; ``asked``: the one whose number goes into the requests."""
    row = connection.execute(_QUESTION, {"division": where, "resource": resource, "asked": asked}).one()
    now, moved_at, budget, is_suspended, reaches, rows, *point = row
    known = Checkpoint(*point) if point[0] is not None else Checkpoint(where, resource)
    known_budget = dict(budget) if budget else None
    return Beginning(now, known, rows, known_budget, bool(is_suspended), moved_at, reaches)


def begin(
    connection: Connection, where: int, resource: str, strategy: str, *, full: bool, rows: int | None
) -> tuple[int, datetime]:
    """Note an attempt in the run log and in the checkpoint; the number of the run, and when it began."""
    values = {"division": where, "resource": resource, "strategy": strategy, "full_read": full, "rows": rows}
    number, began = connection.execute(sql(connection, _ATTEMPT), values).one()
    return number, began


def begin_apart(connection: Connection, where: int, resource: str, strategy: str) -> int:
    """The same for what only looks: the checkpoint hears nothing of it."""
    values = {"division": where, "resource": resource, "strategy": strategy, "full_read": False}
    return int(connection.execute(sql(connection, _RUN), values).scalar_one())


@dataclass(frozen=True)
class Attempt:
    """Which one is meant."""

    run: int
    division: int
    """That of the checkpoint."""
    resource: str
    asked: int
    """The division whose number goes into the requests, and whose budget they use up."""
    began: datetime | None
    """As it stands in the checkpoint; None for what only looks."""

    def note(
        self,
        connection: Connection,
        run_log: Mapping[str, Any],
        point: Mapping[str, Any],
        budget: dict[str, Any] | None,
    ) -> bool:
        """Set these fields in the run log and in the checkpoint; what is empty stays as it is. False where
        the checkpoint was reset since the attempt began, or another attempt began, so that its position
        must not move on.
        """
        parts = {"run": run_log, "of": {} if budget is None else {"budget": budget}, "point": point}
        names = [tuple((name, value is NOW) for name, value in part.items()) for part in parts.values()]
        if any(names):
            parts["this"] = vars(self)
            values = {
                f"{kind}_{name}": value
                for kind, part in parts.items()
                for name, value in part.items()
                if value is not NOW
            }
            noted = connection.execute(_noting(*names), values)
            return POSITION.isdisjoint(point) or noted.first() is not None
        return True


@lru_cache(maxsize=256)
def _noting(run_log: _Names, budget: _Names, point: _Names) -> Any:
    """The statement, made once: to make it takes longer than to run it."""
    notes: list[Any] = []
    if run_log:
        notes.append(update(run).where(run.c.id == bindparam("this_run")).values(_bound("run", run_log)))
    if budget:
        notes.append(_kept(division, {"division": bindparam("this_asked")}, _bound("of", budget)))
    if point:
        key = _bound("this", (("division", False), ("resource", False)))
        moves = not POSITION.isdisjoint(name for name, _ in point)
        notes.append(_kept(checkpoint, key, _bound("point", point), moves=moves))
    last = notes.pop()
    return last.add_cte(*(note.cte(f"note{number}") for number, note in enumerate(notes)))


def _kept(table: Table, key: dict[str, Any], values: dict[str, Any], *, moves: bool = False) -> Any:
    statement = insert(table).values(**key, **values)
    settings = {name: statement.excluded[name] for name in values}
    is_under_way = checkpoint.c.attempted_at == bindparam("this_began") if moves else None
    kept = statement.on_conflict_do_update(index_elements=list(key), set_=settings, where=is_under_way)
    return kept.returning(checkpoint.c.division) if moves else kept


def _bound(kind: str, names: _Names) -> dict[str, Any]:
    # A value that is named as a column would be taken for it, in each of the tables that has one.
    return {name: NOW if is_now else bindparam(f"{kind}_{name}") for name, is_now in names}
