"""Everything is read, in as many runs as it takes: what has not come at the end is gone.

The keys that come are noted beside the pages' rows, so that a reading may break off and go on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from exact_sync.store import checkpoints, counts, quarantine, seen
from exact_sync.sync.cursors import is_suspect
from exact_sync.sync.findings import Suspect
from exact_sync.sync.rows import Batch
from exact_sync.sync.task import Task

_LONG = timedelta(minutes=30)
"""How old what a reading brought first may be at its end."""


@dataclass(frozen=True)
class Whole:
    """A reading of everything, or of all keys, that is under way."""

    began: datetime
    """By the database's clock."""
    since: datetime
    """The same moment by our clock."""
    is_noted: bool
    """Whether keys are noted; needless where there was no row before."""
    unreadable: bool = False
    """A record came whose key can't be read; it may be any of the rows that did not come."""

    def as_json(self) -> dict[str, Any]:
        state: dict[str, Any] = {"is_noted": self.is_noted, "unreadable": self.unreadable}
        return state | {"began": self.began.isoformat(), "since": self.since.isoformat()}

    @classmethod
    def from_json(cls, state: object) -> "Whole | None":
        """What ``as_json`` made; None if it is absent or unreadable."""
        if not isinstance(state, dict):
            return None
        try:
            began, since = (datetime.fromisoformat(str(state[name])) for name in ("began", "since"))
        except (LookupError, ValueError):
            return None
        return cls(began, since, bool(state.get("is_noted")), bool(state.get("unreadable")))


def begin(task: Task) -> Whole:
    """Begin to read everything."""
    with task.database.begin() as connection:
        live = task.writer.live(connection, task.division)
        seen.forget(connection, task.division, task.resource.name)
        # Afresh: somebody may have put rows in, or taken some out, by hand.
        rows = counts.count(connection, task.resource, task.division)
        checkpoints.begin_anew(connection, task.division, task.resource.name, rows)
    return Whole(task.began_at, task.clock.now(), live > 0)


class Ending:
    """Follows the pages of such a reading, to its end."""

    def __init__(self, task: Task, *, is_all: bool, is_sweep: bool = False) -> None:
        """``is_all``: this run brings all pages, not only the last ones. ``is_sweep``: they are keys."""
        self._task = task
        self._is_sweep = is_sweep
        self._is_all = is_all
        self._whole: Whole | None = None
        self.note: Callable[[Connection], None] = lambda connection: None
        """The last page's keys were seen; in the transaction of its rows."""
        self._rejected: list[str] = []
        self.suspect: Suspect | None = None
        """Why nothing was buried at the end."""

    def page(self, whole: Whole, batch: Batch) -> Whole:
        """The reading after a page; also what could not become a row exists at Exact."""
        rejected = [reject.key for reject in batch.rejects]
        if None in rejected:
            whole = replace(whole, unreadable=True)
        keys = [*batch.keys, *(key for key in rejected if key is not None)]
        self.note = partial(self._note, whole, keys)
        self._rejected += [reject.name for reject in batch.rejects]
        self._whole = whole
        return whole

    def _note(self, whole: Whole, keys: list[object], connection: Connection) -> None:
        if whole.is_noted:
            seen.note(connection, self._task.division, self._task.resource.name, keys)

    def end(self, connection: Connection) -> None:
        """The last page; in the transaction of its rows."""
        task = self._task
        assert self._whole is not None  # noqa: S101 - a page has been met
        self.note(connection)
        self.suspect = bury_unseen(task, connection, self._whole)
        if self._is_all and self.suspect is None:
            quarantine.release_others(connection, task.division, task.resource.name, self._rejected)
        task.is_swept = self._is_all or self._whole.is_noted
        now, since = task.clock.now(), self._whole.since
        is_untold = task.resource.entity_type is None and now - since > _LONG
        is_followed = not self._is_all and not self._is_sweep
        if is_followed and (is_untold or task.checkpoint.sweep_wanted):
            # What came early may be gone since, and no log of deletions tells, or told while nobody listened.
            task.save(complete_at=now, sweep_wanted=True)
        else:
            task.save(complete_at=now, **done(since))

    def speak(self) -> None:
        """Raises Suspect where burying what did not come would have been deleting on silence."""
        if self.suspect is not None:
            raise self.suspect


def done(since: datetime) -> dict[str, Any]:
    """What a checkpoint says when all keys have been seen that there are since then."""
    return {"swept_at": since, "sweep": None, "sweep_wanted": False}


def bury_unseen(task: Task, connection: Connection, whole: Whole) -> Suspect | None:
    """Bury what did not come; or say why that would be deleting on silence."""
    if not whole.is_noted or task.resource.is_log:
        task.save(accepted_rows=None)
        return None
    since = task.start
    known = task.writer.live(connection, task.division, since)
    gone = task.keys.unseen(connection, task.division, whole.began, since)
    if gone and is_suspect(known - gone, known, task.checkpoint.accepted_rows):
        # Else what is mended by key later could not replace a row that is newer here.
        seen.forget(connection, task.division, task.resource.name)
        return Suspect(task.resource.name, task.division, known - gone, known)
    if gone and whole.unreadable:
        task.note("nothing was deleted, because a record's key is unreadable")
    elif gone:
        task.tally.deleted += task.keys.bury_unseen(connection, task.division, whole.began, since)
    if not whole.unreadable:
        quarantine.release_unseen(connection, task.division, task.resource.name, whole.began)
    seen.forget(connection, task.division, task.resource.name)
    task.save(accepted_rows=None)
    return None


def purge(task: Task, connection: Connection) -> None:
    """Remove what was only marked as deleted, before the settings had it removed."""
    if task.resource.hard_deletes and task.keys.purge(connection, task.division):
        counts.forget(connection, task.division, task.resource.name)
