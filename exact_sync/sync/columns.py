"""Pages become lines for COPY, a column at a time: the quick way, for pages without anything odd.

Equal to what `rows` makes of the same records, to the bit; a page that holds anything that needs a
second look is left to it. So nothing here guesses, and nothing is set aside here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Any

import msgspec

from exact_sync.catalog import Column, Edm, Resource
from exact_sync.exact import typed
from exact_sync.exact.fingerprints import fingerprints, seed
from exact_sync.exact.odata import Answer, Body, Shaped, read_answer
from exact_sync.exact.wallclock import from_milliseconds, read_date, read_moment, rules, to_instant
from exact_sync.store.lines import NULL, escaped, filled, joined, lines, put_back
from exact_sync.store.tables import FINGERPRINT, VERSION
from exact_sync.sync.rows import ROW_VERSION, Batch

_NIL = "00000000-0000-0000-0000-000000000000"
# What a moment's text is put together from; to format each number takes twice as long.
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
_SECONDS = tuple(f"{minute}:{second}" for minute in _TWO_DIGITS for second in _TWO_DIGITS)
_HOURS = tuple(f" {hour}:" for hour in _TWO_DIGITS[:24])
_MILLISECONDS = tuple(f".{millisecond:03}" for millisecond in range(1000))
_DAY, _HOUR = 86_400_000, 3_600_000
_MOST_DAYS = 5_000
"""Of which a text is kept."""
_LATEST = 10**14
"""Milliseconds: until the year 5138."""
_NUMBERS = msgspec.json.Decoder(list[int])
_ENCODE = msgspec.json.Encoder().encode
_SHAPE = bytes(ord("0") if chr(byte) in "0123456789abcdef" else byte for byte in range(256))
"""Turns every hexadecimal digit into a 0, so that a GUID is recognized by its shape."""
_LONGEST_NUMBER = 16_000
"""Characters; nothing shorter breaks a limit of PostgreSQL's numeric."""
_LONGEST_INTEGER = 20

_UNFIT = (ValueError, OverflowError)

READING = 1
"""To be raised when other rows are made of the same records than before: then none of them is known."""


@dataclass
class Glance(Batch):
    """A page of which only so much was read as tells which of its rows are here already."""

    body: Body = b""
    fingerprints: list[str] = field(default_factory=list)
    """One for each key."""


class _Odd(ValueError):
    """Something that needs a second look."""


class Columns:
    """Reads the pages of one question about one resource of one division."""

    def __init__(self, resource: Resource, division: int) -> None:
        self._resource = resource
        self._division = division if resource.per_division else None
        self._columns = list(resource.columns)
        kinds = [(column.property, typed.TYPES[column.edm]) for column in self._columns]
        self._read = typed.reader((*kinds, (ROW_VERSION, typed.TYPES[Edm.INT64])))
        self._converters = [self._converter(column) for column in self._columns]
        self._seed = seed(READING, [(c.property, c.edm) for c in self._columns], rules())

    def read(self, body: Body) -> Answer | Shaped:
        """A page as rows; as records where it has anything odd. Raises UnreadableAnswer."""
        shaped = self._shaped(self._read(body), body, self._batch)
        if shaped is not None:
            return shaped
        answer = read_answer(body)
        return replace(answer, fingerprints=self._fingerprints(body, answer.count) or None)

    def glance(self, body: Body) -> Shaped | None:
        """A page of which no more is read than tells its records apart; None where that does not do."""
        if not self._resource.is_fingerprinted:
            return None
        names = [name for name in (self._resource.key, "Modified") if name in self._resource.by_property]
        kinds = [(name, typed.TYPES[self._resource.by_property[name].edm]) for name in names]
        read = typed.reader((*kinds, (ROW_VERSION, typed.TYPES[Edm.INT64])), is_all=False)
        return self._shaped(read(body), body, self._glance)

    def _shaped(
        self, page: typed.Typed | None, body: Body, make: Callable[[typed.Typed, Body], Batch]
    ) -> Shaped | None:
        if page is None or not page.count:
            return None
        try:
            batch = make(page, body)
        except _UNFIT:
            return None
        return Shaped(batch, batch.keys, page.next_link, has_body=isinstance(batch, Glance))

    def _glance(self, page: typed.Typed, body: Body) -> Glance:
        found = self._fingerprints(body, page.count)
        keys = self._converter(self._resource.key_column)(page.columns[0])
        if found is None or NULL in keys:
            raise _Odd
        glance = Glance(keys=list(keys), body=body, fingerprints=found)
        if page.columns[-1].count(None) < page.count:
            glance.versions = _whole(page.columns[-1], 1)
        if self._resource.has_modified:
            glance.highest = self._highest(page.columns[1])
        return glance

    def _batch(self, page: typed.Typed, body: Body) -> Batch:
        """Raises ValueError or OverflowError where a value needs a second look."""
        texts: dict[str, Sequence[str]] = {}
        if self._division is not None:
            texts["division"] = [str(self._division)] * page.count
        for column, convert, values in zip(self._columns, self._converters, page.columns, strict=False):
            if not any(values) and values.count(None) == page.count:
                continue
            if column.name == "division" and self._division is not None:
                self._check_division(values)
                continue
            converted = convert(values)
            if column.edm is not Edm.DOUBLE or converted.count(NULL) < page.count:
                texts[column.name] = converted
        keys = texts.get(self._resource.key_column.name, [NULL])
        is_text = self._resource.key_column.edm is Edm.STRING
        if NULL in keys or (is_text and any("\\" in key for key in keys)):
            raise _Odd
        batch = Batch(keys=list(keys))
        if self._resource.is_versioned and page.columns[-1].count(None) < page.count:
            batch.versions = _whole(page.columns[-1], 1)
            texts[VERSION] = _integers(batch.versions)
        if self._resource.has_modified:
            at = self._columns.index(self._resource.by_property["Modified"])
            batch.highest = self._highest(page.columns[at])
        if found := self._fingerprints(body, page.count):
            texts[FINGERPRINT] = found
        batch.lines = lines(texts, page.count)
        return batch

    def _fingerprints(self, body: Body, count: int) -> list[str] | None:
        return fingerprints(body, count, self._seed) if self._resource.is_fingerprinted else None

    def _check_division(self, values: Sequence[int | None]) -> None:
        if not {*values} <= {None, self._division}:
            raise _Odd

    def _highest(self, values: Sequence[str | None]) -> Any:
        """The highest Modified, on Exact's clock."""
        if not any(values):
            return None
        numbers = _milliseconds(values)
        if numbers is None:
            raise _Odd
        return from_milliseconds(max(numbers))

    def _converter(self, column: Column) -> Callable[[Sequence[Any]], Sequence[str]]:
        if column.edm is Edm.DATETIME:
            return _dates if column.is_date else _moments
        return _CONVERTERS.get(column.edm, _integers)


def _guids(values: Sequence[str | None]) -> Sequence[str]:
    texts, together = joined(values)
    # One comparison for the whole column: 36 characters each, digits and dashes in their places.
    shape = f"{_NIL}\t".encode() * len(texts)
    if together.encode().translate(_SHAPE) == shape[:-1]:
        return filled(values) if _NIL not in together else _without_nil(values)
    if together.lower().encode().translate(_SHAPE) == shape[:-1]:
        return _without_nil([None if text is None else text.lower() for text in values])
    raise _Odd


def _without_nil(values: Sequence[str | None]) -> Sequence[str]:
    return [NULL if text is None or text == _NIL else text for text in values]


def _booleans(values: Sequence[bool | None]) -> Sequence[str]:
    return [NULL if value is None else "t" if value else "f" for value in values]


def _integers(values: Sequence[int | None]) -> Sequence[str]:
    # As JSON: a fifth of what it takes to make each text by itself.
    return _ENCODE(values)[1:-1].decode().replace("null", NULL).split(",")


def _large_integers(values: Sequence[int | str | None]) -> Sequence[str]:
    return _integers(_whole(values, -(2**63)))


def _whole(values: Sequence[int | str | None], lowest: int) -> list[int | None]:
    """Whole numbers, which may come as texts of digits; mostly all of them do."""
    try:
        together = ",".join(values)  # type: ignore[arg-type]  # none has to be looked at
    except TypeError:
        return _whole_mixed(values, lowest)
    numbers = _NUMBERS.decode(f"[{together}]")
    is_plain = not together.encode().translate(None, b"0123456789,") and len(numbers) == len(values)
    if not is_plain or not lowest <= min(numbers) <= max(numbers) < 2**63:
        raise _Odd
    return [*numbers]


def _whole_mixed(values: Sequence[int | str | None], lowest: int) -> list[int | None]:
    for value in values:
        if type(value) is str and not (
            value.isascii() and value.isdigit() and len(value) <= _LONGEST_INTEGER
        ):
            raise _Odd
    numbers = [None if value is None else int(value) for value in values]
    if any(number is not None and not lowest <= number < 2**63 for number in numbers):
        raise _Odd
    return numbers


def _numbers(values: Sequence[Any]) -> Sequence[str]:
    """The digits as they came. That they are a number is known where they are only digits and such:
    they come from valid JSON.
    """
    together = b"\t".join(values).replace(b"null", NULL.encode())
    if together.translate(None, b"0123456789.-\t\x1f"):
        raise _Odd
    texts = together.decode().split("\t")
    if len(together) > _LONGEST_NUMBER and max(map(len, texts)) > _LONGEST_NUMBER:
        raise _Odd
    return texts


def _dates(values: Sequence[str | None]) -> Sequence[str]:
    numbers = _milliseconds(values)
    if numbers is None:
        return [NULL if text is None else read_date(text).isoformat() for text in values]
    return put_back([_AHEAD[number // _DAY][0] for number in numbers], values)


def _moments(values: Sequence[str | None]) -> Sequence[str]:
    """Moments on Exact's clock, as texts that say how far it is ahead of UTC. By a table of days, which
    is many times as fast as asking the time zone for each.
    """
    numbers = _milliseconds(values)
    if numbers is None or min(numbers) < 0:
        return [NULL if text is None else read_moment(text).isoformat(sep=" ") for text in values]
    texts = []
    for number in numbers:
        day, rest = divmod(number, _DAY)
        begins, ahead = _AHEAD[day]
        if ahead is None:
            texts.append(to_instant(from_milliseconds(number)).isoformat(sep=" "))
            continue
        second = _SECONDS[rest // 1000 % 3600]
        texts.append(f"{begins}{_HOURS[rest // _HOUR]}{second}{_MILLISECONDS[rest % 1000]}{ahead}")
    return put_back(texts, values)


def _milliseconds(values: Sequence[str | None]) -> list[int] | None:
    """The numbers in a column of `/Date(…)/`; None where there is anything else. Raises ValueError where
    one of them is no number after all.
    """
    texts, together = joined(values)
    # What is between the numbers is known; what is before the first and after the last, not yet.
    numbers = together[6:-2].replace(")/\t/Date(", ",")
    is_known = together[:6] == "/Date(" and together[-2:] == ")/"
    if not is_known or numbers.encode().translate(None, b"-0123456789,"):
        return None
    found = _NUMBERS.decode(f"[{numbers}]")
    return found if len(found) == len(texts) and max(found) < _LATEST else None


class _Ahead(dict[int, tuple[str, str | None]]):
    """Days, counted from 1970: the day itself, and how far Exact's clock is ahead of UTC on it; None where
    that changes.
    """

    def __missing__(self, day: int) -> tuple[str, str | None]:
        if len(self) >= _MOST_DAYS:
            self.clear()
        begins, ends = (from_milliseconds((day + end) * _DAY) for end in (0, 1))
        shifts = {wall.replace(tzinfo=UTC) - to_instant(wall) for wall in (begins, ends)}
        hours, rest = divmod(shifts.pop(), timedelta(hours=1))
        is_even = not shifts and not rest
        found = self[day] = (begins.date().isoformat(), f"+{hours:02}" if is_even else None)
        return found


_AHEAD = _Ahead()

_CONVERTERS: dict[Edm, Callable[[Sequence[Any]], Sequence[str]]] = {
    Edm.STRING: escaped,
    Edm.GUID: _guids,
    Edm.BOOLEAN: _booleans,
    Edm.DOUBLE: _numbers,
    Edm.INT64: _large_integers,
}
