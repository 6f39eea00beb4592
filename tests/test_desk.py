"""The desk: what it notes, and what it refuses."""

import pytest
from sqlalchemy import text

from exact_sync.desk import Desk
from exact_sync.errors import BadConfiguration, TryLater
from exact_sync.store import quarantine
from exact_sync.store.quarantine import Reject
from exact_sync.sync.wishes import QUIET, Wish
from tests.deployment import DIVISION, Deployment
from tests.facts import command


@pytest.fixture
def desk(deployment: Deployment) -> Desk:
    deployment.sync_well("divisions", "items")
    service = deployment.service
    service.wishes.trouble = None
    return service.desk(lambda: service.database)


def test_what_is_asked_for_becomes_a_wish(deployment: Deployment, desk: Desk) -> None:
    assert desk.sync_now(["items", "contacts"], [DIVISION]) == 2
    assert {wish.resource for wish in deployment.service.wishes.take()} == {"items", "contacts"}
    assert desk.sync_now(["items"]) == 1
    assert deployment.service.wishes.take() == [Wish(0, "items", insist=True)]
    assert desk.sync_now() == len(deployment.service.mirrored)


def test_while_the_daemon_stands_still_it_says_why(deployment: Deployment, desk: Desk) -> None:
    deployment.service.wishes.trouble = "nobody is signed in at Exact yet"
    with pytest.raises(TryLater, match="nobody is signed in"):
        desk.sync_now(["items"])


@pytest.mark.parametrize("ask", ["sync_now", "pause", "resume"])
def test_what_there_is_not_is_refused(desk: Desk, ask: str) -> None:
    with pytest.raises(BadConfiguration, match="there is no resource itmes; did you mean items"):
        getattr(desk, ask)(["itmes"])
    with pytest.raises(BadConfiguration, match="division 2147483648 is not among"):
        getattr(desk, ask)(["items"], [2147483648])


def test_pauses_are_counted_once_and_resumed_once(deployment: Deployment, desk: Desk) -> None:
    assert desk.pause(["items", "contacts"], [DIVISION]) == 2
    assert desk.pause(["items"], [DIVISION]) == 0
    assert desk.pause(["items"]) == 1
    with pytest.raises(BadConfiguration, match="items is paused in all divisions"):
        desk.resume(["items"], [DIVISION])
    assert desk.resume(["items"]) == 2
    assert {(w.division, w.resource) for w in deployment.service.wishes.take()} == {
        (DIVISION, "items"), (0, "items"),
    }  # fmt: skip
    assert desk.resume([]) == 1
    assert desk.resume([]) == 0


def test_a_division_is_resumed_also_where_something_is_paused_everywhere(
    deployment: Deployment, desk: Desk
) -> None:
    desk.pause(["items", "contacts"], [DIVISION])
    desk.pause(["items"])
    with pytest.raises(BadConfiguration, match="what else was paused there is resumed"):
        desk.resume([], [DIVISION])
    assert deployment.service.wishes.take() == [Wish(DIVISION, "contacts", insist=True)]
    with pytest.raises(BadConfiguration, match=r"in one \(resume it in all"):
        desk.resume([], [DIVISION])
    assert deployment.service.wishes.take() == []
    desk.pause(["contacts"], [DIVISION])
    assert command(deployment, "resume", "--division", str(DIVISION)) == 2
    assert desk.resume(["contacts"], [DIVISION]) == 0  # that word resumed it
    assert desk.resume([]) == 2


def test_hints_about_what_is_off_are_dropped(deployment: Deployment, desk: Desk) -> None:
    desk.hint("quotations", DIVISION)
    desk.hint("items", DIVISION)
    deployment.clock.advance(seconds=QUIET)
    assert deployment.service.wishes.take() == [Wish(DIVISION, "items", insist=False)]


def test_a_division_with_a_suspect_list_and_records_in_quarantine_is_one(
    deployment: Deployment, desk: Desk
) -> None:
    with deployment.service.database.begin() as connection:
        connection.execute(text("UPDATE exact_sync.checkpoint SET outcome = 'suspect', suspect_rows = 3"))
        connection.execute(
            text(
                "INSERT INTO exact_sync.quarantine (division, resource, key, reason, record) "
                f"VALUES ({DIVISION}, 'items', 'a', 'x', '{{}}'), (7, 'items', 'b', 'x', '{{}}')"
            )
        )
    assert desk.accept("items", [DIVISION]) == 1
    assert desk.accept("items") == 1
    assert desk.accept("items") == 0


def test_a_list_and_each_record_are_accepted_by_themselves(deployment: Deployment, desk: Desk) -> None:
    """Who accepts a record has not said that an emptied list is right, nor the other way round."""

    def waiting() -> list[str]:
        with deployment.service.database.begin() as connection:
            return list(
                connection.execute(
                    text(
                        "SELECT 'list' FROM exact_sync.checkpoint WHERE outcome = 'suspect' UNION ALL "
                        "SELECT key FROM exact_sync.quarantine WHERE accepted_at IS NULL ORDER BY 1"
                    )
                ).scalars()
            )

    with deployment.service.database.begin() as connection:
        suspect = (
            "UPDATE exact_sync.checkpoint SET outcome = 'suspect', suspect_rows = 0 WHERE resource = 'items'"
        )
        connection.execute(text(suspect))
        quarantine.keep(connection, DIVISION, "items", [Reject(key, "x", {}) for key in ("a", "b", "c")])
        [newest, *_] = quarantine.held(connection, "items", [DIVISION], 3)
    assert waiting() == ["a", "b", "c", "list"]
    assert desk.accept("items", [DIVISION], "records", [newest.id]) == 1
    assert waiting() == ["a", "b", "list"]
    assert desk.accept("customers", [DIVISION], "records", [newest.id - 1]) == 0
    assert desk.accept("items", [DIVISION], "list") == 1
    assert waiting() == ["a", "b"]
    assert desk.accept("items", [DIVISION], "list") == 0
    assert desk.accept("items", [DIVISION], "records") == 1
    assert waiting() == []
