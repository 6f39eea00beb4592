"""What a task writes goes together; what is learned while it writes goes by itself."""

import json
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from exact_sync.catalog import RESOURCES
from exact_sync.errors import GivesWay, Refused, Unavailable
from exact_sync.exact.odata import Shaped
from exact_sync.store import checkpoints
from exact_sync.sync.columns import columns_of
from exact_sync.sync.lessons import Lessons
from exact_sync.sync.questions import Questions
from exact_sync.sync.quirks import Quirks
from exact_sync.sync.rows import Batch
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


def test_what_is_tried_again_counts_once_and_what_fails_not_at_all(task: Task) -> None:
    tries: list[str] = []

    def work(connection: Connection) -> None:
        task.tally.inserted += 5
        tries.append("40001" if not tries else "22012")
        if len(tries) != 2:
            connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION SQLSTATE '{tries[-1]}'; END $$"))

    task.transact(work)
    assert (len(tries), task.tally.inserted) == (2, 5)
    with pytest.raises(Exception, match="22012"):
        task.transact(work)
    assert (len(tries), task.tally.inserted) == (3, 5)


def test_what_was_reset_while_it_is_read_is_read_no_further(task: Task) -> None:
    with task.database.begin() as connection:
        checkpoints.reset(connection, "customers", [DIVISION])
    with pytest.raises(GivesWay, match="it was reset"):
        task.transact(lambda connection: task.save(cursor="1"))


def test_only_a_refusal_that_names_what_can_be_done_without_leaves_it_out(deployment: Deployment) -> None:
    deployment.service.ready()
    ledger = RESOURCES["financial_transactions"]
    task = deployment.service.opening.task(ledger, DIVISION, lambda records: None)
    quirks, query = Quirks(task), Questions(task).by_key([UUID(int=1)])
    lessons = Lessons(task, quirks)
    for error in (
        Refused("'Exact' knows no 'EntryID', 'Modified', 'Division' or 'Date'"),
        Unavailable("no right to see 'Description'"),
    ):
        assert not lessons.another_way(error, query, goes_on=False)
    assert task.checkpoint.quirks == {}
    assert lessons.another_way(Refused("no property 'Description'"), query, goes_on=False)
    for supposed in ("no bulk", "no sync"):
        quirks.suppose(supposed)
    quirks.confirm()
    assert task.checkpoint.quirks.keys() == {"without Description", "no bulk", "no sync"}


KEY, OTHER = UUID(int=1), UUID(int=2)


def record(key: UUID, name: str, hour: int) -> dict[str, Any]:
    return {"ID": str(key), "Name": name, "Modified": f"/Date({1767261600000 + hour * 3_600_000})/"}


def quick(*records: dict[str, Any]) -> Batch:
    """As most pages are read."""
    answer = columns_of(RESOURCES["customers"], DIVISION).read(json.dumps({"d": records}).encode())
    assert isinstance(answer, Shaped)
    batch: Batch = answer.batch
    return batch


def live(task: Task) -> dict[UUID, str]:
    query = text("SELECT id, name FROM exact.customers WHERE _deleted_at IS NULL")
    with task.database.begin() as connection:
        return {row.id: row.name for row in connection.execute(query)}


def test_pages_of_one_transaction_count_in_their_order(task: Task) -> None:
    """What is left out of one may be on the next with another date, and the other way round."""
    task.keep(quick(record(KEY, "a", 1), record(OTHER, "a", 1)))
    for batch in (Batch(left_out=[KEY]), quick(record(KEY, "b", 2)), Batch(left_out=[OTHER])):
        task.hold(batch)
    task.settle()
    assert live(task) == {KEY: "b"}
    assert task.tally.deleted == 2


def test_what_came_and_is_left_out_of_the_next_page_stays_gone(task: Task) -> None:
    came, others = task.intake.shape([record(KEY, "a", 1)]), task.intake.shape([record(OTHER, "b", 1)])
    task.transact(lambda connection: task.write(connection, [came, Batch(left_out=[KEY]), others]))
    assert live(task) == {OTHER: "b"}


def test_a_record_that_came_twice_is_not_merged_again_with_the_pages_after_it(task: Task) -> None:
    for _ in range(2):  # so that what comes is no longer expected to be new
        task.keep(quick(record(KEY, "new", 2)))
    task.read_since = datetime.now(UTC) + timedelta(days=1)  # all that is here is older than the reading
    task.hold(
        task.intake.shape([record(KEY, name, hour) for name, hour in (("new", 2), ("old", 1), ("", 0))])
    )
    task.hold(quick(record(OTHER, "other", 1)))
    task.settle()
    assert live(task) == {KEY: "new", OTHER: "other"}
    task.keep(task.intake.shape([record(KEY, "older", 1)]))
    assert live(task)[KEY] == "older", "what everything brings counts, whatever is here"
