"""Connecting in the browser: only who began a sign-in ends it, and only once (F46)."""

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from exact_sync.web.pages.consents import LIFE
from tests.deployment import Deployment
from tests.web.pages.shown import CONNECT, Browser, begins, consents, shown
from tests.web.served import source_of


@pytest.fixture
def browser(deployment: Deployment) -> Iterator[Browser]:
    with shown(deployment, step=0) as browser:
        yield browser


def refused(browser: Browser, path: str) -> str:
    page = browser.opens(path, 400)
    assert page.faults() == []
    [alert] = [each for each in page.all("section") if each.attributes.get("role") == "alert"]
    return " ".join(alert.text.split())


def tokens(deployment: Deployment) -> str:
    found = deployment.service.sign_in.read().tokens
    assert found is not None
    return found.access


def test_a_person_connects_and_the_new_sign_in_replaces_the_old(
    browser: Browser, deployment: Deployment
) -> None:
    before = tokens(deployment)
    url = begins(browser)
    assert url.startswith(f"{deployment.simulator.base_url}/api/oauth2/auth?")
    answer = browser.client.get(consents(url))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?done=connected")
    assert tokens(deployment) != before
    assert deployment.service.sign_in.read().user_name == deployment.books.user_name
    page = browser.opens("/?done=connected")
    assert "Connected to Exact Online." in page.text
    assert deployment.books.user_name in page.text
    deployment.sync_well("journals")
    assert deployment.simulator.stats.violations["replayed_refreshes"] == 0


def test_sentences_about_the_sign_in_have_spaces_between_them(
    browser: Browser, deployment: Deployment
) -> None:
    assert browser.client.get(consents(begins(browser))).status_code == 303
    page = browser.opens(CONNECT)
    [about] = [each for each in page.all("p") if "Signed in as" in each.text]
    said = " ".join(about.text.split())
    assert re.search(
        r"Signed in as .*\. Consent was given .*\. The access token ends .* needed\. Each sync renews .*\.$",
        said,
    ), said
    deployment.clock.advance(hours=1)
    assert "The access token ended 50 min ago; it is renewed" in " ".join(browser.opens(CONNECT).text.split())


def test_the_cookie_that_binds_it_is_out_of_the_reach_of_scripts(browser: Browser) -> None:
    cookie = browser.presses(CONNECT).headers["Set-Cookie"]
    assert cookie.startswith("exact_sync_consent=")
    assert {"HttpOnly", "Max-Age=600", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))


def test_an_answer_is_taken_once(browser: Browser, deployment: Deployment) -> None:
    path = consents(begins(browser))
    assert browser.client.get(path).status_code == 303
    before, calls = tokens(deployment), deployment.calls("oauth2/token")
    assert "was used before" in refused(browser, path)
    assert (tokens(deployment), deployment.calls("oauth2/token")) == (before, calls)


def test_an_answer_of_another_browser_is_not_taken(browser: Browser, deployment: Deployment) -> None:
    """Who lures a person to an answer of his own would have our data read with his account."""
    before = tokens(deployment)
    path = consents(begins(browser))
    with httpx.Client(base_url=browser.client.base_url) as stranger:
        answer = stranger.get(path)
        assert answer.status_code == 400
        assert "begun in another browser" in answer.text
    assert browser.client.get("/connect/return?code=x&state=y").status_code == 400
    assert "belongs to no sign-in" in refused(browser, "/connect/return?code=x")
    assert tokens(deployment) == before
    assert browser.client.get(path).status_code == 303  # the stranger has spoilt nothing


def test_an_answer_that_comes_too_late_is_not_taken(deployment: Deployment) -> None:
    with shown(deployment, step=LIFE) as browser:
        assert "came too late" in refused(browser, consents(begins(browser)))


def test_who_is_refused_at_exact_is_told_so(browser: Browser) -> None:
    [state] = parse_qs(urlsplit(begins(browser)).query)["state"]
    said = refused(browser, f"/connect/return?{urlencode({'error': 'access_denied', 'state': state})}")
    assert "Exact did not give consent: access_denied" in said
    assert "Begin again with the button below." in said


def test_of_several_connections_only_the_one_that_was_begun_is_offered_again(
    deployment: Deployment,
) -> None:
    """The button of another one would replace the tokens that it has."""
    with shown(deployment) as browser:
        first = browser.source.connection
    others = [replace(source_of(deployment), connection=replace(first, name="be", is_alone=False))]
    with shown(deployment, 0, connection=replace(first, is_alone=False), others=others) as browser:

        def connects(path: str) -> list[str]:
            page = browser.opens(path, 400, **{"Accept-Language": "nl"})
            assert page.faults() == []
            return [each.attributes["action"] for each in page.all("form") if "action" in each.attributes]

        for name in ("be", "default"):
            [state] = parse_qs(urlsplit(begins(browser, f"/connections/{name}/connect")).query)["state"]
            refusal = f"/connect/return?{urlencode({'error': 'access_denied', 'state': state})}"
            assert connects(refusal) == [f"/connections/{name}/connect", f"/connections/{name}/connect/paste"]
            assert connects(refusal) == []  # it was used: nobody knows any more whose it was
        said = browser.opens("/connect/return?code=x", 400, **{"Accept-Language": "nl"}).text
        assert "hoort bij geen lopende aanmelding" in said
        assert "op de pagina van de verbinding" in said
        assert browser.presses("/connections/be/connect/paste", address="nonsense").status_code == 400


def test_a_code_that_exact_refuses_changes_nothing(browser: Browser, deployment: Deployment) -> None:
    before = tokens(deployment)
    [state] = parse_qs(urlsplit(begins(browser)).query)["state"]
    said = refused(browser, f"/connect/return?{urlencode({'code': 'forged', 'state': state})}")
    assert "Exact refuses the code, which works once" in said
    assert tokens(deployment) == before


def test_the_address_can_be_pasted(browser: Browser, deployment: Deployment) -> None:
    before = tokens(deployment)
    address = f"https://example.com{consents(begins(browser))}"
    assert browser.presses(f"{CONNECT}/paste", address=f"  {address}\n").status_code == 303
    assert tokens(deployment) != before
    for wrong in (address, "", "code-alone", "https://example.com/?code=1&state=2", "http://[", "\x00"):
        answer = browser.presses(f"{CONNECT}/paste", address=wrong)
        assert answer.status_code == 400, wrong
        assert "belongs to no sign-in" in answer.text


def test_a_doorway_sends_the_browser_on_and_closes(deployment: Deployment) -> None:
    """The redirect URI is another port of this machine: it is listened to for as long as it is needed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with shown(deployment, 0, f"http://localhost:{port}/callback") as browser:
            answer = browser.presses(CONNECT)
            assert answer.status_code == 409
            assert f"can&#39;t listen on localhost:{port}" in answer.text
            assert "auth login" not in answer.text
            taken.close()
            begins(browser)
            location = httpx.get(begins(browser), follow_redirects=False).headers["Location"]
            assert httpx.get(f"http://127.0.0.1:{port}/callback?code=1&state=2").status_code == 400
            on = httpx.get(location.replace("localhost", "127.0.0.1"), follow_redirects=False)
            assert on.status_code == 303
            assert on.headers["Location"].startswith(f"{browser.client.base_url}/connect/return?code=")
            assert browser.client.get(on.headers["Location"]).status_code == 303
            begins(browser)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/callback")


def test_a_redirect_uri_elsewhere_is_for_pasting(deployment: Deployment) -> None:
    with shown(deployment, 0, "https://example.com/exact-sync") as browser:
        page = browser.opens(CONNECT)
        [form] = [each for each in page.all("form") if each.attributes.get("action") == CONNECT]
        assert form.attributes["target"] == "_blank"
        assert "https://example.com/exact-sync" in page.text
