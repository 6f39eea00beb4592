"""How often somebody may try a password."""

from collections import deque
from collections.abc import Callable

WINDOW = 60.0
"""Seconds."""
OF_ONE = 5
OF_ALL = 30


class Tries:
    """So many a window, of one peer and of all together; who is refused costs nothing."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._made: deque[tuple[float, str]] = deque()

    def take(self, peer: str) -> int:
        """Note a try; or seconds to wait, where there were too many."""
        now = self._monotonic()
        while self._made and self._made[0][0] <= now - WINDOW:
            self._made.popleft()
        own = [at for at, who in self._made if who == peer]
        if len(own) >= OF_ONE:
            return _wait(own[-OF_ONE], now)
        if len(self._made) >= OF_ALL:
            return _wait(self._made[-OF_ALL][0], now)
        self._made.append((now, peer))
        return 0

    def forget(self, peer: str) -> None:
        """It was right: earlier mistakes of this peer no longer count."""
        self._made = deque((at, who) for at, who in self._made if who != peer)


def _wait(oldest: float, now: float) -> int:
    return max(1, int(oldest + WINDOW - now) + 1)
