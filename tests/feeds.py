"""What Exact's Sync API can do to a reader: pages of any size, rows that are committed late."""

import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from exact_sync.config import ResourceSettings
from exact_sync.simulator.edits import change_record
from exact_sync.simulator.odata import query
from exact_sync.simulator.schema_sync import TWINS
from tests.deployment import DIVISION, Deployment
from tests.facts import restart

FEEDS = {
    "customers": "crm/Accounts",
    "gl_accounts": "financial/GLAccounts",
    "transaction_lines": "financialtransaction/TransactionLines",
}
ACCOUNTS, FEED = "crm/Accounts", "sync/CRM/Accounts"


@contextmanager
def small_pages(size: int) -> Iterator[None]:
    """Feeds and bulk twins give so few records a page, so that a small company has many pages."""
    with pytest.MonkeyPatch.context() as patch:
        for path, twin in TWINS.items():
            patch.setitem(TWINS, path, replace(twin, entity=replace(twin.entity, page_size=size)))
        patch.setattr(query, "BULK_PAGE", size)
        yield


@contextmanager
def commit_late(deployment: Deployment, path: str, values: Mapping[str, Any]) -> Iterator[Any]:
    """A row whose numbers are taken now, and which can be seen only afterwards: a slow transaction."""
    books, table = deployment.books, deployment.table(path)
    with books.lock:
        version = table.log.counter.take()
        moment = books.clock.wall()
    yield version
    with books.lock:
        counter = table.log.counter
        times = {"created": moment, "modified": moment} if "Modified" in values else {}
        key = table.insert(values, **times)
        if counter.last > version:  # else the division was moved meanwhile, and the row with it
            renumber(table, key, version)


def renumber(table: Any, key: Any, version: int) -> None:
    """Give a row another version than it has."""
    log = table.log
    place = bisect_right(log._versions, version)
    log.given[key] = version
    log._versions.insert(place, version)
    log._keys.insert(place, key)


def row_version(deployment: Deployment, path: str, key: Any) -> int:
    """A row's version at Exact."""
    return int(deployment.table(path, DIVISION).versions[key])


def read_by(
    deployment: Deployment, strategy: str, *names: str, deletes: str = "soft", **changed: Any
) -> None:
    """Go on with a new service that reads these resources so."""
    sections = dict(deployment.settings.resources)
    sections |= {name: ResourceSettings(strategy=strategy, deletes=deletes) for name in names}  # type: ignore[arg-type]
    restart(deployment, resources=sections, **changed)


def remove_unseen(deployment: Deployment, path: str, count: int, *, from_the_end: bool = False) -> list[Any]:
    """Take rows away without a word in Exact's log of deletions; the oldest ones by version."""
    log = deployment.books.feeds(DIVISION).deleted
    table = deployment.table(path)
    keys = sorted(table.rows, key=table.versions.__getitem__, reverse=from_the_end)[:count]
    log.recording = False
    for key in keys:
        table.delete(key)
    log.recording = True
    return keys


def begin(deployment: Deployment, *names: str) -> Deployment:
    """Read these by row version, once."""
    read_by(deployment, "row_version", *names)
    deployment.sync_well("divisions", "deletions", *names)
    deployment.clock.advance(hours=1)
    return deployment


def change(deployment: Deployment, count: int = 1, seed: int = 1) -> None:
    """Some customers, whose versions are the highest from then on."""
    dice = random.Random(seed)
    for key in dice.sample(sorted(deployment.table(ACCOUNTS).rows), count):
        change_record(deployment.books, DIVISION, ACCOUNTS, key, dice)
