"""Debian's chromium, driven by Playwright, before a real ``exact-sync run`` and a real simulator."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.operator import Operator
from tests.processes import Machine

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000
"""Milliseconds that a story waits for something to appear."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Never one that was downloaded: `make test-browser` installs Debian's."""
    path = shutil.which("chromium")
    assert path is not None, "no chromium; run: make test-browser"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that was never here before, in English."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1200, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page in which no script may fail, and nothing is loaded from elsewhere."""
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield page
    assert [line for line in wrong if "the server responded with a status of" not in line] == []


@pytest.fixture
def operator(machine: Machine, page: Page, tmp_path: Path) -> Operator:
    """A person before the browser; nobody is signed in yet, and no daemon runs."""
    machine.nobody_is_signed_in()
    machine.simulator.oauth.auto_consent = False
    return Operator(machine, page)
