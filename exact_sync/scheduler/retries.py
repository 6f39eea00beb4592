"""What could not be done for a reason that passes, and when it is worth trying again."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

Place = tuple[int, str]
"""A resource of a division."""

_FIRST = timedelta(seconds=15)
_LAST = timedelta(minutes=15)


@dataclass(slots=True)
class _Retry:
    at: datetime | None
    """None while it is under way."""
    attempts: int


class Retries:
    """One for each place where a run failed; any thread may use them."""

    def __init__(self, first: timedelta = _FIRST, last: timedelta = _LAST) -> None:
        """``first``, ``last``: the wait after the first failure, and the longest one."""
        self._first, self._last = first, last
        self._mutex = threading.Lock()
        self._known: dict[Place, _Retry] = {}

    def put_off(
        self, place: Place, now: datetime, *, until: datetime | None = None, at_once: bool = False
    ) -> None:
        """It failed: again at ``until``, else after a wait that grows with each failure.

        ``at_once``: the first time without a wait, as soon as anything can be done at all.
        """
        with self._mutex:
            known = self._known.get(place)
            attempts = known.attempts if known else 0
            wait = min(self._last, self._first * 2 ** min(attempts, 10))
            if at_once and not attempts:
                wait = timedelta(0)
            self._known[place] = _Retry(until or now + wait, attempts + 1)

    def forget(self, place: Place) -> None:
        """It went well, or trying again does not help."""
        with self._mutex:
            self._known.pop(place, None)

    def begins(self, place: Place) -> None:
        """It is tried again from now on, for whatever reason."""
        with self._mutex:
            if place in self._known:
                self._known[place].at = None

    def due(self, now: datetime) -> list[Place]:
        """What is to be tried now."""
        with self._mutex:
            return [place for place, retry in self._known.items() if retry.at is not None and retry.at <= now]

    def waits(self, place: Place, now: datetime) -> bool:
        """True where it failed a moment ago, and is not worth trying yet."""
        with self._mutex:
            known = self._known.get(place)
            return known is not None and known.at is not None and known.at > now

    def come_earlier(self, by: timedelta) -> None:
        """The clock that all moments were taken from was set back."""
        with self._mutex:
            for retry in self._known.values():
                if retry.at is not None:
                    retry.at -= by
