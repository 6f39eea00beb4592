"""python -m exact_sync.simulator: the same as `exact-sync simulator`, with fewer options."""

from __future__ import annotations

import argparse

from exact_sync.simulator.command import CannotListen, serve
from exact_sync.simulator.company import SIZES

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m exact_sync.simulator", description="A small Exact Online."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8490, help="0 takes a free one")
    parser.add_argument("--size", choices=list(SIZES), default="small")
    parser.add_argument("--divisions", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ask", action="store_true", help="show the consent page")
    given = parser.parse_args()
    try:
        serve(given.host, given.port, given.size, given.divisions, given.seed, auto_consent=not given.ask)
    except CannotListen as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        parser.exit(130, "interrupted\n")
