"""What one attempt knows of quarantine: it asks once, and only where something could be in it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from exact_sync.store import quarantine
from exact_sync.store.quarantine import Reject

if TYPE_CHECKING:
    from exact_sync.sync.task import Task


class Aside:
    """The quarantine of one resource of one division."""

    def __init__(self, division: int, resource: str) -> None:
        self._division = division
        self._resource = resource
        self._keys: set[str] | None = None

    def put(self, connection: Connection, rejects: Sequence[Reject], keys: Sequence[object]) -> int:
        """Keep what could not become a row, and release the keys of what now could; how many of the
        former are new.
        """
        new = 0
        if not rejects and not keys:
            return new
        if rejects:
            new = quarantine.keep(connection, self._division, self._resource, rejects)
            self._keys = None
        if self._keys is None:
            self._keys = quarantine.keys(connection, self._division, self._resource)
        if self._keys and keys:
            healed = self._keys.intersection(map(str, keys))
            if healed:
                quarantine.release(connection, self._division, self._resource, healed)
        return new

    def release_others(self, connection: Connection, names: Iterable[str]) -> None:
        """Everything was read: forget all but these."""
        if self._keys is None or self._keys:
            quarantine.release_others(connection, self._division, self._resource, names)


def said(task: "Task") -> tuple[str, str]:
    """What is to be told of the records that were put there in an attempt, and where to look."""
    number = task.tally.quarantined
    records, are = ("record", "is") if number == 1 else ("records", "are")
    text = f"{task.resource.name} of division {task.division}: "
    text += f"{number} {records} could not be converted and {are} in quarantine"
    return text, f"see: SELECT * FROM {task.database.schemas.state}.quarantine"  # noqa: S608
