"""``python -m exact_sync`` and the ``exact-sync`` executable."""

import gc
import os
import signal
import sys
from types import FrameType


def main() -> int:
    # While modules are imported; the command line undoes both (process.imported).
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    # httpx loads a command line of its own where it can, with rich and pygments: a tenth of our start.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    from exact_sync.cli import main

    return main()


def _leave(number: int, frame: FrameType | None) -> None:
    """Ctrl-C before anything has begun. An exception in the middle of an import would be a traceback."""
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
