"""What a person can do about something: the hints of the command line, with buttons for commands. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

Action = Literal["connect", "accept", "retry", "sync", "quarantine"]

_DIVISION = r"(?: --division (?:-?\d+|…))?"
"""Of one division, or of those that say the same."""
_COMMANDS: tuple[tuple[re.Pattern[str], str, tuple[Action, ...]], ...] = (
    (re.compile(r"run: exact-sync accept \w+" + _DIVISION), "accept it", ("accept", "retry")),
    (re.compile(r"run: exact-sync auth login"), "sign in again", ("connect",)),
    (re.compile(r"sign in again with: exact-sync auth login"), "sign in again", ("connect",)),
    (re.compile(r"start again with: exact-sync auth login.*"), "start again", ("connect",)),
    (re.compile(r"free that port, or use: exact-sync auth login --paste"), "free that port, or paste", ()),
    (re.compile(r"run: exact-sync sync [\w ]+?(?= --|$|;)" + _DIVISION), "read it now", ("sync",)),
    (re.compile(r";? ?see why none does: exact-sync status"), "", ()),
    (re.compile(r"exact-sync status shows where they are"), "see quarantine", ("quarantine",)),
    (re.compile(r"see: SELECT \* FROM \S+\.quarantine"), "see quarantine", ("quarantine",)),
)  # fmt: skip


@dataclass(frozen=True)
class Remedy:
    """A hint without commands, and what there are buttons and links for."""

    hint: str
    actions: tuple[Action, ...] = ()


def remedy(hint: str | None, state: str = "") -> Remedy:
    """``state``: that of the resource the hint is about."""
    text, actions = hint or "", dict[Action, None]()
    for command, instead, buttons in _COMMANDS:
        text, found = command.subn(instead, text)
        if found:
            actions.update(dict.fromkeys(buttons))
    if state in ("suspect", "quarantine"):
        actions.update(dict.fromkeys(("accept", "retry")))
    elif state == "suspended":
        actions.update(dict.fromkeys(("sync", "connect")))
    elif state in ("failed", "later", "unavailable", "broken") and "connect" not in actions:
        actions.setdefault("sync")
    return Remedy(text.strip(" ;"), tuple(actions))
