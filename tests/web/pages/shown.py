"""The pages on a real port, over a deployment's database, with a desk that only remembers."""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from exact_sync.web.pages.site import Pages
from exact_sync.web.source import Source
from tests.deployment import Deployment
from tests.web.desk import RecordingDesk
from tests.web.pages.markup import Markup, read
from tests.web.served import a_server, metrics_of, source_of

CONNECT = "/connections/default/connect"


@dataclass
class Browser:
    """As much of a browser as follows forms and keeps cookies."""

    client: httpx.Client
    desk: RecordingDesk
    source: Source

    def opens(self, path: str, status: int = 200, **headers: str) -> Markup:
        answer = self.client.get(path, headers=headers)
        assert answer.status_code == status, answer.text
        return read(answer.text)

    def presses(self, path: str, back: str = "/", **fields: Any) -> httpx.Response:
        """Send a form, with the token of the page it is on."""
        token = next(
            each.attributes["value"]
            for each in self.opens("/connections/default/connect").all("input")
            if each.attributes.get("name") == "csrf"
        )
        return self.client.post(path, data={"csrf": token, "back": back, **fields})


@contextmanager
def shown(
    deployment: Deployment,
    step: float | None = 100.0,
    redirect_uri: str | None = None,
    others: Sequence[Source] = (),
    **changes: Any,
) -> Iterator[Browser]:
    """``step``: seconds between two looks at the time (None: as many as there are in truth).

    ``redirect_uri``: where it is not the server's own; ``others``: further connections; ``changes``: to the
    source that the pages show.
    """
    desk = RecordingDesk()
    source = replace(source_of(deployment), **{"desk": desk, **changes})
    seconds = itertools.count(1.0, step or 0.0)
    pages = Pages([source, *others], time.monotonic if step is None else lambda: next(seconds))
    try:
        with a_server(metrics_of(deployment), [source], more=pages.routes) as client:
            deployment.service.settings.redirect_uri = redirect_uri or f"{client.base_url}/callback"
            yield Browser(client, desk, source)
    finally:
        pages.close()


def begins(browser: Browser, path: str = CONNECT) -> str:
    """Press the button: the address at Exact to which the page leads."""
    answer = browser.presses(path)
    page = read(answer.text)
    [refresh] = [each for each in page.all("meta") if each.attributes.get("http-equiv") == "refresh"]
    return refresh.attributes["content"].removeprefix("0; url=")


def consents(url: str) -> str:
    """Where Exact sends the browser: path and query."""
    location = urlsplit(httpx.get(url, follow_redirects=False).headers["Location"])
    assert location.path == "/callback"
    return f"{location.path}?{location.query}"
