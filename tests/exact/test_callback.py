"""The listener that waits for the browser to come back from Exact."""

import socket
import struct
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from exact_sync.errors import BadConfiguration, SignInNeeded
from exact_sync.exact.callback import Callback


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Browser:
    """A listener that waits in another thread, and what comes to it."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.port = free_port()
        self.over = False
        self.callback = Callback(("127.0.0.1", self.port, "/callback"), "the-state")
        self.code: Future[str] = threads.submit(self.callback.wait, lambda: self.over)

    def goes_to(self, path: str, method: str = "GET") -> tuple[int, str, dict[str, str]]:
        request = Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        try:
            with urlopen(request, timeout=10) as response:
                return response.status, response.read().decode(), dict(response.headers)
        except HTTPError as error:
            with error:
                return error.code, error.read().decode(), dict(error.headers)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with ThreadPoolExecutor(1) as threads:
        browser = Browser(threads)
        yield browser
        browser.over = True


def test_the_code_of_the_right_redirect_is_taken(browser: Browser) -> None:
    status, text, headers = browser.goes_to("/callback?code=stamp%21abc&state=the-state")
    assert (status, browser.code.result(10)) == (200, "stamp!abc")
    assert "Signed in" in text
    assert "stamp" not in text
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/callback?code=abc&state=forged", 400),
        ("/callback?code=abc", 400),
        ("/callback?error=access_denied&state=forged", 400),
        ("/", 404),
        ("/callback", 404),
        ("/favicon.ico", 404),
        ("/other?code=abc&state=the-state", 404),
        ("//evil.example/callback?code=abc&state=the-state", 404),
    ],
)
def test_what_does_not_belong_to_this_sign_in_is_refused_and_the_listener_waits_on(
    browser: Browser, path: str, status: int
) -> None:
    refused = browser.goes_to(path)
    assert refused[0] == status
    assert "Location" not in refused[2]
    assert not browser.code.done()
    browser.goes_to("/callback?code=right&state=the-state")
    assert browser.code.result(10) == "right"


@pytest.mark.parametrize("error", ["access_denied", "invalid_state"])
def test_a_refused_consent_ends_the_wait(browser: Browser, error: str) -> None:
    assert browser.goes_to(f"/callback?error={error}&state=the-state")[0] == 400
    with pytest.raises(SignInNeeded, match=error):
        browser.code.result(10)


def test_what_comes_back_is_shown_as_text_and_not_as_markup(browser: Browser) -> None:
    text = browser.goes_to("/callback?error=%3Cscript%3E&state=the-state")[1]
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_only_one_redirect_is_taken(browser: Browser) -> None:
    browser.goes_to("/callback?code=first&state=the-state")
    assert browser.code.result(10) == "first"
    with pytest.raises(OSError, match="refused"):
        browser.goes_to("/callback?code=second&state=the-state")


def test_nobody_coming_in_time_is_said_so(browser: Browser) -> None:
    browser.over = True
    with pytest.raises(SignInNeeded, match="in time"):
        browser.code.result(10)


def test_a_port_in_use_is_a_clear_error(browser: Browser) -> None:
    with pytest.raises(BadConfiguration, match=r"can't listen on 127\.0\.0\.1") as caught:
        Callback(("127.0.0.1", browser.port, "/callback"), "the-state")
    assert "--paste" in caught.value.hint


def test_nothing_of_a_redirect_is_written_anywhere(
    browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    browser.goes_to("/callback?code=canary&state=the-state")
    assert browser.code.result(10) == "canary"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "request_line", ["GET /callback?code=a&state=forged", "GET http://[/", "GET /callback"]
)
def test_who_breaks_off_or_asks_oddly_is_no_matter(
    browser: Browser, capfd: pytest.CaptureFixture[str], request_line: str
) -> None:
    at_once = struct.pack("ii", 1, 0)
    for ending in (" HTTP/1.1\r\nHost: x\r\n\r\n", " HTTP/1.1\r\nHo"):
        with socket.create_connection(("127.0.0.1", browser.port)) as connection:
            connection.sendall((request_line + ending).encode())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    browser.goes_to("/callback?code=right&state=the-state")
    assert browser.code.result(10) == "right"
    assert capfd.readouterr() == ("", "")


def test_what_is_no_url_is_not_here(browser: Browser) -> None:
    with socket.create_connection(("127.0.0.1", browser.port)) as connection:
        connection.sendall(b"GET http://[/callback?code=a&state=the-state HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 404 " in connection.recv(64)
    assert not browser.code.done()
