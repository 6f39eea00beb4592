"""What we ask Exact for one task."""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from exact_sync.catalog import Bulk, Edm, Feed, Strategy
from exact_sync.catalog.resource import ROW_VERSION
from exact_sync.errors import ExactAway, Refused, Unavailable
from exact_sync.exact.client import Page
from exact_sync.exact.odata import Query, read_answer
from exact_sync.exact.wallclock import literal
from exact_sync.sync.lessons import ALWAYS, Lessons
from exact_sync.sync.quirks import Quirks
from exact_sync.sync.task import Task

PAGE, LARGE_PAGE = 60, 1_000
"""Records on a page: of an endpoint, and of its twins in the bulk and the Sync API."""

_NO_KEY = {Edm.GUID: "guid'00000000-0000-0000-0000-000000000000'", Edm.STRING: "''", Edm.INT64: "-1L"}
"""What no key is, so that a condition on it lets everything through."""
_MOST_LESSONS = 4
"""Refusals answered by asking differently, per question; ten an hour would block the app."""


class Questions:
    """Builds a task's queries, as its site lets us ask them."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._quirks = Quirks(task)
        self._lessons = Lessons(task, self._quirks)

    def knows(self, quirk: str) -> bool:
        """Whether the site is known, or supposed, to have it."""
        return self._quirks.knows(quirk)

    def learn(self, quirk: str) -> None:
        """Remember what this site refuses."""
        self._quirks.learn(quirk)

    @property
    def select(self) -> list[str]:
        resource = self._task.resource
        names = [*resource.by_property, *resource.untyped]
        return [name for name in names if not self.knows(f"without {name}")]

    @property
    def digest(self) -> str:
        """Names the list of properties: a stored link is only good for the list it was made with."""
        return _digest(self.select)

    def whole(self) -> Query:
        """Everything there is, a thousand a page where a bulk twin exists."""
        resource = self._task.resource
        if resource.bulk is not None and not self.knows("no bulk"):
            condition = self._any_filter(self._bulk_filters(resource.bulk))
            return Query(resource.bulk.endpoint, self.select, condition)
        condition = self._any_filter(resource.has_modified)
        if self._task.start is not None:
            condition = self._between(self._task.start, None)
        return Query(resource.endpoint, self.select, condition)

    def size(self) -> int | None:
        """How many records there are at Exact, by one call; None where that can't be asked.

        Raises Refused or Unavailable.
        """
        resource = self._task.resource
        if resource.endpoint.startswith("sync/") or resource.is_inferred:
            return None
        query = self.whole()
        return self._task.client.count(self._task.asked, Query(resource.endpoint, query.select, query.filter))

    @property
    def page_size(self) -> int:
        """Records on a page when everything is read."""
        resource = self._task.resource
        is_feed = resource.strategy is Strategy.ROW_VERSION and not self.knows("no sync")
        return LARGE_PAGE if is_feed or self.whole().endpoint != resource.endpoint else PAGE

    def changed_since(self, moment: datetime) -> Query:
        """What was changed at or after a moment of Exact's clock. Never ``gt``: many share one."""
        resource = self._task.resource
        endpoint = resource.endpoint
        if resource.bulk is not None and not self.knows("no bulk") and self._bulk_filters(resource.bulk):
            endpoint = resource.bulk.endpoint
        # Whatever its date is: what is dated before the start now may be here from when it was not.
        return Query(endpoint, self.select, f"Modified ge {literal(moment)}")

    def dated(self, since: date | None, before: date | None) -> Query:
        """What is dated in [since, before)."""
        resource = self._task.resource
        condition = self._between(since, before) or self._any_filter(resource.has_modified)
        return Query(resource.endpoint, self.select, condition)

    # The Sync API, and keys alone.

    @property
    def feed(self) -> Feed:
        """The resource's twin in the Sync API."""
        feed = self._task.resource.feed
        assert feed is not None  # noqa: S101 - only asked for where there is one
        return feed

    @property
    def feed_select(self) -> list[str]:
        resource = self._task.resource
        there = [*resource.by_property, *resource.untyped]
        return [ROW_VERSION, *(name for name in there if not self._is_not_fed(name))]

    def _is_not_fed(self, name: str) -> bool:
        """Whether the feed lacks a property, by the reference or by what this site said."""
        return name in self.feed.lacks or self.knows(f"sync without {name}")

    @property
    def feed_digest(self) -> str:
        return _digest(self.feed_select)

    def behind(self, version: int) -> Query:
        """What was written behind a row version."""
        return Query(self.feed.endpoint, self.feed_select, f"{ROW_VERSION} gt {version}L")

    def keys(self) -> Query:
        """Every key, with what tells whether its record changed, from the largest pages there are."""
        resource = self._task.resource
        names = [resource.key, "Modified", *([resource.dated_by] if resource.dated_by else [])]
        select = [name for name in names if name in resource.by_property]
        by_feed = resource.feed is not None and not self.knows("no sync")
        has_bulk = resource.bulk is not None and not self.knows("no bulk")
        if by_feed and (self._task.cursor_of is Strategy.ROW_VERSION or not has_bulk):
            select = [name for name in select if name in self.feed_select]
            return replace(self.behind(1), select=[ROW_VERSION, *select])
        return replace(self.whole(), select=select)

    def by_key(self, keys: Iterable[Any]) -> Query:
        """The whole records of some keys."""
        resource = self._task.resource
        condition = " or ".join(f"{resource.key} eq {_key_literal(key)}" for key in keys)
        select = self.select
        if self._task.cursor_of is Strategy.ROW_VERSION:
            select = [name for name in select if not self._is_not_fed(name)]
        return Query(resource.endpoint, select, condition)

    def pages(
        self, ask: Callable[[], Query], resume: str | None = None, *, as_rows: bool = False
    ) -> Iterator[Page]:
        """The pages of a question; asked differently where the site refuses it as it is.

        ``as_rows``: they are whole records, which may become rows while they are read.
        Raises ModifiedRefused where only reading everything is left.
        """
        for lesson in range(_MOST_LESSONS + 1):
            query = ask()
            read = self._task.intake.reader() if as_rows else read_answer
            pages = self._task.client.pages(self._task.asked, query, self._task.resource.key, resume, read)
            try:
                first = next(pages)
            except (Refused, Unavailable, ExactAway) as refusal:
                is_better = self._lessons.another_way(refusal, query, goes_on=resume is not None)
                if lesson == _MOST_LESSONS or not is_better:
                    raise  # nothing is confirmed: a missing right must not look like a site without bulk
                resume = None
                continue
            self._quirks.confirm()
            if resume is not None:
                self._lessons.got_beyond()
            yield first
            try:
                for page in pages:
                    if page.next_link is None:
                        self._lessons.got_beyond()
                    yield page
            except (Refused, Unavailable, ExactAway) as refusal:
                self._lessons.stopped(refusal, query)
                raise
            return

    def _bulk_filters(self, bulk: Bulk) -> bool:
        return bulk.filters_modified and not self.knows("no modified filter on bulk")

    def _any_filter(self, can_filter: bool) -> str | None:
        # Some sites insist on a filter, so one that lets everything through goes along.
        if can_filter and not self.knows("no modified filter"):
            return ALWAYS
        key = self._task.resource.key_column
        return f"{key.property} ne {_NO_KEY.get(key.edm, '-1')}" if self.knows("filter wanted") else None

    def _between(self, since: date | None, before: date | None) -> str:
        name = self._task.resource.dated_by
        parts = [
            f"{name} {operator} datetime'{day.isoformat()}T00:00:00'"
            for operator, day in (("ge", since), ("lt", before))
            if day is not None
        ]
        if parts and self.knows("filter wanted"):  # and a date may be none of those that are wanted
            parts.append(str(self._any_filter(self._task.resource.has_modified)))
        return " and ".join(parts)


def _digest(names: list[str]) -> str:
    return hashlib.sha256(",".join(names).encode()).hexdigest()[:12]


def _key_literal(key: Any) -> str:
    if isinstance(key, uuid.UUID):
        return f"guid'{key}'"
    if isinstance(key, date):
        return f"datetime'{key.isoformat()}T00:00:00'"
    if isinstance(key, Decimal):
        return format(key, "f")
    return str(key) if isinstance(key, int) else "'" + str(key).replace("'", "''") + "'"
