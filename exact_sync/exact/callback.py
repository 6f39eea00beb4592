"""Waits for the browser to come back from Exact's consent page, on a loopback address."""

import html
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

from exact_sync.errors import BadConfiguration, SignInNeeded
from exact_sync.exact.oauth import NotOurs, read_redirect

_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>exact-sync</title><body style='font-family:system-ui;margin:4rem auto;max-width:32rem'>"
    "<h1>{title}</h1><p>{text}</p>"
)


class _Listener(HTTPServer):
    """Says nothing of a browser that breaks off: what it brought is here, or it comes again."""

    timeout = 0.5  # seconds

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Callback:
    """Listens until one redirect with the right state has come, or the time is over."""

    def __init__(self, address: tuple[str, int, str], state: str, onward: str | None = None) -> None:
        """``onward``: where the browser is sent on to, with what it brought, instead of an answer here.

        Raises BadConfiguration where the port is taken.
        """
        host, port, path = address
        self._onward = onward
        self.code: str | None = None
        self.refusal: SignInNeeded | None = None

        class Handler(BaseHTTPRequestHandler):
            timeout = 5  # seconds: browsers also open connections on which they never ask anything

            def do_GET(handler) -> None:  # noqa: N805
                self._answer(handler, path, state)

            def log_message(handler, format: str, *args: object) -> None:  # noqa: N805
                """Say nothing: the request line carries the code."""

        try:
            self._server = _Listener((host, port), Handler)
        except OSError as error:
            raise BadConfiguration(
                f"can't listen on {host}:{port} for the redirect: {error.strerror}",
                "free that port, or use: exact-sync auth login --paste",
            ) from None

    def wait(self, is_over: Callable[[], bool]) -> str:
        """The authorization code. Raises SignInNeeded where consent is refused or nobody comes."""
        try:
            while self.code is None and self.refusal is None:
                if is_over():
                    raise SignInNeeded("nobody gave consent in time")
                self._server.handle_request()
        finally:
            self._server.server_close()
        if self.refusal is not None:
            raise self.refusal
        assert self.code is not None  # noqa: S101 - the loop's condition
        return self.code

    def _answer(self, handler: BaseHTTPRequestHandler, path: str, state: str) -> None:
        status, title, text = 404, "Not here", "This address only waits for Exact Online's answer."
        try:
            asked = urlsplit(handler.path)
        except ValueError:  # no URL: nothing of ours
            asked = urlsplit("")
        if asked.path == path and asked.query:
            try:
                self.code = read_redirect(handler.path, state)
                status, title, text = (
                    200,
                    "Signed in",
                    "You can close this window and go back to the terminal.",
                )
            except SignInNeeded as error:
                status, title, text = 400, "Not signed in", error.message
                if not isinstance(error, NotOurs):
                    self.refusal = error
        is_over = self.code is not None or self.refusal is not None
        body = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
        if self._onward is not None and is_over and status != 404:
            handler.send_response(303)
            handler.send_header("Location", f"{self._onward}?{asked.query}")
        else:
            handler.send_response(status)
        handler.send_header("Content-Type", "text/html; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Cache-Control", "no-store")
        handler.send_header("Referrer-Policy", "no-referrer")
        handler.end_headers()
        handler.wfile.write(body)
