"""The pages as a part of the server: their routes, and what is to be ended with them."""

from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute, Route

from exact_sync.web.pages import assets
from exact_sync.web.pages.actions import Actions
from exact_sync.web.pages.asking import Reader, answering
from exact_sync.web.pages.boards import Boards
from exact_sync.web.pages.connecting import Connecting
from exact_sync.web.pages.outbox import Outbox
from exact_sync.web.pages.records import Records
from exact_sync.web.pages.views import Views
from exact_sync.web.source import Source

_ONE = "/connections/{connection}"


class Pages:
    """All pages of all connections; ``close`` ends what waits for a browser."""

    def __init__(
        self, sources: Sequence[Source], monotonic: Callable[[], float], public_url: str | None = None
    ) -> None:
        """``monotonic``: real seconds, by which answers age. ``public_url``: how others reach us."""
        boards, reader = Boards(sources, monotonic), Reader()
        views, records = Views(boards, reader), Records(boards, reader)
        outbox = Outbox(boards, reader)
        self._connecting = Connecting(boards, reader, monotonic, public_url)
        shown = {
            "/": views.overview,
            _ONE: views.connection,
            f"{_ONE}/divisions/{{division:int}}": views.division,
            f"{_ONE}/runs": records.runs,
            f"{_ONE}/quarantine": records.quarantine,
            f"{_ONE}/requests": records.requests,
            f"{_ONE}/outbox": outbox.page,
            f"{_ONE}/connect": self._connecting.page,
            **dict.fromkeys(self._connecting.paths(), self._connecting.come_back),
        }
        done = {
            f"{_ONE}/connect": self._connecting.begin,
            f"{_ONE}/connect/paste": self._connecting.paste,
            f"{_ONE}/outbox/{{verb}}": outbox.act,
            f"{_ONE}/{{verb}}": Actions(boards).act,
        }
        self.routes: list[BaseRoute] = [
            *(Route(path, answering(view), methods=["GET"]) for path, view in shown.items()),
            *(Route(path, answering(view), methods=["POST"]) for path, view in done.items()),
            *assets.routes,
        ]

    def close(self) -> None:
        self._connecting.doorway.close()
