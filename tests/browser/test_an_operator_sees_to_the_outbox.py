"""What another program did not take is seen in the browser, and sent again from there."""

from playwright.sync_api import Browser, expect

from tests.browser.operator import Operator
from tests.browser.test_everybody_can_use_the_pages import SMALL
from tests.processes import until
from tests.target import Reply, Target, a_target

HERE = "/connections/default/outbox"


def test_what_was_given_up_is_explained_and_sent_again(operator: Operator, browser: Browser) -> None:
    """At last on a phone, without scripts and in Dutch."""
    page = operator.page
    with a_target() as target:
        tells(operator, target)
        target.replies = [Reply(410, body=b"<b>closed</b>")]
        change(operator, "one")
        operator.sees("The data can be trusted, but not every program was told of it")
        page.get_by_role("navigation").get_by_role("link", name="Outbox").click()
        dead = page.locator("#dead tbody tr")
        expect(dead).to_contain_text("HTTP 410: <b>closed</b>")
        target.replies = []
        operator.presses("Send again")
        operator.reads("1 message is to be sent again.")
        until(lambda: target.told("items"), "the message")
        expect(dead).to_have_count(0)
        operator.opens()
        expect(page.locator("#verdict .title")).to_have_text("The data can be trusted")
        target.replies = [Reply(410)]
        change(operator, "two")
        operator.sees("not every program was told of it")
        context = browser.new_context(
            locale="nl-NL", java_script_enabled=False, viewport={"width": 375, "height": 812}
        )
        phone = context.new_page()
        operator.opens(HERE, phone)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 375
        assert phone.evaluate(SMALL) == []
        phone.locator("#dead").get_by_role("button", name="Weggooien").click()
        expect(phone.get_by_text("1 bericht is weggegooid.")).to_be_visible()
        expect(phone.locator("#dead")).to_contain_text("Die zijn er niet.")
        context.close()


def tells(operator: Operator, target: Target) -> None:
    """The daemon runs, and has told of its first load."""
    operator.runs(OUTBOX=target.variable(resources="items"))
    operator.is_connected()
    until(lambda: target.told("items"), "the first load")


def change(operator: Operator, description: str) -> None:
    """One item changes at Exact, and somebody wants it to be read."""
    table = operator.machine.deployment.table("logistics/Items")
    table.change(next(iter(table.rows)), Description=description)
    operator.opens()
    operator.presses("Sync everything now")
