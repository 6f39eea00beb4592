"""Who carries webhooks to their URLs: one thread with a bounded bag, in order, each once.

Real ones come late, twice or never, and so may these: see the switches.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import itertools
import threading
import time
from collections import Counter

import httpx

BAG = 10_000
"""So many messages may wait; of more, the newest are dropped."""
PATIENCE = 10.0
"""Seconds until an answer counts as none."""


def signed(content: bytes, secret: str) -> bytes:
    """A message: the content as it is, and its HMAC-SHA256 in upper-case hex."""
    code = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest().upper()
    return b'{"Content":' + content + b',"HashCode":"' + code.encode() + b'"}'


def post(http: httpx.Client, url: str, body: bytes) -> int:
    """The status of the answer; 0 where there is none."""
    headers = {"Content-Type": "application/json; charset=utf-8"} if body else {}
    try:
        return http.post(url, content=body, headers=headers).status_code
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):  # the last: a name that no DNS can hold
        return 0


def new_http() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=PATIENCE, follow_redirects=False)


class Courier:
    """Switches that may be turned at any time: `lose`, `repeat` (the next so many messages are lost, or
    come twice), `delay` (seconds until a message that is handed in from now on goes out).
    """

    def __init__(self) -> None:
        self.lose = 0
        self.repeat = 0
        self.delay = 0.0
        self._counts: Counter[str] = Counter()
        self._bag: list[tuple[float, int, str, bytes]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def hand_in(self, url: str, body: bytes) -> None:
        """Take a message along, unless it is lost."""
        with self._changed:
            if self.lose > 0:
                self.lose -= 1
                self._counts["lost"] += 1
                return
            copies = 1
            if self.repeat > 0:
                self.repeat -= 1
                copies = 2
            for _ in range(copies):
                if len(self._bag) >= BAG:
                    self._counts["dropped"] += 1
                    continue
                due = time.monotonic() + self.delay
                heapq.heappush(self._bag, (due, next(self._numbers), url, body))
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._carry, name="courier", daemon=True)
                self._thread.start()
            self._changed.notify()

    @property
    def counts(self) -> dict[str, int]:
        """How many were delivered (200), refused (another answer), unanswered, lost, dropped, are waiting."""
        with self._changed:
            names = ("delivered", "refused", "unanswered", "lost", "dropped")
            return {name: self._counts[name] for name in names} | {"waiting": len(self._bag)}

    def open(self) -> None:
        with self._changed:
            self._is_closed = False

    def close(self) -> None:
        """Go home; what is in the bag is forgotten."""
        with self._changed:
            self._is_closed = True
            self._bag.clear()
            self._changed.notify()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(PATIENCE)

    def _carry(self) -> None:
        with new_http() as http:
            while (message := self._next()) is not None:
                status = post(http, *message)
                kind = "delivered" if status == 200 else "refused" if status else "unanswered"
                with self._changed:
                    self._counts[kind] += 1

    def _next(self) -> tuple[str, bytes] | None:
        """The next message that is due; None at the end of the day."""
        with self._changed:
            while not self._is_closed:
                wait = self._bag[0][0] - time.monotonic() if self._bag else None
                if wait is not None and wait <= 0:
                    _, _, url, body = heapq.heappop(self._bag)
                    return url, body
                self._changed.wait(wait)
            return None
