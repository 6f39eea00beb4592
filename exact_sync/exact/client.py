"""How we ask: questions in, pages out."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from exact_sync.errors import BadData, ExactAway
from exact_sync.exact.odata import Query, Record, UnreadableAnswer, read_answer, same_origin
from exact_sync.exact.transport import Transport
from exact_sync.exact.wallclock import http_date


@dataclass(frozen=True)
class Page:
    """The records of one answer."""

    records: list[Record]
    next_link: str | None
    server_time: datetime | None
    """Exact's own clock when it answered (UTC), or None where it did not say."""


class Client:
    """Exact's data, as far as a company's consent reaches."""

    def __init__(self, transport: Transport, base_url: str) -> None:
        self._transport = transport
        self._base_url = base_url
        self._resource: str | None = None
        self.budget = transport.budget
        self.release = transport.release

    def asking_for(self, resource: str) -> "Client":
        """The same client; an observer of requests is told that they are made for this resource."""
        client = copy.copy(self)
        client._resource = resource
        return client

    def pages(self, division: int, query: Query, key: str, resume: str | None = None) -> Iterator[Page]:
        """All pages of a question, each asked for only when the one before it has been taken.

        ``resume`` is a link that an earlier reading was to follow next; one of another host (the
        site's address has changed since) is dropped, and all is asked for again. Raises BadData
        where the links go round in circles, repeat a page or lead to another host.
        """
        link = (
            resume if resume and same_origin(resume, self._base_url) else query.url(self._base_url, division)
        )
        where = f"{query.endpoint} of division {division}"
        links: set[str] = set()
        contents: set[int] = set()
        while True:
            page = self._page(division, query.endpoint, link)
            content = hash(tuple(str(record.get(key)) for record in page.records))
            if link in links or (page.records and content in contents):
                raise BadData(
                    f"{where}: Exact's pages go round in circles",
                    "the checkpoint is kept; the next run tries again",
                )
            links.add(link)
            contents.add(content)
            yield page
            if page.next_link is None:
                return
            link = page.next_link

    def first(self, division: int, query: Query) -> Record | None:
        """The first record of a question, or None."""
        records = self._page(division, query.endpoint, query.url(self._base_url, division)).records
        return records[0] if records else None

    def count(self, division: int, query: Query) -> int:
        """How many records a question has (``$count``, a bare number)."""
        url = query.count_url(self._base_url, division)
        endpoint = f"{query.endpoint}/$count"
        number, _ = self._transport.get(
            division, endpoint, url, _bare_number, "text/plain, */*", self._resource
        )
        return number

    def create(self, division: int, endpoint: str, record: Record) -> None:
        """Make something at Exact; its key is not told. Raises Unclear where nobody knows whether it did."""
        content = json.dumps(record).encode()
        self._transport.change(division, "POST", endpoint, self._url(division, endpoint), content)

    def delete(self, division: int, endpoint: str, key: str) -> None:
        """Delete what has this GUID. Raises Unclear as ``create``, Unavailable where it is not there."""
        url = f"{self._url(division, endpoint)}(guid'{quote(key)}')"
        self._transport.change(division, "DELETE", endpoint, url)

    def _url(self, division: int, endpoint: str) -> str:
        return f"{self._base_url}/api/v1/{division}/{endpoint}"

    def me(self) -> Record:
        """Who is signed in (``current/Me``: counts against no limit)."""
        url = f"{self._base_url}/api/v1/current/Me"
        answer, _ = self._transport.get(None, "current/Me", url, read_answer)
        if not answer.records:
            raise ExactAway("Exact does not say who is signed in")
        return answer.records[0]

    def _page(self, division: int, endpoint: str, link: str) -> Page:
        where = f"{endpoint} of division {division}"
        if not same_origin(link, self._base_url):
            raise BadData(f"{where}: a link to another host was refused")
        answer, headers = self._transport.get(division, endpoint, link, read_answer, resource=self._resource)
        if answer.next_link is not None and not same_origin(answer.next_link, self._base_url):
            raise BadData(
                f"{where}: the link to the next page leads to another host and was refused",
                "behind a proxy, EXACT_SYNC_BASE_URL must name the host that Exact's own links name",
            )
        return Page(answer.records, answer.next_link, http_date(headers.get("Date")))


def _bare_number(body: bytes) -> int:
    try:
        return int(body.decode("utf-8-sig").strip())
    except ValueError:
        raise UnreadableAnswer("the count is no number") from None
