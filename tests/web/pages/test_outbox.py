"""The page of the outbox: there only where somebody is told, and true about what waits and what does not."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from exact_sync.store import outbox
from exact_sync.store.changes import Change
from exact_sync.web.pages import boards, cards, verdict
from exact_sync.web.pages.language import ENGLISH, NEDERLANDS
from tests.deployment import DIVISION, Deployment
from tests.facts import restart, sql
from tests.target import SECRET, TOKEN
from tests.undelivered import CLOSED, set_up, undelivered
from tests.web.pages.markup import Element, Markup
from tests.web.pages.shown import Browser, shown
from tests.web.served import source_of

HERE = "/connections/default/outbox"


@pytest.fixture
def browser(deployment: Deployment) -> Iterator[Browser]:
    undelivered(deployment)
    with shown(deployment) as browser:
        yield browser


def rows(page: Markup) -> list[str]:
    return [" ".join(row.text.split()) for row in page.all("tr") if "tbody" in row.inside]


def buttons(page: Markup) -> list[tuple[str, str]]:
    """Those of the outbox: what each does, and to what."""
    found: list[Element] = [each for each in page.all("button") if "/outbox/" in str(each.attributes)]
    return [
        (each.attributes["formaction"].removeprefix(f"{HERE}/"), each.attributes["value"]) for each in found
    ]


def test_it_says_what_waits_what_was_given_up_and_why(browser: Browser) -> None:
    page = browser.opens(HERE)
    assert rows(page) == [
        "warehouse https://example.com:8443 2 62 min ago 2 Send all again Drop all",
        "shop https://example.com:8443 0 – 0",
        "removed no longer in the settings 0 – 1 Drop all",
        f"1 items {DIVISION} warehouse Given up {CLOSED} 64 min ago 1 just now Send again Drop",
        "5 journals removed Given up HTTP 404 60 min ago 1 just now Drop",
        "5 journals warehouse Given up HTTP 404 60 min ago 1 just now Send again Drop",
        f"3 contacts {DIVISION} warehouse Tried again HTTP 500 62 min ago 1 in 10 min",
        "4 journals warehouse Waits its turn 61 min ago 0 in its turn",
    ]
    assert buttons(page) == [
        ("retry", "@warehouse"), ("drop", "@warehouse"), ("drop", "@removed"),
        ("retry", "1@warehouse"), ("drop", "1@warehouse"), ("drop", "5@removed"),
        ("retry", "5@warehouse"), ("drop", "5@warehouse"),
    ]  # fmt: skip
    raw = browser.client.get(HERE).text
    assert TOKEN not in raw
    assert SECRET not in raw


@pytest.mark.parametrize("language", ["en", "nl"])
def test_it_can_be_used_by_everybody(browser: Browser, language: str) -> None:
    for path in (HERE, "/", f"{HERE}?done=outbox-retry&number=2", f"{HERE}?done=outbox-drop&number=1"):
        page = browser.opens(path, **{"Accept-Language": language})
        assert page.faults() == [], path
        assert page.all("html")[0].attributes["lang"] == language
    dutch = language == "nl"
    shown = browser.opens(f"{HERE}?done=outbox-retry&number=2", **{"Accept-Language": language}).text
    assert ("2 berichten worden opnieuw verstuurd." if dutch else "2 messages are to be sent again.") in shown
    assert ("Wacht op zijn beurt" if dutch else "Waits its turn") in shown
    tabs = [each.text for each in browser.opens("/", **{"Accept-Language": language}).all("a")]
    assert ("Uitgaand" if dutch else "Outbox") in tabs


def test_it_is_filtered(browser: Browser) -> None:
    """What can't be meant is as if it were not there."""
    for question, found in (
        ("state=dead", ["1", "5", "5"]),
        ("state=waiting", ["3", "4"]),
        ("target=removed", ["5"]),
        (f"division={DIVISION}&resource=contacts", ["3"]),
        ("after=4:warehouse", ["5", "5"]),
        ("target=nobody", []),
        ("division=99999999999999&state=x&after=x:y&target=%00", []),
    ):
        page = browser.opens(f"{HERE}?{question}")
        assert [row.split()[0] for row in rows(page)[3:]] == found, question


def test_a_long_pile_comes_in_pages(browser: Browser, deployment: Deployment) -> None:
    with deployment.service.database.begin() as connection:
        for run in range(60):
            now, hour = deployment.clock.now(), timedelta(hours=1)
            outbox.add(connection, 100 + run, 7, "items", Change(inserted=1), ["shop"], 9, now, hour)
    page = browser.opens(HERE)
    assert len(rows(page)) == 3 + 3 + 50
    [newer] = [each.attributes["href"] for each in page.all("a") if each.text == "Newer messages"]
    assert newer.endswith("?state=waiting&after=53%3Ashop")
    assert [row.split()[0] for row in rows(browser.opens(newer))[3:]] == [str(n) for n in range(54, 66)]


def test_where_nobody_is_told_there_is_no_such_page(deployment: Deployment) -> None:
    with shown(deployment) as browser:
        browser.opens(HERE, 404)
        assert "Outbox" not in browser.opens("/").text
    undelivered(deployment)
    restart(deployment, outbox=deployment.settings.outbox.model_copy(update={"targets": {}}))
    with shown(deployment) as browser:  # what was left behind can be dropped
        overview = browser.opens("/")
        assert not [each for each in overview.all("a") if each.text == "Outbox" and "nav" in each.inside]
        assert [each.attributes["href"] for each in overview.all("a") if each.text == "Outbox"] == [HERE]
        assert ("drop", "@warehouse") in buttons(browser.opens(HERE))


def test_a_button_asks_the_desk(browser: Browser) -> None:
    for verb, place, asked in (
        ("retry", "1@warehouse", ("retry_messages", [1], ["warehouse"])),
        ("retry", "@warehouse", ("retry_messages", [], ["warehouse"])),
        ("drop", "5@removed", ("drop_messages", [5], ["removed"], "dead")),
    ):
        browser.desk.asked.clear()
        answer = browser.presses(f"{HERE}/{verb}", place=place, back=f"{HERE}?state=dead")
        assert browser.desk.asked == [asked]
        assert (answer.status_code, answer.headers["Location"]) == (
            303, f"{HERE}?state=dead&done=outbox-{verb}&number=1",
        )  # fmt: skip


def test_what_no_button_sends_is_refused(browser: Browser) -> None:
    """Above all it is never taken for everything."""
    for verb, place, status in (
        ("retry", "1", 400), ("drop", "", 400), ("drop", "@", 400), ("drop", "0@warehouse", 400),
        ("drop", "1,2@warehouse", 400), ("drop", "9999999999999999999@a", 400), ("sync", "@warehouse", 404),
    ):  # fmt: skip
        assert browser.presses(f"{HERE}/{verb}", place=place).status_code == status, place
    assert browser.client.post(f"{HERE}/drop", data={"place": "@warehouse"}).status_code == 403
    assert browser.desk.asked == []


def test_two_people_press_the_same_button(deployment: Deployment) -> None:
    undelivered(deployment)
    with shown(deployment, desk=source_of(deployment).desk) as browser:
        assert browser.presses(f"{HERE}/retry", place="1@warehouse").status_code == 303
        late = browser.presses(f"{HERE}/retry", place="1@warehouse")
        assert (late.status_code, "message 1 was not given up" in late.text) == (400, True)
        assert sql(deployment, "SELECT count(*) FROM exact_sync.delivery WHERE given_up_at IS NULL") == [(4,)]


def test_the_verdict_says_it_and_is_good_again_afterwards(deployment: Deployment) -> None:
    deployment.sync_well()
    set_up(deployment)

    def look() -> boards.Board:
        return boards._look(source_of(deployment))

    def change(statement: str) -> None:
        with deployment.service.database.begin() as connection:
            connection.execute(text(statement))

    assert verdict.of(look(), ENGLISH).level == "good"
    undelivered(deployment)
    deployment.service.watch.look()
    found = verdict.of(look(), ENGLISH)
    assert (found.level, found.title) == (
        "warn", "The data can be trusted, but not every program was told of it",
    )  # fmt: skip
    assert found.text.endswith("3 messages to other programs were given up.")
    assert verdict.of(look(), NEDERLANDS).text.endswith("3 berichten aan andere programma's zijn opgegeven.")
    said = {each.subject for each in cards.card(look()).incidents}
    assert said == {"warehouse", "removed"}
    change("UPDATE exact_sync.checkpoint SET outcome = 'failed' WHERE resource = 'items'")
    found = verdict.of(look(), ENGLISH)
    assert found.title == "The data can be trusted, with exceptions"
    assert found.text.endswith("3 messages to other programs were given up.")
    change("UPDATE exact_sync.checkpoint SET outcome = 'ok'")
    desk = source_of(deployment).desk
    assert desk.retry_messages() == 2
    # The alert ends when the watch looks again; what the page says is true at once.
    assert {each.subject for each in cards.card(look()).incidents} == {"removed"}
    assert verdict.of(look(), ENGLISH).text.endswith("1 message to another program was given up.")
    assert desk.drop_messages() == 1
    assert cards.card(look()).incidents == []
    assert verdict.of(look(), ENGLISH).title == "The data can be trusted"
