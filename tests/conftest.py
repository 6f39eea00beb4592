"""A real PostgreSQL, a simulator on a real port, and one clock for both sides."""

import gc
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psycopg
import pytest

from exact_sync.simulator import Simulator
from exact_sync.store import migrate
from exact_sync.store.database import Database
from tests import thrift
from tests.deployment import Deployment, SharedClock
from tests.postgres import Server, a_server
from tests.processes import Here, Machine, RealTime

_numbers = itertools.count()

# No deadline: a busy machine must not fail a test.
hypothesis.settings.register_profile("exact-sync", deadline=None)
hypothesis.settings.load_profile("exact-sync")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Stories in the browser are told only where they are asked for: they need one."""
    is_browser = collection_path.name == "browser" and collection_path.parent.name == "tests"
    return True if is_browser and not any("tests/browser" in argument for argument in config.args) else None


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_sessionfinish() -> None:
    """At its end pytest has the collector look at everything, twice: let that be nothing."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _thrift() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        thrift.certificates_are_read_once(patch)
        thrift.statements_are_compiled_once(patch)
        thrift.servers_are_asked_once_what_they_are(patch)
        thrift.records_are_laid_out_once(patch)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL of our own, without its database: fast, not durable."""
    with a_server() as server:
        yield server.url


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


class Databases:
    """Databases of one test each, on one server."""

    def __init__(self, server: str, admin: psycopg.Connection) -> None:
        self._server = server
        self._admin = admin
        self._over: list[str] = []

    @contextmanager
    def one(self, kind: str, options: str = "") -> Iterator[str]:
        """A fresh one; its URL.

        It is dropped when the next one is made: its connections have ended by then, which PostgreSQL
        would wait for else, looking only every tenth of a second.
        """
        name = f"{kind}_{os.getpid()}_{next(_numbers)}"
        while self._over:
            self._admin.execute(f"DROP DATABASE {self._over.pop()} WITH (FORCE)")
        self._admin.execute(f"CREATE DATABASE {name} {options}")
        yield named(self._server, name)
        self._over.append(name)


@pytest.fixture(scope="session")
def databases(server: str) -> Iterator[Databases]:
    with psycopg.connect(server, autocommit=True) as admin:
        yield Databases(server, admin)


@pytest.fixture
def database_url(databases: Databases, template: str) -> Iterator[str]:
    """A fresh database with our schema. Copied as files: twice as fast as through the log."""
    with databases.one("test", f"TEMPLATE {template} STRATEGY FILE_COPY") as url:
        yield url


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A fresh database with nothing in it."""
    with databases.one("empty") as url:
        yield url


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
    with a_machine(database_url, tmp_path) as machine:
        yield machine


@pytest.fixture
def here(machine: Machine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Here:
    """Runs commands on `machine` without starting a process for each."""
    return Here(machine, monkeypatch, capfd)


@pytest.fixture(scope="session")
def another_server() -> Iterator[Server]:
    """A second PostgreSQL, which a test may stop and start."""
    with a_server(keeps_what_it_committed=True) as server:
        yield server


@pytest.fixture
def shaky_machine(another_server: Server, tmp_path: Path) -> Iterator[Machine]:
    """A machine whose database may be stopped and started (see `another_server`)."""
    name = f"shaky_{next(_numbers)}"
    with psycopg.connect(another_server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with a_machine(another_server.named(name), tmp_path) as machine:
        yield machine
    another_server.start()


@contextmanager
def a_machine(database_url: str, folder: Path) -> Iterator[Machine]:
    clock = RealTime()
    with (
        Simulator(clock=clock.theirs, minute_limit=100_000) as simulator,
        Deployment(simulator, database_url, clock, folder) as deployment,
    ):
        machine = Machine(deployment, folder)
        try:
            yield machine
        finally:
            machine.close()
