"""The page of the outbox: what waits for other programs, what they did not take, and its buttons."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

from starlette.requests import Request
from starlette.responses import Response

from exact_sync.errors import BadConfiguration
from exact_sync.store.deliveries import NOTHING, Backlog, Delivery, Filter, State
from exact_sync.web import facts
from exact_sync.web.pages.actions import came_of
from exact_sync.web.pages.asking import Asked, NotHere, Reader, back, form, source_of
from exact_sync.web.pages.boards import Boards
from exact_sync.web.pages.rendering import render
from exact_sync.web.source import Desk, Source

_PAGE = 50
_PLACE = re.compile(r"([1-9][0-9]{0,17})?@([a-z][a-z0-9_]*)")
_AFTER = re.compile(r"([0-9]{1,18}):([a-z][a-z0-9_]*)")

STATES: tuple[State, ...] = ("dead", "waiting")
"""What a person can do something about comes first."""
Verb = Literal["retry", "drop"]


@dataclass(frozen=True)
class Addressee:
    """A target, and what it does not have."""

    name: str
    where: str | None
    """Scheme and host; None where it is no longer set up."""
    backlog: Backlog


@dataclass(frozen=True)
class Pile:
    """The oldest messages in one state."""

    letters: Sequence[Delivery]
    next: str
    """Where the next page begins; empty where there is none."""


class Outbox:
    """The outboxes of all connections."""

    def __init__(self, boards: Boards, reader: Reader) -> None:
        self._boards = boards
        self._reader = reader

    async def page(self, request: Request) -> Response:
        source, asked = source_of(request, self._boards.sources), Asked(request.query_params)
        chosen, target = asked.one_of("state", STATES), asked.text("target")
        begins = _AFTER.fullmatch(asked.text("after"))
        wanted = Filter(
            None, [target] if target else [], (), asked.divisions, asked.resource,
            (int(begins[1]), begins[2]) if begins else None,
        )  # fmt: skip
        addressees = everybody(source, await self._reader.ask(partial(facts.backlogs, source)))
        if not addressees:
            raise NotHere
        piles = {
            state: await self._reader.ask(partial(_pile, source, replace(wanted, state=state)))
            for state in STATES
            if chosen in (None, state)
        }
        return render(
            request, "outbox.html", section="outbox", current=source, now=source.now(),
            addressees=addressees, piles=piles, asked=asked, state=chosen, target=target,
            names=list(source.resources), refresh=None if begins else 5,
        )  # fmt: skip

    async def act(self, request: Request) -> Response:
        source, verb = source_of(request, self._boards.sources), request.path_params["verb"]
        if verb not in get_args(Verb):
            raise NotHere
        places = [_place(value) for name, value in await form(request) if name == "place"]
        number = 0
        try:
            for messages, target in places:
                number += await asyncio.to_thread(_do, source.desk, verb, messages, target)
        finally:
            self._boards.forget(source.name)
        return came_of(back(request), f"outbox-{verb}", number)


def everybody(source: Source, backlogs: Mapping[str, Backlog]) -> list[Addressee]:
    """All targets that are set up, and those that are no longer but for whom there is something still."""
    targets = source.targets
    return [
        Addressee(name, targets[name].where if name in targets else None, backlogs.get(name, NOTHING))
        for name in [*targets, *sorted(backlogs.keys() - targets.keys())]
    ]


def _pile(source: Source, wanted: Filter) -> Pile:
    found = facts.undelivered(source, wanted, _PAGE + 1)
    last = found[_PAGE - 1] if len(found) > _PAGE else None
    return Pile(found[:_PAGE], f"{last.message}:{last.target}" if last else "")


def _place(text: str) -> tuple[list[int], str]:
    """A message (none: all that were given up) and the target it is for, as in ``815@warehouse``."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise BadConfiguration("a button of this page sent something unreadable", "go back and reload")
    return [int(found[1])] if found[1] else [], found[2]


def _do(desk: Desk, verb: Verb, messages: Sequence[int], target: str) -> int:
    return (desk.retry_messages if verb == "retry" else desk.drop_messages)(messages, [target])
