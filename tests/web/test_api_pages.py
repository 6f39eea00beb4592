"""Lists of the API in pages: walked to their end while rows are added, nothing comes twice or is missing."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, text

from exact_sync.store import checkpoints, incidents, quarantine, requests
from exact_sync.store.quarantine import Reject
from tests.deployment import DIVISION, START, Deployment
from tests.web.served import a_server, metrics_of, source_of

Line = dict[str, Any]

RUN = text(
    "INSERT INTO exact_sync.run (division, resource, strategy, full_read, outcome)"
    " SELECT :division, 'items', 'modified', false, 'ok' FROM generate_series(1, :number)"
)


def add_runs(connection: Connection, first: int, number: int) -> None:
    connection.execute(RUN, {"division": DIVISION, "number": number})


def add_checkpoints(connection: Connection, first: int, number: int) -> None:
    """Of ever other divisions, before and behind those that are here."""
    for each in range(first, first + number):
        checkpoints.save(connection, 1 + each * 37 % 101, f"r{each % 3}")


def add_quarantine(connection: Connection, first: int, number: int) -> None:
    """Many at one moment; and half of those that are here come once more."""
    for division, resource in ((DIVISION, "items"), (DIVISION, "customers"), (DIVISION + 1, "items")):
        keys = [*range(0, first, 2), *range(first, first + number)]
        rejects = [Reject(f"{each:03}", f"reason {first}", {}) for each in keys]
        quarantine.keep(connection, division, resource, rejects)


def add_requests(connection: Connection, first: int, number: int) -> None:
    """Three at a moment; those of a process that writes late are older than what is here."""
    rows = [
        dict.fromkeys(requests.COLUMNS)
        | {"at": START + timedelta(microseconds=(each if each % 2 else -each) // 3)}
        | {"division": DIVISION, "resource": "items", "endpoint": f"e{each}", "milliseconds": 1}
        for each in range(first, first + number)
    ]
    requests.add(connection, rows)


def add_incidents(connection: Connection, first: int, number: int) -> None:
    """Meanwhile others end."""
    over = [number for number in incidents.opened(connection).values() if number % 2]
    new = [("lag", f"s{each}", "late", None) for each in range(first, first + number)]
    incidents.begin(connection, new, over, START)


Add = Callable[[Connection, int, int], None]
LISTS: dict[str, tuple[Add, Callable[[Line], Any]]] = {
    "runs": (add_runs, lambda line: line["id"]),
    "checkpoints": (add_checkpoints, lambda line: (line["division"], line["resource"])),
    "quarantine": (add_quarantine, lambda line: (line["division"], line["resource"], line["key"])),
    "requests": (add_requests, lambda line: line["endpoint"]),
    "incidents": (add_incidents, lambda line: line["subject"]),
}


@pytest.fixture
def client(deployment: Deployment) -> Iterator[httpx.Client]:
    with a_server(metrics_of(deployment), [source_of(deployment)]) as client:
        client.base_url = client.base_url.join("/api/v1")
        yield client


def added(deployment: Deployment, add: Add, first: int, number: int) -> None:
    with deployment.service.database.begin() as connection:
        add(connection, first, number)


def pages(client: httpx.Client, path: str, **question: Any) -> Iterator[list[Line]]:
    following, met = None, set()
    while following not in met:
        met.add(following)
        page = client.get(path, params=question | ({"cursor": following} if following else {})).json()
        yield page["items"]
        if (following := page["next"]) is None:
            return
    raise AssertionError(f"{path}: the cursor {following} came before")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_walked_to_its_end_while_rows_are_added(
    client: httpx.Client, deployment: Deployment, path: str
) -> None:
    add, key = LISTS[path]
    added(deployment, add, 0, 10)
    [before] = [[key(line) for line in page] for page in pages(client, path, limit=1000)]
    assert len(before) >= 10
    seen, first = [], 10
    for page in pages(client, path, limit=3):
        assert 1 <= len(page) <= 3
        seen += [key(line) for line in page]
        if first < 30:
            added(deployment, add, first, 2)
            first += 2
    assert len(seen) == len(set(seen))
    assert set(before) - set(seen) == set()
    [after] = [[key(line) for line in page] for page in pages(client, path, limit=1000)]
    assert len(after) > len(before)
    together = [key(line) for page in pages(client, path, limit=3) for line in in_order(path, page)]
    assert together == list(in_order(path, after))


def in_order(path: str, lines: list[Any]) -> list[Any]:
    """In the order of the list: of requests each page is turned round, so that the newest is its last."""
    return lines[::-1] if path == "requests" else lines


@pytest.mark.parametrize("path", LISTS)
def test_a_full_last_page_says_that_it_is_the_last(
    client: httpx.Client, deployment: Deployment, path: str
) -> None:
    add, _ = LISTS[path]
    added(deployment, add, 0, 4)
    number = len(client.get(path, params={"limit": 1000}).json()["items"])
    assert client.get(path, params={"limit": number}).json()["next"] is None
    assert [len(page) for page in pages(client, path, limit=number // 2)] == [number // 2] * 2


def test_filters_hold_on_every_page(client: httpx.Client, deployment: Deployment) -> None:
    added(deployment, add_quarantine, 0, 5)
    added(deployment, add_requests, 0, 5)
    found = [
        line
        for page in pages(client, "quarantine", resource="items", division=DIVISION, limit=2)
        for line in page
    ]
    assert [line["key"] for line in found] == ["004", "003", "002", "001", "000"]
    assert {(line["division"], line["resource"]) for line in found} == {(DIVISION, "items")}
    late = [
        line for page in pages(client, "requests", since="2999-01-01T00:00:00Z", limit=2) for line in page
    ]
    assert late == []
    assert [len(page) for page in pages(client, "requests", resource="items", limit=2)] == [2, 2, 1]


def test_of_incidents_all_that_is_open_or_pages_of_all(client: httpx.Client, deployment: Deployment) -> None:
    for first in range(0, 150, 50):
        added(deployment, add_incidents, first, 50)
    opened = client.get("/incidents").json()
    assert all(line["closed_at"] is None for line in opened["items"])
    assert (len(opened["items"]) > 50, opened["next"]) == (True, None)
    newest = client.get("/incidents?limit=1").json()
    older = client.get(f"/incidents?cursor={newest['next']}").json()
    assert [line["subject"] for line in older["items"]] == [f"s{each}" for each in range(148, 48, -1)]
    assert any(line["closed_at"] for line in older["items"])


def test_a_cursor_that_nobody_gave_is_refused_in_one_line(client: httpx.Client) -> None:
    numbers = ("0", "-1", "1.0", "x", "", "1:2", "9" * 19, "9" * 400, "\u0661", "1\x00", "null")
    places = ("1", ":", "1:", ":1", "-1:1", "1:1:1", "x:y", "", "1" * 17 + ":1", "1:1\n", "1" * 400)
    for path in LISTS:
        for cursor in places if path in ("checkpoints", "requests") else numbers:
            answer = client.get(path, params={"limit": 2, "cursor": cursor})
            assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
            said = answer.json()["detail"]
            assert said.startswith("query.cursor: "), (path, cursor, said)
            assert ("\n" in said, "pattern" in said, len(said) < 150) == (False, False, True)
    for cursor in ("0:0", "9999999999999999:999999999999999999"):
        assert client.get("/requests", params={"cursor": cursor}).json()["next"] is None
