"""What a test process need do only once, though each test builds a service of its own.

Users' processes build one and do it once anyway; nothing here changes what is done, only how often.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.util import LRUCache

from exact_sync.simulator import layout
from exact_sync.store import database


def certificates_are_read_once(patch: pytest.MonkeyPatch) -> None:
    """Each of httpx's clients reads all of the world's for itself, in 30 ms."""
    read = cache(httpx.create_ssl_context)
    patch.setattr(httpx._transports.default, "create_ssl_context", read)
    patch.setattr(httpx, "create_ssl_context", read)


def statements_are_compiled_once(patch: pytest.MonkeyPatch) -> None:
    """Engines share what they compiled. All servers of the tests are of one version, so that one
    engine's dialect is as good as another's."""
    compiled: LRUCache[Any, Any] = LRUCache(5000)
    create: Callable[..., Engine] = vars(database)["create_engine"]

    def sharing(*arguments: Any, **options: Any) -> Engine:
        engine = create(*arguments, **options)
        engine._compiled_cache = compiled
        return engine

    patch.setattr(database, "create_engine", sharing)
    patch.setattr(PGDialect_psycopg, "__eq__", lambda one, other: type(one) is type(other))
    patch.setattr(PGDialect_psycopg, "__hash__", lambda one: hash(type(one)))


def servers_are_asked_once_what_they_are(patch: pytest.MonkeyPatch) -> None:
    """Each engine asks for the version and five more things at its first connection."""
    ask = PGDialect_psycopg.initialize
    facts: dict[str, Any] = {}

    def initialize(dialect: PGDialect_psycopg, connection: Connection) -> None:
        if not facts:
            before = dict(vars(dialect))
            ask(dialect, connection)  # type: ignore[no-untyped-call]
            facts.update(
                {
                    name: value
                    for name, value in vars(dialect).items()
                    if before.get(name, before) is not value
                }
            )
        vars(dialect).update(facts)

    patch.setattr(PGDialect_psycopg, "initialize", initialize)


def records_are_laid_out_once(patch: pytest.MonkeyPatch) -> None:
    """Most tests read the same company's."""
    patch.setattr(layout, "_data", lru_cache(maxsize=10_000)(layout._data))
