"""The way to a target: where it leads, and where it never does."""

import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from exact_sync.outbox.letter import trial
from exact_sync.outbox.post import Answer, Post
from exact_sync.outbox_settings import TargetSettings
from tests.certificates import trust
from tests.deployment import START
from tests.target import SECRET, TOKEN, Reply, Target, a_target

NAME = "hooks.example.com"
LAST_DAY = "Fri, 31 Dec 9999 23:59:59 -2359"
NO_DAY = "Mon, 1 Jan 99999999999 00:00:00 GMT"


@pytest.fixture
def target() -> Iterator[Target]:
    with a_target() as target:
        yield target


class Names:
    """What names lead to, and how often that was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        return list(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


def post(url: str, names: Names | None = None, *, allow_private: bool = True, **more: object) -> Answer:
    settings = TargetSettings(url=url, secret=SECRET, allow_private=allow_private)  # type: ignore[arg-type]
    way = Post(settings, lambda: START, **({"resolve": names} if names else {}), **more)  # type: ignore[arg-type]
    try:
        return way.send(trial("default", START))
    finally:
        way.close()


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["169.254.169.254"]],
)
def test_no_address_outside_the_internet_is_connected_to(target: Target, addresses: list[str]) -> None:
    """Also where only one of several is such a one."""
    answer = post(f"https://{NAME}:{target.port}/", Names(addresses), allow_private=False)
    assert answer.outcome == "away"
    assert "which is none of the internet; allow_private = true would allow it" in answer.trouble
    assert target.accepted == []


def test_a_number_as_a_name_leads_nowhere_else(target: Target) -> None:
    for host in ("2130706433", "127.1", "localhost", "[::1]"):
        answer = post(f"https://{host}:{target.port}/", allow_private=False)
        assert "none of the internet" in answer.trouble, host


def test_exactly_the_address_that_was_checked_is_connected_to(target: Target) -> None:
    """Asked twice the name would mean something else: it is asked once for each letter."""
    names = Names(["127.0.0.1"], ["192.0.2.1"])
    assert post(f"http://{NAME}:{target.port}/{TOKEN}", names).outcome == "delivered"
    assert names.asked == [(NAME, target.port)]


def test_the_next_address_is_tried_where_one_does_not_answer(target: Target) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.2", 0))
        assert post(f"http://{NAME}:{target.port}/", Names(["127.0.0.3", "127.0.0.1"])).outcome == "delivered"
    assert post(f"http://{NAME}:{target.port}/", Names([])).trouble == "no connection"


def test_a_name_that_can_t_be_looked_up_is_tried_later() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    answer = post(f"https://{NAME}/", unknown, allow_private=False)  # type: ignore[arg-type]
    assert answer == Answer("away", "its name can't be looked up")


def test_no_redirect_is_followed_and_no_proxy_used(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with a_target() as other:
        target.replies = [Reply(307, headers=(("Location", other.url),))]
        answer = post(target.url)
        assert answer.outcome == "refused"
        assert "a redirect, which is not followed" in answer.trouble
        assert other.accepted == []


@pytest.mark.parametrize(
    ("reply", "outcome", "trouble", "seconds"),
    [
        (Reply(204), "delivered", "", 0),
        (Reply(410, body=b"no more"), "gone", "HTTP 410: no more", 0),
        (Reply(404, body=b"a\nb\x1b[31m" + b"x" * 5000), "refused", f"HTTP 404: a b [31m{'x' * 192}", 0),
        (Reply(429, headers=(("Retry-After", "90"),)), "away", "HTTP 429", 90),
        (Reply(503, headers=(("Retry-After", "Thu, 25 Jun 2026 12:01:00 GMT"),)), "away", "HTTP 503", 60),
        (Reply(503, headers=(("Retry-After", "-5"),)), "away", "HTTP 503", 0),
        (Reply(503, headers=(("Retry-After", "nan"),)), "away", "HTTP 503", 0),
        (Reply(503, headers=(("Retry-After", "1e300"),)), "away", "HTTP 503", 86400),
        (Reply(503, headers=(("Retry-After", "soon"),)), "away", "HTTP 503", 0),
        (Reply(503, headers=(("Retry-After", LAST_DAY),)), "away", "HTTP 503", 86400),
        (Reply(503, headers=(("Retry-After", NO_DAY),)), "away", "HTTP 503", 0),
        (Reply(408), "away", "HTTP 408", 0),
    ],
)  # fmt: skip
def test_each_answer_is_understood(
    target: Target, reply: Reply, outcome: str, trouble: str, seconds: float
) -> None:
    target.replies = [reply]
    assert post(target.url) == Answer(outcome, trouble, seconds)  # type: ignore[arg-type]


def test_a_connection_that_breaks_is_told_without_the_url() -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        thread = threading.Thread(target=lambda: opened.accept()[0].close())
        thread.start()
        answer = post(f"http://127.0.0.1:{opened.getsockname()[1]}/{TOKEN}")
        thread.join()
    assert answer.outcome == "away"
    assert answer.trouble.startswith("the connection broke")
    assert TOKEN not in answer.trouble


def test_the_certificate_must_be_the_name_s(target: Target, tmp_path: Path) -> None:
    """Though an address is connected to: SNI and Host are those of the name, too."""
    trusted = trust(tmp_path, NAME)
    target.server.socket = trusted.server.wrap_socket(target.server.socket, server_side=True)
    seen: list[str | None] = []
    trusted.server.sni_callback = lambda socket, name, context: seen.append(name)  # type: ignore[assignment]
    url, names = f"https://{NAME}:{target.port}/", Names(["127.0.0.1"])
    assert post(url, names, certificates=trusted.client).outcome == "delivered"
    assert seen == [NAME]
    assert target.hosts == [f"{NAME}:{target.port}"]
    assert post(url, names).trouble == "its certificate is not trusted"
    url = f"https://other.example.com:{target.port}/"
    assert post(url, names, certificates=trusted.client).trouble == "its certificate is not trusted"
    assert len(target.accepted) == 1
