"""Paths that are no plain OData collections: the Sync API, and two functions.

They are not found by key, counted or navigated from, and read their own query strings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exact_sync.simulator.entity import Entity
from exact_sync.simulator.exchange import Listing, Request
from exact_sync.simulator.rights import USER_HAS_RIGHTS, read_user_has_rights
from exact_sync.simulator.schema_sync import SYNC_TIMESTAMP, TWINS
from exact_sync.simulator.sync_feed import read_feed
from exact_sync.simulator.sync_timestamp import read_sync_timestamp

if TYPE_CHECKING:
    from exact_sync.simulator.simulator import Simulator

Read = Callable[["Simulator", Request, dict[str, str], int, str], Listing]
"""(simulator, request, its $options, division, path) -> the answer's rows."""


@dataclass(frozen=True)
class Special:
    """How such a path is read, and what its rows look like."""

    entity: Entity
    read: Read


SPECIAL: dict[str, Special] = {
    **{path: Special(twin.entity, read_feed) for path, twin in TWINS.items()},
    SYNC_TIMESTAMP.path: Special(SYNC_TIMESTAMP, read_sync_timestamp),
    USER_HAS_RIGHTS.path: Special(USER_HAS_RIGHTS, read_user_has_rights),
}
