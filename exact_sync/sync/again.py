"""What could not become a row is asked for again, by its key: a person wants to know whether it can now."""

from exact_sync.catalog import Strategy
from exact_sync.store import quarantine
from exact_sync.store.keys import Stamp
from exact_sync.sync import sweep
from exact_sync.sync.questions import Questions
from exact_sync.sync.task import Task

_MOST = 400
"""Records at a time: about ten calls."""


def ask_again(task: Task) -> None:
    """Ask for the records in quarantine. A list that was read whole has brought them already."""
    is_feed = task.resource.endpoint.startswith("sync/")
    if task.strategy is Strategy.SNAPSHOT or is_feed or not task.resource.per_division:
        return
    with task.database.begin() as connection:
        names = quarantine.keys(connection, task.division, task.resource.name)
    found = (task.shaper.value(task.resource.key, {task.resource.key: name}) for name in sorted(names))
    stamps = [Stamp(key) for key in found if key is not None][:_MOST]
    if stamps:
        task.read_since = task.began_at
        sweep.fetch(task, Questions(task), stamps)
