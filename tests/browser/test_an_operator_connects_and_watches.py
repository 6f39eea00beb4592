"""A person connects to Exact Online in the browser, and watches the data come (issue 5)."""

from playwright.sync_api import Browser, expect

from tests.browser.operator import HERE, Operator, free_port


def test_connecting_begins_the_first_sync_which_can_be_watched(operator: Operator) -> None:
    operator.simulator.latency = 0.15
    operator.runs()
    operator.opens()
    operator.sees("Not connected to Exact Online yet")
    operator.consents()
    operator.sees("The first sync is under way")
    expect(operator.page.locator(".reading li").first).to_contain_text("so far")
    operator.sees("The data can be trusted")
    expect(operator.page.locator(".reading li")).to_have_count(0)
    operator.opens(HERE)
    expect(operator.row("customers")).to_contain_text("Up to date")
    expect(operator.row("customers")).to_contain_text("40")
    assert operator.machine.deployment.differences() == []


def test_the_browser_comes_back_through_another_port_of_this_machine(operator: Operator) -> None:
    port = free_port()
    operator.runs(REDIRECT_URI=f"http://localhost:{port}/callback")
    operator.opens()
    operator.consents()
    operator.sees("The data can be trusted")


def test_it_works_without_scripts_and_in_dutch(operator: Operator, browser: Browser) -> None:
    """From the button to the data, by reloading; the redirect URI leads nowhere, so its address is pasted."""
    operator.runs(REDIRECT_URI="http://localhost:9/exact-sync")
    operator.simulator.oauth.auto_consent = True
    context = browser.new_context(locale="nl-NL", java_script_enabled=False)
    page = context.new_page()
    connect = "/connections/default/connect"
    operator.opens(connect, page)
    with context.expect_event("requestfailed", lambda request: "/exact-sync?" in request.url) as ended:
        page.get_by_role("button", name="Verbinden met Exact Online").click()
    page = context.new_page()
    operator.opens(connect, page)
    page.get_by_label("Het adres waar de browser uitkwam").fill(ended.value.url)
    page.get_by_role("button", name="Aanmelden afronden").click()
    expect(page.get_by_text("Verbonden met Exact Online.")).to_be_visible()
    for _ in range(100):
        if page.get_by_text("De gegevens zijn te vertrouwen").count():
            break
        page.get_by_role("link", name="Vernieuwen").click()
    expect(page.get_by_text("De gegevens zijn te vertrouwen")).to_be_visible()
    operator.opens(HERE, page)
    page.get_by_role("button", name="Pauzeren: items").click()
    expect(page.get_by_role("button", name="Hervatten: items")).to_be_visible()
    context.close()
