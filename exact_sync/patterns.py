"""Divisions by code, name or country: ``123456``, ``code:12*``, ``name:Brouwer*``, ``country:NL``."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

LARGEST_CODE = 2**31 - 1
"""Of a division: as Exact's own, and as the columns here."""
FORMS = "write codes (123456) or patterns (name:Brouwer*, country:NL, code:12*)"

_FIELDS = ("code", "name", "country")


@dataclass(frozen=True)
class Pattern:
    """What a division's code, name or country must look like; case does not matter."""

    field: Literal["code", "name", "country"]
    glob: str
    """With ``*``, ``?`` and ``[…]``, as in file names."""

    def matches(self, code: int, name: str | None, country: str | None) -> bool:
        text = {"code": str(code), "name": name, "country": country}[self.field]
        return text is not None and fnmatchcase(text.strip().casefold(), self.glob.casefold())

    def __str__(self) -> str:
        return f"{self.field}:{self.glob}"


def divisions(value: object) -> list[int | Pattern]:
    """Codes and patterns from a list, or from one text with commas. Raises ValueError naming the bad item."""
    items = value if isinstance(value, list | tuple) else str(value).split(",")
    # Only a text may have a comma too many.
    items = [item for item in items if not isinstance(value, str) or str(item).strip()]
    return [item if isinstance(item, Pattern) else _read(str(item).strip()) for item in items]


def _read(item: str) -> int | Pattern:
    if re.fullmatch(r"[0-9]{1,10}", item) and (code := int(item)) <= LARGEST_CODE:
        return code
    field, separator, glob = item.partition(":")
    for known in _FIELDS:
        if separator and field.strip().lower() == known and glob.strip():
            return Pattern(known, glob.strip())  # type: ignore[arg-type]
    item = item if len(item) <= 60 else f"{item[:57]}…"
    raise ValueError(f"{item!r} names no division; {FORMS}")
