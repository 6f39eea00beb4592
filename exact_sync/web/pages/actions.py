"""What a button does: it asks the desk of the connection, and says what came of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from exact_sync.errors import BadConfiguration
from exact_sync.web.pages.asking import NotHere, back, form, source_of
from exact_sync.web.pages.boards import Boards
from exact_sync.web.source import Acceptable, Desk

_ACCEPTING: dict[str, Acceptable] = {"accept-list": "list", "accept-records": "records"}
"""A button accepts what it stands under, and nothing else."""
VERBS = ("sync", "pause", "resume", "retry", *_ACCEPTING)


@dataclass(frozen=True)
class Place:
    """Resources, divisions and records in quarantine that a button is about; none means all."""

    names: Sequence[str]
    divisions: Sequence[int]
    records: Sequence[int] = ()

    @classmethod
    def read(cls, text: str) -> "Place":
        """From names and codes, as in ``items,customers@124132``, and the ids of records, as in
        ``items@124132#815``. Raises BadConfiguration.
        """
        names, _, rest = text.partition("@")
        codes, _, ids = rest.partition("#")
        try:
            divisions, records = ([int(each) for each in part.split(",") if each] for part in (codes, ids))
        except ValueError:
            raise BadConfiguration(
                "a button of this page sent something unreadable", "go back and reload"
            ) from None
        return cls([name for name in names.split(",") if name], divisions, records)


class Actions:
    """The actions of all connections."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards

    async def act(self, request: Request) -> Response:
        source, verb = source_of(request, self._boards.sources), request.path_params["verb"]
        if verb not in VERBS:
            raise NotHere
        places = [Place.read(value) for name, value in await form(request) if name == "place"]
        number = 0
        try:
            for place in places:
                number += await asyncio.to_thread(_work(source.desk, verb, place))
        finally:
            self._boards.forget(source.name)
        return came_of(back(request), "accept" if verb in _ACCEPTING else verb, number)


def _work(desk: Desk, verb: str, place: Place) -> Callable[[], int]:
    names, divisions = place.names, place.divisions
    if verb in _ACCEPTING:
        only = _ACCEPTING[verb]
        return lambda: sum(desk.accept(name, divisions, only, place.records) for name in names)
    if verb == "retry":
        return lambda: sum(desk.retry(name, divisions) for name in names)
    ask = {"sync": desk.sync_now, "pause": desk.pause, "resume": desk.resume}[verb]
    return lambda: ask(names, divisions)


def came_of(path: str, what: str, number: int | None = None) -> Response:
    """Back to the page with the button, which says what came of it."""
    kept = [
        part for part in urlsplit(path).query.split("&") if part and not part.startswith(("done=", "number="))
    ]
    more = urlencode({"done": what} | ({} if number is None else {"number": number}))
    target = f"{urlsplit(path).path}?{'&'.join([*kept, more])}"
    return RedirectResponse(target, 303)
