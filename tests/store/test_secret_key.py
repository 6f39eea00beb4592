"""The key that encrypts the tokens: one that is nothing is none."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import SecretStr

from exact_sync.errors import BadConfiguration
from exact_sync.store.secret_key import FILE, secret_key


def test_a_configured_key_is_taken_as_it_is(tmp_path: Path) -> None:
    assert secret_key(SecretStr(" my key "), tmp_path) == " my key "
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("configured", [None, "", " ", "\n"])
def test_without_one_or_with_a_blank_one_a_key_file_is_made_once(
    tmp_path: Path, configured: str | None
) -> None:
    """EXACT_SYNC_SECRET_KEY= in an .env file must not encrypt with a key that everybody knows."""
    wanted = None if configured is None else SecretStr(configured)
    made = secret_key(wanted, tmp_path / "data")
    assert len(made) >= 32
    assert secret_key(wanted, tmp_path / "data") == made
    assert (tmp_path / "data" / FILE).stat().st_mode & 0o777 == 0o600


def test_connections_that_begin_at_once_get_the_same_key(tmp_path: Path) -> None:
    """Each asks for it from a thread of its own; two keys would mean tokens that nobody can read."""
    for turn in range(20):
        together = Barrier(8)

        def ask(data_dir: Path, together: Barrier = together) -> str:
            together.wait()
            return secret_key(None, data_dir)

        with ThreadPoolExecutor(8) as threads:
            keys = set(threads.map(ask, [tmp_path / str(turn)] * 8))
        assert len(keys) == 1
        assert [file.name for file in (tmp_path / str(turn)).iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe\xe9", "is no text")]
)
def test_a_key_file_that_holds_none_is_said_and_not_written_over(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(BadConfiguration, match=f"key file .* {said}") as caught:
        secret_key(None, tmp_path)
    assert "sign in again" in caught.value.hint
    assert (tmp_path / FILE).read_bytes() == content
