"""Waits at the redirect URI where that is another port of this machine, and sends the browser on to us."""

import threading
import time

from exact_sync.errors import SignInNeeded
from exact_sync.exact.callback import Callback
from exact_sync.web.pages.consents import LIFE

_UNTIL_FREE = 7.0
"""Seconds until the port is free again, even where a browser holds a connection on which it asks nothing."""
_GRACE = 2.0
"""Seconds for the same where the process is about to end anyway."""


class Doorway:
    """At most one listener at a time; a new one takes the place of the one before."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._mutex = threading.Lock()

    def open(self, address: tuple[str, int, str], state: str, onward: str) -> None:
        """Blocks for a moment. Raises BadConfiguration where the port is taken by somebody else."""
        with self._mutex:
            self._close(_UNTIL_FREE)
            callback, over = Callback(address, state, onward), threading.Event()
            until = time.monotonic() + LIFE
            self._over = over
            self._thread = threading.Thread(
                target=_wait, args=(callback, over, until), name="redirect", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        with self._mutex:
            self._close(_GRACE)

    def _close(self, patience: float) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(patience)
            self._thread = None


def _wait(callback: Callback, over: threading.Event, until: float) -> None:
    try:
        callback.wait(lambda: over.is_set() or time.monotonic() > until)
    except SignInNeeded:
        pass  # refused, or nobody came: the page that it was sent on to says so
