"""``python -m exact_sync`` and the ``exact-sync`` executable."""

import gc
import sys


def main() -> int:
    gc.disable()  # while modules are imported; the command line enables it again
    # httpx loads a command line of its own where it can, with rich and pygments: a tenth of our start.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    from exact_sync.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
