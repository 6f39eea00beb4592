"""The words of the page: English as it stands in templates and code, or what a catalog has for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from exact_sync.web.pages.dutch import DUTCH, MONTHS

Language = Literal["auto", "en", "nl"]

_ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PREFERENCE = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[a-zA-Z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def phrase(text: str) -> str:
    """Marks a text of the code that a catalog translates; a test holds all of them against it."""
    return text


@dataclass(frozen=True)
class Words:
    """One language: its phrases, its numbers and its dates."""

    code: str
    phrases: Mapping[str, str]
    """By the English phrase; what is not in it stays English."""
    months: tuple[str, ...]
    comma: str
    """What stands between thousands."""

    def say(self, text: str, **values: object) -> str:
        """A phrase, with its places filled in; whole numbers as this language writes them."""
        said = self.phrases.get(text, text)
        return said.format(**{name: self._shown(value) for name, value in values.items()}) if values else said

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """One or several: the phrase that fits, with ``{number}`` filled in."""
        return self.say(one if number == 1 else many, number=number, **values)

    def number(self, value: float) -> str:
        return f"{round(value):,}".replace(",", self.comma)

    def moment(self, at: datetime) -> str:
        """A moment to the second, in UTC, which it says."""
        return f"{self.second(at)} UTC"

    def second(self, at: datetime) -> str:
        """The same, where the page says of which zone all times are."""
        there = at.astimezone(UTC)
        return f"{there.day} {self.months[there.month - 1]} {there:%Y, %H:%M:%S}"

    def day(self, at: datetime) -> str:
        there = at.astimezone(UTC)
        return f"{there.day} {self.months[there.month - 1]} {there:%Y}"

    def ago(self, at: datetime, now: datetime) -> str:
        """How long ago something was, or how long it still is until then."""
        seconds = (now - at).total_seconds()
        if abs(seconds) < 60:
            return self.say(phrase("just now")) if seconds >= 0 else self.say(phrase("in a minute"))
        text = self.duration(abs(seconds))
        return (
            self.say(phrase("{time} ago"), time=text)
            if seconds > 0
            else self.say(phrase("in {time}"), time=text)
        )

    def duration(self, seconds: float) -> str:
        """A time in its largest unit, never rounded up."""
        if seconds >= 2 * 86_400:
            return self.say(phrase("{number} days"), number=int(seconds // 86_400))
        if seconds >= 2 * 3_600:
            return self.say(phrase("{number} h"), number=int(seconds // 3_600))
        if seconds >= 60:
            return self.say(phrase("{number} min"), number=int(seconds // 60))
        return self.say(phrase("{number} s"), number=int(seconds))

    def _shown(self, value: object) -> object:
        return self.number(value) if isinstance(value, int) else value


ENGLISH = Words("en", {}, _ENGLISH_MONTHS, ",")
NEDERLANDS = Words("nl", DUTCH, MONTHS, ".")
_ALL = {words.code: words for words in (ENGLISH, NEDERLANDS)}


def words_for(wanted: Language, accepted: str) -> Words:
    """``wanted``: the setting; ``accepted``: what the browser says (Accept-Language)."""
    if wanted != "auto":
        return _ALL[wanted]
    best, chosen = 0.0, ENGLISH
    for part in accepted[:200].split(","):
        found = _PREFERENCE.fullmatch(part)
        if found and found[1].lower() in _ALL and float(found[2] or 1) > best:
            best, chosen = float(found[2] or 1), _ALL[found[1].lower()]
    return chosen
