"""`exact-sync webhooks`: subscriptions are made once, kept, mended and taken back (issue 5, point 7)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from exact_sync.catalog.topics import TOPICS, UNDERSTOOD_ONLY, concerned
from exact_sync.simulator.simulator import WEBHOOK_SECRET
from tests.deployment import DIVISION
from tests.listener import Listener, a_listener
from tests.mirror import ENOUGH
from tests.processes import Here, Machine, one_clear_line
from tests.several import several

OTHER, ARCHIVED = 124133, 124134
ALL = [topic for topic in concerned(ENOUGH) if topic not in UNDERSTOOD_ONLY]
MANY = f"{len(ALL)} topics"
PATH = "WebhookSubscriptions"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with a_listener() as listener:
        yield listener


class Subscriber:
    """The command, with our URL and secret in the environment."""

    def __init__(self, here: Here, listener: Listener) -> None:
        self.here = here
        self.machine: Machine = here.machine
        self.simulator = here.machine.simulator
        self.simulator.webhooks.over_http = True
        self.listener = listener
        self.simulator.books.add_division(OTHER, Description="Brouwer Logistics")
        self.simulator.books.add_division(ARCHIVED, Status=2)

    def run(self, *arguments: str, **environment: str | None) -> tuple[int, str, str]:
        ours = {"WEBHOOK_SECRET": WEBHOOK_SECRET, "WEBHOOK_URL": self.listener.url, "TRIES": "1"}
        self.simulator.stats.reset()
        return self.here.run("webhooks", *arguments, **{**ours, **environment})

    def lines(self, *arguments: str, **environment: str | None) -> list[str]:
        code, out, err = self.run(*arguments, **environment)
        assert (code, err) == (0, ""), err
        return out.splitlines()

    def topics(self, division: int) -> dict[str, str]:
        found = self.simulator.webhooks.subscriptions(division)
        return {each["Topic"]: each["CallbackURL"] for each in found}

    def calls(self) -> list[str]:
        return [call.method for call in self.simulator.stats.calls(path=PATH)]


@pytest.fixture
def subscriber(here: Here, listener: Listener) -> Subscriber:
    return Subscriber(here, listener)


def test_all_is_subscribed_once_and_then_left_alone(subscriber: Subscriber) -> None:
    first, *lines = subscriber.lines("subscribe", "--dry-run")
    assert first == (
        f"2 divisions, {len(ALL)} topics: 2 calls to look what is there, and at most {2 * len(ALL)} to "
        f"subscribe; in each division {1 + len(ALL)} calls (one more for each subscription with another URL)"
    )
    assert (lines, subscriber.calls()) == ([], [])

    said, *lines = subscriber.lines("subscribe")
    assert said == first
    assert [line.partition(": ")[2] for line in lines] == [f"{MANY} subscribed"] * 2
    assert sorted(subscriber.calls()) == ["GET"] * 2 + ["POST"] * 2 * len(ALL)
    assert (
        subscriber.topics(DIVISION) == subscriber.topics(OTHER) == dict.fromkeys(ALL, subscriber.listener.url)
    )
    assert subscriber.topics(ARCHIVED) == {}
    assert subscriber.listener.bodies == [b""] * 2 * len(ALL)

    _, *lines = subscriber.lines("subscribe")
    assert [line.partition(": ")[2] for line in lines] == [f"{MANY} there already"] * 2
    assert subscriber.calls() == ["GET"] * 2
    assert subscriber.machine.deployment.violations() == {}


def test_another_url_is_replaced_and_some_are_taken_back(subscriber: Subscriber, listener: Listener) -> None:
    one = ("--division", str(OTHER), "--topic", "Items")
    assert subscriber.lines("subscribe", *one)[1] == f"{OTHER} Brouwer Logistics: Items subscribed"
    with a_listener() as new:
        said = subscriber.lines("subscribe", *one, "--topic", "Accounts", WEBHOOK_URL=new.url)[1]
        assert said == f"{OTHER} Brouwer Logistics: Accounts subscribed; Items now told to our URL"
        assert subscriber.calls() == ["GET", "DELETE", "POST", "POST"]
        assert subscriber.topics(OTHER) == {"Items": new.url, "Accounts": new.url}
        assert subscriber.lines("list", "--division", str(OTHER)) == [
            f"{OTHER} Brouwer Logistics: 2 subscriptions",
            f"  Accounts                {new.url}  (not our URL)",
            f"  Items                   {new.url}  (not our URL)",
        ]
        subscriber.simulator.webhooks.books.table(OTHER, "webhooks/WebhookSubscriptions").insert(
            {"Topic": "Contacts", "CallbackURL": new.url, "ClientID": subscriber.simulator.books.user_id}
        )
        facts = json.loads("\n".join(subscriber.lines("list", "--json", WEBHOOK_URL=new.url)))
        assert [(each["topic"], each["is_ours"]) for each in facts] == [("Accounts", True), ("Items", True)]
    said = subscriber.lines("unsubscribe", "--topic", "Items", "--division", str(OTHER))[0]
    assert said == f"{OTHER} Brouwer Logistics: Items unsubscribed"
    # No longer among the divisions to sync: its subscriptions can be taken back all the same.
    everywhere = subscriber.lines("unsubscribe", "--all", DIVISIONS=str(DIVISION))
    assert [line.partition(": ")[2] for line in everywhere] == ["nothing to do", "Accounts unsubscribed"]
    assert subscriber.topics(OTHER).keys() == {"Contacts"}  # another app's


UNANSWERED: list[dict[str, Any]] = [
    {"fault": "lost_answer"},
    {"fault": "reset"},
    {"fault": "html", "status": 502},
]


@pytest.mark.parametrize("fault", UNANSWERED, ids=str)
def test_after_an_unclear_answer_nothing_is_done_twice(subscriber: Subscriber, fault: dict[str, Any]) -> None:
    """What was lost is looked for with a GET first: a second subscription would be refused."""
    one = ("--division", str(OTHER), "--topic", "Items")
    subscriber.simulator.faults.add(path=PATH, after=1, **fault)
    subscriber.lines("subscribe", *one)
    is_done = fault["fault"] == "lost_answer"
    assert subscriber.calls() == ["GET", "POST", "GET"] + ([] if is_done else ["POST"])
    assert subscriber.topics(OTHER).keys() == {"Items"}
    subscriber.simulator.faults.clear()
    subscriber.simulator.faults.add(path=PATH, after=1, **fault)
    subscriber.lines("unsubscribe", *one)
    assert subscriber.calls() == ["GET", "DELETE", "GET"] + ([] if is_done else ["DELETE"])
    assert subscriber.topics(OTHER) == {}


def test_where_our_server_does_not_answer_it_ends_at_once(subscriber: Subscriber) -> None:
    subscriber.listener.status = 404
    code, _, err = subscriber.run("subscribe", "--division", str(OTHER))
    assert code == 1
    assert "Post to callback URL endpoint returns 404" in one_clear_line(err)
    assert "exact-sync run must be at work" in err
    assert subscriber.calls() == ["GET", "POST", "GET"]


def test_a_missing_scope_says_which(subscriber: Subscriber) -> None:
    subscriber.simulator.webhooks.may_manage = False
    code, _, err = subscriber.run("subscribe", "--division", str(OTHER))
    assert (code, "organization, administration with the right to manage" in one_clear_line(err)) == (1, True)
    assert subscriber.calls() == ["GET", "POST"]
    subscriber.simulator.rights.forbid("webhooks/WebhookSubscriptions")
    code, _, err = subscriber.run("list")
    assert (code, err.count("error: ")) == (1, 2)


def test_a_topic_that_exact_does_not_know_costs_one_error(
    subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TOPICS, "Invented", ("items",))
    code, out, err = subscriber.run("subscribe", WORKERS="1")
    assert (code, "Topic Invented does not exist" in one_clear_line(err)) == (1, True)
    assert out.count(f"{MANY} subscribed") == 2
    assert [call.status for call in subscriber.simulator.stats.calls(path=PATH)].count(400) == 1


def test_a_day_that_is_used_up_is_temporary(subscriber: Subscriber) -> None:
    subscriber.simulator.faults.add("day_429", path=PATH, division=OTHER)
    code, out, err = subscriber.run("subscribe", "--topic", "Items")
    assert (code, f"division {OTHER}: no calls are allowed" in one_clear_line(err)) == (4, True)
    assert "Items subscribed" in out


WRONG: list[tuple[str, dict[str, str | None], str]] = [
    ("subscribe", {"WEBHOOK_SECRET": None}, "setting webhook_secret is not set"),
    ("subscribe", {"WEBHOOK_URL": None}, "setting server.public_url is not set"),
    ("subscribe --topic Item", {}, "did you mean Items?"),
    ("subscribe --topic TimeTransactions", {}, "nothing that is mirrored changes with TimeTransactions"),
    ("subscribe --division 7", {}, "division 7 is not among"),
    ("list --topic Item", {}, "did you mean Items?"),
    ("unsubscribe --topic Item", {}, "did you mean Items?"),
    ("unsubscribe", {}, "give --division, --topic or --all"),
    ("list", {"WEBHOOK_URL": "http://sync.example.com/hook"}, "is no URL that Exact could call"),
    ("list", {"SERVER__PUBLIC_URL": "ftp://sync.example.com"}, "is no URL of a site"),
]


def test_bad_usage_is_one_clear_line(subscriber: Subscriber) -> None:
    for arguments, environment, said in WRONG:
        code, _, err = subscriber.run(*arguments.split(), **environment)
        assert (code, said in one_clear_line(err)) == (2, True), (arguments, err)
        assert subscriber.calls() == []


def test_each_connection_has_a_url_of_its_own(subscriber: Subscriber) -> None:
    with several(subscriber.machine) as three:
        three.sign_in("be")
        for simulator in three.simulators.values():
            simulator.webhooks.over_http = True
        base = subscriber.listener.url.removesuffix("/hook")
        environment = three.environment | {
            "SERVER__PUBLIC_URL": base, "WEBHOOK_URL": None, "CONNECTIONS__BE__WEBHOOK_SECRET": "of be",
        }  # fmt: skip
        code, out, err = subscriber.run("subscribe", "--topic", "Accounts", **environment)
        assert code == 1
        assert "be: 1 division, 1 topic" in out
        assert "setting connections.de.webhook_secret is not set" in err
        [made] = three.simulators["be"].webhooks.subscriptions(DIVISION)
        assert made["CallbackURL"] == f"{base}/webhooks/exact/be"
        assert subscriber.topics(OTHER) == {"Accounts": f"{base}/webhooks/exact/default"}
