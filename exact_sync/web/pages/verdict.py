"""The one line at the top: can the data be trusted, and what is to be done if not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from exact_sync.sync import totals
from exact_sync.sync.totals import Total
from exact_sync.web.pages.boards import Board
from exact_sync.web.pages.language import Words, phrase

Level = Literal["good", "busy", "warn", "bad"]
_FEW = 8
_ORDER: dict[Level, int] = {"good": 0, "busy": 1, "warn": 2, "bad": 3}


@dataclass(frozen=True)
class Verdict:
    """Said of one connection, or of the one that is worst off."""

    level: Level
    title: str
    text: str = ""
    why: str = ""
    """In the words of whoever said it: always English."""
    connect: str | None = None
    """The connection in which signing in helps."""
    connection: str | None = None
    """Whose it is."""


def verdict(boards: Sequence[Board], words: Words) -> Verdict:
    """Of all connections together: what is said of the worst."""
    each = [of(board, words) for board in boards]
    return max(each, key=lambda verdict: _ORDER[verdict.level])


def of(board: Board, words: Words) -> Verdict:
    """Of one connection."""
    found = _trouble(board, words) or _with_given_up(board, words, _resources(board, words))
    return Verdict(
        found.level, found.title, found.text, found.why, found.connect,
        None if board.source.connection.is_alone else board.name,
    )  # fmt: skip


def _trouble(board: Board, words: Words) -> Verdict | None:
    """What keeps everything from going on."""
    pulse = board.source.pulse
    if board.trouble is not None:
        title = words.say(phrase("What is in the database can't be seen now"))
        text = words.say(phrase("This page tries again by itself. Nothing is lost."))
        if board.status is not None:
            shown = words.say(phrase("It shows what was so as of {moment}."), moment=words.moment(board.at))
            text = f"{text} {shown}"
        return Verdict("bad", title, text, str(board.trouble))
    if pulse.ended is not None:
        title = words.say(phrase("The data stands still: this connection is not being read"))
        return Verdict("bad", title, "", pulse.ended)
    if not pulse.is_alive:
        title = words.say(phrase("The data stands still: exact-sync hangs"))
        text = words.say(
            phrase("Its loop has not run for {time}. Start it anew."), time=words.duration(pulse.silent_for)
        )
        return Verdict("bad", title, text)
    if board.needs_sign_in is not None:
        oldest = totals.total(board.lines).oldest_success
        if oldest is None:
            title = words.say(phrase("Not connected to Exact Online yet"))
            text = words.say(phrase("Connect once; everything else goes by itself."))
            return Verdict("warn", title, text, connect=board.name)
        title = words.say(phrase("The data stands still: signing in is needed"))
        text = words.say(phrase("What is here stays as it was. Connect again, and it goes on where it was."))
        return Verdict("bad", title, text, board.needs_sign_in, connect=board.name)
    return None


def _resources(board: Board, words: Words) -> Verdict:
    """What can be said of the data while everything goes on."""
    found = totals.total(board.lines)
    is_late = any(incident.kind == "lag" for incident in board.incidents)
    age = words.ago(found.oldest_success, board.at) if found.oldest_success else ""
    how_late = [words.say(phrase("The oldest was read {age}."), age=age)] if is_late and age else []
    held = [line.resource for line in board.lines if line.paused_since is not None]
    how_held = [words.count(
        phrase("{number} resource is paused and not being read: {names}."),
        phrase("{number} resources are paused and not being read: {names}."), len(held), names=_names(held),
    )] if held else []  # fmt: skip
    if exceptions := _exceptions(board, words, found):
        title = words.say(phrase("The data can be trusted, with exceptions"))
        return Verdict("warn", title, " ".join([*exceptions, *how_late, *how_held]))
    if is_late:
        title = words.say(phrase("The data is older than it should be"))
        return Verdict("warn", title, " ".join([*how_late, *how_held]))
    if found.oldest_success is None or board.pending:
        title, text = _first_sync(board, words, has_read=found.oldest_success is not None)
        return Verdict("busy", title, " ".join([text, *how_held]))
    if held:
        title = words.say(phrase("The data can be trusted, as far as it is not paused"))
        return Verdict("warn", title, *how_held)
    title = words.say(phrase("The data can be trusted"))
    text = words.count(
        phrase("{number} resource is up to date; it was read {age}."),
        phrase("{number} resources are up to date; the oldest was read {age}."), found.ok, age=age,
    )  # fmt: skip
    return Verdict("good", title, text)


def _names(resources: list[str]) -> str:
    """Each once, and few enough to be read."""
    names = list(dict.fromkeys(resources))
    return ", ".join(names[:_FEW] + (["…"] if len(names) > _FEW else []))


def _exceptions(board: Board, words: Words, found: Total) -> list[str]:
    """What is not to be trusted; empty where there is nothing."""
    lost = [d for d in board.status.divisions if d.state == "suspended"] if board.status else []
    parts = []
    if found.failing:
        parts.append(words.count(
            phrase("{number} resource needs a look; its rows stay as they were."),
            phrase("{number} resources need a look; their rows stay as they were."), found.failing,
        ))  # fmt: skip
    if lost:
        parts.append(words.count(
            phrase("Exact refuses {number} division."), phrase("Exact refuses {number} divisions."),
            len(lost),
        ))  # fmt: skip
    if found.quarantined:
        parts.append(words.count(
            phrase("{number} record is in quarantine."), phrase("{number} records are in quarantine."),
            found.quarantined,
        ))  # fmt: skip
    return parts


def _first_sync(board: Board, words: Words, *, has_read: bool) -> tuple[str, str]:
    """Title and text while it lasts. ``has_read``: something is here already."""
    under_way = words.say(phrase("The first sync is under way"))
    if has_read:
        return under_way, words.count(
            phrase("{number} resource is not complete yet; the others can be trusted."),
            phrase("{number} resources are not complete yet; the others can be trusted."), board.pending,
        )  # fmt: skip
    if board.running or board.pending:
        return under_way, words.say(phrase("What is marked as loading is not complete yet."))
    return words.say(phrase("The first sync is about to begin")), words.say(
        phrase("Nothing has been read yet.")
    )


def _with_given_up(board: Board, words: Words, found: Verdict) -> Verdict:
    """What is here can be trusted all the same; what others have made of it perhaps not."""
    if not board.given_up:
        return found
    text = words.count(
        phrase("{number} message to another program was given up."),
        phrase("{number} messages to other programs were given up."), board.given_up,
    )  # fmt: skip
    found = replace(found, text=f"{found.text} {text}")
    if found.level != "good":
        return found
    title = words.say(phrase("The data can be trusted, but not every program was told of it"))
    return replace(found, level="warn", title=title)
