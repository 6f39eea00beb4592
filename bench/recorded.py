"""Records from the simulator, asked for once, and pages made of them: as many as needed, changed or not."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

import httpx
import msgspec

from bench.subjects import DIVISION, Subject
from exact_sync.exact.odata import Query
from exact_sync.simulator import Simulator, layout
from exact_sync.simulator.books import Books
from exact_sync.simulator.company import found_company

TODAY = date(2026, 6, 1)

_MODIFIED = re.compile(rb'"Modified": ?"\\?/Date\((\d+)\)')
_VERSION = re.compile(rb'"Timestamp": ?"?(\d+)')
_A_DAY = 86_400_000


class _Results(msgspec.Struct):
    results: list[msgspec.Raw]
    next_link: str | None = msgspec.field(name="__next", default=None)


class _Body(msgspec.Struct):
    d: _Results


def record(subject: Subject, rows: int) -> list[bytes]:
    """So many records, each as the JSON that the simulator sends."""
    books = Books()
    found_company(books, DIVISION, today=TODAY, counts={subject.founded: rows})
    condition = "Timestamp gt 1L" if subject.is_versioned else None
    query = Query(subject.endpoint, subject.select, condition)
    records: list[bytes] = []
    with Simulator(books, minute_limit=10**9, day_limit=10**9) as simulator:
        token = simulator.oauth.sign_in()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        link: str | None = query.url(simulator.base_url, DIVISION)
        while link and len(records) < rows:
            body = httpx.get(link, headers=headers, timeout=60).raise_for_status().content
            answer = msgspec.json.decode(body, type=_Body).d
            records += map(bytes, answer.results)
            link = answer.next_link
    if len(records) < rows:
        raise ValueError(f"the simulator has only {len(records)} {subject.name}")
    return records[:rows]


def copies(records: Sequence[bytes], times: int, key: str) -> Iterator[bytes]:
    """Each of the records so many times, with keys of their own."""
    for copy in range(times):
        for each in records:
            yield each if not copy else _with_key(each, key.encode(), copy)


def changed(records: Sequence[bytes], every: int, name: str) -> list[bytes]:
    """The same records; of so many each time one was changed a day later."""
    text = re.compile(rb'("%b": ?)(null|"(?:[^"\\]|\\.)*")' % name.encode())

    def change(number: int, each: bytes) -> bytes:
        each = text.sub(lambda m: b'%b"changed to %d"' % (m[1], number), each, count=1)
        each = _MODIFIED.sub(lambda m: m[0].replace(m[1], b"%d" % (int(m[1]) + _A_DAY)), each)
        return _VERSION.sub(lambda m: m[0].replace(m[1], b"%d" % (int(m[1]) + 10**9)), each)

    return [each if number % every else change(number, each) for number, each in enumerate(records)]


def pages(records: Sequence[bytes], size: int) -> list[bytes]:
    """The bodies of all pages; the links lead to ``@/N``, which the server makes a URL of."""
    bodies = [] if records else [layout.page([])]
    for number, first in enumerate(range(0, len(records), size), 1):
        is_last = first + size >= len(records)
        link = b"" if is_last else b', "__next": "@/%d"' % number
        bodies.append(layout.page(records[first : first + size], behind=link))
    return bodies


def _with_key(record: bytes, key: bytes, copy: int) -> bytes:
    """The first eight digits of the GUID become others, everywhere in the record."""
    at = record.index(b'"', record.index(b'"%b":' % key) + len(key) + 3) + 1
    first = record[at : at + 8]
    return record.replace(first, b"%08x" % ((int(first, 16) + copy * 0x10101) & 0xFFFFFFFF))
