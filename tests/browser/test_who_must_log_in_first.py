"""Where the server has a password the page asks for it, and connecting works all the same (issue 5)."""

from playwright.sync_api import expect

from tests.browser.operator import Operator
from tests.web.browser import HASHED, PASSWORD


def test_a_person_logs_in_connects_and_logs_out(operator: Operator) -> None:
    """The browser comes back from Exact, from another site, and is still the one that has logged in."""
    page = operator.page
    operator.runs(SERVER__PASSWORD_HASH=HASHED)
    operator.opens("/connections/default/connect")
    expect(page.get_by_role("navigation")).to_have_count(0)
    page.get_by_label("Password of this server").fill("not this one")
    operator.presses("Log in")
    operator.reads("This is not the password.")
    page.get_by_label("Password of this server").fill(PASSWORD)
    operator.presses("Log in")
    expect(page.get_by_role("heading", name="Connect to Exact Online")).to_be_visible()
    operator.consents()
    operator.sees("The data can be trusted")
    operator.presses("Log out")
    operator.opens()
    expect(page.get_by_label("Password of this server")).to_be_visible()
