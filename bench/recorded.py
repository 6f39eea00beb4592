"""Pages recorded from the simulator once, and served again by a process of their own."""

import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection

import httpx

from exact_sync.exact.odata import Query
from exact_sync.simulator import Simulator
from exact_sync.simulator.books import Books
from exact_sync.simulator.company import found_company

DIVISION = 124132


def record(query: Query, rows: int) -> list[bytes]:
    """The bodies of all pages of a first load of that many customers; links point to `@/N`."""
    books = Books()
    found_company(books, DIVISION, today=date(2026, 6, 1), counts={"crm/Accounts": rows})
    with Simulator(books, minute_limit=10**9, day_limit=10**9) as simulator:
        token = simulator.oauth.sign_in()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        pages: list[bytes] = []
        link: str | None = query.url(simulator.base_url, DIVISION)
        while link:
            body = httpx.get(link, headers=headers, timeout=60).raise_for_status().content
            link = json.loads(body)["d"].get("__next")
            if link:
                body = body.replace(json.dumps(link).encode(), f'"@/{len(pages) + 1}"'.encode())
            pages.append(body)
        return pages


@contextmanager
def served(pages: list[bytes]) -> Iterator[str]:
    """The base URL of a server for recorded pages."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, pages), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection, pages: list[bytes]) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            number = self.path.rsplit("/", 1)[-1]
            body = bodies[int(number) if number.isdigit() else 0]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_address[1]}/page".encode()
    bodies = [page.replace(b'"@/', b'"' + base + b"/") for page in pages]
    pipe.send(server.server_address[1])
    server.serve_forever()
