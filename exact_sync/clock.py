"""Time as something that is passed in, so that no test sleeps."""

import threading
import time
from datetime import UTC, datetime
from typing import Protocol

from exact_sync.errors import Stopped


class Clock(Protocol):
    """What the product knows of time."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, for measuring durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; raises Stopped as soon as the process is asked to stop."""
        ...


class SystemClock:
    """The machine's clock; sleeping ends at once when ``stop`` is set."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if self.stop.wait(max(0.0, seconds)):
            raise Stopped("asked to stop")
