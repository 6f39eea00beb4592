"""Before an endpoint that no reference knows is read: what has it got?"""

from sqlalchemy import Connection

from exact_sync.catalog.inference import Learned, learn, resolved
from exact_sync.errors import BadConfiguration
from exact_sync.exact.odata import Query
from exact_sync.store import learned
from exact_sync.sync.task import Task


def prepare(task: Task) -> bool:
    """Give the task's resource its columns; False where Exact has no record yet to learn from.

    Raises BadConfiguration where the settings name what the endpoint doesn't have.
    """
    if not task.learned:
        # A question without a $select is allowed for one record; that one names every property.
        found = task.client.first(task.asked, Query(task.resource.endpoint, [], top=1))
        if found is None:
            task.note("Exact has no record here yet; the columns are learned from the first one")
            return False
        widen(task, learn({}, [found]))
    _use(task)
    return True


def widen(task: Task, known: Learned) -> None:
    """Keep what was learned, and make the table fit."""
    task.learned = known
    _checked(task)

    def work(connection: Connection) -> None:
        task.learned = learned.save(connection, task.resource, known)

    task.database.transact(work)


def _use(task: Task) -> None:
    _checked(task)
    task.use(resolved(task.resource, task.learned or {}))


def _checked(task: Task) -> None:
    try:
        resolved(task.resource, task.learned or {})
    except ValueError as error:
        raise BadConfiguration(f"setting resources.{task.resource.name}: {error}") from None
