"""`exact-sync simulator`: its options, and what it prints."""

from __future__ import annotations

import signal
import socket
from typing import Any

import click
import pytest

from exact_sync.cli import main
from exact_sync.cli.simulator import simulator as command
from exact_sync.simulator import Books, Simulator
from exact_sync.simulator.command import settings
from exact_sync.simulator.company import SIZES


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the command wants served, in a list that stays empty where it refuses."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("exact_sync.simulator.command.serve", lambda **options: asked.append(options))
    return asked


def test_every_limit_has_an_option(served: list[dict[str, Any]]) -> None:
    words = "simulator --size tiny --divisions 300 --minute-limit 5 --day-limit 50 --port 0"
    more = "--connection-day-limit 500 --error-limit 0 --latency 0.1 --webhooks-over-http"
    assert main([*words.split(), *more.split()]) == 0
    assert served == [
        {
            "host": "127.0.0.1",
            "port": 0,
            "size": "tiny",
            "divisions": 300,
            "seed": 0,
            "minute_limit": 5,
            "day_limit": 50,
            "connection_day_limit": 500,
            "error_limit": 0,
            "latency": 0.1,
            "webhooks_over_http": True,
        }
    ]


def test_without_options_it_is_as_strict_as_exact(served: list[dict[str, Any]]) -> None:
    assert main(["simulator"]) == 0
    (options,) = served
    limits = {name: value for name, value in options.items() if name.endswith("_limit")}
    assert limits == {"minute_limit": 60, "day_limit": 5000, "connection_day_limit": None, "error_limit": 10}
    assert options["webhooks_over_http"] is False


@pytest.mark.parametrize(
    "words",
    [
        "--divisions 0",
        "--divisions -3",
        "--divisions many",
        "--minute-limit 0",
        "--day-limit -1",
        "--connection-day-limit 0",
        "--error-limit -1",
        "--latency -1",
        "--latency 100",
        "--size huge",
        "--port 70000",
    ],
)
def test_a_bad_number_is_one_clear_line(
    words: str, served: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulator", *words.split()]) == 2
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("error: ")
    assert words.split()[0] in first
    assert [line.startswith("  → ") for line in rest] == [True]
    assert served == []


def test_the_sizes_are_those_that_can_be_made() -> None:
    (size,) = (parameter for parameter in command.params if parameter.name == "size")
    assert isinstance(size.type, click.Choice)
    assert set(size.type.choices) == set(SIZES)


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (2, "# divisions: 1, 2"),
        (12, "# divisions: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"),
        (300, "# divisions: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ..., 300 (300 in all)"),
    ],
)
def test_not_all_of_many_divisions_are_listed(count: int, line: str) -> None:
    books = Books()
    for code in range(1, count + 1):
        books.add_division(code)
    assert line in settings(Simulator(books)).splitlines()


@pytest.mark.parametrize("host", ["127.0.0.1", "nohost.invalid", "a..b"])
def test_where_it_cannot_listen_is_one_clear_line(
    host: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exact_sync.simulator.command.sample_group", lambda **_: Books())
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["simulator", "--host", host, "--port", str(port)]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"error: the simulator can't listen on {host}, port {port}: ")
    assert second == "  → choose another --host or --port"


def test_ctrl_c_is_heard_while_companies_are_founded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def found(**options: object) -> None:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("nobody heard it")

    monkeypatch.setattr("exact_sync.simulator.command.sample_group", found)
    # Whoever starts the tests in the background of a script has it ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert main(["simulator", "--port", "0"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err.strip() == "interrupted"
