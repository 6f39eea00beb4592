"""A server that says what a test wants, byte for byte, and the product's own HTTP to ask it."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import BinaryIO

import httpx

from exact_sync.exact.wire import http_client
from tests.deployment import SharedClock

KEPT = 2
"""Idle connections."""
HANGS_UP = b"<hangs up>"


def ok(body: bytes = b"{}", *headers: bytes) -> bytes:
    """An answer after which the connection stays open."""
    head = (b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers)
    return b"\r\n".join([*head, b"", body])


class Server:
    """A server that answers what it is told to, in order, and notes over which connection it was asked.

    An answer of None hangs up; one that ends in ``HANGS_UP`` is sent, then the connection is closed.
    """

    def __init__(self, *answers: bytes | None, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[int, bytes]] = []
        self.ended: SimpleQueue[int] = SimpleQueue()
        """Connections, as they end at either side."""
        self._answers = list(answers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self._is_closed = threading.Event()
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/x"
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def connections(self) -> list[int]:
        return [number for number, _ in self.asked]

    def close(self) -> None:
        self._is_closed.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # who waits there is told
        self._listener.close()

    def _serve(self) -> None:
        number = 0
        while not self._is_closed.is_set():
            try:
                connection, _ = self._listener.accept()
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
            except OSError:
                continue
            number += 1
            threading.Thread(target=self._speak, args=(number, connection), daemon=True).start()

    def _speak(self, number: int, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as file:
            self._answer(number, connection, file)
        self.ended.put(number)

    def _answer(self, number: int, connection: socket.socket, file: BinaryIO) -> None:
        while head := b"".join(iter(file.readline, b"\r\n")) if (line := file.readline()) else b"":
            self.asked.append((number, line + head))
            answer = self._answers.pop(0)
            if answer is None:
                return
            connection.sendall(answer.removesuffix(HANGS_UP))
            if answer.endswith(HANGS_UP):
                return


@contextmanager
def asking(
    clock: SharedClock, *answers: bytes | None, context: ssl.SSLContext | None = None
) -> Iterator[tuple[Server, httpx.Client]]:
    server = Server(*answers, context=context)
    try:
        with http_client(clock, {"User-Agent": "we"}, kept=KEPT) as http:
            yield server, http
    finally:
        server.close()
