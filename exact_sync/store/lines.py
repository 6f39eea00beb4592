"""Rows as PostgreSQL's COPY reads them: a line of text each.

Made a column at a time. One look at all of a column's texts together tells that none of them needs
care, which is so for nearly all columns; a look at each value costs four times as much.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NULL = "\x1f"
"""What stands for NULL: a control character, so that a text that has it is escaped like others."""
COPY_OPTIONS = "NULL E'\\x1f'"

_CARE = ("\\", "\n", "\r")
"""What a line can't have as it is; nor a tab, which stands between columns, nor what stands for NULL."""
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", NULL: "\\x1f"})


@dataclass(frozen=True)
class Lines:
    """Some rows. Columns in which none of them has a value are left out."""

    columns: tuple[str, ...]
    text: bytes
    rows: int


def lines(columns: dict[str, Sequence[str]], rows: int) -> Lines:
    """Rows from columns of texts that are ready (see ``escaped``), NULL where there is no value."""
    text = "\n".join(map("\t".join, zip(*columns.values(), strict=True)))
    return Lines(tuple(columns), f"{text}\n".encode(), rows)


def filled(values: Iterable[str | None]) -> list[str]:
    """NULL where there is no value."""
    return [NULL if value is None else value for value in values]


def escaped(values: Sequence[str | None]) -> list[str]:
    """Texts as a column stores them - no NUL characters, no spaces around - and as a line can hold them."""
    texts = filled(values)
    together = "\t".join(texts)
    if "\x00" in together:
        texts = [text.replace("\x00", "") for text in texts]
        together = "\t".join(texts)
    if " \t" in together or "\t " in together or together[:1] == " " or together[-1:] == " ":
        texts = [text.strip(" ") for text in texts]
        together = "\t".join(texts)
    is_plain = (
        not any(mark in together for mark in _CARE)
        and together.count("\t") == len(texts) - 1
        and together.count(NULL) == values.count(None)
    )
    if is_plain:
        return texts
    pairs = zip(texts, values, strict=True)
    return [NULL if value is None else text.translate(_ESCAPES) for text, value in pairs]
