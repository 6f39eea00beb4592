"""The outbox in /api/v1: what `exact-sync outbox list` tells, and what people do about dead letters."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.deployment import DIVISION, Deployment
from tests.facts import sql
from tests.target import SECRET, TOKEN
from tests.undelivered import CLOSED, leave_undelivered, undelivered
from tests.web.served import a_server, metrics_of, source_of
from tests.web.test_api import FULL, SETTINGS

STATES = """
    SELECT message, target, CASE WHEN given_up_at IS NOT NULL THEN 'dead'
        WHEN delivered_at IS NOT NULL THEN 'delivered' ELSE 'waiting' END
    FROM exact_sync.delivery ORDER BY message, target
"""
BEFORE = {
    (1, "warehouse"): "dead", (2, "warehouse"): "delivered", (3, "warehouse"): "waiting",
    (4, "warehouse"): "waiting", (5, "removed"): "dead", (5, "warehouse"): "dead",
}  # fmt: skip


@pytest.fixture
def client(deployment: Deployment) -> Iterator[httpx.Client]:
    """Its desk is a real one."""
    undelivered(deployment)
    with a_server(metrics_of(deployment), [source_of(deployment)], SETTINGS) as client:
        client.headers["Authorization"] = f"Bearer {FULL.token}"
        client.base_url = client.base_url.join("/api/v1")
        yield client


def states(deployment: Deployment) -> dict[tuple[int, str], str]:
    return {(message, target): state for message, target, state in sql(deployment, STATES)}


def test_what_was_not_delivered_is_told(client: httpx.Client) -> None:
    for question, found in (
        ("", [1, 3, 4, 5, 5]),
        ("?state=dead", [1, 5, 5]),
        ("?state=waiting", [3, 4]),
        ("?state=dead&target=warehouse", [1, 5]),
        ("?target=shop", []),
        ("?target=shop&target=removed", [5]),
        (f"?division={DIVISION}", [1, 3]),
        ("?resource=journals", [4, 5, 5]),
        ("?resource=journals&state=waiting", [4]),
        ("?division=7", []),
        ("?division=0", [4, 5, 5]),
        ("?limit=2", [1, 3]),
        ("?cursor=5:removed", [5]),
        ("?cursor=999999999999999999:a", []),
    ):
        told = client.get(f"/outbox{question}").json()["items"]
        assert [line["message"] for line in told] == found, question


def test_each_says_why_and_when_and_no_secret(client: httpx.Client, deployment: Deployment) -> None:
    answer = client.get("/outbox")
    first, second, third, *_ = answer.json()["items"]
    now = deployment.clock.now().isoformat()
    assert (first["trouble"], first["attempts"], first["given_up_at"]) == (CLOSED, 1, now)
    assert (first["target"], first["resource"], first["division"]) == ("warehouse", "items", DIVISION)
    assert (second["trouble"], second["given_up_at"]) == ("HTTP 500", None)
    assert second["retry_at"] > now
    assert (third["trouble"], third["attempts"], third["division"]) == (None, 0, 0)
    assert TOKEN not in answer.text
    assert SECRET not in answer.text


def test_a_target_that_there_is_not_is_no_empty_list(client: httpx.Client) -> None:
    """One that is no longer set up is known as long as there is something for it."""
    for question, said in (
        ("target=warehous", "there is no target warehous"),
        ("target=warehouse&target=nobody&state=dead", "there is: removed, shop, warehouse"),
        ("resource=itemz", "did you mean items?"),
    ):
        answer = client.get(f"/outbox?{question}")
        assert (answer.status_code, said in answer.text) == (404, True), question


def test_it_comes_in_pages(client: httpx.Client) -> None:
    found, cursor = [], ""
    while True:
        page = client.get(f"/outbox?limit=2{cursor}").json()
        found += [(line["message"], line["target"]) for line in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == [(1, "warehouse"), (3, "warehouse"), (4, "warehouse"), (5, "removed"), (5, "warehouse")]


def test_what_was_given_up_is_delivered_after_all_or_dropped(
    client: httpx.Client, deployment: Deployment
) -> None:
    for request, changed, into in (
        # Nobody would bring anything to a target that is no longer set up.
        ("retry", [(1, "warehouse"), (5, "warehouse")], "waiting"),
        ("retry?message=1", [(1, "warehouse")], "waiting"),
        ("retry?message=1&message=5&target=warehouse", [(1, "warehouse"), (5, "warehouse")], "waiting"),
        ("retry?target=shop", [], "waiting"),
        ("drop", [(1, "warehouse"), (5, "removed"), (5, "warehouse")], None),
        ("drop?message=5", [(5, "removed"), (5, "warehouse")], None),
        ("drop?target=removed", [(5, "removed")], None),
        ("drop?state=waiting&message=4", [(4, "warehouse")], None),
        ("drop?state=waiting&target=warehouse", [(3, "warehouse"), (4, "warehouse")], None),
    ):
        answer = client.post(f"/outbox/{request}")
        assert (answer.status_code, answer.json()) == (200, {"connection": "default", "count": len(changed)})
        after = BEFORE | dict.fromkeys(changed, into)
        assert states(deployment) == {place: state for place, state in after.items() if state}, request
        sql(deployment, "TRUNCATE exact_sync.outbox, exact_sync.delivery RESTART IDENTITY")
        with deployment.service.database.begin() as connection:
            leave_undelivered(connection, deployment)


def test_what_can_not_be_done_changes_nothing(client: httpx.Client, deployment: Deployment) -> None:
    for request, status, said in (
        ("retry?target=warehous", 404, "there is no target warehous"),
        ("retry?target=removed", 404, "there is: shop, warehouse"),
        ("drop?target=nobody", 404, "there is: removed, shop, warehouse"),
        ("retry?message=9", 404, "there is no message 9"),
        ("retry?message=1&message=9223372036854775807", 404, "there is no message 9223372036854775807"),
        ("drop?message=1&target=shop", 404, "there is no message 1 for shop"),
        ("retry?message=1&message=3", 409, "message 3 was not given up"),
        ("retry?message=2", 409, "message 2 was not given up"),
        ("drop?message=4", 409, "message 4 was not given up"),
        ("drop?message=1&state=waiting", 409, "message 1 does not wait"),
        ("retry?message=0", 422, "query.message"),
        ("retry?message=9223372036854775808", 422, "query.message"),
        ("retry?messages=1", 422, "query.messages"),
        ("drop?state=delivered", 422, "query.state"),
        ("drop?target=a%00", 422, "query.target"),
        ("retry?connection=nowhere", 404, "there is no connection nowhere"),
    ):
        answer = client.post(f"/outbox/{request}")
        assert (answer.status_code, said in answer.text) == (status, True), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert states(deployment) == BEFORE, request


def test_without_a_target_there_is_nobody_to_deliver_to(deployment: Deployment) -> None:
    with a_server(metrics_of(deployment), [source_of(deployment)], SETTINGS) as client:
        client.headers["Authorization"] = f"Bearer {FULL.token}"
        answer = client.post("/api/v1/outbox/retry")
        assert (answer.status_code, json.loads(answer.text)["detail"]) == (409, "no target is set")
        assert client.post("/api/v1/outbox/drop").json()["count"] == 0
        assert client.get("/api/v1/outbox").json()["items"] == []
