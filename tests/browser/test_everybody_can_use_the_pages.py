"""With the keyboard alone, on a phone, and with nothing on the page that shuts people out (issue 5)."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.operator import HERE, Operator

PATHS = (
    "/", "/connections/default", HERE, "/connections/default/runs", "/connections/default/quarantine",
    "/connections/default/requests", "/connections/default/connect",
)  # fmt: skip
SMALL = """
() => [...document.querySelectorAll("button, nav a, select, .tick, input:not([type=hidden],[type=checkbox])")]
    .filter((each) => each.getClientRects().length)
    .map((each) => [each.textContent.trim() || each.name, each.getBoundingClientRect().height])
    .filter(([, height]) => height < 24).map(String)
"""
"""What a thumb can't hit: WCAG asks for 24 pixels; a tick has its label around it."""


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def tab_to(page: Page, text: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if text in focused(page):
            return
    raise AssertionError(f"the keyboard does not reach {text!r}")


def test_the_main_way_goes_by_keyboard_alone(operator: Operator) -> None:
    """Connect, look at the division, pause a resource and resume it; the focus stays where it was."""
    page = operator.page
    operator.runs()
    operator.opens()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    tab_to(page, "Connect to Exact Online")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    tab_to(page, "Allow")
    page.keyboard.press("Enter")
    operator.sees("The data can be trusted")
    tab_to(page, "Brouwer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Brouwer")
    tab_to(page, "Pause")
    name = page.evaluate("document.activeElement.closest('section').id")
    assert name == "head"
    page.evaluate("document.activeElement.dataset.mark = 'old'")
    expect(page.locator("[data-mark]")).to_have_count(0)  # the part was looked up anew …
    assert focused(page) == "Pause this division"  # … and the focus is where it was
    page.keyboard.press("Enter")
    operator.reads("Paused: it is not read until somebody resumes it.")
    tab_to(page, "Resume this division")
    page.keyboard.press("Enter")
    operator.reads("Resumed: what is due is read at once.")


def test_every_page_fits_on_a_phone_and_shuts_nobody_out(operator: Operator, browser: Browser) -> None:
    operator.runs()
    operator.is_connected()
    for scheme in ("light", "dark"):
        context = browser.new_context(
            locale="en-GB", viewport={"width": 375, "height": 812}, color_scheme=scheme
        )
        page = context.new_page()
        for path in PATHS:
            operator.opens(path, page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 375, (path, scheme)
            assert page.evaluate(SMALL) == [], path
            expect(page.locator("nav [aria-current]")).to_be_in_viewport(ratio=1)
            expect(page.get_by_role("main")).to_have_count(1)
            expect(page.get_by_role("navigation")).to_have_count(1)
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
                "rgb(244, 246, 248)" if scheme == "light" else "rgb(16, 21, 28)"
            )
        context.close()
