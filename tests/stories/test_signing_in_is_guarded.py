"""Redirects that don't belong to us, codes that were used, answers nobody asked for: F46."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from exact_sync.errors import SignInNeeded
from exact_sync.simulator import Simulator
from tests.deployment import Deployment, SharedClock

TOKEN = "oauth2/token"


def consented(url: str) -> str:
    """Where the browser is sent after consent."""
    return httpx.get(url, follow_redirects=False).headers["Location"]


def paste(deployment: Deployment, browse: Callable[[str], str]) -> str:
    """Sign in with --paste; what is pasted depends on the URL that was shown."""
    shown: list[str] = []
    return deployment.service.sign_in_with_browser(shown.append, lambda: browse(shown[0]))


def other_state(url: str) -> str:
    parts = urlsplit(consented(url))
    code = parse_qs(parts.query)["code"][0]
    return parts._replace(query=f"code={quote(code)}&state=forged").geturl()


FORGED: dict[str, Callable[[str], str]] = {
    "another state": other_state,
    "no state": lambda url: consented(url).partition("&state")[0],
    "an empty state": lambda url: consented(url).partition("&state")[0] + "&state=",
    "no code": lambda url: (
        "http://localhost:8471/callback?state=" + parse_qs(urlsplit(url).query)["state"][0]
    ),
    "nothing": lambda url: "",
    "a page": lambda url: "http://localhost:8471/callback",
}


@pytest.mark.parametrize("browse", FORGED.values(), ids=FORGED)
def test_a_redirect_that_does_not_belong_to_the_sign_in_is_refused(
    deployment: Deployment, browse: Callable[[str], str]
) -> None:
    """F46: Exact is not even asked, and the sign-in there was goes on."""
    asked = deployment.calls(TOKEN)
    with pytest.raises(SignInNeeded):
        paste(deployment, browse)
    assert deployment.calls(TOKEN) == asked
    deployment.sync_well("journals")
    assert deployment.differences("journals") == []


@pytest.mark.parametrize("wait", [0, 181])
def test_a_code_works_once_and_for_three_minutes(deployment: Deployment, wait: int) -> None:
    """F46: used (or too old) it is refused, and nothing that was stored is lost."""
    codes: list[str] = []

    def bare_code(url: str) -> str:
        codes.append(quote(parse_qs(urlsplit(consented(url)).query)["code"][0]))
        deployment.clock.advance(seconds=wait)
        return codes[0]

    if wait == 0:
        assert paste(deployment, bare_code) == deployment.books.user_name
    for _ in range(2):
        with pytest.raises(SignInNeeded, match="Exact"):
            paste(deployment, bare_code)
    deployment.sync_well("journals")
    assert deployment.differences("journals") == []


def test_a_denied_consent_leaves_the_former_sign_in(deployment: Deployment) -> None:
    def deny(url: str) -> str:
        state = parse_qs(urlsplit(url).query)["state"][0]
        return f"http://localhost:8471/callback?error=access_denied&state={state}"

    with pytest.raises(SignInNeeded, match="did not give consent"):
        paste(deployment, deny)
    deployment.sync_well("journals")


def test_every_sign_in_has_a_state_of_its_own_that_nobody_guesses(deployment: Deployment) -> None:
    states = set()

    def look(url: str) -> str:
        states.add(parse_qs(urlsplit(url).query)["state"][0])
        return consented(url)

    for _ in range(3):
        paste(deployment, look)
    assert len(states) == 3
    assert min(map(len, states)) >= 32


def test_the_listener_takes_only_the_answer_it_waits_for_and_sends_nobody_anywhere(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """F46: forged answers, odd paths and open redirects get a plain page, and the sign-in still waits."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = f"http://127.0.0.1:{port}"
    deployment = Deployment(simulator, database_url, clock, tmp_path, redirect_uri=f"{home}/callback")
    ready, shown, signed_in = threading.Event(), list[str](), list[str]()

    def show(url: str) -> None:
        shown.append(url)
        ready.set()

    thread = threading.Thread(
        target=lambda: signed_in.append(deployment.service.sign_in_with_browser(show, None))
    )
    thread.start()
    try:
        assert ready.wait(10)
        right = consented(shown[0])
        for forged in (
            "/callback?code=stolen&state=forged",
            "/callback?error=access_denied&state=forged",
            "/callback?code=stolen",
            "/callback",
            "/",
            "//elsewhere.invalid/%2e%2e",
            "/callback/../callback?code=x&state=<script>alert(1)</script>",
            "/favicon.ico",
            "/login?next=http://elsewhere.invalid",
        ):
            answer = httpx.get(f"{home}{forged}", follow_redirects=False)
            assert answer.status_code in (400, 404)
            assert "Location" not in answer.headers
            assert "stolen" not in answer.text
            assert "<script" not in answer.text
        assert signed_in == []
        assert httpx.get(right).status_code == 200
    finally:
        if not ready.is_set():
            deployment.service.stop.set()
        thread.join(20)
    assert signed_in == [simulator.books.user_name]
    deployment.sync_well("journals")
    assert deployment.differences("journals") == []
    deployment.service.close()
