"""The pictures of docs/screenshots, taken of the same states that the stories are about: make screenshots."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.operator import Operator
from tests.founding import found
from tests.processes import Machine

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
LOOKS = {
    "light": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 812}, "color_scheme": "light"},
}
ONLY = os.environ.get("ONLY", "")


@pytest.fixture
def group(machine: Machine) -> Machine:
    """Three companies, not one."""
    books, today = machine.simulator.books, machine.simulator.clock.now().date()
    for code, seed in ((124229, 2), (124305, 3)):
        found(books, code, today, seed=seed)
    return machine


@contextmanager
def looked_at(browser: Browser, look: str, address: str) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", device_scale_factor=1, **LOOKS[look])
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def take(browser: Browser, operator: Operator, name: str, path: str, ready: Callable[[Page], None]) -> None:
    """In light, in dark and on a phone."""
    FOLDER.mkdir(exist_ok=True)
    for look in LOOKS:
        with looked_at(browser, look, operator.address + path) as page:
            ready(page)
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, f"{name} on {look} is {overflow} pixels too wide"
            page.screenshot(path=FOLDER / f"{name}-{look}.png")


def says(verdict: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator("#verdict .title")).to_contain_text(verdict)


@pytest.mark.usefixtures("group")
def test_sign_in_needed_then_fresh(browser: Browser, operator: Operator) -> None:
    operator.runs()
    operator.opens()
    take(browser, operator, "not-connected", "/", says("Not connected"))
    operator.consents()
    operator.sees("The data can be trusted")
    take(browser, operator, "fresh", "/", says("The data can be trusted"))
    take(browser, operator, "division", "/connections/default/divisions/124132", lambda page: None)
    take(browser, operator, "divisions", "/connections/default", lambda page: None)
    take(browser, operator, "runs", "/connections/default/runs", lambda page: None)
    take(browser, operator, "calls", "/connections/default/requests", lambda page: None)
    take(browser, operator, "quarantine", "/connections/default/quarantine", lambda page: None)
    take(browser, operator, "connect", "/connections/default/connect", lambda page: None)
    operator.machine.query(
        "UPDATE exact_sync.sign_in SET needed_because = 'Exact no longer accepts the sign-in'"
    )
    take(browser, operator, "sign-in-needed", "/", says("signing in is needed"))


@pytest.mark.usefixtures("group")
def test_first_sync(browser: Browser, operator: Operator) -> None:
    operator.simulator.latency = 0.4
    operator.runs(WORKERS="4")
    operator.opens()
    operator.consents()
    expect(operator.page.locator(".reading li").nth(2)).to_be_visible()
    take(
        browser,
        operator,
        "first-sync",
        "/",
        lambda page: expect(page.locator(".reading li").nth(2)).to_be_visible(),
    )


@pytest.mark.usefixtures("group")
def test_troubles(browser: Browser, operator: Operator) -> None:
    rights = operator.simulator.rights
    operator.runs(INTERVAL="3s", SNAPSHOT_INTERVAL="3s")
    operator.opens()
    operator.consents()
    operator.sees("The data can be trusted")
    rights.hide("financial/GLAccounts", 124132)
    operator.sees("with exceptions")
    take(browser, operator, "suspect", "/", says("with exceptions"))
    take(browser, operator, "suspect-quarantine", "/connections/default/quarantine", lambda page: None)
    rights.give_back("financial/GLAccounts", 124132)
    rights.forbid("", 124305, reason="NoDivisionAccess")
    rights.forbid("crm/Contacts", 124229, reason="NoScope")
    expect(operator.page.locator(".said li").nth(1)).to_be_visible()
    take(browser, operator, "failure", "/", says("with exceptions"))
