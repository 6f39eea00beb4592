"""The chart of the last day, from the log of runs to the bars."""

from datetime import timedelta

from sqlalchemy import text

from exact_sync.store import runs
from exact_sync.store.database import Database
from exact_sync.web.pages.boards import since
from exact_sync.web.pages.charts import HEIGHT, chart
from tests.deployment import START, SharedClock

HOUR = timedelta(hours=1)


def test_runs_are_added_up_by_the_hour(database: Database, clock: SharedClock) -> None:
    clock.advance(minutes=30)
    now = clock.now()
    with database.begin() as connection:
        for minutes, outcome, division in (
            (0, "ok", 1),
            (10, "failed", 1),
            (61, "ok", 2),
            (24 * 60, "ok", 1),
        ):
            values = {"at": now - timedelta(minutes=minutes), "outcome": outcome, "division": division}
            connection.execute(
                text(
                    "INSERT INTO exact_sync.run (division, resource, strategy, full_read, started_at,"
                    " outcome, inserted, deleted)"
                    " VALUES (:division, 'items', 'modified', false, :at, :outcome, 2, 1)"
                ),
                values,
            )
        found = runs.history(connection, runs.Filter(), since(now), HOUR)
        mine = runs.history(connection, runs.Filter(divisions=[2]), since(now), HOUR)
    assert [(each.begins, each.runs, each.bad, each.written) for each in found] == [
        (START - HOUR, 1, 0, 3),
        (START, 2, 1, 6),
    ]
    assert [each.runs for each in mine] == [1]

    drawn = chart(found, since(now), HOUR, 24)
    assert (drawn.runs, drawn.bad, drawn.written, drawn.most) == (3, 1, 9, 2)
    assert [bar.runs for bar in drawn.bars] == [0] * 22 + [1, 2]
    assert [(bar.y, bar.height, bar.bad_height) for bar in drawn.bars[22:]] == [
        (HEIGHT / 2, HEIGHT / 2, 0),
        (0, HEIGHT, HEIGHT / 2),
    ]


def test_nothing_is_drawn_of_nothing() -> None:
    drawn = chart([], START, HOUR, 24)
    assert {bar.height for bar in drawn.bars} == {0}
