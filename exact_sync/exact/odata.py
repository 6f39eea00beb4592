"""Questions and answers in Exact's dialect of OData. Pure: no network, no clock."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlsplit

Record = dict[str, Any]


class UnreadableAnswer(ValueError):
    """A 200 that carries no data: not JSON, cut off, or without ``d``. Never "no rows"."""


@dataclass(frozen=True)
class Query:
    """One question. ``$select`` is always explicit: Exact refuses many requests without."""

    endpoint: str
    select: Sequence[str]
    filter: str | None = None
    orderby: str | None = None
    top: int | None = None

    def url(self, base_url: str, division: int) -> str:
        options = {
            "$select": ",".join(self.select),
            "$filter": self.filter,
            "$orderby": self.orderby,
            "$top": None if self.top is None else str(self.top),
        }
        query = "&".join(f"{name}={quote(value, safe=_SAFE)}" for name, value in options.items() if value)
        return f"{base_url}/api/v1/{division}/{self.endpoint}?{query}"

    def count_url(self, base_url: str, division: int) -> str:
        query = f"?$filter={quote(self.filter, safe=_SAFE)}" if self.filter else ""
        return f"{base_url}/api/v1/{division}/{self.endpoint}/$count{query}"


_SAFE = ",'():"


@dataclass(frozen=True)
class Answer:
    """The records of one page and the link to the next."""

    records: list[Record]
    next_link: str | None
    fingerprints: Sequence[int] | None = None
    """One for each record, where the reader made them."""

    @property
    def count(self) -> int:
        return len(self.records)


@dataclass(frozen=True)
class Shaped:
    """A page that became rows while it was read; its records are not kept."""

    batch: Any
    """What the reader made of it; this room does not look into it."""
    keys: Sequence[str]
    """The key of each record."""
    next_link: str | None
    has_body: bool = False
    """Whether that still holds the whole body."""

    @property
    def count(self) -> int:
        return len(self.keys)


def read_answer(body: bytes) -> Answer:
    """Takes all three shapes of ``d``: a list, an object with ``results``, one object.

    Raises UnreadableAnswer.
    """
    content = _decode(body)
    if not isinstance(content, dict) or "d" not in content:
        raise UnreadableAnswer("the answer has no 'd'")
    d = content["d"]
    if isinstance(d, list):
        records, link = d, None
    elif isinstance(d, dict) and "results" in d:
        records, link = d["results"], d.get("__next")
    elif isinstance(d, dict):
        records, link = [d], None
    else:
        raise UnreadableAnswer("'d' is neither a list nor an object")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise UnreadableAnswer("the records are not a list of objects")
    if link is not None and not isinstance(link, str):
        raise UnreadableAnswer("'__next' is no text")
    if link and not is_link(link):
        raise UnreadableAnswer("'__next' has characters that no link has")
    return Answer(records, link or None)


def is_link(text: str) -> bool:
    """Whether it may be a link: printable ASCII, so that it can be asked for and kept."""
    return text.isascii() and text.isprintable()


def read_error(body: bytes) -> str:
    """Exact's own words in an error body, on one line; '' if there are none."""
    try:
        content = _decode(body)
        error = content["error"]
        value = error["message"]["value"] if isinstance(error, dict) else content.get("error_description")
    except (UnreadableAnswer, LookupError, TypeError):
        return ""
    return "".join(c if c.isprintable() else "?" for c in " ".join(str(value or "").split())[:500])


def same_origin(url: str, base_url: str) -> bool:
    """True if a link stays on the host, port and scheme we were told to talk to."""
    return _origin(url) == _origin(base_url)


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    return parts.scheme, parts.hostname, port


def _decode(body: bytes) -> Any:
    """JSON with every number exact: fractions become Decimal, never a binary float."""
    try:
        return json.loads(body, parse_float=_fraction, parse_int=_whole, parse_constant=_NotANumber)
    except RecursionError:
        raise UnreadableAnswer("the answer is nested too deeply") from None
    except ValueError as error:
        raise UnreadableAnswer(f"the answer is not JSON: {error}") from None


def _whole(digits: str) -> int | Decimal:
    # Python refuses to make an int of thousands of digits; such a number is bad data, not a bad page.
    return int(digits) if len(digits) < 200 else Decimal(digits)


def _fraction(digits: str) -> "Decimal | _NotANumber":
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond what even Decimal holds
        return _NotANumber(digits)


class _NotANumber(str):
    """NaN or Infinity, which JSON does not have; as text it is refused wherever a number belongs."""

    __slots__ = ()
