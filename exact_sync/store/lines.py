"""Rows as PostgreSQL's COPY reads them: a line of text each.

Made a column at a time. One look at all of a column's texts together tells that none of them needs
care, which is so for nearly all columns; a look at each value costs six times as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

NULL = "\x1f"
"""What stands for NULL: a control character, so that a text that has it is escaped like others."""
COPY_OPTIONS = "NULL E'\\x1f'"
BETWEEN = "\x1e"
"""What stands between a column's texts while all are looked at together: not a tab, so that one which is
found there is in a text.
"""

_CARE = ("\\", "\n", "\r", "\t", NULL)
"""What a line can't have as it is."""
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", NULL: "\\x1f"})


@dataclass(frozen=True)
class Lines:
    """Some rows. Columns in which none of them has a value are left out."""

    columns: tuple[str, ...]
    text: bytes
    rows: int


def lines(columns: dict[str, Sequence[str]], rows: int) -> Lines:
    """Rows from columns of texts that are ready (see ``escaped``), NULL where there is no value."""
    # strict would cost each row; all columns are made from the same records
    each = map("\t".join, zip(*columns.values()))  # noqa: B905
    # Encoded one by one: a single emoji would make the text of all of them four times as large.
    return Lines(tuple(columns), b"\n".join([*map(str.encode, each), b""]), rows)


@dataclass(frozen=True)
class Present:
    """The texts of a column that are there, and where they stand. Mostly few records have a value in a
    column: so nothing is done one by one for the others.
    """

    texts: Sequence[str]
    together: str
    """All of them, with BETWEEN between them."""
    places: Sequence[int]

    def spread(self, texts: Sequence[str], rows: int) -> Sequence[str]:
        """Texts that are made of these in their places, and NULL in the others."""
        if len(texts) == rows:
            return texts
        column = [NULL] * rows
        for place, text in zip(self.places, texts, strict=True):
            column[place] = text
        return column


def present(values: Sequence[str | None]) -> Present:
    try:
        return Present(values, BETWEEN.join(values), ())  # type: ignore[arg-type]  # none has to be looked at
    except TypeError:
        places = [*compress(_places(len(values)), values)]
        if len(places) + values.count(None) < len(values):  # an empty text is false, too
            places = [place for place, value in enumerate(values) if value is not None]
        texts = [values[place] for place in places]
        return Present(texts, BETWEEN.join(texts), places)  # type: ignore[arg-type]  # these are texts


@lru_cache(maxsize=4)
def _places(rows: int) -> Sequence[int]:
    """Of a page of so many records; most have the same number, and numbers are made one by one."""
    return list(range(rows))


def escaped(values: Sequence[str | None]) -> Sequence[str]:
    """Texts as a column stores them - no NUL characters, no spaces around - and as a line can hold them."""
    there = present(values)
    texts, together = there.texts, there.together
    if "\x00" in together:
        texts = [text.replace("\x00", "") for text in texts]
        together = BETWEEN.join(texts)
    if " " in together and (
        f" {BETWEEN}" in together or f"{BETWEEN} " in together or together[0] == " " or together[-1] == " "
    ):
        texts = [text.strip(" ") for text in texts]
        together = BETWEEN.join(texts)
    if any(mark in together for mark in _CARE):
        texts = [text.translate(_ESCAPES) for text in texts]
    return there.spread(texts, len(values))
