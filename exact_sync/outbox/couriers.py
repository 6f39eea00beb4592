"""All couriers of a connection, each in a thread of its own: a slow target delays no other."""

import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterator, Sequence

from exact_sync.clock import Clock
from exact_sync.outbox.courier import LOOK_EVERY, Courier
from exact_sync.outbox.post import Post
from exact_sync.outbox_settings import OutboxSettings
from exact_sync.store.database import Database

PATIENCE = 10.0
"""Seconds at the end of a one-shot for what waits; what is left goes with the next run."""
_LAST_LETTER = 25.0
"""Seconds that a letter under way may take beyond that."""
_GRACE = 2.0
"""The same where everything is to end at once; what is under way then is sent again."""


class Couriers:
    """There is one for each target."""

    def __init__(self, couriers: Sequence[Courier], clock: Clock, stop: threading.Event) -> None:
        """``stop``: where it is set everything ends at once."""
        self._couriers = couriers
        self._clock = clock
        self._stop = stop
        self._ends_at: float | None = None

    def close(self) -> None:
        for courier in self._couriers:
            courier.close()

    def wake(self) -> None:
        """There is something to be sent."""
        for courier in self._couriers:
            courier.woken.set()

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Meanwhile messages are sent; at the end what waits still, as far as that takes no long time."""
        self._ends_at = None
        threads = [self._thread(courier) for courier in self._couriers]
        try:
            yield
        finally:
            self._ends_at = self._clock.monotonic() + PATIENCE
            self.wake()
            for thread in threads:
                thread.join(_GRACE if self._stop.is_set() else PATIENCE + _LAST_LETTER)

    def _thread(self, courier: Courier) -> threading.Thread:
        # What a line of the log says of the connection, it says there too.
        context = contextvars.copy_context()
        work: Callable[[], None] = lambda: context.run(self._work, courier)  # noqa: E731
        thread = threading.Thread(target=work, name=f"outbox {courier.name}", daemon=True)
        thread.start()
        return thread

    def _work(self, courier: Courier) -> None:
        while not self._stop.is_set():
            is_last = self._ends_at is not None
            courier.look_and_log(self._is_enough)
            if is_last:
                return
            courier.woken.wait(LOOK_EVERY)
            courier.woken.clear()

    def _is_enough(self) -> bool:
        if self._stop.is_set():
            return True
        return self._ends_at is not None and self._clock.monotonic() > self._ends_at


def couriers(
    settings: OutboxSettings,
    database: Database,
    clock: Clock,
    connection: str,
    stop: threading.Event,
    heard: Callable[[str, str], None],
) -> Couriers:
    """One for each target of the settings. ``heard``: is told of a target and how a try ended."""
    known = tuple(settings.targets)
    made = [
        Courier(name, each, Post(each, clock.now), database, clock, connection, known, heard)
        for name, each in settings.targets.items()
    ]
    return Couriers(made, clock, stop)
