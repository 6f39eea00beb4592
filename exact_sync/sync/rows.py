"""Records become rows: exact numbers, true instants, trimmed text; or they are rejected.

Pure, except that it is given the records. What can't be held exactly is never guessed at: the
record goes to quarantine with the reason, and the page's other rows go in.
"""

import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import repeat
from typing import Any

from exact_sync.catalog import Column, Edm, Resource
from exact_sync.catalog.resource import ROW_VERSION
from exact_sync.errors import BadData
from exact_sync.exact.odata import Record
from exact_sync.exact.wallclock import read_date, read_moment
from exact_sync.store.lines import Lines
from exact_sync.store.quarantine import Reject

Row = tuple[Any, ...]

LONGEST_KEY = 2_600
"""Bytes of a key, as a text in UTF-8: PostgreSQL's indexes hold little more in an entry."""
LONG_KEYS = frozenset({Edm.STRING, Edm.DOUBLE})
"""What a key must be to be longer than that."""

_NIL = uuid.UUID(int=0)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,6})?", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")

_RANGES = {
    Edm.BYTE: (0, 255),
    Edm.INT16: (-(2**15), 2**15 - 1),
    Edm.INT32: (-(2**31), 2**31 - 1),
    Edm.INT64: (-(2**63), 2**63 - 1),
}

_UNFIT = (ValueError, OverflowError, InvalidOperation)

# The limits of PostgreSQL's numeric: digits before and after the point.
_MOST_DIGITS = 131_072
_MOST_DECIMALS = 16_383


@dataclass
class Batch:
    """What a page of records came to."""

    rows: list[Row] = field(default_factory=list)
    lines: Lines | None = None
    """The rows instead, where `columns` made them."""
    keys: list[Any] = field(default_factory=list)
    """The key of each record that is a row, here or already in the table; of lines, as a text."""
    versions: list[int | None] = field(default_factory=list)
    """The row version of each of them, where they are lines."""
    highest: datetime | None = None
    """Their highest Modified, on Exact's clock, where they are lines."""
    rejects: list[Reject] = field(default_factory=list)
    left_out: list[Any] = field(default_factory=list)
    """Keys of records that are dated before the start date: their rows may be here, from another date."""
    replaced_surrogates: int = 0
    unknown: set[str] = field(default_factory=set)
    """Properties that came without being in the catalog."""


class Shaper:
    """Turns one resource's records into rows in the order of ``store.tables.row_columns``."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._replaced_surrogates = 0
        columns = [column for column in resource.columns if column.name != "division"]
        self._fields = [(column.property, self._converter(column)) for column in columns]
        if resource.is_versioned:
            self._fields.append((ROW_VERSION, _version))
        self._is_fingerprinted = resource.is_fingerprinted
        self._key = self._converter(resource.key_column)
        self._key_at = columns.index(resource.key_column) + bool(resource.per_division)

    def batch(
        self, division: int, records: Iterable[Record], fingerprints: Iterable[int | None] | None = None
    ) -> Batch:
        """All records of a page, and the fingerprint of each, where they are known. Raises BadData if one
        belongs to another division.
        """
        batch = Batch()
        self._replaced_surrogates = 0
        known = self._resource.by_property.keys() | {ROW_VERSION}
        first = (division,) if self._resource.per_division else ()
        for record, fingerprint in zip(records, fingerprints or repeat(None)):  # noqa: B905 - repeat has no end
            self._check_division(division, record)
            last = (fingerprint,) if self._is_fingerprinted else ()
            try:
                row = (
                    *first,
                    *[
                        None if (value := record.get(name)) is None else convert(value)
                        for name, convert in self._fields
                    ],
                    *last,
                )
                if row[self._key_at] is None:
                    raise ValueError
            except _UNFIT:
                batch.rejects.append(Reject(self._readable_key(record), self._reason(record), record))
            else:
                batch.rows.append(row)
                batch.keys.append(row[self._key_at])
            batch.unknown.update(_name(name) for name in record.keys() - known if _is_scalar(name, record))
        batch.replaced_surrogates = self._replaced_surrogates
        return batch

    def keys(self, records: Iterable[Record]) -> Batch:
        """Only the keys of records; one whose key is unreadable is a reject."""
        batch = Batch()
        for record in records:
            key = self.value(self._resource.key, record)
            if key is None:
                batch.rejects.append(Reject(None, f"{self._resource.key}: the key is unreadable", record))
            else:
                batch.keys.append(key)
        return batch

    def value(self, name: str, record: Record) -> Any:
        """One property as a column's value; None where it is absent, empty or unreadable."""
        column, value = self._resource.by_property.get(name), record.get(name)
        if column is None or value is None:
            return None
        try:
            return self._converter(column)(value)
        except _UNFIT:
            return None

    def _reason(self, record: Record) -> str:
        """Why a record is no row: looked for only when it is known that there is a reason."""
        for name, convert in self._fields:
            value = record.get(name)
            try:
                if value is not None:
                    convert(value)
            except _UNFIT:
                return f"{name}: {_shown(value)} is no {self._kind(name)}"
        return f"{self._resource.key}: the key is empty"

    def _kind(self, name: str) -> str:
        column = self._resource.by_property.get(name)
        if column is None:
            return "row version"
        return f"{column.edm} of at most {LONGEST_KEY} bytes" if self._may_be_long(column) else column.edm

    def _may_be_long(self, column: Column) -> bool:
        return column == self._resource.key_column and column.edm in LONG_KEYS

    def _check_division(self, division: int, record: Record) -> None:
        if not self._resource.per_division or "Division" not in self._resource.by_property:
            return
        found = record.get("Division")
        if found is not None and str(found) != str(division):
            raise BadData(
                f"{self._resource.name}: asked for division {division}, got a record of {_shown(found)}",
                "nothing of that page was stored",
            )

    def _readable_key(self, record: Record) -> str | None:
        value = record.get(self._resource.key)
        try:
            key = None if value is None else self._key(value)
        except _UNFIT:
            return None
        return None if key is None else str(key)

    def _converter(self, column: Column) -> Callable[[Any], Any]:
        convert = self._converter_of_any_length(column)
        return (lambda value: _short(convert(value))) if self._may_be_long(column) else convert

    def _converter_of_any_length(self, column: Column) -> Callable[[Any], Any]:
        if column.edm is Edm.DATETIME:
            return _date if column.is_date else _moment
        if column.edm is Edm.STRING and self._resource.is_inferred:
            is_date = Column(column.property, Edm.DATETIME).is_date
            return lambda value: self._text(
                _plain(value) if type(value) is not str else _plain_time(value, is_date)
            )
        if column.edm in _RANGES:
            low, high = _RANGES[column.edm]
            return lambda value: _integer(value, low, high)
        return {Edm.STRING: self._text, Edm.GUID: _guid, Edm.BOOLEAN: _boolean, Edm.DOUBLE: _number}[
            column.edm
        ]

    def _text(self, value: Any) -> str:
        if type(value) is not str:
            raise ValueError
        text = value.replace("\x00", "") if "\x00" in value else value
        if not text.isascii():
            text, replaced = _SURROGATE.subn("\ufffd", text)
            self._replaced_surrogates += replaced
        return str(text.strip(" "))


def _short(key: Any) -> Any:
    if len(str(key).encode()) > LONGEST_KEY:
        raise ValueError
    return key


def _plain(value: Any) -> str:
    """A value of another type in a column that has widened to text: as PostgreSQL writes it."""
    if type(value) is bool:
        return "true" if value else "false"
    return format(_number(value), "f")


def _plain_time(value: str, is_date: bool) -> str:
    """A text in such a column, which may be a date or a moment."""
    if not value.startswith("/Date("):
        return value
    try:
        moment = _date(value) if is_date else _moment(value)
    except _UNFIT:
        return value
    if is_date:
        return str(moment)
    text = moment.replace(tzinfo=None).isoformat(sep=" ")
    return f"{text.rstrip('0') if moment.microsecond else text}+00"


def _guid(value: Any) -> uuid.UUID | None:
    if type(value) is not str or not _GUID.fullmatch(value):
        raise ValueError
    guid = uuid.UUID(value)
    return None if guid == _NIL else guid


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _number(value: Any) -> Decimal:
    if type(value) is str and _NUMBER.fullmatch(value):
        value = Decimal(value)
    if type(value) is int:
        return Decimal(value)
    if type(value) is not Decimal or not value.is_finite():
        raise ValueError
    if value.adjusted() >= _MOST_DIGITS or -int(value.as_tuple().exponent) > _MOST_DECIMALS:
        raise ValueError
    return value


def _integer(value: Any, low: int, high: int) -> int:
    if type(value) is not int:
        number = _number(value)
        if number.adjusted() > 20 or number != number.to_integral_value():
            raise ValueError
        value = int(number)
    if not low <= value <= high:
        raise ValueError
    return int(value)


def _version(value: Any) -> int:
    return _integer(value, 1, 2**63 - 1)


def read_version(record: Record) -> int | None:
    """A record's row version; None where it is unreadable (such a record becomes no row either)."""
    value = record.get(ROW_VERSION)
    try:
        return None if value is None else _version(value)
    except _UNFIT:
        return None


def _date(value: Any) -> Any:
    if type(value) is not str:
        raise ValueError
    return read_date(value)


def _moment(value: Any) -> Any:
    if type(value) is not str:
        raise ValueError
    return read_moment(value)


def _is_scalar(name: str, record: Record) -> bool:
    return name != "__metadata" and not isinstance(record[name], dict | list)


def _name(name: str) -> str:
    """A property's name, fit for a line of text whatever Exact calls it."""
    return name if name.isidentifier() and len(name) <= 60 else ascii(name[:60])


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
