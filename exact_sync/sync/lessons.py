"""What we learn when a site refuses to be asked the way we asked."""

import re
from datetime import timedelta

from exact_sync.catalog import Strategy
from exact_sync.errors import ExactAway, Refused, Unavailable
from exact_sync.exact.odata import Query
from exact_sync.sync.quirks import Quirks
from exact_sync.sync.task import Task

ALWAYS = "Modified ge datetime'1900-01-01T00:00:00'"
"""A filter that lets everything through."""

_QUOTED = re.compile(r"'(\w+)'")
"""Exact quotes the property that it does not know; other words of its message mean nothing."""
_DOUBT = "bulk stopped midway"
"""Not a refusal, but the suspicion of one."""
_OUTAGE = timedelta(hours=6)
"""So long Exact may be away altogether; pages of 60 take 17 times the calls."""


class ModifiedRefused(Exception):
    """This site does not let the resource be filtered by Modified."""


class Lessons:
    """Turns what Exact says into quirks of its site."""

    def __init__(self, task: Task, quirks: Quirks) -> None:
        self._task = task
        self._quirks = quirks

    def another_way(self, refusal: Refused | Unavailable | ExactAway, query: Query, *, goes_on: bool) -> bool:
        """True if there is another way to ask. ``goes_on``: an earlier run got as far as this page.

        Raises ModifiedRefused where only reading everything is left.
        """
        if goes_on and self._distrust_bulk(refusal, query):
            return True
        return not isinstance(refusal, ExactAway) and (goes_on or self._learn_from(refusal, query))

    def stopped(self, refusal: Refused | Unavailable | ExactAway, query: Query) -> None:
        """A page among others that does not come may be too large for this site, which a thousand long
        texts are; or it is an accident. Refused for the second time, or away for hours, it is none.
        """
        if not self._is_bulk(query):
            return
        if not self._quirks.knows(_DOUBT):
            self._quirks.learn(_DOUBT)
        elif not self._may_pass(refusal):
            self._quirks.learn("no bulk")

    def got_beyond(self) -> None:
        """A reading has got beyond where one stopped, or to its end."""
        self._quirks.forget(_DOUBT)

    def _distrust_bulk(self, refusal: Exception, query: Query) -> bool:
        """True if the page where an earlier run stopped may come in smaller parts."""
        if not (self._is_bulk(query) and self._quirks.knows(_DOUBT)) or self._may_pass(refusal):
            return False
        self._quirks.suppose("no bulk")
        self._task.note(
            f"{query.endpoint} does not get beyond a page; read through {self._task.resource.endpoint}"
        )
        return True

    def _may_pass(self, refusal: Exception) -> bool:
        return isinstance(refusal, ExactAway) and self._quirks.age(_DOUBT) < _OUTAGE

    def _is_bulk(self, query: Query) -> bool:
        bulk = self._task.resource.bulk
        return bulk is not None and query.endpoint == bulk.endpoint

    def _learn_from(self, refusal: Refused | Unavailable, query: Query) -> bool:
        resource = self._task.resource
        is_feed = resource.feed is not None and query.endpoint == resource.feed.endpoint
        is_refused = isinstance(refusal, Refused)
        if is_refused and self._leave_out(refusal.message, query, is_feed=is_feed):
            return True
        if is_refused and self._filter_otherwise(refusal.message, query):
            return True
        if is_feed:
            if self._task.cursor_of is Strategy.ROW_VERSION:
                return False
            self._quirks.suppose("no sync")
            return True
        if self._is_bulk(query):
            self._quirks.suppose("no bulk")
            self._task.note(f"{query.endpoint} is refused here; read through {resource.endpoint}")
            return True
        if is_refused and "Modified" in (query.filter or ""):
            self._quirks.suppose("no modified filter")
            has_windows = self._task.cursor_of is Strategy.DATE_WINDOWS
            how = (
                "changes show when recent windows are read again, older ones in the weekly sweep"
                if has_windows
                else "everything is read each time"
            )
            self._task.note(f"Exact refuses a filter on Modified here; {how}")
            if ALWAYS not in str(query.filter):
                raise ModifiedRefused from None
            return True
        return False

    def _leave_out(self, said: str, query: Query, *, is_feed: bool) -> bool:
        """True if Exact named properties that it does not know, and that can be done without."""
        resource = self._task.resource
        named = set(_QUOTED.findall(said)) & set(query.select)
        named -= {resource.key, "Modified", resource.dated_by, "Division"}
        for name in sorted(named):
            self._quirks.learn(f"sync without {name}" if is_feed else f"without {name}")
        if named:
            self._task.note(f"Exact does not know {', '.join(sorted(named))} here; left empty")
        return bool(named)

    def _filter_otherwise(self, said: str, query: Query) -> bool:
        """True if it may help to ask the same endpoint with another filter."""
        condition = query.filter or ""
        if "$filter" in said and "Modified" not in condition and not self._quirks.knows("filter wanted"):
            self._quirks.suppose("filter wanted")
            return True
        if self._is_bulk(query) and "Modified" in condition:
            self._quirks.suppose("no modified filter on bulk")
            return True
        return False
