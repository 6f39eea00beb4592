"""HTTP as the product speaks it: what it reads comes by way of the standard library, all else by httpx's own.

Pages are what costs. httpx's own (httpcore, h11) takes 64 KB at a time and copies each piece several times;
here a piece is as large as what has come, and is copied once (docs/performance.md has the figures).
"""

import io
import re
import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from threading import Lock
from urllib.request import getproxies

import httpx

from exact_sync.clock import Clock

_PIECE = 256 * 1024
"""Bytes that are read at once, at most: larger ones are fresh memory each time."""
_KEPT = 5.0
"""Seconds that an idle connection may be used again, as with httpx: what lies between may forget it."""

_FOLD = re.compile(r"[ \t]*\r\n[ \t]+")
"""Where a header goes on in the next line, as once was allowed."""

_Origin = tuple[str, str, int]


def http_client(clock: Clock, headers: dict[str, str], kept: int) -> httpx.Client:
    """A client that keeps so many idle connections. Where a proxy is set in the environment, it is
    httpx's business, and all goes its way.
    """
    certificates = httpx.create_ssl_context()
    certificates.set_alpn_protocols(["http/1.1"])  # httpx says so too, http.client in ours does not
    limits = httpx.Limits(max_keepalive_connections=kept)
    wire = None if getproxies() else Wire(certificates, limits, clock)
    return httpx.Client(headers=headers, limits=limits, verify=certificates, transport=wire)


class Wire(httpx.BaseTransport):
    """GET by `http.client`, everything else by httpx. Raises what httpx raises."""

    def __init__(self, certificates: ssl.SSLContext, limits: httpx.Limits, clock: Clock) -> None:
        self._others = httpx.HTTPTransport(verify=certificates, limits=limits)
        self._certificates = certificates
        self._most_kept = limits.max_keepalive_connections or 0
        self._clock = clock
        self._lock = Lock()
        self._idle: list[tuple[_Origin, HTTPConnection, float]] = []
        self._is_closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if request.method != "GET" or url.scheme not in ("http", "https"):
            return self._others.handle_request(request)
        origin = (url.scheme, url.raw_host.decode(), url.port or {"http": 80, "https": 443}[url.scheme])
        timeout = request.extensions.get("timeout", {})
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.raw}
        connection = self._taken(origin) or self._made(origin, timeout.get("connect"))
        try:
            with _as_httpx(httpx.WriteTimeout, httpx.WriteError):
                connection.sock.settimeout(timeout.get("read"))
                connection.request("GET", url.raw_path.decode(), headers=headers)
            with _as_httpx(httpx.ReadTimeout, httpx.ReadError):
                response = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        said = [
            (name.encode("latin-1"), _FOLD.sub(" ", value).encode("latin-1"))
            for name, value in response.getheaders()
        ]
        body = _Body(self, origin, connection, response)
        return httpx.Response(response.status, headers=said, stream=body)

    def close(self) -> None:
        self._others.close()
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for _, connection, _ in idle:
            connection.close()

    def give_back(self, origin: _Origin, connection: HTTPConnection) -> None:
        """A connection whose answer has come to its end, for the next request."""
        with self._lock:
            if not self._is_closed and len(self._idle) < self._most_kept:
                self._idle.append((origin, connection, self._clock.monotonic()))
                return
        connection.close()

    def _taken(self, origin: _Origin) -> HTTPConnection | None:
        """An open connection to there; what is too old, or was closed there, goes."""
        with self._lock:
            while self._idle and self._clock.monotonic() - self._idle[0][2] >= _KEPT:
                self._idle.pop(0)[1].close()
            while self._idle:
                its_origin, connection, _ = self._idle.pop()
                if its_origin == origin and not _has_spoken(connection.sock):
                    return connection
                connection.close()
        return None

    def _made(self, origin: _Origin, timeout: float | None) -> HTTPConnection:
        scheme, host, port = origin
        with _as_httpx(httpx.ConnectTimeout, httpx.ConnectError):
            connection = (
                HTTPSConnection(host, port, timeout=timeout, context=self._certificates)
                if scheme == "https"
                else HTTPConnection(host, port, timeout=timeout)
            )
            try:
                connection.response_class = _Answer
                connection.connect()
            except BaseException:
                connection.close()
                raise
            return connection


class _Answer(HTTPResponse):
    """An answer that leaves nothing to be guessed; http.client would guess, httpx refuses too."""

    def begin(self) -> None:
        self.fp = _Lines(self.fp.detach())
        super().begin()
        while 101 < self.status < 200:  # it comes before an answer; http.client knows of 100 only
            self.headers = None  # type: ignore[assignment]
            super().begin()
        lengths = {*self.headers.get_all("Content-Length", [])}
        is_known = len(lengths) < 2 and all(length.isdecimal() for length in lengths)
        codings = [coding.lower() for coding in self.headers.get_all("Transfer-Encoding", [])]
        if self.status < 200 or self.msg.defects or not is_known or codings not in ([], ["chunked"]):
            raise HTTPException("that is no answer")


class _Lines(io.BufferedReader):
    """What comes in. A line that was cut off is none: a 429 without its headers would be another one."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n"):
            raise IncompleteRead(line)
        return line.rstrip(b" \t\r\n") + b"\r\n" if line.strip() else line


class _Body(httpx.SyncByteStream):
    """What of an answer is still to come."""

    def __init__(self, wire: Wire, origin: _Origin, connection: HTTPConnection, response: HTTPResponse):
        self._wire = wire
        self._origin = origin
        self._connection = connection
        self._response = response
        self._is_whole = False

    def __iter__(self) -> Iterator[bytes]:
        missing = self._response.length or 0
        with _as_httpx(httpx.ReadTimeout, httpx.ReadError):
            while piece := self._response.read1(_PIECE):
                missing -= len(piece)
                yield piece
        if missing > 0:
            raise httpx.RemoteProtocolError("the answer was cut off")
        self._is_whole = True

    def close(self) -> None:
        self._response.close()
        if self._is_whole and not self._response.will_close:
            self._wire.give_back(self._origin, self._connection)
        else:
            self._connection.close()


def _has_spoken(connection: socket.socket) -> bool:
    """Whether there is something to read where nothing was asked: its end, mostly."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    is_deciphered = isinstance(connection, ssl.SSLSocket) and connection.pending() > 0
    return is_deciphered or bool(poll.poll(0))


@contextmanager
def _as_httpx(late: type[httpx.TransportError], broken: type[httpx.TransportError]) -> Iterator[None]:
    """Errors of the standard library as httpx's own."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except HTTPException as error:
        raise httpx.RemoteProtocolError(repr(error)) from error
    except OSError as error:
        raise broken(str(error)) from error
    except ValueError as error:
        raise httpx.LocalProtocolError(str(error)) from error
