"""Exact's log of deletions: what it names is buried in every table that it covers."""

import logging
from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from exact_sync.catalog import DELETIONS, RESOURCES, Resource, Strategy
from exact_sync.exact.odata import Record
from exact_sync.store import checkpoints, counts, quarantine
from exact_sync.store.keys import Deletion, Keys
from exact_sync.store.tables import VERSION, row_columns
from exact_sync.sync.cursors import OVERLAP
from exact_sync.sync.rows import Batch, Shaper, read_version
from exact_sync.sync.task import Task

log = logging.getLogger(__name__)

_AT = {name: place for place, name in enumerate(row_columns(DELETIONS))}
"""Where each column stands in a row of the log."""


def apply(task: Task, connection: Connection, batch: Batch) -> None:
    """Bury what a page of the log names, in the transaction that stores the page."""
    by_type: dict[int, list[Deletion]] = {}
    for row in batch.rows:
        by_type.setdefault(row[_AT["entity_type"]], []).append(_deletion(row))
    unknown: Counter[int] = Counter()
    for entity_type, entries in by_type.items():
        for resource in _covered(task, entity_type):
            task.tally.deleted += _bury(task, connection, resource, entries)
        if not is_known(entity_type):
            unknown[entity_type] += len(entries)
        checkpoints.want_sweeps(connection, task.division, _switched_off(task, entity_type))
    for entity_type, count in sorted(unknown.items(), key=str):
        task.note(f"the log names {count} deletions of the unknown type {entity_type}; they are kept")


def mistrust(task: Task) -> None:
    """The log has a gap: all keys of the tables that it covers are to be compared."""
    names = [resource.name for resource in task.options.resources if resource.entity_type is not None]
    task.transact(lambda connection: checkpoints.want_sweeps(connection, task.division, names))
    task.note("deletions may be missing from Exact's log: all keys are compared")


def is_known(entity_type: int | None) -> bool:
    """Whether Exact's documentation tells what is deleted under this number (state of January 2026)."""
    return entity_type is not None and 1 <= entity_type <= 59 and entity_type != 52


def _covered(task: Task, entity_type: int | None) -> list[Resource]:
    return [
        resource
        for resource in task.options.resources
        if entity_type is not None and resource.entity_type == entity_type
    ]


def _switched_off(task: Task, entity_type: int | None) -> list[str]:
    """Those that can't be told of it now, and are to look for themselves when they are switched on again."""
    on = {resource.name for resource in task.options.resources}
    return [
        resource.name
        for resource in RESOURCES.values()
        if entity_type is not None and resource.entity_type == entity_type and resource.name not in on
    ]


def _bury(task: Task, connection: Connection, resource: Resource, entries: list[Deletion]) -> int:
    point = checkpoints.read(connection, task.division, resource.name)
    by_version = point.cursor_of == Strategy.ROW_VERSION
    known_until = point.complete_at - OVERLAP if point.complete_at else None
    names = [str(entry.key) for entry in entries]
    aside = quarantine.records(connection, task.division, resource.name, names)
    if aside:
        gone = [
            name
            for name, entry in zip(names, entries, strict=True)
            if name in aside and _is_over(resource, aside[name], entry, by_version, known_until)
        ]
        quarantine.release(connection, task.division, resource.name, gone)
    buried = Keys(resource).bury_logged(
        connection, task.division, entries, by_version=by_version, known_until=known_until
    )
    if buried and resource.hard_deletes:
        counts.forget(connection, task.division, resource.name)
    return buried


def _is_over(
    resource: Resource, record: Record, entry: Deletion, by_version: bool, known_until: datetime | None
) -> bool:
    """Whether a record in quarantine went by this, as ``bury_logged`` tells it of rows: else it came (again)
    after that, and who forgets it keeps silent about a record that is not here.
    """
    version = read_version(record) if by_version else None
    if version is not None and entry.version is not None:
        return version < entry.version
    before = Shaper(resource).value("Modified", record) if resource.has_modified else known_until
    return before is None or entry.moment is None or before <= entry.moment


def _deletion(row: tuple[Any, ...]) -> Deletion:
    moment: datetime | None = row[_AT["deleted_date"]]
    return Deletion(row[_AT["entity_key"]], row[_AT[VERSION]], moment)
