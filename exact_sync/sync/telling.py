"""What runs change, put into the outbox for those who want to be told, in the transaction that changes it.

All that a run changes of a resource within a few seconds is one message: a first load of a million
rows is not a thousand of them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from exact_sync.clock import Clock
from exact_sync.outbox_settings import TargetSettings
from exact_sync.store import changes, outbox

if TYPE_CHECKING:
    from exact_sync.sync.task import Task

STAYS_OPEN = timedelta(seconds=10)
"""So long a run adds to a message before that is sent."""
STAYS_OPEN_IN_FIRST_LOAD = timedelta(minutes=1)


class Telling:
    """Hears what is changed; used by all threads."""

    def __init__(self, targets: Mapping[str, TargetSettings], clock: Clock, wake: Callable[[], None]) -> None:
        """``wake``: called when there is something to be sent."""
        self.wake = wake
        self._targets = targets
        self._clock = clock

    @contextmanager
    def hears(self, task: "Task", connection: Connection) -> Iterator[None]:
        """Meanwhile what is written in this transaction is noted; at the end it is in the outbox."""
        is_first = task.checkpoint.complete_at is None
        noted = changes.Changes(self._limit, first_load=task.resource.name if is_first else None)
        with changes.noting(connection, noted):
            yield
        for resource, change in sorted(noted.by_resource.items()):
            if change.inserted + change.updated + change.deleted:
                outbox.add(
                    connection, task.run_id, task.division, resource, change, self._wanting(resource),
                    self._limit(resource) or 0, self._clock.now(),
                    STAYS_OPEN_IN_FIRST_LOAD if change.first_load else STAYS_OPEN,
                )  # fmt: skip

    def _wanting(self, resource: str) -> list[str]:
        return [name for name, target in self._targets.items() if target.wants(resource)]

    def _limit(self, resource: str) -> int | None:
        return max((self._targets[name].keys_limit for name in self._wanting(resource)), default=None)
