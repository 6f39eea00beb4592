"""/livez and /readyz tell the truth; every answer has strict headers."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import httpx
import pytest

from exact_sync.errors import DatabaseAway
from exact_sync.web.pulse import LIMIT, Pulse
from exact_sync.web.readiness import checks
from exact_sync.web.recent import Recent
from tests.deployment import Deployment
from tests.web.served import a_server, metrics_of, source_of


@pytest.fixture
def pulse(deployment: Deployment) -> Pulse:
    return Pulse(deployment.clock)


@pytest.fixture
def client(deployment: Deployment, pulse: Pulse) -> Iterator[httpx.Client]:
    with a_server(metrics_of(deployment), [source_of(deployment, pulse)]) as client:
        yield client


def test_it_is_alive_while_the_loop_runs(client: httpx.Client, deployment: Deployment, pulse: Pulse) -> None:
    deployment.clock.advance(seconds=LIMIT)
    assert client.get("/livez").text == "ok\n"
    deployment.clock.advance(seconds=1)
    answer = client.get("/livez")
    assert (answer.status_code, answer.text) == (503, "default: the loop has not run for 601 s\n")
    pulse.beat()
    assert client.get("/livez").status_code == 200


def test_a_daemon_that_ended_for_a_reason_is_alive_but_not_ready(
    client: httpx.Client, deployment: Deployment, pulse: Pulse
) -> None:
    pulse.end("another run holds the work")
    deployment.clock.advance(seconds=LIMIT + 1)
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    [red] = [check for check in answer.json()["checks"] if not check["ok"]]
    assert red == {
        "connection": "default", "check": "daemon", "ok": False, "why": "another run holds the work",
    }  # fmt: skip


def test_it_is_ready_when_signed_in_on_a_current_schema(client: httpx.Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert [check["check"] for check in answer.json()["checks"]] == ["database", "schema", "sign_in"]


def test_what_the_database_says_is_shown_without_its_password(deployment: Deployment) -> None:
    def away() -> None:
        raise DatabaseAway("no connection to postgresql://exact_sync:hunter2@db/exact")

    here = source_of(deployment)
    red = checks([replace(here, database=away)])
    assert [(check.check, check.ok) for check in red] == [
        ("database", False), ("schema", False), ("sign_in", False),
    ]  # fmt: skip
    assert "hunter2" not in "".join(check.why for check in red)


def test_every_answer_has_strict_headers(client: httpx.Client) -> None:
    paths = ["/livez", "/readyz", "/metrics", "/", "/livez/", "/../etc/passwd"]
    for method, path in product(["GET", "HEAD", "POST"], paths):
        its_headers_are_strict(client, method, path)


def its_headers_are_strict(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    is_page = path in ("/livez", "/readyz", "/metrics")
    assert answer.status_code == (403 if method == "POST" else 200 if is_page else 404)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Server" not in answer.headers
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert len(answer.text) < 70
    if method == "HEAD":
        assert answer.content == b""


def test_a_flood_of_questions_is_one_look() -> None:
    looks, go_on = [], threading.Event()

    def look() -> int:
        looks.append(1)
        go_on.wait()
        return len(looks)

    now = [0.0]

    async def flood() -> list[int]:
        recent = Recent(look, lambda: now[0], patience=60)
        asked = [asyncio.ensure_future(recent.get()) for _ in range(1000)]
        await asyncio.sleep(0)
        go_on.set()
        answers = await asyncio.gather(*asked)
        now[0] = 0.9
        answers.append(await recent.get())
        now[0] = 1.0
        return [*answers, await recent.get()]

    assert asyncio.run(flood()) == [1] * 1001 + [2]


def test_what_took_long_is_not_looked_up_again_soon_unless_it_is_no_longer_true() -> None:
    now, looks = [0.0], []

    def look() -> int:
        looks.append(1)
        now[0] += 2.0
        return len(looks)

    async def ask() -> list[int]:
        recent = Recent(look, lambda: now[0], rest=20, patience=60)
        answers = [await recent.get()]
        for later in (39.0, 41.0):  # twenty times as long as it took, and then some
            now[0] = later
            answers.append(await recent.get())
        recent.forget()
        return [*answers, await recent.get(), await recent.get()]

    assert asyncio.run(ask()) == [1, 1, 2, 3, 3]


def test_what_is_forgotten_while_it_is_looked_up_is_looked_up_again() -> None:
    looks, go_on = [], threading.Event()

    def look() -> int:
        looks.append(1)
        go_on.wait(30)
        return len(looks)

    async def ask() -> list[int]:
        recent = Recent(look, lambda: 0.0, patience=60)
        first = asyncio.ensure_future(recent.get())
        await asyncio.sleep(0)
        recent.forget()
        second = asyncio.ensure_future(recent.get())
        await asyncio.sleep(0)
        go_on.set()
        return [await first, await second]

    assert asyncio.run(ask()) == [1, 2]


def test_who_asks_is_not_kept_waiting_by_a_look_that_hangs() -> None:
    go_on, now = threading.Event(), [0.0]

    async def ask() -> None:
        recent = Recent(lambda: go_on.wait(30), lambda: now[0], patience=0.01)
        with pytest.raises(TimeoutError):
            await recent.get()
        now[0] = 5.0
        with pytest.raises(TimeoutError):
            await recent.get()
        go_on.set()
        while recent._answer is not None and not recent._answer.done():
            await asyncio.sleep(0)
        assert await recent.get() is True

    asyncio.run(ask())
