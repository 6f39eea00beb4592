"""Records that are dated before the start date, where Exact can't be asked to leave them out."""

from collections.abc import Sequence
from datetime import date

from exact_sync.exact.odata import Record
from exact_sync.exact.wallclock import read_date


def wanted(records: Sequence[Record], dated_by: str | None, start: date | None) -> list[Record]:
    """Those that are not dated before the start."""
    if start is None or dated_by is None:
        return list(records)
    return [record for record in records if not _is_before(record.get(dated_by), start)]


def _is_before(value: object, start: date) -> bool:
    """True if a record's date is before a day; an unreadable one is not."""
    if not isinstance(value, str):
        return False
    try:
        return read_date(value) < start
    except (ValueError, OverflowError):
        return False
