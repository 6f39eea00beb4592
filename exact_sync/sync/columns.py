"""Pages become lines for COPY, a column at a time: the quick way, for pages without anything odd.

Equal to what `rows` makes of the same records, to the bit; a page that holds anything that needs a
second look is left to it. So nothing here guesses, and nothing is set aside here.
"""

from collections.abc import Callable, Sequence
from typing import Any

from exact_sync.catalog import Column, Edm, Resource
from exact_sync.exact import typed
from exact_sync.exact.odata import Answer, Shaped, read_answer
from exact_sync.exact.wallclock import from_milliseconds, read_date, read_moment, read_wall, to_instant
from exact_sync.store.lines import NULL, escaped, filled, lines
from exact_sync.store.tables import VERSION
from exact_sync.sync.rows import ROW_VERSION, Batch

ORDINAL = "_ordinal"

_NIL = "00000000-0000-0000-0000-000000000000"
_HOUR = 3_600_000
_MOST_HOURS = 20_000
_SHAPE = bytes(ord("0") if chr(byte) in "0123456789abcdefABCDEF" else byte for byte in range(256))
"""Turns every hexadecimal digit into a 0, so that a GUID is recognized by its shape."""
_LONGEST_NUMBER = 16_000
"""Characters; nothing shorter breaks a limit of PostgreSQL's numeric."""
_LONGEST_INTEGER = 18

_UNFIT = (ValueError, OverflowError)


class _Odd(ValueError):
    """Something that needs a second look."""


class Columns:
    """Reads the pages of one question about one resource of one division."""

    def __init__(self, resource: Resource, division: int) -> None:
        self._resource = resource
        self._division = division if resource.per_division else None
        self._moments = _Moments()
        self._columns = list(resource.columns)
        kinds = [(column.property, typed.TYPES[column.edm]) for column in self._columns]
        self._read = typed.reader([*kinds, (ROW_VERSION, typed.TYPES[Edm.INT64])])
        self._converters = [self._converter(column) for column in self._columns]
        self._records = 0

    def read(self, body: bytes) -> Answer | Shaped:
        """A page as rows; as records where it has anything odd. Raises UnreadableAnswer."""
        page = self._read(body)
        answer: Answer | Shaped | None = None
        if page is not None and page.count:
            try:
                batch = self._batch(page)
                answer = Shaped(batch, batch.keys, page.next_link, body)
            except _UNFIT:
                pass
        answer = answer or read_answer(body)
        self._records += answer.count
        return answer

    def _batch(self, page: typed.Typed) -> Batch:
        """Raises ValueError or OverflowError where a value needs a second look."""
        texts: dict[str, Sequence[str]] = {}
        if self._division is not None:
            texts["division"] = [str(self._division)] * page.count
        for column, convert, values in zip(self._columns, self._converters, page.columns, strict=False):
            if values.count(None) == page.count:
                continue
            if column.name == "division" and self._division is not None:
                self._check_division(values)
                continue
            converted = convert(values)
            if column.edm is not Edm.DOUBLE or converted.count(NULL) < page.count:
                texts[column.name] = converted
        keys = texts.get(self._resource.key_column.name, [NULL])
        if NULL in keys or any("\\" in key for key in keys):
            raise _Odd
        batch = Batch(keys=list(keys))
        if self._resource.is_versioned and any(version is not None for version in page.columns[-1]):
            batch.versions = _whole(page.columns[-1], 1)
            texts[VERSION] = filled(None if v is None else str(v) for v in batch.versions)
        if self._resource.has_modified:
            batch.highest = self._highest(page)
        first = self._records
        texts[ORDINAL] = list(map(str, range(first, first + page.count)))
        batch.lines = lines(texts, page.count)
        return batch

    def _check_division(self, values: Sequence[int | None]) -> None:
        if any(value is not None and value != self._division for value in values):
            raise _Odd

    def _highest(self, page: typed.Typed) -> Any:
        """The highest Modified, on Exact's clock; without an offset, longer means later."""
        at = self._columns.index(self._resource.by_property["Modified"])
        texts = {text for text in page.columns[at] if text is not None}
        if any(text[:6] != "/Date(" or "+" in text or "-" in text for text in texts):
            raise _Odd
        return read_wall(max(texts, key=lambda text: (len(text), text))) if texts else None

    def _converter(self, column: Column) -> Callable[[Sequence[Any]], list[str]]:
        if column.edm is Edm.DATETIME:
            return _dates if column.is_date else self._moments.texts
        return _CONVERTERS.get(column.edm, _integers)


def _guids(values: Sequence[str | None]) -> list[str]:
    texts = [text for text in values if text is not None]
    together = "\t".join(texts)
    # One comparison for the whole column: all are 36 characters, digits and dashes in their places.
    shape = together.encode().translate(_SHAPE)
    if shape != "\t".join([_NIL] * len(texts)).encode():
        raise _Odd
    if together != together.lower():
        return [NULL if text is None or text == _NIL else text.lower() for text in values]
    if _NIL in together:
        return [NULL if text is None or text == _NIL else text for text in values]
    return filled(values)


def _booleans(values: Sequence[bool | None]) -> list[str]:
    return [NULL if value is None else "t" if value else "f" for value in values]


def _integers(values: Sequence[int | None]) -> list[str]:
    return [NULL if value is None else str(value) for value in values]


def _large_integers(values: Sequence[int | str | None]) -> list[str]:
    return filled(None if value is None else str(value) for value in _whole(values, -(2**63)))


def _whole(values: Sequence[int | str | None], lowest: int) -> list[int | None]:
    """Whole numbers, which may come as texts of digits."""
    for value in values:
        if type(value) is str and not (
            value.isascii() and value.isdigit() and len(value) <= _LONGEST_INTEGER
        ):
            raise _Odd
    numbers = [None if value is None else int(value) for value in values]
    if any(number is not None and not lowest <= number < 2**63 for number in numbers):
        raise _Odd
    return numbers


def _numbers(values: Sequence[Any]) -> list[str]:
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


def _dates(values: Sequence[str | None]) -> list[str]:
    days = {text: read_date(text).isoformat() for text in {*values} if text is not None}
    return [NULL if text is None else days[text] for text in values]


class _Moments:
    """Turns moments on Exact's clock into texts of UTC, most of them by a table of hours.

    Since 1970 that clock has moved by whole hours at whole hours: within one of them all moments are
    shifted alike. Four times as fast as asking the time zone for each.
    """

    def __init__(self) -> None:
        self._hours: dict[int, str] = {}

    def texts(self, values: Sequence[str | None]) -> list[str]:
        moments = {text: self._text(text) for text in {*values} if text is not None}
        return [NULL if text is None else moments[text] for text in values]

    def _text(self, text: str) -> str:
        digits = text[6:-2]
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 14 and text == f"/Date({digits})/"):
            return read_moment(text).isoformat(sep=" ")
        hour, rest = divmod(int(digits), _HOUR)
        begins = self._hours.get(hour) or self._hour(hour)
        minute, rest = divmod(rest, 60_000)
        return f"{begins}{minute:02}:{rest // 1000:02}.{rest % 1000:03}+00"

    def _hour(self, hour: int) -> str:
        if len(self._hours) >= _MOST_HOURS:
            self._hours.clear()
        self._hours[hour] = f"{to_instant(from_milliseconds(hour * _HOUR)):%Y-%m-%d %H:}"
        return self._hours[hour]


_CONVERTERS: dict[Edm, Callable[[Sequence[Any]], list[str]]] = {
    Edm.STRING: escaped,
    Edm.GUID: _guids,
    Edm.BOOLEAN: _booleans,
    Edm.DOUBLE: _numbers,
    Edm.INT64: _large_integers,
}
