"""Records that are dated before the start date, where Exact can't be asked to leave them out."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from exact_sync.exact.odata import Record
from exact_sync.exact.wallclock import read_date

if TYPE_CHECKING:
    from exact_sync.sync.task import Task


def wanted(records: Sequence[Record], dated_by: str | None, start: date | None) -> list[Record]:
    """Those that are not dated before the start."""
    if start is None or dated_by is None:
        return list(records)
    return [record for record in records if not _is_before(record.get(dated_by), start)]


def bury_left_out(task: "Task", records: Sequence[Record]) -> Callable[[Connection], None]:
    """What is dated before the start date now may be here, from when it had another date."""
    those = {id(record) for record in task.wanted(records)}
    keys = task.shaper.keys(record for record in records if id(record) not in those).keys

    def work(connection: Connection) -> None:
        if keys:
            task.tally.deleted += task.writer.delete_keys(connection, task.division, keys)

    return work


def _is_before(value: object, start: date) -> bool:
    """True if a record's date is before a day; an unreadable one is not."""
    if not isinstance(value, str):
        return False
    try:
        return read_date(value) < start
    except (ValueError, OverflowError):
        return False
