"""A data URL's path, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ADDRESS = re.compile(
    r"/api/v1/(?:(?P<division>\d{1,9})/)?(?P<path>[A-Za-z]+/[A-Za-z/]+)(?P<key>\([^)]*\))?(?P<rest>/.*)?"
)


@dataclass(frozen=True)
class Address:
    """The parts of a data URL."""

    division: int | None
    path: str
    key: str
    """With its parentheses; empty: the whole collection."""
    rest: str
    """What follows: "/$count" or a navigation."""

    @property
    def root(self) -> str:
        division = "" if self.division is None else f"{self.division}/"
        return f"/api/v1/{division}{self.path}"


def address(path: str) -> Address | None:
    """Take a URL's path apart; None where it is no data URL at all."""
    match = _ADDRESS.fullmatch(path)
    if match is None:
        return None
    division = match["division"]
    return Address(
        int(division) if division else None, match["path"], match["key"] or "", match["rest"] or ""
    )
