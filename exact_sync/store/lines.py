"""Rows as PostgreSQL's COPY reads them: a line of text each.

Made a column at a time. One look at all of a column's texts together tells that none of them needs
care, which is so for nearly all columns; a look at each value costs six times as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass

NULL = "\x1f"
"""What stands for NULL: a control character, so that a text that has it is escaped like others."""
COPY_OPTIONS = "NULL E'\\x1f'"

_CARE = ("\\", "\n", "\r", NULL)
"""What a line can't have as it is; nor a tab, which stands between columns."""
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


def joined(values: Sequence[str | None]) -> tuple[Sequence[str], str]:
    """Those that are not None, and all of these with a tab between them."""
    try:
        return values, "\t".join(values)  # type: ignore[return-value, arg-type]  # none has to be looked at
    except TypeError:
        texts = [text for text in values if text is not None]
        return texts, "\t".join(texts)


def filled(values: Sequence[str | None]) -> Sequence[str]:
    """NULL where there is no value."""
    return [NULL if value is None else value for value in values]


def escaped(values: Sequence[str | None]) -> Sequence[str]:
    """Texts as a column stores them - no NUL characters, no spaces around - and as a line can hold them."""
    there, together = joined(values)
    texts = there
    if "\x00" in together:
        texts = [text.replace("\x00", "") for text in texts]
        together = "\t".join(texts)
    if " " in together and (
        " \t" in together or "\t " in together or together[0] == " " or together[-1] == " "
    ):
        texts = [text.strip(" ") for text in texts]
        together = "\t".join(texts)
    if any(mark in together for mark in _CARE) or together.count("\t") >= len(texts):
        texts = [text.translate(_ESCAPES) for text in texts]
    if texts is there and there is not values:  # as they came, they need not be put back one by one
        return filled(values)
    return put_back(texts, values)


def put_back(texts: Sequence[str], values: Sequence[str | None]) -> Sequence[str]:
    """The texts in the places of the values that they stand for, NULL in the others."""
    if len(texts) == len(values):
        return texts
    rest = iter(texts)
    return [NULL if value is None else next(rest) for value in values]
