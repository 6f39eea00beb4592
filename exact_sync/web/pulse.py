"""The pulse of one connection's daemon: when its loop last ran."""

from exact_sync.clock import Clock

LIMIT = 600.0
"""Seconds without a beat after which it counts as dead. The loop also reads the list of divisions, and
a site that does not answer keeps it for minutes: to start anew would not help then.
"""


class Pulse:
    """Beaten by the daemon in its own thread, felt by the server in another."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.monotonic()
        self._ended: str | None = None

    def beat(self) -> None:
        self._at = self._clock.monotonic()

    def end(self, reason: str) -> None:
        """Its daemon could not go on, for a reason that a new start does not mend."""
        self._ended = reason

    def begin(self) -> None:
        """It tries again."""
        self.beat()
        self._ended = None

    @property
    def ended(self) -> str | None:
        return self._ended

    @property
    def is_alive(self) -> bool:
        """Also one that came to an end in good order: nobody need be started anew for it."""
        return self._ended is not None or self.silent_for <= LIMIT

    @property
    def silent_for(self) -> float:
        """Seconds since the last beat."""
        return self._clock.monotonic() - self._at
