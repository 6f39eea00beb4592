"""``python -m exact_sync`` and the ``exact-sync`` executable."""

import sys

from exact_sync.cli import main

if __name__ == "__main__":
    sys.exit(main())

__all__ = ["main"]
