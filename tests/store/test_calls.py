"""Calls of all divisions together, counted for all processes."""

from datetime import date

from exact_sync.store import calls
from exact_sync.store.database import Database

DAY, NEXT = date(2026, 6, 25), date(2026, 6, 26)


def take(database: Database, wanted: int, limit: int = 50, day: date = DAY) -> tuple[int, int]:
    with database.begin() as connection:
        return calls.take(connection, day, wanted, limit)


def today(database: Database, day: date) -> int:
    with database.begin() as connection:
        return calls.today(connection, day)


def test_no_more_is_given_than_the_limit_leaves(database: Database) -> None:
    assert take(database, 20) == (20, 20)
    assert take(database, 20) == (20, 40)
    assert take(database, 20) == (10, 50)
    assert take(database, 20) == (0, 50)
    assert take(database, 20, limit=60) == (10, 60)


def test_a_new_day_begins_with_nothing_taken_and_the_old_one_is_over(database: Database) -> None:
    take(database, 50)
    assert take(database, 5, day=NEXT) == (5, 5)
    assert (today(database, DAY), today(database, NEXT)) == (0, 5)
    assert take(database, 5, day=DAY) == (5, 10), "a clock that is behind counts for the new day"


def test_what_is_given_back_may_be_taken_again_but_only_on_its_day(database: Database) -> None:
    take(database, 50)
    with database.begin() as connection:
        calls.give_back(connection, DAY, 7)
    assert take(database, 20) == (7, 50)
    take(database, 5, day=NEXT)
    with database.begin() as connection:
        calls.give_back(connection, DAY, 7)
    assert today(database, NEXT) == 5
