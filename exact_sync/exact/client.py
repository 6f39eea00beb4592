"""How we ask: questions in, pages out."""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from exact_sync.errors import BadData, ExactAway
from exact_sync.exact.odata import (
    Answer,
    Query,
    Record,
    Shaped,
    UnreadableAnswer,
    read_answer,
    same_origin,
)
from exact_sync.exact.transport import Transport
from exact_sync.exact.wallclock import http_date

Reader = Callable[[bytes], Answer | Shaped]
"""Reads the body of a page. Raises UnreadableAnswer where it carries no data."""

ME = "current/Me"


@dataclass(frozen=True)
class Page:
    """The records of one answer."""

    answer: Answer | Shaped
    server_time: datetime | None
    """Exact's own clock when it answered (UTC), or None where it did not say."""

    @property
    def records(self) -> list[Record]:
        """What it has, where no reader has made anything else of it."""
        assert isinstance(self.answer, Answer)  # noqa: S101 - whoever has them made into rows knows
        return self.answer.records

    @property
    def fingerprints(self) -> Sequence[int] | None:
        """One for each of the records; None where there are none."""
        return self.answer.fingerprints if isinstance(self.answer, Answer) else None

    @property
    def next_link(self) -> str | None:
        return self.answer.next_link

    @property
    def count(self) -> int:
        """How many records it has."""
        return self.answer.count

    @property
    def batch(self) -> Any:
        """What a reader made of the records; None where they are still records."""
        return self.answer.batch if isinstance(self.answer, Shaped) else None

    @property
    def has_body(self) -> bool:
        """Whether it still holds the whole body it came in."""
        return isinstance(self.answer, Shaped) and self.answer.has_body

    def keys(self, name: str) -> list[str]:
        """The key of each record, as a text."""
        if isinstance(self.answer, Shaped):
            return list(self.answer.keys)
        return [str(record.get(name)) for record in self.answer.records]


class Client:
    """Exact's data, as far as a company's consent reaches."""

    def __init__(self, transport: Transport, base_url: str, check: Callable[[], None] = lambda: None) -> None:
        """``check`` comes before each question about a division, and raises where it may not be asked."""
        self._transport = transport
        self._base_url = base_url
        self._check = check
        self._resource: str | None = None
        self.budget = transport.budget
        self.release = transport.release

    def asking_for(self, resource: str) -> "Client":
        """The same client; an observer of requests is told that they are made for this resource."""
        client = copy.copy(self)
        client._resource = resource
        return client

    def pages(
        self,
        division: int,
        query: Query,
        key: str,
        resume: str | None = None,
        read: Reader = read_answer,
    ) -> Iterator[Page]:
        """All pages of a question, each asked for only when the one before it has been taken.

        ``read`` reads each body. ``resume`` is a link that an earlier reading was to follow next; one
        of another host (the site's address has changed since) is dropped, and all is asked for again.
        Raises BadData where the links go round in circles, repeat a page or lead to another host.
        """
        link = (
            resume if resume and same_origin(resume, self._base_url) else query.url(self._base_url, division)
        )
        where = f"{query.endpoint} of division {division}"
        # Fingerprints: a link is kilobytes long, and there may be tens of thousands.
        links: set[int] = set()
        contents: set[int] = set()
        while True:
            page = self._page(division, query.endpoint, link, read)
            content = hash(tuple(page.keys(key)))
            if hash(link) in links or (page.count and content in contents):
                raise BadData(
                    f"{where}: Exact's pages go round in circles",
                    "the checkpoint is kept; the next run tries again",
                )
            links.add(hash(link))
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
        self._check()
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

    def me(self, refusals: Sequence[tuple[datetime, str]] = ()) -> Record:
        """Who is signed in (``current/Me``: counts against no limit). ``refusals``: of earlier processes."""
        self._transport.recall(ME, refusals)
        answer, _ = self._transport.get(None, ME, f"{self._base_url}/api/v1/{ME}", read_answer)
        if not answer.records:
            raise ExactAway("Exact does not say who is signed in")
        return answer.records[0]

    def _page(self, division: int, endpoint: str, link: str, read: Reader = read_answer) -> Page:
        where = f"{endpoint} of division {division}"
        if not same_origin(link, self._base_url):
            raise BadData(f"{where}: a link to another host was refused")
        self._check()
        answer, headers = self._transport.get(division, endpoint, link, read, resource=self._resource)
        if answer.next_link is not None and not same_origin(answer.next_link, self._base_url):
            raise BadData(
                f"{where}: the link to the next page leads to another host and was refused",
                "behind a proxy, EXACT_SYNC_BASE_URL must name the host that Exact's own links name",
            )
        return Page(answer, http_date(headers.get("Date")))


def _bare_number(body: bytes) -> int:
    try:
        return int(body.decode("utf-8-sig").strip())
    except ValueError:
        raise UnreadableAnswer("the count is no number") from None
