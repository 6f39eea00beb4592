"""Whoever looks on, with whatever terminal, or nobody: the exit code and one clear line stay."""

import os
import subprocess
import sys

import pytest

_OTHERS = ("EXACT_SYNC_", "PYTHONIO", "LC_")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}


def said(
    arguments: str, typed: bytes = b"", redirected: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -m exact_sync {arguments} {redirected}', sys.executable],
        input=typed,
        capture_output=True,
        env=ENVIRONMENT | environment,
        check=False,
    )


def test_where_stderr_is_closed_the_exit_code_is_still_the_contracts() -> None:
    assert said("sync itemz", redirected="2>&-", EXACT_SYNC_CLIENT_ID="id").returncode == 2
    assert said("resources", redirected=">&- 2>&-").returncode == 0


def test_a_terminal_that_lacks_a_character_shows_the_rest() -> None:
    line = "from exact_sync.__main__ import _prepare_streams; _prepare_streams(); print('3 \u20ac')"
    printed = subprocess.run(
        [sys.executable, "-c", line],
        capture_output=True,
        env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert printed.stdout == b"3 ?\n"


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_what_is_typed_and_no_text_is_one_clear_line(locale: dict[str, str]) -> None:
    done = said("server password", b"caf\xe9 caf\xe9 caf\xe9\n", **locale)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == b"error: what stands on stdin is no text in UTF-8"
    assert len(done.stderr.splitlines()) == 2


def test_what_is_typed_and_text_is_taken_and_nothing_is_not() -> None:
    assert said("server password", "caf\u00e9 caf\u00e9".encode()).returncode == 0
    assert said("server password", redirected="<&-").returncode == 2
