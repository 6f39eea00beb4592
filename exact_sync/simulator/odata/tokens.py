"""The words of a $filter, and the values that literals stand for."""

from __future__ import annotations

import math
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from exact_sync.simulator.clock import to_wall
from exact_sync.simulator.odata.refusal import Refusal

_WORDS = re.compile(
    r"""\s*(?:
      (?P<typed>(?:datetime|guid)'(?:[^']|'')*')
    | (?P<text>'(?:[^']|'')*')
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[LlMmDdFf]?(?![\w.]))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE | re.ASCII,  # digits of other scripts are none
)
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?(Z)?)?", re.ASCII)
_LONGEST_INT64 = 20
"""Characters of -2^63. Python refuses to read whole numbers of thousands of digits."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word. `kind`: name, mark, end, or the type of a literal (string, number, …, null)."""

    kind: str
    text: str
    at: int
    value: Any = None
    edm: str = ""
    """The literal's Edm type, for messages: "Edm.Int32"."""


def tokens(text: str) -> list[Token]:
    """Cut a text into words; the last one is of kind "end"."""
    result: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _WORDS.match(text, at)
        if match is None:
            raise Refusal(400, f"Syntax error at position {at} in '{text}'.")
        kind = match.lastgroup or ""
        start = match.start(kind)
        result.append(_word(kind, match[kind], start))
        at = match.end()
    result.append(Token("end", "", end))
    return result


def _word(kind: str, word: str, at: int) -> Token:
    if kind == "typed":
        name, _, quoted = word.partition("'")
        inner = quoted[:-1].replace("''", "'")
        if name == "guid":
            return Token("guid", word, at, _guid(inner, at), "Edm.Guid")
        return Token("datetime", word, at, moment(inner, at), "Edm.DateTime")
    if kind == "text":
        return Token("string", word, at, word[1:-1].replace("''", "'"), "Edm.String")
    if kind == "number":
        return _number(word, at)
    if kind == "name" and word in ("true", "false"):
        return Token("boolean", word, at, word == "true", "Edm.Boolean")
    if kind == "name" and word == "null":
        return Token("null", word, at, None, "null")
    return Token(kind, word, at)


def _guid(text: str, at: int) -> uuid.UUID:
    if not re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text):
        raise Refusal(400, f"Unrecognized 'Edm.Guid' literal 'guid'{text}'' at '{at}'.")
    return uuid.UUID(text)


def _number(word: str, at: int) -> Token:
    suffix = word[-1].upper() if word[-1].isalpha() else ""
    digits = word[:-1] if suffix else word
    whole = re.fullmatch(r"-?\d+", digits) is not None
    if suffix == "L" and not whole:
        raise Refusal(400, f"Syntax error at position {at}: '{word}' is no number.")
    if whole and suffix in ("", "L"):
        value = int(digits) if len(digits) <= _LONGEST_INT64 else 2**63
        if not -(2**63) <= value < 2**63:
            raise Refusal(400, f"Unrecognized 'Edm.Int64' literal '{word}' at '{at}'.")
        wide = suffix == "L" or not -(2**31) <= value < 2**31
        return Token("number", word, at, value, "Edm.Int64" if wide else "Edm.Int32")
    edm = "Edm.Decimal" if suffix == "M" else "Edm.Double"
    if not math.isfinite(float(digits)):
        raise Refusal(400, f"Unrecognized '{edm}' literal '{word}' at '{at}'.")
    try:
        return Token("number", word, at, Decimal(digits), edm)
    except InvalidOperation:  # an exponent of twenty digits, below zero
        return Token("number", word, at, Decimal(0), edm)


def moment(text: str, at: int = 0) -> datetime:
    """The inside of datetime'…' as wall clock. A trailing Z means UTC and shifts it by an hour or two."""
    match = _MOMENT.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        micro = int((match[7] or "").ljust(6, "0")[:6])
        wall = datetime(year, month, day, hour, minute, second, micro)  # noqa: DTZ001 - wall clock
        return to_wall(wall.replace(tzinfo=UTC)) if match[8] else wall
    except (ValueError, OverflowError):
        raise Refusal(400, f"Unrecognized 'Edm.DateTime' literal 'datetime'{text}'' at '{at}'.") from None


def literal(value: Any, *, long: bool = False) -> str:
    """A value as a literal, for a $skiptoken. `long`: it is an Edm.Int64, which ends in L."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, uuid.UUID):
        return f"guid'{value}'"
    if isinstance(value, datetime):
        return f"datetime'{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, Decimal):
        return f"{value:f}M"
    return f"{value}L" if long else str(value)
