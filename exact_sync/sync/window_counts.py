"""Date windows in which something was removed, found by counting.

Equal numbers prove that nothing was: what we hold after taking over the changes contains all that
Exact has. A difference is narrowed down by counting halves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from exact_sync.errors import Refused, Unavailable
from exact_sync.store import quarantine
from exact_sync.sync.cursors import SUSPECT_SHARE, Window, is_suspect
from exact_sync.sync.findings import Suspect
from exact_sync.sync.questions import Questions
from exact_sync.sync.rows import Batch
from exact_sync.sync.task import Task


@dataclass
class Gone:
    """What did not come back from windows that were read whole."""

    keys: dict[Window, set[object]] = field(default_factory=dict)
    seen: int = 0
    known: int = 0
    rejected: list[str] = field(default_factory=list)
    """Names of the records that came and could not become rows."""
    counted: int = 0
    """So many are gone in all by Exact's count, where what is left is not suspect or was accepted."""
    aside: dict[str, date] = field(default_factory=dict)
    """Records in quarantine that have no row, and their dates: Exact counts them too."""
    over: set[str] = field(default_factory=set)
    """Names of those that seem to be gone."""

    def came(self, batch: Batch) -> set[str | None]:
        """The keys that came, as text: what was missed in a window before may have moved there."""
        names = {str(key) for key in batch.keys} | {reject.key for reject in batch.rejects}
        self.rejected += [reject.name for reject in batch.rejects]
        for window, missed in self.keys.items():
            self.keys[window] = {key for key in missed if str(key) not in names}
        return names

    def count(self, windows: Sequence[Window]) -> int:
        return sum(len(self.keys.get(window, ())) for window in windows)

    def aside_in(self, windows: Sequence[Window]) -> list[str]:
        """Names of the records in quarantine that are dated in these windows."""
        since, ends = windows[-1].since or date.min, windows[0].ends or date.max
        return [name for name, day in self.aside.items() if since <= day < ends]


def differing(task: Task, questions: Questions, windows: Sequence[Window], gone: Gone) -> list[Window]:
    """The windows in which Exact counts otherwise than we do, wherever in history. Raises Suspect."""
    if questions.knows("no count"):
        return []
    try:
        theirs = _count(task, questions, windows)
    except (Refused, Unavailable):
        questions.learn("no count")
        task.note("Exact does not count here; removals show when recent windows are read again")
        return []
    with task.database.begin() as connection:
        rejected = quarantine.without_row(connection, task.division, task.resource)
        records = quarantine.records(connection, task.division, task.resource.name, rejected)
    days = {name: task.shaper.value(str(task.resource.dated_by), record) for name, record in records.items()}
    gone.aside = {name: day for name, day in days.items() if day is not None}
    undated = rejected - gone.aside.keys()
    ours = _held(task, windows, gone) + len(undated)
    accepted = task.checkpoint.accepted_rows
    is_accepted = accepted is not None and min(accepted, theirs) >= max(accepted, theirs) * SUSPECT_SHARE
    held = ours + gone.count(windows)
    if is_accepted or not is_suspect(theirs, held, None):
        gone.counted = held - theirs
    # A record without a readable key may be a new one, or another version of one that we hold.
    unknown = sum(name.startswith(quarantine.UNREADABLE_KEY) for name in rejected)
    if ours - unknown <= theirs <= ours:
        return []
    if is_suspect(theirs, ours, accepted):
        raise Suspect(task.resource.name, task.division, theirs, ours)
    found = list(_halved(task, questions, windows, theirs, gone))
    # Where all windows agree without those that have no date, these are gone at Exact.
    gone.over = {name for window in found for name in gone.aside_in([window])} if found else undated
    return found


def _halved(
    task: Task, questions: Questions, windows: Sequence[Window], theirs: int, gone: Gone
) -> Iterator[Window]:
    if theirs == _held(task, windows, gone):
        return
    if len(windows) == 1:
        yield windows[0]
        return
    middle = len(windows) // 2
    newer = _count(task, questions, windows[:middle])
    yield from _halved(task, questions, windows[:middle], newer, gone)
    yield from _halved(task, questions, windows[middle:], theirs - newer, gone)


def _count(task: Task, questions: Questions, windows: Sequence[Window]) -> int:
    return task.client.count(task.asked, questions.dated(windows[-1].since, windows[0].ends))


def _held(task: Task, windows: Sequence[Window], gone: Gone) -> int:
    """How many live rows and quarantined records these windows have, less what is known to be gone."""
    with task.database.begin() as connection:
        live = task.writer.live_between(connection, task.division, windows[-1].since, windows[0].ends)
    return live + len(gone.aside_in(windows)) - gone.count(windows)
