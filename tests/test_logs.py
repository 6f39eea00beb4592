"""Logs: lines that can be read, by people or by machines, with no secret in them."""

import io
import json
import logging
from collections import deque
from collections.abc import Iterator

import pytest

from exact_sync import logs

CANARIES = [
    "canary-token-1",
    'canary "quoted" secret',
    "canary\\back\\slash",
    "canary-é-☃",
    "canary 'and\" both",
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(logs, "_secrets", set())
    monkeypatch.setattr(logs, "_tokens", deque(maxlen=logs._tokens.maxlen))
    logs.hide(*CANARIES)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(params=["text", "json", "terminal"])
def stream(request: pytest.FixtureRequest) -> io.StringIO:
    stream = Terminal() if request.param == "terminal" else io.StringIO()
    logs.set_up("debug", "auto" if request.param == "terminal" else request.param, stream)
    return stream


def log() -> logging.Logger:
    return logging.getLogger("exact_sync.test")


@pytest.mark.parametrize("canary", CANARIES)
def test_no_secret_reaches_a_line_by_any_way(stream: io.StringIO, canary: str) -> None:
    log().info(canary)
    log().info("an argument: %s", canary)
    log().info("inside: %s", {"deep": [canary]})
    log().info("extra", extra={"token": canary, "deep": {"list": [canary]}})
    log().info("number %d", 42)
    written = stream.getvalue()
    assert canary not in written
    assert json.dumps(canary)[1:-1] not in written
    assert repr(canary)[1:-1] not in written
    assert "42" in written


@pytest.mark.parametrize(
    ("variable", "value", "colors"),
    [("TERM", "xterm", True), ("TERM", "dumb", False), ("NO_COLOR", "1", False)],
)
def test_a_terminal_without_colors_gets_none(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, colors: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    terminal = Terminal()
    logs.set_up("info", "auto", terminal)
    log().info("seen")
    assert ("\x1b[" in terminal.getvalue()) is colors


@pytest.mark.parametrize("canary", CANARIES)
def test_no_secret_reaches_a_traceback(stream: io.StringIO, canary: str) -> None:
    local = canary

    def fail() -> None:
        unnamed = "-".join(("a", "local", "value"))
        try:
            raise KeyError(local, len(unnamed))
        except KeyError as error:
            raise RuntimeError(f"failed with {local}") from error

    try:
        fail()
    except RuntimeError:
        log().exception("it broke with %s", canary)
    written = stream.getvalue()
    assert "RuntimeError" in written
    assert "a-local-value" not in written
    assert canary not in written
    assert json.dumps(canary)[1:-1] not in written
    assert repr(canary)[1:-1] not in written


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer unseen-token",
        "authorization: bearer unseen-token",
        "POST grant_type=refresh_token&refresh_token=unseen-token&x=1",
        "?access_token=unseen-token",
        "client_secret=unseen-token",
        "https://localhost/callback?code=unseen-token&state=s",
        "postgresql://user:unseen-token@host:5432/db",
    ],
)
def test_what_looks_like_a_secret_is_hidden_even_if_nobody_named_it(stream: io.StringIO, text: str) -> None:
    log().warning(text)
    assert "unseen-token" not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_a_json_line_is_one_object_with_level_and_time() -> None:
    stream = io.StringIO()
    logs.set_up("info", "json", stream)
    log().warning("a\nb %s", "c", extra={"division": 7})
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["division"]) == ("a\nb c", "warning", 7)
    assert entry["timestamp"].endswith("Z")


def test_auto_is_text_on_a_terminal_and_json_elsewhere() -> None:
    for stream, is_json in ((Terminal(), False), (io.StringIO(), True)):
        logs.set_up("info", "auto", stream)
        log().info("hello")
        assert stream.getvalue().startswith("{") is is_json


def test_setting_up_twice_does_not_write_lines_twice(stream: io.StringIO) -> None:
    logs.set_up("info", "text", stream)
    log().info("hello")
    assert stream.getvalue().count("hello") == 1


def test_what_is_below_the_level_and_the_chatter_of_libraries_is_left_out() -> None:
    stream = io.StringIO()
    logs.set_up("info", "text", stream)
    log().debug("quiet one")
    logging.getLogger("httpx").info("quiet one")
    logging.getLogger("alembic.runtime").info("quiet one")
    logging.getLogger("httpx").warning("loud one")
    assert "quiet one" not in stream.getvalue()
    assert "loud one" in stream.getvalue()


def test_a_short_text_is_not_taken_for_a_secret() -> None:
    logs.hide("a", "", None, "12345")
    assert logs.clean("a banana, 12345") == "a banana, 12345"


def test_of_two_secrets_one_inside_the_other_nothing_stays() -> None:
    logs.hide("canary-long", "canary-long-er")
    assert logs.clean("<canary-long-er>") == "<***>"


def test_tokens_that_change_all_the_time_are_hidden_too_and_do_not_pile_up() -> None:
    for number in range(1000):
        logs.hide_tokens(f"access-{number}-end", f"refresh-{number}-end")
    assert logs.clean("access-999-end refresh-998-end") == "*** ***"
    assert len(logs._tokens) < 300
