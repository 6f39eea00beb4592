"""Pages straight into typed columns, three times as fast as `read_answer`.

Strict: a page that has anything but what the catalog says - another type, an unknown property, an
unpaired surrogate, a link that is none - is not read here but left to `read_answer`, which looks at
each value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from exact_sync.catalog import Edm
from exact_sync.exact.odata import is_link

_ABSENT = msgspec.Raw(b"null")

TYPES: dict[Edm, Any] = {
    Edm.STRING: str | None,
    Edm.GUID: str | None,
    Edm.BOOLEAN: bool | None,
    Edm.BYTE: Annotated[int, msgspec.Meta(ge=0, le=255)] | None,
    Edm.INT16: Annotated[int, msgspec.Meta(ge=-(2**15), le=2**15 - 1)] | None,
    Edm.INT32: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] | None,
    Edm.INT64: int | str | None,
    Edm.DOUBLE: msgspec.Raw,
    Edm.DATETIME: str | None,
}
"""What a value is read as. Raw keeps a number's digits as they came: no float is ever made of them."""


class _Ignored(msgspec.Struct):
    """An object of which nothing is kept."""


class _Results(msgspec.Struct):
    results: list[msgspec.Raw]


class _Answer(msgspec.Struct):
    d: _Results | list[msgspec.Raw]


_PIECES = msgspec.json.Decoder(_Answer)
"""Reads a page as records that are not read."""


@dataclass(frozen=True)
class Typed:
    """The records of one page, a column for each property that was asked for."""

    count: int
    columns: Sequence[Sequence[Any]]
    """Each has a value for each record; None (or the raw ``null``) where there is none."""
    next_link: str | None


@lru_cache(maxsize=128)  # most resources have the same few properties; one takes long to make
def reader(columns: tuple[tuple[str, Any], ...], *, is_all: bool = True) -> Callable[[bytes], Typed | None]:
    """Reads pages of records with these properties, each of its type; None for what it does not read.
    ``is_all``: False passes over other properties, whatever they are.
    """
    fields: list[tuple[str, Any, Any]] = [
        (f"c{number}", kind, msgspec.field(name=name, default=_ABSENT if kind is msgspec.Raw else None))
        for number, (name, kind) in enumerate(columns)
    ]
    metadata = ("ignored", _Ignored | None, msgspec.field(name="__metadata", default=None))
    # Values that can't refer to each other need no garbage collector: a quarter of the time.
    record = msgspec.defstruct("record", [metadata, *fields], forbid_unknown_fields=is_all, gc=False)
    link = ("next_link", str | None, msgspec.field(name="__next", default=None))
    results = msgspec.defstruct("results", [("results", list[record]), link])  # type: ignore[valid-type]
    answer = msgspec.defstruct("answer", [("d", results | list[record])])  # type: ignore[valid-type]
    decoder = msgspec.json.Decoder(answer)

    def read(body: bytes) -> Typed | None:
        try:
            d = decoder.decode(body).d  # type: ignore[attr-defined]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        records, next_link = (d, None) if isinstance(d, list) else (d.results, d.next_link)
        if next_link and not is_link(next_link):
            return None
        values = list(zip(*map(msgspec.structs.astuple, records), strict=True))
        return Typed(len(records), values[1:], next_link or None)

    return read


def part(body: bytes, places: Sequence[int]) -> bytes:
    """A page with only those of its records that stand in these places, from 0; each as it came."""
    records = _pieces(body)
    return b'{"d":[%b]}' % b",".join([records[place] for place in places])


def pieces(body: bytes) -> list[bytes] | None:
    """The records of a page, each as it came; None for what is not read here."""
    try:
        return [bytes(record) for record in _pieces(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _pieces(body: bytes) -> list[msgspec.Raw]:
    d = _PIECES.decode(body).d
    return d if isinstance(d, list) else d.results
