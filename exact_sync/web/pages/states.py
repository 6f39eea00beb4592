"""How each outcome and state looks: a word, an icon and how much it matters."""

from dataclasses import dataclass
from typing import Literal

from exact_sync.web.pages.language import phrase

Tone = Literal["good", "info", "warn", "bad", "calm"]


@dataclass(frozen=True)
class Look:
    """What a state is called, and how it is shown; never by colour alone."""

    word: str
    icon: str
    tone: Tone


STATES: dict[str, Look] = {
    # outcomes of runs
    "ok": Look(phrase("Up to date"), "check", "good"),
    "went well": Look(phrase("Went well"), "check", "good"),
    "verified": Look(phrase("Verified"), "check", "good"),
    "accepted": Look(phrase("Accepted"), "check", "good"),
    "widened": Look(phrase("Column widened"), "check", "good"),
    "running": Look(phrase("Being read"), "spin", "info"),
    "loading": Look(phrase("Loading"), "spin", "info"),
    "waits": Look(phrase("Goes on later"), "clock", "info"),
    "later": Look(phrase("Waits"), "clock", "warn"),
    "broken": Look(phrase("Broken off"), "clock", "warn"),
    "unavailable": Look(phrase("Not available"), "minus", "calm"),
    "never run": Look(phrase("Never read"), "minus", "calm"),
    "suspect": Look(phrase("Suspect"), "alert", "warn"),
    "quarantine": Look(phrase("In quarantine"), "alert", "warn"),
    "differs": Look(phrase("Differs"), "alert", "bad"),
    "failed": Look(phrase("Failed"), "cross", "bad"),
    # messages to other programs
    "queued": Look(phrase("Waits its turn"), "clock", "info"),
    "tried": Look(phrase("Tried again"), "clock", "warn"),
    "dead": Look(phrase("Given up"), "cross", "bad"),
    # what people do
    "paused": Look(phrase("Paused"), "pause", "calm"),
    # divisions
    "active": Look(phrase("Active"), "check", "good"),
    "parked": Look(phrase("No calls left"), "clock", "warn"),
    "suspended": Look(phrase("No access"), "cross", "bad"),
    "not active": Look(phrase("Not active"), "minus", "calm"),
    "not read": Look(phrase("Not read"), "minus", "calm"),
    "problems": Look(phrase("Needs a look"), "alert", "warn"),
    # signing in
    "signed in": Look(phrase("Signed in"), "check", "good"),
    "sign in": Look(phrase("Signing in is needed"), "key", "bad"),
}
"""By the word that the database has."""

UNKNOWN = Look(phrase("Unknown"), "minus", "calm")


def look(state: str) -> Look:
    return STATES.get(state, UNKNOWN)
