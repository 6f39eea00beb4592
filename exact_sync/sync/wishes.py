"""What people and webhooks want to be read now: kept in memory, until the daemon takes it.

A wish that is lost with the process costs nothing but time: the schedules go on.
"""

import threading
from dataclasses import dataclass

from exact_sync.clock import Clock

QUIET = 0.8
"""Seconds without another hint after which one is followed: hints about one change come together."""
LONGEST_QUIET = 3.0
"""Seconds after which the first of many hints is followed at the latest."""
_FIRST_GAP = 4.0
_LONGEST_GAP = 300.0
"""Seconds between two readings of the same that hints lead to: they grow while hints go on coming, so
that no flood of changes uses up a day's calls."""
_FORGET_GAP = 2 * _LONGEST_GAP
_CHEAP = 3
"""Calls that a reading may cost without a longer gap after it."""
_GAP_A_CALL = 170.0
"""Seconds for each call beyond that: a tenth of a day's 5,000 calls, whatever the length of the list."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One resource of one division (or, EVERYWHERE, of all that are read) that somebody wants to be read."""

    division: int
    resource: str
    insist: bool
    """A person asked: also what is paused, or was found unavailable."""
    again: bool = False
    """Also what is in quarantine."""


@dataclass(slots=True)
class _Hinted:
    """Hints about one resource of one division."""

    first: float
    ready: float


@dataclass(slots=True)
class _Read:
    """When hints last led to a reading, and how long the next one has to wait after that."""

    at: float
    gap: float

    def counts(self, now: float) -> bool:
        """Not so long ago that another hint is the first one again."""
        return now - self.at < max(_FORGET_GAP, self.gap)


class Wishes:
    """Filled by the server's threads, emptied by the daemon's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._asked: dict[tuple[int, str], Wish] = {}
        self._put_back: dict[tuple[int, str], tuple[float, Wish]] = {}
        """What people wanted and could not have yet, and when to try again."""
        self._hinted: dict[tuple[int, str], _Hinted] = {}
        self._read: dict[tuple[int, str], _Read] = {}
        self._is_closed = True
        self.trouble: str | None = "the daemon has not started yet"
        """Why nothing can be read now; None while all is well."""

    def ask(self, division: int, resource: str, *, again: bool = False) -> None:
        """A person wants this to be read now; ``again``: also what is in quarantine."""
        with self._changed:
            self._ask(Wish(division, resource, insist=True, again=again))
            self._changed.notify()

    def hint(self, division: int, resource: str) -> None:
        """Something has changed at Exact: read this soon."""
        now, key = self._clock.monotonic(), (division, resource)
        with self._changed:
            known = self._hinted.get(key)
            first = known.first if known else now
            ready = min(now + QUIET, first + LONGEST_QUIET)
            last = self._read.get(key)
            if last is not None and last.counts(now):
                ready = max(ready, last.at + last.gap)
            self._hinted[key] = _Hinted(first, ready)
            self._changed.notify()

    def took(self, division: int, resource: str, calls: int) -> None:
        """A reading has cost so many calls: where hints led to it, the next one waits accordingly."""
        key = (division, resource)
        with self._changed:
            last = self._read.get(key)
            if last is None or calls <= _CHEAP:
                return
            last.gap = max(last.gap, (calls - _CHEAP) * _GAP_A_CALL)
            if key in self._hinted:
                hinted = self._hinted[key]
                hinted.ready = max(hinted.ready, last.at + last.gap)

    def take(self) -> list[Wish]:
        """What is to be read now; it is not returned again."""
        now = self._clock.monotonic()
        with self._changed:
            for key in [key for key, (ready, _) in self._put_back.items() if ready <= now]:
                self._ask(self._put_back.pop(key)[1])
            asked = self._asked.copy()
            found = list(asked.values())
            self._asked.clear()
            for key in [key for key, hinted in self._hinted.items() if hinted.ready <= now]:
                del self._hinted[key]
                if key not in asked:
                    found.append(Wish(*key, insist=False))
                self._note_read(key, now)
            return found

    def put_back(self, wish: Wish, seconds: float) -> None:
        """It can't be followed now: try again after so many seconds."""
        key, ready = (wish.division, wish.resource), self._clock.monotonic() + seconds
        with self._changed:
            if wish.insist:
                self._put_back[key] = (ready, wish)
            else:
                self._read.pop(key, None)  # nothing was read
                self._hinted.setdefault(key, _Hinted(ready, ready))

    def wait(self) -> list[Wish] | None:
        """Until something is to be read: that; None when they are closed."""
        while True:
            with self._changed:
                if self._is_closed:
                    return None
            if found := self.take():
                return found
            with self._changed:
                if not self._is_closed and not self._asked:
                    self._changed.wait(self._patience())

    def open(self) -> None:
        with self._changed:
            self._is_closed = False

    def close(self) -> None:
        """Nobody waits any more; what was wished for stays."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _ask(self, wish: Wish) -> None:
        key = (wish.division, wish.resource)
        known = self._asked.get(key)
        self._asked[key] = known if known is not None and known.again else wish

    def _note_read(self, key: tuple[int, str], now: float) -> None:
        last = self._read.get(key)
        is_again = last is not None and last.counts(now)
        gap = min(_LONGEST_GAP, last.gap * 2) if is_again and last is not None else _FIRST_GAP
        self._read[key] = _Read(now, gap)

    def _patience(self) -> float | None:
        """Seconds until the next hint, or what was put back, is ready; None where there is none."""
        hints = (hinted.ready for hinted in self._hinted.values())
        ready = min((*hints, *(ready for ready, _ in self._put_back.values())), default=None)
        return None if ready is None else max(0.0, ready - self._clock.monotonic())
