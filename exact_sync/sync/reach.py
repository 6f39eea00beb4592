"""How far back a position reaches: whoever sets an earlier start date wants the history before it, too.

A cursor only brings what changes, and what was left out for its date has not changed. Date windows and
snapshots see by themselves what is missing; for the others the start date that a position was made with
is kept, as a window that begins there.
"""

from datetime import date

from sqlalchemy import Connection

from exact_sync.catalog import Strategy
from exact_sync.store import checkpoints
from exact_sync.sync.row_versions import strategy_here
from exact_sync.sync.task import Task

_EVER = date.min


def follow(task: Task) -> None:
    """Forget a position that does not reach back to the start date any more; note how far one does."""
    strategy, start, reaches = strategy_here(task), task.start or _EVER, task.reaches
    is_bound = task.resource.dated_by is not None or reaches is not None
    if not is_bound or strategy not in (Strategy.MODIFIED, Strategy.ROW_VERSION):
        return
    is_ours = task.checkpoint.cursor_of == strategy
    if is_ours and reaches == start:
        return
    is_short = is_ours and reaches is not None and start < reaches
    name = task.resource.name

    def work(connection: Connection) -> None:
        if is_short:
            checkpoints.reset(connection, name, [task.division], under_way=True)
            task.checkpoint = checkpoints.read(connection, task.division, name)
        elif not is_ours:  # another strategy's position, which may not go on without the windows that it read
            empty = dict.fromkeys(("cursor", "cursor_of", "resume", "complete_at"))
            checkpoints.save(connection, task.division, name, **empty)
        checkpoints.forget_windows(connection, task.division, name)
        checkpoints.save_window(connection, task.division, name, start, None)

    task.database.transact(work)
    if is_short:
        task.note("the start date is earlier than before: everything is read once")
