"""The connection to PostgreSQL."""

import copy
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TypeVar

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, create_engine, event, func, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from exact_sync.clock import Clock
from exact_sync.errors import BadConfiguration
from exact_sync.store.schemas import FIRST, Schemas
from exact_sync.store.trouble import Conflict, translated

T = TypeVar("T")

_CONFLICT_TRIES = 5
_LOCK_TIMEOUT = "30s"
_ENCODINGS = ("UTF8", "SQL_ASCII")
"""The latter takes every byte as it comes."""
_KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds: after a minute each side knows that the other has vanished, as a machine without power does. By
default it takes two hours, for which a question waits and the locks of who works no more are held.
"""
_OPTIONS = {**_KEEPALIVES, "tcp_user_timeout": 60_000}
"""The latter, in milliseconds, for the same where something was sent."""
_SHOWN = ("dbname", "host", "hostaddr", "port", "sslmode", "user")


class Database:
    """A small pool of connections. Every error that leaves it is one of ours."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        name: str = "exact-sync",
        connections: int = 8,
        patience: int = 10,
        turn: int = 60,
    ) -> None:
        """``patience``: seconds for a connection to come about; ``turn``: to wait for one of the pool."""
        self.url = _parse(url)
        self.schemas = FIRST
        self.clock = clock
        self.engine = create_engine(
            self.url,
            pool_size=connections,
            max_overflow=connections,
            pool_timeout=turn,
            hide_parameters=True,  # an error that nobody expected is logged, and rows are nobody's business
            pool_use_lifo=True,  # the one used last has its staging tables, and its plans in mind
            json_serializer=partial(json.dumps, ensure_ascii=False),  # escapes are nothing in SQL_ASCII
            isolation_level="READ COMMITTED",  # what SQLAlchemy goes back to; see _prepare
            connect_args={
                "application_name": f"{name} {socket.gethostname()}:{os.getpid()}"[:63],
                "connect_timeout": patience,
                "client_encoding": "UTF8",  # from the first answer on: of SQL_ASCII the driver gives bytes
                "prepare_threshold": None,  # prepared statements break behind a pooling proxy
                **{name: value for name, value in _OPTIONS.items() if name not in self.url.query},
            },
        )
        event.listen(self.engine, "connect", _prepare)

    def within(self, schemas: Schemas) -> "Database":
        """The same database and pool, but with these schemas instead of the first connection's."""
        if schemas == self.schemas:
            return self
        other = copy.copy(self)
        other.schemas = schemas
        other.engine = self.engine.execution_options(schema_translate_map=schemas.translation)
        return other

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection without a transaction of ours: each statement commits by itself."""
        with translated(), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction, committed at the end or rolled back whole."""
        with translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def pinned(self) -> Iterator[Connection]:
        """One connection for several transactions, for what is staged on it."""
        with translated(), self.engine.connect() as connection:
            yield connection

    def transact(
        self, work: Callable[[Connection], T], pinned: Connection | None = None, *, is_one: bool = False
    ) -> T:
        """One transaction that is tried again when it collides with another one. ``is_one``: it is a
        single statement, which needs nothing around it.
        """
        attempt = 0
        while True:
            try:
                if pinned is not None:
                    with translated(), pinned.begin():
                        return work(pinned)
                with self.connect() if is_one else self.begin() as connection:
                    return work(connection)
            except Conflict:
                attempt += 1
                if attempt >= _CONFLICT_TRIES:
                    raise
            self.clock.sleep(0.1 * 2**attempt)

    def close(self) -> None:
        self.engine.dispose()


def moment(connection: Connection) -> datetime:
    """When this transaction began, by the database's clock, which all processes share."""
    now: datetime = connection.execute(select(func.now())).scalar_one()
    return now


def shown_url(url: URL) -> str:
    """A database URL that may be shown: without its password, and with those options that tell where."""
    query = {name: value for name, value in url.query.items() if name in _SHOWN}
    password = url.password or None
    shown = URL.create("postgresql", url.username, password, url.host, url.port, url.database, query)
    return shown.render_as_string(hide_password=True)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise BadConfiguration(
            "database_url is not a PostgreSQL URL",
            "it looks like postgresql://user:password@host:5432/database",
        )
    if "@" in f"{parsed.host}{parsed.database}":
        # Not shown: what stands around it belongs to a password.
        raise BadConfiguration(
            "database_url has an @ too many", "write %40 for an @ in the user or the password"
        )
    try:
        make_conninfo(**{name: str(value) for name, value in parsed.query.items()})
        PGDialect_psycopg().create_connect_args(parsed)  # type: ignore[no-untyped-call]
    except (psycopg.ProgrammingError, ArgumentError) as error:
        said = (str(error).strip().splitlines() or ["it has a wrong option"])[0]
        raise BadConfiguration(f"database_url is not understood: {said}", "look behind the ? in it") from None
    if password := parsed.query.get("password"):
        # To where a password is known to be one, by logs and by psql.
        parsed = parsed.difference_update_query(["password"]).set(password="".join(password))
    return parsed.set(drivername="postgresql+psycopg")


def _prepare(connection: psycopg.Connection[object], entry: ConnectionPoolEntry) -> None:
    """Raises BadConfiguration where the database can't hold every text."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding not in _ENCODINGS:
        raise BadConfiguration(
            f"the database's encoding is {encoding}, which can't hold every character",
            "create another one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )
    # Rows are copied as UTF-8, whatever the environment, the role or the database say, and a pooling proxy
    # makes of it. A zone east of Greenwich can't show 9999-12-31 23:59:59 UTC to Python, and the driver reads
    # moments in no other style than this. Who waited for a row goes by what it says now. What takes longer
    # than people's questions may would never come to its end: as for pg_dump, those limits are not for us.
    keepalives = "; ".join(f"SET tcp_{name} TO {value}" for name, value in _KEEPALIVES.items())
    connection.execute(f"""
        SET client_encoding TO 'UTF8'; SET timezone TO 'UTC'; SET datestyle TO 'ISO';
        SET default_transaction_isolation TO 'read committed';
        SET statement_timeout TO 0; SET idle_in_transaction_session_timeout TO 0;
        SET lock_timeout TO '{_LOCK_TIMEOUT}'; SET client_min_messages TO 'warning'; {keepalives}
    """)
    connection.commit()
