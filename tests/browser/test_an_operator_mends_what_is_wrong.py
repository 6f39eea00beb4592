"""What is wrong is explained in the browser, and mended there (issue 5)."""

from playwright.sync_api import expect

from tests.browser.operator import HERE, Operator
from tests.deployment import DIVISION


def test_a_suspect_run_is_explained_and_accepted(operator: Operator) -> None:
    operator.runs()
    operator.is_connected()
    operator.simulator.rights.hide("financial/GLAccounts", DIVISION)
    operator.opens(HERE)
    operator.presses("Sync now: gl_accounts")
    row = operator.row("gl_accounts")
    expect(row).to_contain_text("Suspect")
    expect(row).to_contain_text("Exact has 0, here are 90; nothing was deleted")
    operator.opens()
    operator.sees("The data can be trusted, with exceptions")
    operator.reads("lost rights look like this; if it is right, accept it")
    operator.presses("Accept: gl_accounts")
    operator.reads("Accepted: the next run takes over what Exact says.")
    expect(operator.page.locator("#verdict .title")).to_have_text("The data can be trusted")
    assert operator.machine.query("SELECT count(*) FROM exact.gl_accounts WHERE _deleted_at IS NULL") == [
        (0,)
    ]


def test_a_failure_is_explained_with_what_to_do(operator: Operator) -> None:
    rights = operator.simulator.rights
    operator.runs()
    operator.is_connected()
    rights.forbid("crm/Contacts", DIVISION, reason="NoScope")
    operator.presses("Sync everything now")
    operator.reads("readings were asked for")
    operator.reads("crm/Contacts")
    operator.reads("Not available")
    rights.forbid("", DIVISION, reason="NoDivisionAccess")
    operator.presses("Sync everything now")
    operator.reads("Exact refuses 1 division.")
    operator.reads("the user has no access to it, or the consent leaves it out")
    operator.reads("its rows are kept; it catches up when access is back")
    rights.give_back("", DIVISION)
    rights.give_back("crm/Contacts", DIVISION)
    operator.presses("Sync now")
    expect(operator.page.locator("#verdict .title")).to_have_text("The data can be trusted")


def test_after_a_revocation_one_click_signs_in_again(operator: Operator) -> None:
    operator.runs()
    operator.is_connected()
    operator.simulator.oauth.revoke()
    operator.presses("Sync everything now")
    operator.sees("The data stands still: signing in is needed")
    operator.consents()
    operator.sees("The data can be trusted")
    assert operator.machine.deployment.violations() == {}
    [page] = [operator.page.content()]
    assert operator.simulator.client_secret not in page


def test_what_is_paused_is_not_read_until_it_is_resumed(operator: Operator) -> None:
    operator.runs()
    operator.is_connected()
    operator.opens(HERE)
    operator.presses("Pause: items")
    operator.reads("Paused: it is not read until somebody resumes it.")
    expect(operator.row("items")).to_contain_text("Paused")
    operator.opens()
    operator.sees("The data can be trusted, as far as it is not paused")
    operator.presses("Resume everything")
    expect(operator.page.locator("#verdict .title")).to_have_text("The data can be trusted")
