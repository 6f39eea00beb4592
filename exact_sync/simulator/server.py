"""HTTP/1.1 on the standard library: keep-alive, no Nagle, and full control over bad sending."""

from __future__ import annotations

import gzip
import re
import select
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from exact_sync.simulator import control
from exact_sync.simulator.address import address
from exact_sync.simulator.data import DataService
from exact_sync.simulator.exchange import HTML, Reply, Request
from exact_sync.simulator.fault_replies import instead, spoil
from exact_sync.simulator.faults import INSTEAD, WIRE, Context
from exact_sync.simulator.stats import Call

if TYPE_CHECKING:
    from exact_sync.simulator.simulator import Simulator

_LINGER_OFF = struct.pack("ii", 1, 0)
_POLL_SECONDS = 0.05
_LARGEST_BODY = 14 * 1024 * 1024
"""Bytes. Exact takes 10 MB, measured before base64 makes them a third more."""
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Server(ThreadingHTTPServer):
    """Accepts connections; a thread each, which dies with the simulator."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, place: tuple[str, int], simulator: Simulator) -> None:
        self.simulator = simulator
        self.data = DataService(simulator)
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(place, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to report; anything else would be our own bug."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self.stopping.set()
        with suppress(OSError):  # whoever listens notices at once, not when it looks next
            self.socket.shutdown(socket.SHUT_RDWR)
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: `Stats` keeps the log."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names BaseHTTPRequestHandler looks for

    def _serve(self) -> None:
        sim = self.server.simulator
        raw_path, _, query = self.path.partition("?")
        path = unquote(raw_path)
        length = self.headers.get("Content-Length") or "0"
        # What can't be read to its end would be taken for the next request.
        if not re.fullmatch("[0-9]{1,9}", length) or "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.BAD_REQUEST if length != "0" else HTTPStatus.LENGTH_REQUIRED)
            return
        if int(length) > _LARGEST_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        host = headers.get("host") or f"{sim.host}:{sim.port}"
        origin, body = f"http://{host}", self.rfile.read(int(length))
        request = Request(self.command, path, query, headers, body, origin, len(origin) + len(self.path))
        if path.startswith(control.ROOT):
            self._send(control.answer(sim, request), None)
            return
        where = address(path) if path.startswith("/api/v1/") else None
        call = Call(
            at=sim.clock.now(),
            method=self.command,
            division=where.division if where else None,
            path=where.path if where else path,
            query=unquote_plus(query),
            started=time.monotonic(),
        )
        sim.stats.begin(call)
        # Judged as it comes in: whoever asked before another division's 429 went out could not know of it.
        if call.division is not None and sim.limits.limited(call.division):
            sim.stats.broke("calls_while_limited")
        try:
            if sim.latency:
                time.sleep(sim.latency)
            if path.startswith("/api/v1/"):
                rest = where.rest if where else ""
                context = Context(call.division, call.path, call.query, rest=rest)
                reply = self.server.data.answer(request, where, context)
            else:
                reply = self._sign_in(request)
            for action in reply.afterwards:
                action()
            call.status, call.rows = reply.status, reply.rows
            self._send(reply, call)
        finally:
            sim.stats.finish(call)

    def _sign_in(self, request: Request) -> Reply:
        sim = self.server.simulator
        place = (request.method, request.path)
        if place in (("GET", "/api/oauth2/auth"), ("POST", "/api/oauth2/auth")):
            answer = sim.oauth.authorize
        elif place == ("POST", "/api/oauth2/token"):
            answer = sim.oauth.token
        else:
            return Reply(404, b"<html><body><h1>404 Not Found</h1></body></html>", HTML)
        context = Context(
            None, request.path.removeprefix("/api/"), unquote_plus(request.query), signing_in=True
        )
        struck = sim.faults.take(context)
        for fault in struck:
            if fault.kind == "hook" and fault.hook is not None and fault.get("when", "before") == "before":
                fault.hook(context)
            if fault.kind == "revoke_consent":
                sim.oauth.revoke()
            elif fault.kind in INSTEAD:
                return instead(fault, context, sim.limits)
        reply = answer(request)
        for fault in struck:
            if fault.kind in WIRE:
                reply = spoil(reply, fault)
            if fault.kind == "hook" and fault.hook is not None and fault.get("when", "before") == "after":
                fault.hook(context)
        return reply

    # sending

    def _send(self, reply: Reply, call: Call | None) -> None:
        sim = self.server.simulator
        stats = sim.stats
        if reply.wire in ("reset", "timeout", "silence"):
            if call is not None:
                call.status = 0
                stats.finish(call)
            self._refuse_to_send(reply)
            return
        body = reply.body
        encoding: list[tuple[str, str]] = []
        packed = any(name == "Content-Encoding" for name, _ in reply.headers)
        wants_gzip = "gzip" in self.headers.get("Accept-Encoding", "")
        if sim.gzip and not packed and body and wants_gzip:
            body = gzip.compress(body, 1)
            encoding = [("Content-Encoding", "gzip")]
        length = len(body) + (100 if reply.wire == "wrong_length" else 0)
        now = sim.clock.now()
        lines = [
            f"HTTP/1.1 {reply.status} {_PHRASES.get(reply.status, 'Unknown')}",
            f"Date: {format_datetime(now, usegmt=True)}",
            "Cache-Control: no-store",
            f"Content-Type: {reply.content_type}",
            f"Content-Length: {length}",
            *(f"{name}: {value}" for name, value in (*encoding, *reply.headers)),
        ]
        if reply.wire == "wrong_length":
            lines.append("Connection: close")
            self.close_connection = True
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        if reply.wire == "drip":
            if call is not None:
                stats.finish(call)
            self._drip(head, body, reply)
            return
        # The last byte goes out only when the call counts as finished: a client that has the
        # whole answer may ask again at once, and that is no overlap.
        last = b""
        if len(body) > 65_536:
            self.wfile.write(head + body[:-1])
            head, body, last = b"", b"", body[-1:]
        if call is not None:
            stats.finish(call)
        self.wfile.write(head + body + last)

    def _drip(self, head: bytes, body: bytes, reply: Reply) -> None:
        pieces = max(int(reply.parameters.get("pieces", 10)), 1)
        delay = float(reply.parameters.get("delay", 0.05))
        step = max(-(-len(body) // pieces), 1)
        self.wfile.write(head)
        for start in range(0, len(body), step):
            if self.server.stopping.wait(delay):
                return
            self.wfile.write(body[start : start + step])

    def _refuse_to_send(self, reply: Reply) -> None:
        self.close_connection = True
        if reply.wire == "reset":
            # closing with unsent data dropped makes the kernel send RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
            self.connection.close()
        elif reply.wire == "timeout":
            seconds = reply.parameters.get("seconds")
            end = None if seconds is None else time.monotonic() + float(seconds)
            while not self.server.stopping.is_set() and (end is None or time.monotonic() < end):
                readable, _, _ = select.select([self.connection], [], [], _POLL_SECONDS)
                if readable:  # the client went away
                    return
