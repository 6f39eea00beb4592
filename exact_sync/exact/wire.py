"""HTTP as the product speaks it: what it reads comes by the way below, all else by httpx's own.

Pages are what costs. httpx's own takes 64 KB at a time, and copies each piece several times to find out where
a body ends. Here h11 reads the head, as there, and a body that has a length then comes in pieces as large as
what has arrived, each copied once (docs/performance.md has the figures).
"""

import math
import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from urllib.request import getproxies

import h11
import httpx

from exact_sync.clock import Clock

_PIECE = 256 * 1024
"""Bytes that are read at once, at most: larger ones are fresh memory each time."""
_PARSED = 64 * 1024
"""The same of what h11 reads, as with httpx: it copies what it is given."""
_LONGEST_HEAD = 100 * 1024
"""Bytes, as with httpx."""
_KEPT = 5.0
"""Seconds that an idle connection may be used again, as with httpx: what lies between may forget it."""

_Origin = tuple[str, str, int]


def http_client(clock: Clock, headers: dict[str, str], kept: int) -> httpx.Client:
    """A client that keeps so many idle connections. Where a proxy is set in the environment, it is
    httpx's business, and all goes its way.
    """
    certificates = httpx.create_ssl_context()
    certificates.set_alpn_protocols(["http/1.1"])  # as httpx says, once it connects
    limits = httpx.Limits(max_keepalive_connections=kept)
    wire = None if getproxies() else Wire(certificates, limits, clock)
    return httpx.Client(headers=headers, limits=limits, verify=certificates, transport=wire)


class Wire(httpx.BaseTransport):
    """GET by a shorter way, everything else by httpx. Raises what httpx raises."""

    def __init__(self, certificates: ssl.SSLContext, limits: httpx.Limits, clock: Clock) -> None:
        self._others = httpx.HTTPTransport(verify=certificates, limits=limits)
        self._certificates = certificates
        self._most_kept = limits.max_keepalive_connections or 0
        self._clock = clock
        self._lock = Lock()
        self._idle: list[tuple[_Origin, socket.socket, float]] = []
        self._is_closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if request.method != "GET" or url.scheme not in ("http", "https"):
            return self._others.handle_request(request)
        origin = (url.scheme, url.raw_host.decode(), url.port or {"http": 80, "https": 443}[url.scheme])
        timeout = request.extensions.get("timeout", {})
        connection = self._taken(origin) or self._made(origin, timeout.get("connect"))
        parser = h11.Connection(h11.CLIENT, _LONGEST_HEAD)
        try:
            connection.settimeout(timeout.get("read"))
            with _as_httpx(httpx.WriteTimeout, httpx.WriteError):
                asked = h11.Request(method="GET", target=url.raw_path, headers=request.headers.raw)
                parts = [parser.send(part) or b"" for part in (asked, h11.EndOfMessage())]
                connection.sendall(b"".join(parts))  # once: who answers a head may hang up at once
            with _as_httpx(httpx.ReadTimeout, httpx.ReadError):
                answer = self._head(parser, connection, timeout.get("read") or math.inf)
        except BaseException:
            connection.close()
            raise
        body = _Body(self, origin, connection, parser, answer)
        return httpx.Response(answer.status_code, headers=answer.headers.raw_items(), stream=body)

    def close(self) -> None:
        self._others.close()
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for _, connection, _ in idle:
            connection.close()

    def _head(self, parser: h11.Connection, connection: socket.socket, within: float) -> h11.Response:
        """``within``: seconds; a body is watched by who reads it, and a head can drip for ever, too."""
        until = self._clock.monotonic() + within
        while not isinstance(part := parser.next_event(), h11.Response):
            if self._clock.monotonic() > until:
                raise httpx.ReadTimeout("the answer's head drips in too slowly")
            if part is h11.NEED_DATA:
                parser.receive_data(connection.recv(_PARSED))
        return part

    def give_back(self, origin: _Origin, connection: socket.socket) -> None:
        """A connection whose answer has come to its end, for the next request."""
        with self._lock:
            if not self._is_closed and len(self._idle) < self._most_kept:
                self._idle.append((origin, connection, self._clock.monotonic()))
                return
        connection.close()

    def _taken(self, origin: _Origin) -> socket.socket | None:
        """An open connection to there; what is too old, or was closed there, goes."""
        with self._lock:
            while self._idle and self._clock.monotonic() - self._idle[0][2] >= _KEPT:
                self._idle.pop(0)[1].close()
            while self._idle:
                its_origin, connection, _ = self._idle.pop()
                if its_origin == origin and not _has_spoken(connection):
                    return connection
                connection.close()
        return None

    def _made(self, origin: _Origin, timeout: float | None) -> socket.socket:
        scheme, host, port = origin
        with _as_httpx(httpx.ConnectTimeout, httpx.ConnectError):
            connection = socket.create_connection((host, port), timeout)
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if scheme == "https":
                    return self._certificates.wrap_socket(connection, server_hostname=host)
            except BaseException:
                connection.close()
                raise
            return connection


class _Body(httpx.SyncByteStream):
    """What of an answer is still to come."""

    def __init__(
        self,
        wire: Wire,
        origin: _Origin,
        connection: socket.socket,
        parser: h11.Connection,
        answer: h11.Response,
    ) -> None:
        self._wire = wire
        self._origin = origin
        self._connection = connection
        self._parser = parser
        self._answer = answer
        self._headers = dict(answer.headers)
        self._may_be_kept = False

    def __iter__(self) -> Iterator[bytes]:
        is_counted = self._answer.status_code == 200 and b"transfer-encoding" not in self._headers
        length = self._headers.get(b"content-length") if is_counted else None
        with _as_httpx(httpx.ReadTimeout, httpx.ReadError):
            yield from self._parsed() if length is None else self._counted(int(length))

    def _counted(self, missing: int) -> Iterator[bytes]:
        """What has a length, by the short way."""
        piece = self._parser.trailing_data[0]  # came along with the head
        while len(piece) < missing:
            if piece:
                yield piece
                missing -= len(piece)
            piece = self._connection.recv(_PIECE)
            if not piece:
                raise httpx.RemoteProtocolError("the answer was cut off")
        yield piece[:missing]
        closes = b"close" in self._headers.get(b"connection", b"").lower()
        self._may_be_kept = self._answer.http_version == b"1.1" and not closes and len(piece) == missing

    def _parsed(self) -> Iterator[bytes]:
        """Everything else, as h11 understands it."""
        while isinstance(part := _heard(self._parser, self._connection), h11.Data):
            yield bytes(part.data)
        self._may_be_kept = self._parser.their_state is h11.DONE and not self._parser.trailing_data[0]

    def close(self) -> None:
        del self._parser  # httpx's answers live until garbage is looked for, and it holds what came first
        if self._may_be_kept:
            self._wire.give_back(self._origin, self._connection)
        else:
            self._connection.close()


def _heard(parser: h11.Connection, connection: socket.socket) -> object:
    """The next part of an answer."""
    while (part := parser.next_event()) is h11.NEED_DATA:
        parser.receive_data(connection.recv(_PARSED))
    return part


def _has_spoken(connection: socket.socket) -> bool:
    """Whether there is something to read where nothing was asked: its end, mostly."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def _as_httpx(late: type[httpx.TransportError], broken: type[httpx.TransportError]) -> Iterator[None]:
    """Errors of sockets and of h11 as httpx's own."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except OSError as error:
        raise broken(str(error)) from error
    except (h11.LocalProtocolError, ValueError) as error:
        raise httpx.LocalProtocolError(str(error)) from error
