"""The simulator by itself, until it is told to stop."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from exact_sync.simulator.books import Books
from exact_sync.simulator.clock import ZONE, Clock
from exact_sync.simulator.company import Size, found_group
from exact_sync.simulator.simulator import CLIENT_ID, CLIENT_SECRET, Simulator

REDIRECT_URI = "http://127.0.0.1:8471/callback"
"""A suggestion: any loopback address is allowed."""


_LISTED = 12
"""So many divisions are listed one by one."""


class CannotListen(Exception):
    """There is no such address here, or somebody has its port."""


def serve(
    host: str = "127.0.0.1",
    port: int = 8490,
    size: Size = "small",
    divisions: int = 2,
    seed: int = 0,
    *,
    auto_consent: bool = True,
    minute_limit: int = 60,
    day_limit: int = 5000,
    connection_day_limit: int | None = None,
    error_limit: int = 10,
    latency: float = 0.0,
    webhooks_over_http: bool = False,
    write: Callable[[str], object] | None = None,
) -> None:
    """Found a sample group, serve it, print how to reach it; return on SIGINT or SIGTERM.

    `port` 0 takes a free one; `latency`: seconds per call; `write` gets the printed text.
    Raises CannotListen.
    """
    simulator = Simulator(
        sample_group(divisions=divisions, size=size, seed=seed),
        host=host,
        port=port,
        auto_consent=auto_consent,
        minute_limit=minute_limit,
        day_limit=day_limit,
        connection_day_limit=connection_day_limit,
        error_limit=error_limit,
        latency=latency,
        webhooks_over_http=webhooks_over_http,
    )
    # Hundreds of divisions are millions of objects, which live on: no collection need look at them.
    gc.freeze()
    # Not before: to found large companies takes a while, and who gives up need not wait for them. No Event:
    # the signal may come while this thread holds its lock.
    asked = SimpleQueue[int]()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: asked.put(number))
    try:
        simulator.start()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "that is no name of a host"
        raise CannotListen(f"the simulator can't listen on {host}, port {port}: {reason}") from None
    with simulator:
        (write or _to_stdout)(settings(simulator))
        while True:
            with suppress(Empty):  # a signal that is given to another thread does not wake this one
                asked.get(timeout=0.5)
                return


def sample_group(*, divisions: int = 2, size: Size = "small", seed: int = 0) -> Books:
    """The books of a sample group of companies, up to this day."""
    clock = Clock()
    books = Books(clock)
    found_group(books, divisions=divisions, size=size, seed=seed, today=clock.now().astimezone(ZONE).date())
    return books


def settings(simulator: Simulator) -> str:
    """The environment a client needs, one NAME=value a line, and where to look on."""
    codes = list(map(str, simulator.books.divisions))
    if len(codes) > _LISTED:
        codes = [*codes[: _LISTED - 2], "...", f"{codes[-1]} ({len(codes)} in all)"]
    return (
        f"EXACT_SYNC_BASE_URL={simulator.base_url}\n"
        f"EXACT_SYNC_CLIENT_ID={simulator.client_id}\n"
        f"EXACT_SYNC_CLIENT_SECRET={simulator.client_secret}\n"
        f"EXACT_SYNC_REDIRECT_URI={REDIRECT_URI}\n"
        f"EXACT_SYNC_WEBHOOK_SECRET={simulator.webhooks.secret}\n"
        f"# divisions: {', '.join(codes)}\n"
        f"# state: {simulator.base_url}/_simulator/state\n"
    )


def _to_stdout(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


__all__ = ["CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URI", "CannotListen", "serve", "settings"]
