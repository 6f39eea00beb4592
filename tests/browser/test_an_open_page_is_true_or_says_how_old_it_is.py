"""A page that is left open: what it shows is so, or it says as of when it was (issue 5)."""

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from exact_sync.errors import DatabaseAway
from exact_sync.store import pauses
from exact_sync.store.database import Database
from tests.browser.operator import HERE, Operator
from tests.deployment import DIVISION, Deployment
from tests.many import fail
from tests.web.pages.shown import shown

AGE = re.compile(r"this page is as of \d+ \w+ \d{4}, [\d:]{8} UTC")
AWAY = "What is in the database can't be seen now"


@dataclass
class Watched:
    """A server without a daemon, whose database comes and goes at a word."""

    deployment: Deployment
    address: str = ""
    is_away: bool = False

    def database(self) -> Database:
        if self.is_away:
            raise DatabaseAway("the database can't be used now")
        return self.deployment.service.database


@pytest.fixture
def watched(deployment: Deployment) -> Iterator[Watched]:
    deployment.sync_well()
    watched = Watched(deployment)
    with shown(deployment, step=None, database=watched.database) as browser:
        watched.address = str(browser.client.base_url)
        yield watched


def test_a_daemon_that_hangs_is_noticed_and_so_is_its_return(operator: Operator) -> None:
    """It takes connections all the same: the kernel does that. So nothing but time tells."""
    operator.runs()
    operator.opens()
    lost = operator.page.locator("#lost")
    expect(lost).to_be_hidden()
    assert operator.daemon is not None
    operator.daemon.signal(signal.SIGSTOP)
    expect(lost).to_be_visible()
    expect(lost).to_have_text(AGE)
    operator.daemon.signal(signal.SIGCONT)
    expect(lost).to_be_hidden()


def test_a_database_that_is_away_is_noticed_on_every_page(watched: Watched, page: Page) -> None:
    overview = page.context.new_page()
    page.goto(watched.address + HERE)
    overview.goto(watched.address)
    expect(page.locator("#lost")).to_be_hidden()
    watched.is_away = True
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#lost")).to_have_text(AGE)
    verdict = overview.locator("#verdict")
    expect(verdict).to_contain_text(AWAY)
    expect(verdict).to_contain_text(re.compile(r"It shows what was so as of .*:\d\d UTC"))
    watched.is_away = False
    expect(page.locator("#lost")).to_be_hidden()
    expect(verdict).to_contain_text("The data can be trusted")


def test_what_stood_in_for_a_page_gives_way_to_it(watched: Watched, page: Page) -> None:
    """Who opens a division when nothing could be seen of it yet."""
    watched.is_away = True
    page.goto(watched.address + HERE)
    expect(page.locator("#verdict")).to_contain_text(AWAY)
    watched.is_away = False
    expect(page.locator("#grid")).to_contain_text("Up to date")


def test_a_section_comes_and_goes_with_its_cause(watched: Watched, page: Page) -> None:
    """The banner, what needs a look, the newest runs, and the moment at the bottom."""
    database, division = watched.deployment.service.database, page.context.new_page()
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE later AS TABLE exact_sync.run"))
        connection.execute(text("DELETE FROM exact_sync.run"))
    page.goto(f"{watched.address}/connections/default")
    division.goto(watched.address + HERE)
    before = page.locator("#as-of").inner_text()
    for part in (page.locator("#verdict"), page.locator("#said"), division.locator("#runs")):
        expect(part).to_be_hidden()
    fail(database, DIVISION, "items", "odd items", "look at them")
    with database.begin() as connection:
        pauses.add(connection, [(DIVISION, "journals")])
        connection.execute(text("INSERT INTO exact_sync.run SELECT * FROM later"))
    watched.deployment.clock.advance(minutes=1)
    expect(page.locator("#verdict")).to_contain_text("with exceptions")
    expect(page.locator("#said")).to_contain_text("odd items")
    expect(page.locator("#as-of")).not_to_have_text(before)
    expect(division.locator("#runs")).to_be_visible()
    with database.begin() as connection:
        pauses.drop(connection, [(DIVISION, "journals")])
        connection.execute(text("UPDATE exact_sync.checkpoint SET outcome = 'ok', message = NULL"))
    expect(page.locator("#verdict")).to_be_hidden()
    expect(page.locator("#said")).to_be_hidden()
