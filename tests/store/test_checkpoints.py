"""Where each resource of each division stands."""

from datetime import UTC, date, datetime

from sqlalchemy import text

from exact_sync.store import checkpoints
from exact_sync.store.checkpoints import Checkpoint
from exact_sync.store.database import Database

NOON = datetime(2026, 6, 25, 12, tzinfo=UTC)


def test_what_was_never_saved_is_empty(database: Database) -> None:
    with database.begin() as connection:
        assert checkpoints.read(connection, 7, "items") == Checkpoint(7, "items")
        assert checkpoints.windows(connection, 7, "items") == {}


def test_what_is_saved_comes_back_and_what_is_not_named_stays(database: Database) -> None:
    with database.begin() as connection:
        checkpoints.save(connection, 7, "items", cursor="2026-06-25T12:00:00.123000", resume={"link": "a'b"})
        checkpoints.save(connection, 7, "items", outcome="ok", succeeded_at=NOON)
        checkpoints.save(connection, 7, "items")
        checkpoints.save(connection, 8, "items", cursor="x")
        found = checkpoints.read(connection, 7, "items")
        other = checkpoints.read(connection, 8, "items")
        standings = checkpoints.standings(connection)
    assert found == Checkpoint(
        7,
        "items",
        cursor="2026-06-25T12:00:00.123000",
        resume={"link": "a'b"},
        outcome="ok",
        succeeded_at=NOON,
    )
    assert other.cursor == "x"
    assert {(point.division, point.succeeded_at) for point in standings} == {(7, NOON), (8, None)}


def test_none_forgets_where_a_reading_was(database: Database) -> None:
    with database.begin() as connection:
        under_way = {"resume": {"link": "b"}, "sweep": {"link": "c"}, "progress": {"calls": 1}}
        checkpoints.save(connection, 7, "items", cursor="a", **under_way)
        assert next(checkpoints.reports(connection, ["items"])).is_sweeping
        assert checkpoints.standings(connection)[0].has_begun
        checkpoints.save(connection, 7, "items", **dict.fromkeys(under_way))
        assert checkpoints.read(connection, 7, "items") == Checkpoint(7, "items", cursor="a")
        assert not next(checkpoints.reports(connection, ["items"])).is_sweeping
        assert not checkpoints.standings(connection)[0].has_begun


def test_a_checkpoint_that_was_not_committed_did_not_move(database: Database) -> None:
    with database.begin() as connection:
        checkpoints.save(connection, 7, "items", cursor="before")
    with database.connect() as connection:
        transaction = database.engine.connect()
        checkpoints.save(transaction, 7, "items", cursor="after")
        transaction.close()
        assert checkpoints.read(connection, 7, "items").cursor == "before"


def test_a_checkpoint_can_be_read_by_anybody_with_sql(database: Database) -> None:
    with database.begin() as connection:
        checkpoints.save(connection, 7, "items", cursor="2026-06-25T12:00:00")
        row = connection.execute(text("SELECT division, resource, cursor FROM exact_sync.checkpoint")).one()
    assert tuple(row) == (7, "items", "2026-06-25T12:00:00")


def test_a_reset_forgets_positions_windows_and_lessons_but_not_what_happened(database: Database) -> None:
    with database.begin() as connection:
        for division in (7, 8, 9):
            checkpoints.save(
                connection,
                division,
                "items",
                cursor="a",
                resume={"link": "b"},
                sweep={"link": "c"},
                progress={"calls": 1},
                rows=5,
                quirks={"no bulk": "x"},
                retry_at=NOON,
                complete_at=NOON,
                outcome="ok",
            )
            checkpoints.save_window(connection, division, "items", date(2026, 6, 1), None)
        checkpoints.save(connection, 7, "contacts", cursor="other")
        assert checkpoints.reset(connection, "items", [7]) == 1
        assert checkpoints.read(connection, 7, "items") == Checkpoint(7, "items", outcome="ok")
        rows = text("SELECT rows FROM exact_sync.checkpoint WHERE resource = 'items' ORDER BY division")
        assert connection.execute(rows).scalars().all() == [None, 5, 5]
        assert checkpoints.windows(connection, 7, "items") == {}
        assert checkpoints.read(connection, 8, "items").cursor == "a"
        assert checkpoints.windows(connection, 8, "items") != {}
        assert checkpoints.reset(connection, "items") == 3
        assert checkpoints.windows(connection, 9, "items") == {}
        assert checkpoints.read(connection, 7, "contacts").cursor == "other"


def test_a_reading_that_begins_anew_leaves_no_earlier_one_to_go_on_without_what_it_noted(
    database: Database,
) -> None:
    with database.begin() as connection:
        under_way = {"resume": {"link": "b", "standing": {"highest": 5}}, "sweep": {"link": "c"}}
        checkpoints.save(connection, 7, "items", cursor="a", **under_way)
        for left in ({"standing": {"highest": 5}}, None):
            checkpoints.begin_anew(connection, 7, "items", 3)
            assert checkpoints.read(connection, 7, "items") == Checkpoint(7, "items", cursor="a", resume=left)
            checkpoints.save(connection, 7, "items", resume={"link": "d"})


def test_only_what_is_suspect_can_be_accepted(database: Database) -> None:
    with database.begin() as connection:
        checkpoints.save(connection, 7, "items", outcome="suspect", suspect_rows=12, retry_at=NOON)
        checkpoints.save(connection, 8, "items", outcome="suspect", suspect_rows=0)
        checkpoints.save(connection, 9, "items", outcome="ok", suspect_rows=None)
        assert checkpoints.accept(connection, "items", [7, 9]) == {7}
        assert checkpoints.read(connection, 7, "items").accepted_rows == 12
        assert checkpoints.read(connection, 7, "items").retry_at is None
        assert checkpoints.read(connection, 8, "items").accepted_rows is None
        assert checkpoints.accept(connection, "items") == {8}
        assert checkpoints.read(connection, 8, "items").accepted_rows == 0
        assert checkpoints.read(connection, 9, "items").accepted_rows is None
        assert checkpoints.accept(connection, "items") == set()


def test_each_window_has_its_own_position_until_it_is_done(database: Database) -> None:
    june, may = date(2026, 6, 1), date(2026, 5, 1)
    with database.begin() as connection:
        checkpoints.save_window(connection, 7, "items", june, {})
        checkpoints.save_window(connection, 7, "items", may, {"link": "x"})
        assert checkpoints.windows(connection, 7, "items") == {june: {}, may: {"link": "x"}}
        checkpoints.save_window(connection, 7, "items", may, None)
        assert checkpoints.windows(connection, 7, "items") == {june: {}, may: None}
        assert checkpoints.windows(connection, 8, "items") == {}
        checkpoints.forget_windows(connection, 8, "items")
        checkpoints.forget_windows(connection, 7, "contacts")
        assert len(checkpoints.windows(connection, 7, "items")) == 2
        checkpoints.forget_windows(connection, 7, "items")
        assert checkpoints.windows(connection, 7, "items") == {}
