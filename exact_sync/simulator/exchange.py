"""A request as it came in and a reply as it goes out, free of sockets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exact_sync.simulator import layout
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.render import Row, error_body, json_body

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """What was asked. Header names are lower case."""

    method: str
    path: str
    """Percent-decoded."""
    query: str
    """As it came."""
    headers: Mapping[str, str]
    body: bytes
    origin: str
    """Scheme and host as the client wrote them: "http://127.0.0.1:8080"."""
    url_length: int
    """Characters of the whole URL, percent-encoded as it came."""

    @property
    def target(self) -> str:
        """The URL asked for, without the origin."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass
class Reply:
    """An answer, complete; `wire` says how to spoil its sending."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0
    wire: str = ""
    """"": sent as it is; reset, timeout, silence: not sent; wrong_length, gzip_cut, drip."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Of `wire`: delay in seconds, pieces, seconds."""
    afterwards: list[Callable[[], object]] = field(default_factory=list)
    """Run when the answer is made but not yet sent."""


@dataclass
class Listing:
    """An answer's rows before they are encoded: what faults may still change."""

    rows: list[Row]
    next_url: str | None = None
    count: int | None = None
    shape: str = "results"
    """`results`, `list` (d is the list itself) or `object` (d is the one row)."""

    def encode(self) -> bytes:
        records = [layout.record(json_body(row)) for row in self.rows]
        if self.shape == "object" and records:
            return layout.answer(records[0])
        count = b"" if self.count is None else b'"__count": "%d", ' % self.count
        link = b"" if self.next_url is None else b', "__next": ' + layout.laid_out(json_body(self.next_url))
        return layout.page(records, count, link, is_list=self.shape == "list")


def refused(refusal: Refusal) -> Reply:
    """A Refusal as an answer."""
    headers = [("Reason", refusal.reason)] if refusal.reason else []
    return Reply(refusal.status, error_body(refusal.message), headers=headers)
