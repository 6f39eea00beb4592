"""What a task writes goes together; what is learned while it writes goes by itself."""

from threading import Thread

import pytest
from sqlalchemy import Connection

from exact_sync.catalog import RESOURCES
from exact_sync.store import checkpoints
from exact_sync.sync.questions import Questions
from exact_sync.sync.task import Task
from tests.deployment import DIVISION, Deployment


@pytest.fixture
def task(deployment: Deployment) -> Task:
    deployment.service.ready()
    return deployment.service.opening.task(RESOURCES["customers"], DIVISION, lambda records: None)


def point(task: Task) -> checkpoints.Checkpoint:
    with task.database.begin() as connection:
        return checkpoints.read(connection, DIVISION, "customers")


def test_what_is_learned_in_another_thread_meanwhile_disturbs_nothing(task: Task) -> None:
    """Pages are asked for in a thread of their own, while those before them are written."""
    questions = Questions(task)

    def work(connection: Connection) -> None:
        task.save(cursor="1")
        task.tally.inserted += 5
        thread = Thread(target=questions.learn, args=("no bulk",))
        thread.start()
        thread.join()
        task.save(resume={"link": "x"})
        assert point(task).cursor is None, "it comes with the rows, not before"

    task.transact(work)
    assert task.tally.inserted == 5
    assert (point(task).cursor, point(task).resume) == ("1", {"link": "x"})
    assert "no bulk" in point(task).quirks


def test_a_checkpoint_is_saved_within_a_transaction_only(task: Task) -> None:
    def fail(connection: Connection) -> None:
        task.save(cursor="1")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        task.transact(fail)
    assert point(task).cursor is None
    with pytest.raises(AssertionError, match="no transaction"):
        task.save(cursor="1")
