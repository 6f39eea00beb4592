"""The server: uvicorn in a thread of its own, on a socket that was opened before anything else began."""

import errno
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from exact_sync.errors import BadConfiguration
from exact_sync.web.crowd import Impatient, Limited

log = logging.getLogger(__name__)

_GRACE = 1
"""Seconds that running answers have to end; the daemon has used up most of ours by then."""
AGAIN = 1
"""Seconds until a port that was taken is tried again."""
_LONGEST_HEAD = 16 * 1024
"""Bytes of a request's first line and headers."""


class PortTaken(BadConfiguration):
    """Another program listens there."""


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens. Raises BadConfiguration where that can't be, PortTaken where it may later."""
    wanted = host.strip("[]")
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
            wanted, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise BadConfiguration(
            f"the server can't listen on {host}:{port}: {error.strerror}", "check server.host"
        ) from None
    with opened:
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.listen(128)
        except OSError as error:
            failure = PortTaken if error.errno == errno.EADDRINUSE else BadConfiguration
            raise failure(
                f"the server can't listen on {host}:{port}: {error.strerror}",
                "is another exact-sync at work? else set server.port (0: any free one), "
                "or server.enabled = false",
            ) from None
        yield opened


@contextmanager
def serving(app: ASGIApp, opened: socket.socket) -> Iterator[str]:
    """Serve until the end; yields the address, as a URL."""
    server = uvicorn.Server(
        uvicorn.Config(
            Limited(app),
            loop="asyncio",
            http=Impatient,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            timeout_graceful_shutdown=_GRACE,
        )
    )
    # A daemon thread: an answer that hangs must not keep the process from ending.
    thread = threading.Thread(target=server.run, args=([opened],), name="server", daemon=True)
    thread.start()
    host, port = opened.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    log.info("the server listens", extra={"address": address})
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(_GRACE + 0.5)


def serve_later(app: ASGIApp, host: str, port: int, over: threading.Event) -> None:
    """Serve as soon as that is possible, until ``over``: copying data does not wait for it."""
    while not over.wait(AGAIN):
        try:
            with listening(host, port) as opened, serving(app, opened):
                over.wait()
        except BadConfiguration as error:  # the port is taken, mostly
            log.debug("%s", error)
