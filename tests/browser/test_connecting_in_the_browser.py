"""A person connects to Exact Online in the browser, and watches the data come."""

from playwright.sync_api import expect

from tests.browser.operator import Operator, free_port


def test_connecting_begins_the_first_sync(operator: Operator) -> None:
    operator.runs()
    operator.opens()
    operator.sees("Not connected to Exact Online yet")
    operator.consents()
    operator.sees("The data can be trusted")
    expect(operator.page.get_by_text("Signed in", exact=True)).to_be_visible()


def test_the_browser_comes_back_through_another_port_of_this_machine(operator: Operator) -> None:
    port = free_port()
    operator.runs(REDIRECT_URI=f"http://localhost:{port}/callback")
    operator.opens()
    operator.consents()
    operator.sees("The data can be trusted")
