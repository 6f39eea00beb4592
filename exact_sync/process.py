"""What the threads of this process share: Python's lock, the heap, and the search for garbage."""

import ctypes
import gc
import signal
import sys

_SWITCH = 0.001
"""Seconds after which a thread that computes lets another one go on. By default 5 ms: so long each of a
page's statements waited for its answer to be taken while the next page was decoded. A fifth more rows a
second on two cores (docs/performance.md).
"""
_M_ARENA_MAX = -8  # malloc.h
_COLLECT_AFTER = 10_000
"""New containers after which garbage is looked for. By default 700, less than one page has; and nothing of
a page is garbage that reference counts don't see. A cycle over 300 divisions takes 4 MB more for it.
"""


def imported() -> None:
    """Ends what ``__main__`` began: nothing that was imported is garbage, so none is looked for in it.

    To look through it once more at the end takes a fifth of a short run. And Ctrl-C is a KeyboardInterrupt
    again, unless it is ignored, as in the background of a shell.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    gc.enable()


def share() -> None:
    """Threads hand over soon, and share one heap.

    glibc gives each thread a heap of its own, and keeps in it what was freed there. With one heap for all,
    the peak of a reading is 2 MB lower (docs/performance.md), and no worker adds to that.
    """
    sys.setswitchinterval(_SWITCH)
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if set_option is not None:
        set_option(_M_ARENA_MAX, 1)
