"""What we ask Exact for one task, and what we learn when a site refuses to be asked that way."""

import hashlib
import logging
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from exact_sync.catalog import Bulk, Edm, Feed, Strategy
from exact_sync.catalog.resource import ROW_VERSION
from exact_sync.errors import ExactAway, Refused, Unavailable
from exact_sync.exact.client import Page
from exact_sync.exact.odata import Query, read_answer
from exact_sync.exact.wallclock import literal
from exact_sync.store import checkpoints
from exact_sync.sync.task import Task

log = logging.getLogger(__name__)

PAGE, LARGE_PAGE = 60, 1_000
"""Records on a page: of an endpoint, and of its twins in the bulk and the Sync API."""

_ALWAYS = "Modified ge datetime'1900-01-01T00:00:00'"
_NO_KEY = {Edm.GUID: "guid'00000000-0000-0000-0000-000000000000'", Edm.STRING: "''", Edm.INT64: "-1L"}
"""What no key is, so that a condition on it lets everything through."""
_QUOTED = re.compile(r"'(\w+)'")
"""Exact quotes the property that it does not know; other words of its message mean nothing."""
_FORGET_AFTER = timedelta(days=30)
_DOUBT = "bulk stopped midway"
"""Not a refusal, but the suspicion of one."""
_OUTAGE = timedelta(hours=6)
"""So long Exact may be away altogether; pages of 60 take 17 times the calls."""
_MOST_LESSONS = 4
"""Refusals answered by asking differently, per question; ten an hour would block the app."""


class ModifiedRefused(Exception):
    """This site does not let the resource be filtered by Modified."""


class Questions:
    """Builds a task's queries. What a site refuses is remembered for a month, then tried again."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._quirks: dict[str, Any] = {
            name: since
            for name, since in task.checkpoint.quirks.items()
            if task.clock.now() - datetime.fromisoformat(since) < _FORGET_AFTER
        }
        self._supposed: list[str] = []
        """Other ways of asking that were tried, and that have not led to an answer yet."""

    def knows(self, quirk: str) -> bool:
        return quirk in self._quirks or quirk in self._supposed

    def learn(self, quirk: str) -> None:
        """Remember what this site refuses."""
        self._quirks[quirk] = self._task.clock.now().isoformat()
        log.debug("division %s, %s: learned %s", self._task.division, self._task.resource.name, quirk)
        self._save()

    def _save(self) -> None:
        task, quirks = self._task, dict(self._quirks)
        task.checkpoint = replace(task.checkpoint, quirks=quirks)  # for whoever asks for this task next
        # Apart from what the task writes: pages are asked for in a thread of their own.
        task.database.transact(
            lambda connection: checkpoints.save(connection, task.division, task.resource.name, quirks=quirks),
            is_one=True,
        )

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
                knows_better = resume is not None and self._distrust_bulk(refusal, query)
                if not knows_better and not isinstance(refusal, ExactAway):
                    knows_better = resume is not None or self._learn_from(refusal, query)
                if lesson == _MOST_LESSONS or not knows_better:
                    self._supposed.clear()  # a missing right must not look like a site without bulk
                    raise
                resume = None
                continue
            while self._supposed:
                self.learn(self._supposed.pop())
            if resume is not None:
                self._trust_bulk()
            yield first
            try:
                for page in pages:
                    if page.next_link is None:
                        self._trust_bulk()
                    yield page
            except (Refused, Unavailable, ExactAway) as refusal:
                self._stopped_midway(refusal, query)
                raise
            return

    def _stopped_midway(self, refusal: Refused | Unavailable | ExactAway, query: Query) -> None:
        """A page among others that does not come may be too large for this site, which a thousand long
        texts are; or it is an accident. Refused for the second time, it is none.
        """
        if not self._is_bulk(query):
            return
        if not self.knows(_DOUBT):
            self.learn(_DOUBT)
        elif not isinstance(refusal, ExactAway):
            self.learn("no bulk")

    def _trust_bulk(self) -> None:
        """It has got beyond where it stopped, or to its end."""
        if self._quirks.pop(_DOUBT, None):
            self._save()

    def _distrust_bulk(self, refusal: Exception, query: Query) -> bool:
        """True if the page where an earlier run stopped may come in smaller parts."""
        if not (self._is_bulk(query) and self.knows(_DOUBT)):
            return False
        doubted = self._task.clock.now() - datetime.fromisoformat(self._quirks[_DOUBT])
        if isinstance(refusal, ExactAway) and doubted < _OUTAGE:
            return False
        self._supposed.append("no bulk")
        self._task.note(
            f"{query.endpoint} does not get beyond a page; read through {self._task.resource.endpoint}"
        )
        return True

    def _is_bulk(self, query: Query) -> bool:
        bulk = self._task.resource.bulk
        return bulk is not None and query.endpoint == bulk.endpoint

    def _bulk_filters(self, bulk: Bulk) -> bool:
        return bulk.filters_modified and not self.knows("no modified filter on bulk")

    def _any_filter(self, can_filter: bool) -> str | None:
        # Some sites insist on a filter, so one that lets everything through goes along.
        if can_filter and not self.knows("no modified filter"):
            return _ALWAYS
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

    def _learn_from(self, refusal: Refused | Unavailable, query: Query) -> bool:
        """True if there is another way to ask."""
        resource = self._task.resource
        is_bulk = self._is_bulk(query)
        is_feed = resource.feed is not None and query.endpoint == resource.feed.endpoint
        is_refused = isinstance(refusal, Refused)
        if is_refused and self._leave_out(refusal.message, query, is_feed=is_feed):
            return True
        if is_refused and self._filter_otherwise(refusal.message, query, is_bulk=is_bulk):
            return True
        if is_feed:
            if self._task.cursor_of is Strategy.ROW_VERSION:
                return False
            self._supposed.append("no sync")
            return True
        if is_bulk:
            self._supposed.append("no bulk")
            self._task.note(f"{query.endpoint} is refused here; read through {resource.endpoint}")
            return True
        if is_refused and "Modified" in (query.filter or ""):
            self._supposed.append("no modified filter")
            has_windows = self._task.cursor_of is Strategy.DATE_WINDOWS
            how = (
                "changes show when recent windows are read again, older ones in the weekly sweep"
                if has_windows
                else "everything is read each time"
            )
            self._task.note(f"Exact refuses a filter on Modified here; {how}")
            if _ALWAYS not in str(query.filter):
                raise ModifiedRefused from None
            return True
        return False

    def _leave_out(self, said: str, query: Query, *, is_feed: bool) -> bool:
        """True if Exact named properties that it does not know, and that can be done without."""
        resource = self._task.resource
        named = set(_QUOTED.findall(said)) & set(query.select)
        named -= {resource.key, "Modified", resource.dated_by, "Division"}
        for name in sorted(named):
            self.learn(f"sync without {name}" if is_feed else f"without {name}")
        if named:
            self._task.note(f"Exact does not know {', '.join(sorted(named))} here; left empty")
        return bool(named)

    def _filter_otherwise(self, said: str, query: Query, *, is_bulk: bool) -> bool:
        """True if it may help to ask the same endpoint with another filter."""
        condition = query.filter or ""
        if "$filter" in said and "Modified" not in condition and not self.knows("filter wanted"):
            self._supposed.append("filter wanted")
            return True
        if is_bulk and query.filter is not None and "Modified" in query.filter:
            self._supposed.append("no modified filter on bulk")
            return True
        return False


def _digest(names: list[str]) -> str:
    return hashlib.sha256(",".join(names).encode()).hexdigest()[:12]


def _key_literal(key: Any) -> str:
    if isinstance(key, uuid.UUID):
        return f"guid'{key}'"
    return str(key) if isinstance(key, int) else "'" + str(key).replace("'", "''") + "'"
