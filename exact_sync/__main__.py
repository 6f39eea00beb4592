"""``python -m exact_sync`` and the ``exact-sync`` executable."""

import gc
import io
import os
import signal
import sys
from types import FrameType


class _Nowhere(io.TextIOBase):
    """Where what is said goes when a stream is closed (2>&-)."""

    def write(self, text: str, /) -> int:
        return len(text)


def _prepare_streams() -> None:
    """Nothing fails because of how somebody looks on, or that nobody does."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no € still shows the rest of the line
    sys.stdout = sys.stdout or _Nowhere()
    sys.stderr = sys.stderr or _Nowhere()


def main() -> int:
    # While modules are imported; the command line undoes both (process.imported).
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    if os.getpid() == 1:  # of a container: without a reaction of our own the kernel drops it
        signal.signal(signal.SIGTERM, _leave)
    # httpx loads a command line of its own where it can, with rich and pygments: a tenth of our start.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    from exact_sync.cli import main

    _prepare_streams()
    return main()


def _leave(number: int, frame: FrameType | None) -> None:
    """Told to end before anything has begun. An exception in the middle of an import would be a traceback."""
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
