"""/api/v1: the same facts as the command line, changes only with a token, and problems in plain words."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr

from exact_sync.api_tokens import new_token
from exact_sync.errors import (
    BadConfiguration,
    DatabaseAway,
    ExactSyncError,
    SchemaAhead,
    SignInNeeded,
    TryLater,
    Unknown,
)
from exact_sync.server_settings import ServerSettings
from exact_sync.store import incidents, pauses, quarantine
from exact_sync.store.quarantine import Reject
from exact_sync.sync.status_json import everything, text_of
from exact_sync.web.api import application, terms
from exact_sync.web.gate import Gate
from exact_sync.web.pages.records import OUTCOMES
from exact_sync.web.source import Source
from tests.deployment import DIVISION, START, Deployment
from tests.undelivered import leave_undelivered
from tests.web.browser import HASHED, WHO, log_in, token_in
from tests.web.desk import RecordingDesk
from tests.web.served import a_server, metrics_of, source_of

FULL, READ = new_token(), new_token()
SETTINGS = ServerSettings.model_validate({
    "tokens": {
        "robot": {"hash": FULL.hash, "access": "full"},
        "dashboard": {"hash": READ.hash},
    }
})  # fmt: skip


@pytest.fixture
def desk() -> RecordingDesk:
    return RecordingDesk()


@pytest.fixture
def source(deployment: Deployment, desk: RecordingDesk) -> Source:
    return replace(source_of(deployment), desk=desk)


@pytest.fixture
def client(deployment: Deployment, source: Source) -> Iterator[httpx.Client]:
    with a_server(metrics_of(deployment), [source], SETTINGS) as client:
        client.headers["Authorization"] = f"Bearer {FULL.token}"
        client.base_url = client.base_url.join("/api/v1")
        yield client


LISTS_OF_RESOURCES = ("runs", "checkpoints", "quarantine", "requests", "requests/summary", "outbox")


def changing_routes(source: Source) -> list[tuple[str, str]]:
    """Method and path of every route of the API that is more than a question."""
    found = [
        (method, route.path.replace("{resource}", "items"))
        for route in application([source]).routes
        if isinstance(route, APIRoute)
        for method in route.methods
        if method not in ("GET", "HEAD", "OPTIONS")
    ]
    assert len(found) >= 8
    return found


def something_of_everything(deployment: Deployment) -> None:
    """So that no list of the API is empty."""
    deployment.sync_well("divisions", "items", "customers")
    deployment.service.request_log.flush()
    with deployment.service.database.begin() as connection:
        pauses.add(connection, [(0, "items")])
        quarantine.keep(connection, DIVISION, "items", [Reject("k", "is no number", {"Code": "x"})])
        leave_undelivered(connection, deployment)
        incidents.begin(connection, [("lag", "items of 124132", "no success", "look")], [], START)


def test_it_tells_what_the_command_line_tells(client: httpx.Client, deployment: Deployment) -> None:
    something_of_everything(deployment)
    service = deployment.service
    told = json.loads(text_of(everything([(service.connection, service.status())])))
    assert client.get("/status").json() == told
    for name in ("connections", "divisions", "resources"):
        assert client.get(f"/{name}").json() == told[name]
    of_items = [line for line in told["resources"] if line["resource"] == "items"]
    assert client.get("/resources?resource=items").json() == of_items
    [line] = client.get(f"/resources?division={DIVISION}&resource=items").json()
    assert (line["rows"], line["quarantined"], line["outcome"]) == (25, 1, "ok")
    [pause] = client.get("/pauses").json()["items"]
    assert (pause["division"], pause["resource"]) == (0, "items")
    [held] = client.get("/quarantine?resource=items").json()["items"]
    assert (held["key"], held["reason"]) == ("k", "is no number")
    assert client.get("/quarantine?resource=customers").json()["items"] == []
    asked = client.get("/requests?resource=items&limit=1").json()["items"]
    assert [line["endpoint"] for line in asked] == ["bulk/Logistics/Items"]
    assert client.get("/requests?only=errors").json()["items"] == []
    summed = {line["endpoint"]: line["calls"] for line in client.get("/requests/summary").json()["items"]}
    assert summed["bulk/Logistics/Items"] == 1
    [incident] = client.get("/incidents").json()["items"]
    assert (incident["kind"], incident["closed_at"]) == ("lag", None)
    assert client.get("/incidents?limit=5").json()["items"] == [incident]
    assert "told_to" not in incident


def test_what_is_asked_for_reaches_the_desk(client: httpx.Client, desk: RecordingDesk) -> None:
    for path, status in (
        ("/sync", 202),
        (f"/sync?resource=items&resource=customers&division={DIVISION}", 202),
        ("/resources/items/sync", 202),
        ("/resources/items/pause?division=1&division=2&connection=default", 200),
        ("/resources/items/resume", 200),
        ("/resources/items/accept?division=1", 200),
        ("/resources/items/retry", 202),
        ("/outbox/retry?message=1&target=shop", 200),
        ("/outbox/drop?state=waiting", 200),
    ):
        answer = client.post(path)
        assert (answer.status_code, answer.json()["connection"]) == (status, "default")
        assert answer.json()["count"] == len(desk.asked)
    assert desk.asked == [
        ("sync", [], []),
        ("sync", ["items", "customers"], [DIVISION]),
        ("sync", ["items"], []),
        ("pause", ["items"], [1, 2]),
        ("resume", ["items"], []),
        ("accept", "items", [1], None, []),
        ("retry", "items", []),
        ("retry_messages", [1], ["shop"]),
        ("drop_messages", [], [], "waiting"),
    ]


def test_of_several_connections_the_first_one_is_meant_unless_one_is_named(
    deployment: Deployment, source: Source, desk: RecordingDesk
) -> None:
    deployment.sync_well("divisions")
    first = replace(source, connection=replace(source.connection, is_alone=False))
    other = RecordingDesk()
    second = replace(first, connection=replace(first.connection, name="be"), desk=other)
    with a_server(metrics_of(deployment), [first, second], SETTINGS) as client:
        client.headers["Authorization"] = f"Bearer {FULL.token}"

        def names(path: str) -> list[str]:
            return [line.get("connection") or line["name"] for line in client.get(f"/api/v1/{path}").json()]

        assert names("connections") == names("divisions") == ["default", "be"]
        assert names("connections?connection=be") == names("divisions?connection=be") == ["be"]
        assert client.get("/api/v1/runs").json()["connection"] == "default"
        assert client.get("/api/v1/runs?connection=be").json()["connection"] == "be"
        client.post("/api/v1/sync?connection=be")
        assert (desk.asked, other.asked) == ([], [("sync", [], [])])
        other.refuses = SignInNeeded("nobody is signed in")
        problem = client.post("/api/v1/sync?connection=be").json()
        assert problem["detail"] == "be: nobody is signed in"
        assert problem["hint"] == "run: exact-sync auth login --connection be"


def test_no_changing_route_can_be_reached_without_a_token(
    client: httpx.Client, source: Source, desk: RecordingDesk
) -> None:
    """On loopback, where everybody may look."""
    del client.headers["Authorization"]
    for method, path in changing_routes(source):
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer"}, 401),
            ({"Authorization": f"Bearer {FULL.token}x"}, 401),
            ({"Authorization": f"Basic {FULL.token}"}, 401),
            ({"Authorization": f"Bearer {FULL.hash}"}, 401),
            ({"Authorization": b"Bearer \xff"}, 401),
            ({"Authorization": f"Bearer {READ.token}"}, 403),
            ({"X-CSRF-Token": "forged"}, 403),
            ({"Content-Type": "application/json"}, 401),
        ):
            answer = client.request(method, path, headers=headers)
            assert answer.status_code == status, (path, headers)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert desk.asked == []
    assert client.get("/status").status_code == 200
    assert client.get("/status", headers={"Authorization": f"Bearer {READ.token}"}).status_code == 200
    assert client.get("/status", headers={"Authorization": "Bearer x"}).status_code == 401
    of_a_proxy = {"Authorization": "Basic b3BlcmF0b3I6aHVudGVyMg=="}
    assert client.get("/status", headers=of_a_proxy).status_code == 200


def test_our_own_page_may_change_something_with_its_token(
    desk: RecordingDesk, deployment: Deployment, source: Source
) -> None:
    settings = ServerSettings(host="0.0.0.0", password_hash=SecretStr(HASHED), tokens=SETTINGS.tokens)
    with a_server(metrics_of(deployment), [source], settings, [WHO]) as browser:
        assert browser.get("/api/v1/status").status_code == 401
        reading = {"Authorization": f"Bearer {READ.token}"}
        assert browser.get("/api/v1/status", headers=reading).status_code == 200
        before = token_in(browser.get("/login").text)
        log_in(browser)
        assert browser.get("/api/v1/status").status_code == 200
        token = token_in(browser.get("/who").text)
        assert browser.post("/api/v1/sync").status_code == 401
        assert browser.post("/api/v1/sync", headers={"X-CSRF-Token": before}).status_code == 403
        assert desk.asked == []
        assert browser.post("/api/v1/sync", headers={"X-CSRF-Token": token}).status_code == 202


def test_what_went_wrong_is_a_problem_with_a_hint(client: httpx.Client, desk: RecordingDesk) -> None:
    errors: list[tuple[ExactSyncError, int, str | None]] = [
        (TryLater("the daemon stands still", until=START + timedelta(seconds=90)), 503, "90"),
        (TryLater("later", until=START + timedelta(days=9)), 503, "86400"),
        (TryLater("the daemon stands still"), 503, "5"),
        (DatabaseAway("no connection to postgresql://exact_sync:hunter2@db/exact"), 503, "5"),
        (Unknown("there is no resource itemz", "did you mean items?"), 404, None),
        (BadConfiguration("items is paused in all divisions"), 409, None),
        (SignInNeeded("nobody is signed in"), 409, None),
        (SchemaAhead("a newer schema"), 409, None),
    ]
    for error, status, wait in errors:
        desk.refuses = error
        answer = client.post("/resources/items/sync")
        assert (answer.status_code, answer.headers.get("Retry-After")) == (status, wait), error
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem.get("hint", "")) == (status, error.hint)
        assert "hunter2" not in answer.text


def test_what_is_wrong_with_a_question_is_said_without_repeating_it(client: httpx.Client) -> None:
    for question, status, said in (
        ("runs?limt=3", 422, "query.limt: there is no such parameter"),
        ("runs?" + "x" * 5000 + "=%ed%a0%80", 422, "query.xxx"),
        ("runs?limit=0", 422, "query.limit"),
        ("runs?limit=1001", 422, "query.limit"),
        ("runs?limit=1e2", 422, "no whole number"),
        ("runs?division=2147483648", 422, "query.division"),
        ("runs?division=" + "9" * 400, 422, "no whole number"),
        ("runs?division=-1", 422, "no whole number"),
        ("runs?cursor=9223372036854775808", 422, "query.cursor"),
        ("runs?resource=a%00b", 422, "query.resource"),
        ("runs?resource=" + "a" * 49, 422, "query.resource"),
        ("runs?" + "&".join(["division=1"] * 101), 422, "query.division"),
        ("checkpoints?cursor=9999999999:items", 200, ""),
        ("checkpoints?cursor=items", 422, "query.cursor"),
        ("requests?since=yesterday", 422, "is no moment"),
        ("requests?since=2026-13-01T00:00:00Z", 422, "query.since"),
        ("requests?since=9999-12-31T23:59:59-23:59", 200, ""),
        ("requests?since=0001-01-01T00:00:00%2B23:59", 200, ""),
        ("resources?resource=itemz", 404, "did you mean items?"),
        *((f"{path}?resource=itemz", 404, "did you mean items?") for path in LISTS_OF_RESOURCES),
        *((f"{path}?resource=projects", 200, "") for path in LISTS_OF_RESOURCES),  # it may have been on
        ("runs?outcome=nonsense", 422, "query.outcome"),
        ("outbox?target=nonsense", 404, "there is no target nonsense"),
        ("divisions?division=1", 404, "not among the divisions"),
        ("runs?connection=nowhere", 404, "there is no connection nowhere"),
        ("nothing", 404, "Not Found"),
    ):
        answer = client.get(f"/{question}")
        assert (answer.status_code, said in answer.text) == (status, True), (question, answer.text)
        assert len(answer.text) < 400
    assert client.get("/sync").status_code == 405


def test_what_is_no_longer_in_the_settings_is_known_by_what_is_left_of_it(
    client: httpx.Client, deployment: Deployment
) -> None:
    with deployment.service.database.begin() as connection:
        quarantine.keep(connection, DIVISION, "my_costs", [Reject("k", "is no number", {})])
    [held] = client.get("/quarantine?resource=my_costs").json()["items"]
    assert held["key"] == "k"
    assert client.get("/runs?resource=my_costs").status_code == 404


def test_runs_can_be_told_apart_by_every_outcome_and_by_what_belongs_to_no_division(
    client: httpx.Client, deployment: Deployment
) -> None:
    assert {*OUTCOMES, "widened"} == set(get_args(terms.Outcome))
    assert {client.get(f"/runs?outcome={outcome}").status_code for outcome in OUTCOMES} == {200}
    deployment.sync_well("divisions", "items")
    for path in ("runs", "checkpoints"):
        told = client.get(f"/{path}?division=0").json()["items"]
        assert {(line["division"], line["resource"]) for line in told} == {(0, "divisions")}, path
        assert client.get(f"/{path}?division=0&division={DIVISION}&resource=items").json()["items"]
    assert client.post("/resources/items/sync?division=0").status_code == 422
    # A division named in a body would go unseen, and all of them be meant.
    for body in ({"json": {"division": [DIVISION]}}, {"data": {"division": DIVISION}}):
        answer = client.post("/resources/items/sync", **body)
        assert (answer.status_code, "?division=" in answer.json()["detail"]) == (422, True)


def test_a_database_that_is_away_or_behind_is_a_reason_to_come_back(
    client: httpx.Client, deployment: Deployment
) -> None:
    with deployment.service.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE exact_sync.run RENAME TO runs")
    answer = client.get("/runs")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert client.get("/checkpoints").status_code == 200


def test_a_flood_waits_in_a_short_line() -> None:
    go_on, at_once, most = threading.Event(), [0], [0]

    def work() -> str:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        go_on.wait(30)
        at_once[0] -= 1
        return "done"

    async def flood() -> list[str | BaseException]:
        gate = Gate(queue=10, patience=60)
        asked = [asyncio.ensure_future(gate.run(work)) for _ in range(1000)]
        await asyncio.sleep(0)
        go_on.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return [*answers, await gate.run(lambda: "again")]

    answers = asyncio.run(flood())
    assert answers.count("done") == 11
    assert sum(isinstance(answer, TryLater) for answer in answers) == 989
    assert (answers[-1], most) == ("again", [1])


def test_nobody_waits_for_work_that_hangs() -> None:
    go_on = threading.Event()

    async def ask() -> None:
        gate = Gate(patience=0.01)
        for _ in range(3):  # the first hangs, the others wait for its turn
            with pytest.raises(TryLater):
                await gate.run(lambda: go_on.wait(30))
        go_on.set()
        while True:
            try:
                assert await gate.run(lambda: True)
                return
            except TryLater:
                await asyncio.sleep(0)

    asyncio.run(ask())
