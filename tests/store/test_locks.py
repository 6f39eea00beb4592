"""One process at a time does the work."""

from collections.abc import Iterator

import pytest
from sqlalchemy import StaticPool, create_engine, text

from exact_sync.errors import BadConfiguration, DatabaseAway, WorkHeld
from exact_sync.store.database import Database
from exact_sync.store.locks import WorkLock
from exact_sync.store.schemas import Schemas
from tests.deployment import SharedClock

_HELD = """
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE locktype = 'advisory' AND datname = current_database()
"""


@pytest.fixture
def other(database_url: str, clock: SharedClock) -> Iterator[Database]:
    """Another process's connections to the same database."""
    other = Database(database_url, clock, name="the other one")
    yield other
    other.close()


def test_one_holds_the_work_and_the_other_is_told_who(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first, second = WorkLock(other, clock), WorkLock(database, clock)
    first.take()
    with pytest.raises(WorkHeld, match="the other one") as caught:
        second.take()
    assert caught.value.exit_code == 4
    assert (first.held(), second.held()) == (True, False)
    first.free()
    assert second.holder() is None
    second.take()
    assert (first.held(), second.held()) == (False, True)
    second.free()


def test_who_may_not_know_since_when_another_role_works_is_told_who_it_is(
    database: Database, database_url: str, clock: SharedClock
) -> None:
    with database.connect() as connection:
        connection.execute(text("CREATE ROLE stranger LOGIN"))
        stranger = Database(database_url.replace("postgres:@", "stranger:@"), clock)
        holder = WorkLock(database, clock)
        holder.take()
        with pytest.raises(WorkHeld, match="exact-sync"):
            WorkLock(stranger, clock).take()
        holder.free()
        stranger.close()
        connection.execute(text("DROP ROLE stranger"))


def test_a_proxy_that_lends_one_connection_to_all_is_refused(database: Database, clock: SharedClock) -> None:
    """As PgBouncer does in transaction mode: what one of them locks all would hold."""
    database.engine = create_engine(database.url, poolclass=StaticPool)
    with pytest.raises(BadConfiguration, match="pooling proxy"):
        WorkLock(database, clock).take()


def test_a_lock_that_lingers_for_a_moment_is_waited_for(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first, second = WorkLock(other, clock), WorkLock(database, clock)
    first.take()
    sleep = clock.sleep

    def meanwhile(seconds: float) -> None:
        sleep(seconds)
        first.free()

    clock.sleep = meanwhile  # type: ignore[method-assign]
    second.take()
    assert second.held()
    assert len(clock.slept) == 1
    assert first.take_division(7)
    assert not second.take_division(7)
    assert len(clock.slept) == 1, "there is other work"
    assert second.take_division(7, insist=True)
    assert len(clock.slept) == 2
    second.free()


def test_the_lock_of_a_process_that_died_is_free(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first, second = WorkLock(other, clock), WorkLock(database, clock)
    first.take()
    with database.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
                "WHERE application_name LIKE 'the other one%' AND datname = current_database()"
            )
        )
    second.take()
    assert (first.held(), second.held()) == (False, True)
    second.free()
    first.take()
    assert first.held()
    first.free()


def test_another_database_on_the_same_server_has_a_lock_of_its_own(
    database: Database, empty_database_url: str, clock: SharedClock
) -> None:
    elsewhere = Database(empty_database_url, clock, name="elsewhere")
    first, second = WorkLock(elsewhere, clock), WorkLock(database, clock)
    first.take()
    assert second.holder() is None
    second.take()
    assert first.held()
    first.free()
    second.free()
    elsewhere.close()


def test_each_connection_to_exact_has_work_and_divisions_of_its_own(
    database: Database, other: Database, clock: SharedClock
) -> None:
    theirs, ours = (
        WorkLock(other.within(Schemas("exact_be", "exact_sync_be")), clock),
        WorkLock(database, clock),
    )
    theirs.take()
    assert theirs.take_division(7)
    assert (ours.holder(), ours.division_holder(7)) == (None, None)
    assert (ours._work_class, ours.division_class) == (0x45584143, 0x45584142), "as other versions take them"
    ours.take()
    assert ours.take_division(7)
    assert (theirs.held(), ours.held()) == (True, True)
    theirs.free()
    ours.free()


def test_freeing_what_is_not_held_does_nothing(database: Database, clock: SharedClock) -> None:
    lock = WorkLock(database, clock)
    lock.free()
    lock.take()
    lock.take()
    lock.free()
    lock.free()
    assert not lock.held()
    assert lock.holder() is None


def test_who_waits_in_vain_leaves_no_connection_behind(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first = WorkLock(other, clock)
    first.take()
    for _ in range(20):
        with pytest.raises(WorkHeld):
            WorkLock(database, clock).take()
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    first.free()


def test_the_connection_goes_back_to_the_pool_and_holds_nothing_there(
    database: Database, clock: SharedClock
) -> None:
    """Also what it held beyond our knowledge, as after an answer that never came."""
    lock = WorkLock(database, clock)
    taken = []
    for _ in range(3):
        lock.take()
        assert lock.take_division(7)
        assert lock._connection is not None
        lock._connection.execute(text("SELECT pg_advisory_lock(1, 2)"))
        taken.append(lock._execute("SELECT pg_backend_pid()"))
        lock.free()
        with database.connect() as connection:
            taken.append(connection.execute(text("SELECT pg_backend_pid()")).scalar())
            assert connection.execute(text(_HELD)).scalar() == 0
    assert len(set(taken)) == 1


def test_a_connection_that_was_cut_does_not_go_back(
    database: Database, other: Database, clock: SharedClock
) -> None:
    lock = WorkLock(other, clock)
    lock.take()
    cut(database)
    lock.free()
    with other.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_one_shots_share_the_work_and_a_daemon_has_it_alone(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first, second = WorkLock(other, clock), WorkLock(database, clock)
    first.take(alone=False)
    second.take(alone=False)
    assert second.holder() is None, "no daemon is at work"
    with pytest.raises(WorkHeld, match="the other one"):
        WorkLock(database, clock).take(alone=True)
    second.free()
    first.free()
    first.take(alone=True)
    assert "the other one" in str(second.holder())
    with pytest.raises(WorkHeld, match="the other one"):
        second.take(alone=False)
    first.free()


def test_a_division_belongs_to_one_process_at_a_time(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first, second = WorkLock(other, clock), WorkLock(database, clock)
    assert first.take_division(7)
    for _ in range(2):
        assert first.take_division(7), "the same process may take it again"
    assert not second.take_division(7)
    assert "the other one" in str(second.division_holder(7))
    assert second.division_holder(9) is None
    assert second.take_division(8)
    assert first.take_division(6)
    assert first.free_division(6) is True
    for _ in range(2):
        assert first.free_division(7) is False
    assert not second.take_division(7)
    assert first.free_division(7) is True
    assert second.take_division(7, insist=True)
    second.free()
    assert first.take_division(8)
    first.free()
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    first.check()
    assert second.take_division(8)
    assert not first.take_division(8), "given back with all the rest"
    assert second.free_division(8) is True
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_division_is_free_for_others_while_the_work_goes_on(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first, second = WorkLock(other, clock), WorkLock(database, clock)
    for lock in (first, second):
        lock.take(alone=False)
    for _ in range(2):
        assert first.take_division(7)
    for _ in range(2):
        first.free_division(7)
    assert second.take_division(7)
    assert (first.held(), second.held()) == (True, True)
    first.free()
    second.free()


def test_who_holds_the_work_holds_no_transaction_open(
    database: Database, other: Database, clock: SharedClock
) -> None:
    """PostgreSQL may end such connections, and what cleans up waits for them."""
    lock = WorkLock(other, clock)
    lock.take()
    with database.connect() as connection:
        states = connection.execute(
            text("SELECT state FROM pg_stat_activity WHERE application_name LIKE 'the other one%'")
        ).scalars()
        assert set(states) == {"idle"}
    lock.free()


def test_the_work_that_was_cut_is_not_ours_until_it_is_taken_again(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first, second = WorkLock(other, clock), WorkLock(database, clock)
    first.take()
    cut(database)
    assert not first.held()
    assert not first.held(), "however often it is asked"
    assert first.keep() is True
    assert first.held()
    with pytest.raises(WorkHeld):
        second.take(alone=False)
    first.free()


def test_what_was_cut_is_taken_again_whole_or_not_at_all(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first, second = WorkLock(other, clock), WorkLock(database, clock)
    for lock in (first, second):
        lock.take(alone=False)
    first.take_division(7)
    assert first.keep() is False
    cut(database)
    assert first.keep() is True
    assert not second.take_division(7)
    cut(database)
    with pytest.raises(DatabaseAway):
        first.take_division(8)
    with pytest.raises(DatabaseAway, match="was cut"):
        first.take_division(8)
    assert second.take_division(7)
    first.check()  # nobody knows it yet
    clock.slept.clear()
    with pytest.raises(WorkHeld):
        first.keep()
    assert len(clock.slept) == 3, "what was cut may linger for a moment"
    with pytest.raises(WorkHeld, match="taken over"):
        first.check()
    second.free()
    second.take()  # the other one keeps nothing of what it took again before it gave up
    second.free()
    assert first.keep() is True
    first.check()
    first._is_lost = True
    first.free()
    first.check()


@pytest.mark.parametrize(("has_work", "divisions"), [(True, [9]), (True, []), (False, [7, 9])])
def test_nothing_more_is_taken_before_what_was_cut(
    database: Database, other: Database, clock: SharedClock, has_work: bool, divisions: list[int]
) -> None:
    """Else a new connection would look as if it held the rest, too."""
    lock = WorkLock(other, clock)
    if has_work:
        lock.take(alone=False)
    for division in divisions:
        lock.take_division(division)
    cut(database)
    for _ in range(2):
        with pytest.raises(DatabaseAway):
            lock.take_division(8)
    lock.free_division(9)
    assert lock.keep() is True
    cut(database)
    lock.free_division(7)
    lock.free()


def test_what_is_taken_again_at_the_second_try_is_given_back_at_once(
    database: Database, other: Database, clock: SharedClock
) -> None:
    first, second = WorkLock(other, clock), WorkLock(database, clock)
    for division in (7, 8):
        first.take_division(division)
    cut(database)
    assert second.take_division(8)
    clock.wakes = lambda: second.free_division(8)  # type: ignore[assignment,return-value]
    assert first.keep() is True
    first.free_division(7)
    assert second.take_division(7)
    first.free()
    second.free()


def cut(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name LIKE 'the other one%' AND datname = current_database()"
            )
        )
