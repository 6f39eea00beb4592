"""The values of a column become texts that a line for COPY can hold, all at once.

Whoever can't tell at a look what a value is raises a ValueError, `Odd` mostly, or an OverflowError.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import sub
from typing import Any

import msgspec

from exact_sync.catalog import Column, Edm
from exact_sync.exact.wallclock import ahead, from_milliseconds, read_date, read_moment
from exact_sync.store.lines import BETWEEN, NULL, Present, escaped, present

_NIL = "00000000-0000-0000-0000-000000000000"
_HOUR = 3_600_000
_DAY = 24 * _HOUR
_MOST_KEPT = 5_000
"""Days, or hours, of which something is kept."""
_SOME = 64
"""Texts that tell whether most of a column stand next to equal ones."""
_EXACT = 2**32 * 1000
"""Milliseconds: until the year 2106, a binary float of seconds is less than a microsecond off."""
_NUMBERS = msgspec.json.Decoder(list[int])
_MOMENTS = msgspec.json.Decoder(list[datetime], strict=False)
_ENCODE = msgspec.json.Encoder().encode
_SHAPE = bytes(ord("0") if chr(byte) in "0123456789abcdef" else byte for byte in range(256))
"""Turns every hexadecimal digit into a 0, so that a GUID is recognized by its shape."""
_LONGEST_NUMBER = 16_000
"""Characters; nothing shorter breaks a limit of PostgreSQL's numeric."""
_LONGEST_EXPONENT = 3
"""Characters, with its sign: at most 99 decimals more, or 999 digits."""


class Odd(ValueError):
    """Something that needs a second look."""


def converter(column: Column) -> Callable[[Sequence[Any]], Sequence[str]]:
    """What makes the texts of a column."""
    if column.edm is Edm.DATETIME:
        return _each_once(_dates if column.is_date else _moments)
    return _CONVERTERS.get(column.edm, integers)


def highest(values: Sequence[str | None]) -> datetime | None:
    """The highest moment of a column, on Exact's clock."""
    if not any(values):
        return None
    there = present(values)
    if len({*map(len, there.texts)}) == 1 and not (last := max(there.texts)).startswith("/Date(-"):
        there = present([last])  # numbers with as many digits stand in the order of their texts
    numbers = _milliseconds(there)
    if numbers is None:
        raise Odd
    return from_milliseconds(max(numbers))


def _guids(values: Sequence[str | None]) -> Sequence[str]:
    there = present(values)
    texts, together = there.texts, there.together.encode()
    # One comparison for the whole column: 36 characters each, digits and dashes in their places.
    shape = f"{_NIL}{BETWEEN}".encode() * len(texts)
    if together.translate(_SHAPE) != shape[:-1]:
        texts, together = [text.lower() for text in texts], together.lower()
        if together.translate(_SHAPE) != shape[:-1]:
            raise Odd
    if _NIL.encode() in together:
        texts = [NULL if text == _NIL else text for text in texts]
    return there.spread(texts, len(values))


def _booleans(values: Sequence[bool | None]) -> Sequence[str]:
    return [NULL if value is None else "t" if value else "f" for value in values]


def integers(values: Sequence[int | None]) -> Sequence[str]:
    # As JSON: a fifth of what it takes to make each text by itself.
    return _ENCODE(values)[1:-1].decode().replace("null", NULL).split(",")


def _large_integers(values: Sequence[int | str | None]) -> Sequence[str]:
    return integers(whole(values, -(2**63)))


def whole(values: Sequence[int | str | None], lowest: int) -> list[int | None]:
    """Whole numbers, which may come as texts of digits; mostly all of them do."""
    try:
        together = ",".join(values)  # type: ignore[arg-type]  # none has to be looked at
    except TypeError:
        return _whole_mixed(values, lowest)
    numbers = _NUMBERS.decode(f"[{together}]")
    is_plain = not together.encode().translate(None, b"0123456789,") and len(numbers) == len(values)
    if not is_plain or not lowest <= min(numbers) <= max(numbers) < 2**63:
        raise Odd
    return [*numbers]


def _whole_mixed(values: Sequence[int | str | None], lowest: int) -> list[int | None]:
    for value in values:
        if type(value) is str and not (value.isascii() and value.isdigit()):
            raise Odd
    numbers = [None if value is None else int(value) for value in values]
    if any(number is not None and not lowest <= number < 2**63 for number in numbers):
        raise Odd
    return numbers


def _numbers(values: Sequence[Any]) -> Sequence[str]:
    """The digits as they came. That they are a number is known where they are only digits and such:
    they come from valid JSON.
    """
    together = b"\t".join(values).replace(b"null", NULL.encode())
    others = together.translate(None, b"0123456789.-\t\x1f")
    if others.translate(None, b"eE+"):
        raise Odd
    texts = together.decode().split("\t")
    if len(together) > _LONGEST_NUMBER and max(map(len, texts)) > _LONGEST_NUMBER:
        raise Odd
    # So a binary float writes next to nothing, which is what often is left of a sum.
    if others and any(map(_is_far_off, texts)):
        raise Odd
    return texts


def _is_far_off(number: str) -> bool:
    """Whether its exponent could bring it beyond what PostgreSQL's numeric holds."""
    _, _, exponent = number.lower().partition("e")
    return len(exponent) > _LONGEST_EXPONENT


def _dates(there: Present) -> Sequence[str]:
    numbers = _milliseconds(there)
    if numbers is None:
        return [read_date(text).isoformat() for text in there.texts]
    return [_DAYS[number // _DAY] for number in numbers]


def _moments(there: Present) -> Sequence[str]:
    """Moments on Exact's clock, as texts in UTC: read as JSON, where they are numbers of seconds, and
    written as JSON. That takes half as long as to put each text together.
    """
    numbers = _milliseconds(there)
    if numbers is None or not _DAY <= min(numbers) <= max(numbers) < _EXACT:
        return [read_moment(text).isoformat(sep=" ") for text in there.texts]
    ahead_then = [_AHEAD[number // _DAY] or _AHEAD_THEN[number // _HOUR] for number in numbers]
    instants = _ENCODE([*map(sub, numbers, ahead_then)])
    moments = _MOMENTS.decode(instants.replace(b",", b"e-3,").replace(b"]", b"e-3]"))
    return _ENCODE(moments)[2:-2].decode().split('","')


def _each_once(make: Callable[[Present], Sequence[str]]) -> Callable[[Sequence[str | None]], Sequence[str]]:
    """Makes equal texts of equal ones, once where many are: all lines of an entry were written together."""

    def convert(values: Sequence[str | None]) -> Sequence[str]:
        there = present(values)
        some = there.texts[:_SOME]
        if 2 * len({*some}) > len(some):
            return there.spread(make(there), len(values))
        distinct = [*{*there.texts}]
        made = dict(zip(distinct, make(present(distinct)), strict=True))
        return there.spread([*map(made.__getitem__, there.texts)], len(values))

    return convert


def _ahead(milliseconds: int) -> int:
    """How many milliseconds Exact's clock is ahead of UTC when it shows this."""
    return ahead(from_milliseconds(milliseconds)) // timedelta(milliseconds=1)


def _milliseconds(there: Present) -> list[int] | None:
    """The numbers in a column of `/Date(…)/`; None where there is anything else. Raises ValueError where
    one of them is no number after all.
    """
    together = there.together
    # What is between the numbers is known; what is before the first and after the last, not yet.
    numbers = together[6:-2].replace(f")/{BETWEEN}/Date(", ",")
    is_known = together[:6] == "/Date(" and together[-2:] == ")/"
    if not is_known or numbers.encode().translate(None, b"-0123456789,"):
        return None
    found = _NUMBERS.decode(f"[{numbers}]")
    return found if len(found) == len(there.texts) else None


class _Kept(dict[int, Any]):
    """What is true of a day or an hour, counted from 1970; found when it is first asked for."""

    def __init__(self, find: Callable[[int], Any]) -> None:
        self._find = find

    def __missing__(self, number: int) -> Any:
        if len(self) >= _MOST_KEPT:
            self.clear()
        found = self[number] = self._find(number)
        return found


def _ahead_all_day(day: int) -> int | None:
    """How many milliseconds Exact's clock is ahead of UTC on a day; None where that changes."""
    begins, ends = _ahead(day * _DAY), _ahead((day + 1) * _DAY)
    return begins if begins == ends else None


_AHEAD = _Kept(_ahead_all_day)
_AHEAD_THEN = _Kept(lambda hour: _ahead(hour * _HOUR))
"""On the days on which that changes: it does so on the hour."""
_DAYS = _Kept(lambda day: str(from_milliseconds(day * _DAY).date()))

_CONVERTERS: dict[Edm, Callable[[Sequence[Any]], Sequence[str]]] = {
    Edm.STRING: escaped,
    Edm.GUID: _guids,
    Edm.BOOLEAN: _booleans,
    Edm.DOUBLE: _numbers,
    Edm.INT64: _large_integers,
}
