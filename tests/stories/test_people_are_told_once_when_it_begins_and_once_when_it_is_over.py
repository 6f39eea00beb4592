"""Alerts: each kind fires once and clears once, nobody is woken for nothing, and nothing is lost."""

from collections.abc import Iterator
from typing import Any

import pytest

from exact_sync.alert_settings import AlertSettings
from tests.deployment import DIVISION, Deployment
from tests.facts import restart, sql
from tests.receiver import Receiver, a_receiver

SET = "UPDATE exact_sync."
LISTED = "UPDATE exact.divisions SET _deleted_at"
GONE = f"{LISTED} = now() WHERE code = {DIVISION}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiver:
        yield receiver


def alerting(deployment: Deployment, *receivers: Receiver, **settings: Any) -> None:
    """Go on with these people to tell."""
    urls = [receiver.url for receiver in receivers]
    restart(deployment, alerts=AlertSettings(urls=urls, **settings))  # type: ignore[arg-type]


def look(deployment: Deployment, **later: float) -> None:
    """As the daemon does, some time later."""
    deployment.clock.advance(**(later or {"minutes": 1}))
    deployment.service.watch.look()


DAY = "jsonb_build_object('limit', 5000, 'remaining', {left}, 'resets_at', '2026-06-26T00:00:00+00:00')"
DIVIDED = f"WHERE division = {DIVISION}"
BUDGET = f"{SET}division SET budget = jsonb_build_object('day', {DAY}) {DIVIDED}"
VERIFIED = (
    "INSERT INTO exact_sync.run (division, resource, strategy, full_read, outcome, message) "
    f"VALUES ({DIVISION}, 'items', 'verify', false, '{{}}', 'items differs from Exact')"
)
ITEMS = f"{DIVIDED} AND resource = 'items'"

KINDS: dict[str, tuple[str, str, str]] = {
    "sign_in": (
        f"{SET}sign_in SET needed_because = 'the consent was taken back'",
        f"{SET}sign_in SET needed_because = NULL",
        "signing in is needed",
    ),
    "token": (
        f"{SET}sign_in SET obtained_at = obtained_at - interval '26 days'",
        f"{SET}sign_in SET obtained_at = obtained_at + interval '26 days'",
        "the sign-in ends soon",
    ),
    "division": (GONE, f"{LISTED} = NULL", "division lost"),
    "lag": (
        f"{SET}checkpoint SET succeeded_at = succeeded_at - interval '2 days' {ITEMS}",
        f"{SET}checkpoint SET succeeded_at = succeeded_at + interval '2 days' {ITEMS}",
        "resource without success",
    ),
    "quota": (
        BUDGET.format(left=400),
        BUDGET.format(left=4000),
        "calls of the day nearly used up",
    ),
    "suspect": (
        f"{SET}checkpoint SET suspect_rows = 0, outcome = 'suspect' {ITEMS}",
        f"{SET}checkpoint SET accepted_rows = 0, outcome = 'accepted' {ITEMS}",
        "suspect run",
    ),
    "quarantine": (
        "INSERT INTO exact_sync.quarantine (division, resource, key, reason, record) "
        f"VALUES ({DIVISION}, 'items', 'x', 'odd', '{{}}')",
        "DELETE FROM exact_sync.quarantine",
        "records in quarantine",
    ),
    "difference": (VERIFIED.format("differs"), VERIFIED.format("verified"), "difference from Exact"),
    "delivery": (
        "INSERT INTO exact_sync.delivery (target, message, given_up_at) VALUES ('warehouse', 1, now())",
        "DELETE FROM exact_sync.delivery",
        "messages not delivered",
    ),
}
"""What makes it so, what ends it, and the title of the message."""


def test_each_kind_is_told_once_and_its_end_once(
    deployment: Deployment, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "exact_sync.alerts")
    deployment.sync_well()
    sql(deployment, f"{SET}checkpoint SET succeeded_at = '{deployment.clock.now()}'")
    alerting(deployment, receiver)
    look(deployment)
    assert receiver.titles() == []
    for kind, (begins, ends, title) in KINDS.items():
        sql(deployment, begins)
        look(deployment)
        assert receiver.titles() == [title]
        look(deployment)
        assert receiver.titles() == []
        sql(deployment, ends)
        look(deployment)
        assert receiver.titles() == [f"over: {title}"]
        assert caplog.messages[-1] == f"incident over: {kind}"
        look(deployment)
        assert receiver.titles() == []
    kinds = "SELECT kind FROM exact_sync.incident WHERE told_over_at IS NOT NULL ORDER BY id"
    assert [kind for (kind,) in sql(deployment, kinds)] == list(KINDS)


def test_a_target_that_is_down_loses_nothing_and_delays_no_other(
    deployment: Deployment, receiver: Receiver
) -> None:
    begins, ends, title = KINDS["quarantine"]
    with a_receiver() as other:
        deployment.sync_well()
        alerting(deployment, receiver, other)
        other.is_down = True
        sql(deployment, begins)
        look(deployment)
        assert receiver.titles() == [title]
        for _ in range(10):
            look(deployment)
        assert other.refused == 4, "after 1, 2, 4 and 8 minutes"
        sql(deployment, ends)
        look(deployment)
        assert receiver.titles() == [f"over: {title}"]

        restart(deployment)  # nothing of it is in memory only
        other.is_down = False
        look(deployment)
        look(deployment)
        assert other.titles() == [title, f"over: {title}"]
        assert receiver.titles() == []
    assert sql(deployment, "SELECT count(told_at), count(told_over_at) FROM exact_sync.incident") == [(1, 1)]


def test_what_a_target_refuses_keeps_nothing_else_from_it(deployment: Deployment, receiver: Receiver) -> None:
    """Such as a service that takes no message with some word, for ever."""
    deployment.sync_well()
    alerting(deployment, receiver)
    receiver.takes = lambda message: "lost" not in message["title"] and "suspect" not in message["title"]
    for kind in ("suspect", "quarantine", "division", "delivery", "sign_in"):
        sql(deployment, KINDS[kind][0])
    sql(deployment, "UPDATE exact_sync.quarantine SET division = 0, resource = 'divisions'")
    sql(deployment, f"{SET}checkpoint SET suspect_rows = 0, outcome = 'suspect' WHERE resource = 'divisions'")
    look(deployment)
    titles = [KINDS[kind][2] for kind in ("sign_in", "quarantine", "delivery")]
    assert receiver.titles() == titles, "what matters most comes first"
    for _ in range(60):
        look(deployment)
    assert (receiver.titles(), receiver.refused) == ([], 2 * 6), "after 1, 2, 4, 8 and 16 minutes"
    receiver.takes = lambda message: "lost" not in message["title"] or "over" in message["title"]
    sql(deployment, KINDS["division"][1])
    look(deployment, hours=1)
    assert receiver.titles() == ["2 suspect runs"], "no end of what it does not know began"
    receiver.takes = lambda message: True
    look(deployment, hours=1)
    assert receiver.titles() == [KINDS["division"][2], f"over: {KINDS['division'][2]}"]


def test_a_target_that_is_down_costs_three_tries_a_look(deployment: Deployment, receiver: Receiver) -> None:
    deployment.sync_well()
    alerting(deployment, receiver)
    receiver.is_down = True
    for kind in ("sign_in", "quota", "suspect", "quarantine", "delivery"):
        sql(deployment, KINDS[kind][0])
    for tries in (3, 6):
        look(deployment)
        assert receiver.refused == tries
    receiver.is_down = False
    look(deployment, hours=1)
    assert len(receiver.titles()) == 5


def test_a_clock_that_is_set_back_keeps_no_target_waiting(deployment: Deployment, receiver: Receiver) -> None:
    deployment.sync_well()
    alerting(deployment, receiver)
    receiver.is_down = True
    begins, _, title = KINDS["quarantine"]
    sql(deployment, begins)
    look(deployment)
    receiver.is_down = False
    look(deployment, hours=-5)
    assert receiver.titles() == [title]


def test_a_message_stays_short_enough_for_every_service(deployment: Deployment, receiver: Receiver) -> None:
    """Pushover takes 1,024 characters; a service that gets more refuses all of it."""
    deployment.sync_well()
    sql(deployment, f"{SET}checkpoint SET succeeded_at = '{deployment.clock.now()}'")
    alerting(deployment, receiver, kinds=["lag"])
    long_ago = f"succeeded_at = succeeded_at - interval '2 days', message = '{'Exact says no. ' * 33}'"
    sql(deployment, f"{SET}checkpoint SET {long_ago} {ITEMS}")
    look(deployment)
    assert "Exact says no. " * 30 in receiver.accepted.pop()["message"], "one alone has room"
    sql(deployment, f"{SET}checkpoint SET {long_ago} {DIVIDED} AND resource <> 'items'")
    look(deployment)
    [message] = receiver.accepted
    assert len(message["message"]) < 1000
    assert message["message"].count("Exact says no. ") > 5
    assert message["message"].count("… (since") == 5


def test_in_quiet_hours_people_hear_only_that_signing_in_is_needed(
    deployment: Deployment, receiver: Receiver
) -> None:
    """It is 14:00 in Amsterdam."""
    deployment.sync_well()
    alerting(deployment, receiver, quiet_hours="13:30-15:00")
    short, sign_in = KINDS["suspect"], KINDS["sign_in"]
    sql(deployment, short[0])
    sql(deployment, sign_in[0])
    sql(deployment, KINDS["quarantine"][0])
    look(deployment)
    assert receiver.titles() == [sign_in[2]]
    sql(deployment, short[1])
    look(deployment)
    assert receiver.titles() == []
    look(deployment, hours=1)
    assert receiver.titles() == [KINDS["quarantine"][2]], "what was over by then is not told"
    look(deployment, hours=23)
    sql(deployment, KINDS["quarantine"][1])
    look(deployment)
    assert receiver.titles() == []
    look(deployment, hours=1)
    assert f"over: {KINDS['quarantine'][2]}" in receiver.titles()


def test_what_comes_together_is_one_message(deployment: Deployment, receiver: Receiver) -> None:
    deployment.sync_well()
    alerting(deployment, receiver)
    many = (
        "INSERT INTO exact_sync.quarantine (division, resource, key, reason, record) "
        f"SELECT {DIVISION}, resource, 'x', 'odd', '{{}}' FROM exact_sync.checkpoint WHERE division > 0"
    )
    sql(deployment, many)
    [(number,)] = sql(deployment, "SELECT count(*) FROM exact_sync.quarantine")
    look(deployment)
    [message] = receiver.accepted
    assert message["title"] == f"exact-sync: {number} resources with records in quarantine"
    assert message["message"].count("1 record in quarantine") == 5
    assert f"and {number - 5} more" in message["message"]


def test_only_the_kinds_that_are_wanted_are_told(deployment: Deployment, receiver: Receiver) -> None:
    deployment.sync_well()
    alerting(deployment, receiver, kinds=["suspect"])
    sql(deployment, KINDS["quarantine"][0])
    sql(deployment, KINDS["suspect"][0])
    look(deployment)
    assert receiver.titles() == [KINDS["suspect"][2]]


def test_people_can_be_reminded(deployment: Deployment, receiver: Receiver) -> None:
    deployment.sync_well()
    alerting(deployment, receiver, remind="7d", kinds=["quarantine"])
    begins, ends, title = KINDS["quarantine"]
    sql(deployment, begins)
    look(deployment)
    assert receiver.titles() == [title]
    look(deployment, days=6)
    assert receiver.titles() == []
    look(deployment, days=2)
    assert receiver.titles() == [title]
    sql(deployment, ends)
    look(deployment)
    assert receiver.titles() == [f"over: {title}"]


def test_a_sync_tells_at_its_end(deployment: Deployment, receiver: Receiver) -> None:
    deployment.sync_well()
    alerting(deployment, receiver)
    deployment.clock.advance(days=2)
    sql(deployment, f"{SET}sign_in SET needed_because = 'revoked'")
    with pytest.raises(Exception, match="signing in again is needed"):
        deployment.sync()
    assert "signing in is needed" in receiver.titles()
    deployment.sign_in()
    deployment.sync()
    assert "over: signing in is needed" in receiver.titles()
