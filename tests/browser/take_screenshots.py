"""The pictures of docs/screenshots, taken of the same states that the stories are about: make screenshots."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.operator import HERE, Operator
from tests.browser.test_an_operator_sees_to_the_outbox import change, tells
from tests.deployment import DIVISION
from tests.founding import TINY, found
from tests.processes import Machine
from tests.target import Reply, a_target

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 812}, "color_scheme": "light"},
}
OTHERS = {124229: "Brouwer Techniek B.V.", 124305: "Brouwer Vastgoed B.V."}
LARGE = TINY | {"financialtransaction/Transactions": 3_000, "crm/Contacts": 2_000}


@pytest.fixture
def group(machine: Machine) -> Machine:
    """Three companies, not one; one of them is large enough for a first load that takes a while."""
    books, today = machine.simulator.books, machine.simulator.clock.now().date()
    for seed, (code, name) in enumerate(OTHERS.items(), 2):
        found(books, code, today, seed=seed, counts=LARGE if code == 124305 else TINY)
        books.division(code)["Description"] = name
    return machine


def take(
    browser: Browser, operator: Operator, name: str, ready: Callable[[Page], None], path: str = "/"
) -> None:
    """In light, in dark and on a phone."""
    FOLDER.mkdir(exist_ok=True)
    for look, options in LOOKS.items():
        context = browser.new_context(locale="en-GB", device_scale_factor=1, **options)
        page = context.new_page()
        operator.opens(path, page)
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= options["viewport"]["width"], (
            name,
            look,
        )
        page.screenshot(path=FOLDER / f"{name}-{look}.png")
        context.close()


def says(verdict: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator("#verdict .title")).to_contain_text(verdict)


def loads(page: Page) -> None:
    says("first sync")(page)
    expect(page.get_by_text("of about").first).to_be_visible()


@pytest.mark.usefixtures("group")
def test_the_first_sync_and_what_follows(browser: Browser, operator: Operator) -> None:
    operator.simulator.latency = 1.0
    operator.runs()
    take(browser, operator, "connect", says("Not connected to Exact Online yet"))
    operator.opens()
    operator.consents()
    expect(operator.page.get_by_text("of about").first).to_be_visible()
    take(browser, operator, "first-sync", loads)
    operator.simulator.latency = 0.0
    operator.sees("The data can be trusted")
    take(browser, operator, "fresh", says("The data can be trusted"))
    take(browser, operator, "division", lambda page: None, HERE)
    operator.simulator.oauth.revoke()
    operator.presses("Sync everything now")
    operator.sees("signing in is needed")
    take(browser, operator, "sign-in-needed", says("signing in is needed"))


@pytest.mark.usefixtures("group")
def test_what_is_wrong(browser: Browser, operator: Operator) -> None:
    rights = operator.simulator.rights
    operator.runs()
    operator.is_connected()
    rights.hide("financial/GLAccounts", DIVISION)
    operator.presses("Sync everything now")
    operator.reads("Exact has 0, here are 90")
    take(browser, operator, "suspect", says("with exceptions"))
    operator.presses("Accept: gl_accounts")
    rights.forbid("", 124305, reason="NoDivisionAccess")
    rights.forbid("crm/Contacts", 124229, reason="NoScope")
    operator.presses("Sync everything now")
    operator.reads("Exact refuses 1 division.")
    operator.reads("crm/Contacts")
    expect(operator.page.get_by_text("Suspect")).to_have_count(0)
    take(browser, operator, "failure", says("with exceptions"))


def test_what_was_not_taken(browser: Browser, operator: Operator) -> None:
    with a_target() as target:
        tells(operator, target)
        target.replies = [Reply(410, body=b"this address is closed")]
        change(operator, "a new name")
        operator.sees("not every program was told of it")
        take(browser, operator, "outbox", shows_dead_letter, "/connections/default/outbox")


def shows_dead_letter(page: Page) -> None:
    expect(page.locator("#dead tbody tr")).to_contain_text("HTTP 410")
