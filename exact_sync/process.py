"""What the threads of this process share: Python's lock and the heap."""

import ctypes
import sys

_SWITCH = 0.001
"""Seconds after which a thread that computes lets another one go on. By default 5 ms: so long each of a
page's statements waited for its answer to be taken while the next page was decoded. A fifth more rows a
second on two cores (docs/performance.md).
"""
_M_ARENA_MAX = -8  # malloc.h


def share() -> None:
    """Threads hand over soon, and what one of them frees is not kept for that one.

    glibc gives each thread a heap of its own, and keeps the room of a page's body once that was freed:
    4 MB less at the peak of one reading (docs/performance.md), and as much again for each worker.
    """
    sys.setswitchinterval(_SWITCH)
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if set_option is not None:
        set_option(_M_ARENA_MAX, 1)
