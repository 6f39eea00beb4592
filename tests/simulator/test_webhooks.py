"""Subscriptions and what is told of changes, as strictly as at Exact."""

from __future__ import annotations

import hashlib
import hmac
import random
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from exact_sync.simulator import Books
from exact_sync.simulator.edits import change_record, insert_record, remove_record
from tests.listener import Listener, a_listener
from tests.processes import until
from tests.simulator.conftest import DIVISION, Client, guid

PATH = f"{DIVISION}/webhooks/WebhookSubscriptions"
LIST = f"{PATH}?$select=ID,CallbackURL,Topic,ClientID,Division"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with a_listener() as listener:
        yield listener


@pytest.fixture(autouse=True)
def over_http(client: Client) -> None:
    client.sim.webhooks.over_http = True


def send(client: Client, method: str, path: str = PATH, **options: Any) -> httpx.Response:
    headers = {**client.headers, **options.pop("headers", {})}
    return client.http.request(method, f"/api/v1/{path}", headers=headers, **options)


def subscribe(client: Client, url: str, topic: str = "Accounts", **more: Any) -> httpx.Response:
    return send(client, "POST", json={"CallbackURL": url, "Topic": topic, **more})


def said(response: httpx.Response) -> str:
    return str(response.json()["error"]["message"]["value"])


def test_a_subscription_is_made_listed_and_deleted(client: Client, listener: Listener) -> None:
    made = subscribe(client, listener.url)
    assert made.status_code == 201
    record = made.json()["d"]
    assert (record["Topic"], record["CallbackURL"]) == ("Accounts", listener.url)
    assert (record["ClientID"], record["Division"]) == (client.sim.client_id, DIVISION)
    assert (listener.bodies, listener.lengths) == ([b""], ["0"])
    assert "X-RateLimit-Remaining" in made.headers
    [listed] = client.d(LIST)["results"]
    assert listed["ID"] == record["ID"]
    assert client.d(LIST.replace(str(DIVISION), "124133"))["results"] == []
    gone = send(client, "DELETE", f"{PATH}(guid'{record['ID']}')")
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.d(LIST)["results"] == []
    assert send(client, "DELETE", f"{PATH}(guid'{record['ID']}')").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"Topic": "Accounts"}, 400, "Mandatory: CallbackURL"),
        ({"CallbackURL": "https://example.com/"}, 400, "Mandatory: Topic"),
        ({"CallbackURL": "https://example.com/", "Topic": "accounts"}, 400, "does not exist"),
        ({"CallbackURL": "http://example.com/", "Topic": "Accounts"}, 400, "https"),
        ({"CallbackURL": "https://e.com/", "Topic": "Items", "IsInstant": True}, 400, "IsInstant"),
        ({"CallbackURL": "https://e.com/", "Topic": "Items", "Colour": "red"}, 400, "'Colour'"),
        ({"CallbackURL": "https://[bad", "Topic": "Items"}, 400, "https"),
        ({"CallbackURL": f"https://{'a' * 70}.example/", "Topic": "Items"}, 500, "does not answer"),
        ([], 400, "request stream"),
    ],
    ids=str,
)
def test_a_wrong_one_is_refused(client: Client, body: Any, status: int, words: str) -> None:
    response = send(client, "POST", json=body)
    assert (response.status_code, words in said(response)) == (status, True), response.text
    assert client.d(LIST)["results"] == []


def test_a_body_that_is_nested_without_end_is_refused(client: Client) -> None:
    response = send(client, "POST", content=b"[" * 100_000, headers={"Content-Type": "application/json"})
    assert (response.status_code, "request stream" in said(response)) == (400, True)


def test_plain_http_needs_the_switch(client: Client, listener: Listener) -> None:
    client.sim.webhooks.over_http = False
    assert subscribe(client, listener.url).status_code == 400
    assert listener.bodies == []


def test_no_json_no_token_no_put_no_second_one(client: Client, listener: Listener) -> None:
    assert send(client, "POST", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert send(client, "POST", json={}, headers={"Authorization": "Bearer no"}).status_code == 401
    record = subscribe(client, listener.url).json()["d"]
    assert subscribe(client, listener.url).status_code == 400
    assert subscribe(client, listener.url, "Items").status_code == 201
    put = send(client, "PUT", f"{PATH}(guid'{record['ID']}')", json={"CallbackURL": listener.url})
    assert put.status_code == 405
    assert send(client, "POST", f"{DIVISION}/crm/Accounts", json={"Name": "x"}).status_code == 405
    assert send(client, "DELETE", PATH).status_code == 400
    assert len(client.d(LIST)["results"]) == 2


@pytest.mark.parametrize("status", [201, 302, 404, 500])
def test_whoever_does_not_answer_200_is_not_subscribed(
    client: Client, listener: Listener, status: int
) -> None:
    listener.status = status
    response = subscribe(client, listener.url)
    assert response.status_code == 500
    assert said(response) == f"Invalid: Post to callback URL endpoint returns {status}"
    assert client.d(LIST)["results"] == []


def test_nobody_there(client: Client) -> None:
    with a_listener() as gone:
        pass
    response = subscribe(client, gone.url)
    assert (response.status_code, "does not answer" in said(response)) == (500, True)


def test_scopes_rights_and_limits_hold(client: Client, listener: Listener) -> None:
    client.sim.webhooks.may_manage = False
    assert "organization.administration" in said(subscribe(client, listener.url))
    assert client.get(LIST).status_code == 200
    client.sim.webhooks.may_manage = True
    client.sim.rights.forbid("webhooks/WebhookSubscriptions", DIVISION)
    assert client.get(LIST).status_code == 403
    assert subscribe(client, listener.url).status_code == 403
    client.sim.rights.clear()
    client.sim.limits.minute_limit = 4
    assert subscribe(client, listener.url).status_code == 429
    assert listener.bodies == []


def test_changes_are_told_and_signed(client: Client, listener: Listener, books: Books) -> None:
    subscribe(client, listener.url)
    accounts = books.table(DIVISION, "crm/Accounts")
    rng = random.Random(1)
    changed = change_record(books, DIVISION, "crm/Accounts", guid(7), rng)
    key = insert_record(books, DIVISION, "crm/Accounts", rng)
    remove_record(books, DIVISION, "crm/Accounts", guid(9))
    books.table(124133, "crm/Accounts").insert({"Name": "elsewhere"})
    told = listener.hears(3)
    assert [content["Action"] for content in told] == ["Update", "Create", "Delete"]
    assert [content["Key"] for content in told] == [str(changed["ID"]), str(key), str(guid(9))]
    assert told[0] == {
        "Topic": "Accounts",
        "ClientId": client.sim.client_id,
        "Division": DIVISION,
        "Action": "Update",
        "Key": str(guid(7)),
        "ExactOnlineEndpoint": f"https://start.exactonline.nl/api/v1/{DIVISION}/crm/Accounts(guid'{guid(7)}')",
        "EventCreatedOn": "2026-06-25T16:13:25.000",
    }
    for body in listener.bodies[1:]:
        content, _, rest = body.removeprefix(b'{"Content":').rpartition(b',"HashCode":"')
        code = hmac.new(b"simulator-webhook-secret", content, hashlib.sha256).hexdigest().upper()
        assert rest == f'{code}"}}'.encode()
    [subscription] = client.d(LIST)["results"]
    send(client, "DELETE", f"{PATH}(guid'{subscription['ID']}')")
    accounts.change(guid(7), Name="nobody hears of it")
    subscribe(client, listener.url)
    accounts.change(guid(7), Name="again, and once")
    until(lambda: client.sim.webhooks.courier.counts["waiting"] == 0)
    assert len(listener.hears(4)) == 4


def test_headers_and_lines_come_under_one_topic(client: Client, listener: Listener, books: Books) -> None:
    subscribe(client, listener.url, "SalesInvoices")
    remove_record(books, DIVISION, "salesinvoice/SalesInvoices", guid(1))
    told = listener.hears(3)
    assert {content["Topic"] for content in told} == {"SalesInvoices"}
    assert [content["ExactOnlineEndpoint"].split("(")[0].rpartition("/")[2] for content in told] == [
        "SalesInvoiceLines",
        "SalesInvoiceLines",
        "SalesInvoices",
    ]


def test_each_topic_of_entries_tells_of_its_own(client: Client, listener: Listener, books: Books) -> None:
    for code, kind in (("20", 12), ("10", 10), ("70", 20), ("60", 22), ("90", 90)):
        books.table(DIVISION, "financial/Journals").insert({"ID": uuid.uuid4(), "Code": code, "Type": kind})
    topics = ("BankEntries", "CashEntries", "SalesEntries", "PurchaseEntries", "GeneralJournalEntries")
    for topic in topics:
        assert subscribe(client, listener.url, topic).status_code == 201
    entries = books.table(DIVISION, "financialtransaction/Transactions")
    for code, kind in (("20", 40), ("10", 40), ("70", 21), ("60", 30), ("90", 90)):
        entries.insert({"JournalCode": code, "Type": kind})
    assert [content["Topic"] for content in listener.hears(5)] == list(topics)


def test_messages_are_lost_late_or_twice_on_demand(client: Client, listener: Listener, books: Books) -> None:
    subscribe(client, listener.url)
    accounts = books.table(DIVISION, "crm/Accounts")

    def turn(**switches: Any) -> Any:
        response = client.http.post("/_simulator/webhooks", json=switches)
        assert response.status_code == 200, response.text
        return response.json()

    assert turn(lose=1, repeat=1)["lose"] == 1
    accounts.change(guid(1), Name="lost")
    accounts.change(guid(2), Name="twice")
    assert [content["Key"] for content in listener.hears(2)] == [str(guid(2))] * 2
    turn(delay=3600)
    accounts.change(guid(3), Name="late")
    turn(delay=0)
    accounts.change(guid(4), Name="in time")
    assert listener.hears(3)[2]["Key"] == str(guid(4))
    listener.status = 503
    accounts.change(guid(5), Name="refused")
    until(lambda: client.sim.webhooks.courier.counts["refused"] == 1)
    state = client.http.get("/_simulator/webhooks", params={"division": DIVISION}).json()
    assert state["counts"] == {
        "delivered": 3, "refused": 1, "unanswered": 0, "lost": 1, "dropped": 0, "waiting": 1,
    }  # fmt: skip
    assert [row["Topic"] for row in state["subscriptions"]] == ["Accounts"]
    wrong = client.http.post("/_simulator/webhooks", json={"lose": 1, "speed": 3})
    assert (wrong.status_code, turn()["lose"]) == (400, 0)
