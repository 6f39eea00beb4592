"""Which divisions a run is about, and why others are not."""

from datetime import UTC, datetime, timedelta

import pytest

from exact_sync.errors import BadConfiguration, DivisionLost
from exact_sync.store.divisions import Access, Division
from exact_sync.sync.selection import select

NOW = datetime(2026, 6, 25, 12, tzinfo=UTC)
LISTED = {code: Division(code, f"Division {code}", active=code != 3) for code in (1, 2, 3)}
SUSPENDED = {2: Access("division 2: blocked", NOW, NOW + timedelta(minutes=20))}


def test_all_active_divisions_unless_some_are_named() -> None:
    assert select(LISTED, {}, None, [], NOW).divisions == [1, 2]
    assert select(LISTED, {}, [2], [], NOW).divisions == [2]
    assert select(LISTED, {}, None, [2], NOW).divisions == [2]
    assert select(LISTED, {}, [1, 2], [2], NOW).divisions == [2]
    assert select({}, {}, None, [], NOW).divisions == []


@pytest.mark.parametrize(("wanted", "named"), [(None, 9), ([1, 2], 9), ([1], 2)])
def test_a_division_that_nobody_configured_is_a_usage_error(wanted: list[int] | None, named: int) -> None:
    with pytest.raises(BadConfiguration, match=f"division {named} is not among") as caught:
        select(LISTED, {}, wanted, [named], NOW)
    assert caught.value.exit_code == 2
    assert "they are: 1" in caught.value.hint


def test_a_configured_division_that_exact_does_not_list_fails_alone() -> None:
    chosen = select(LISTED, {}, [1, 9], [], NOW)
    assert chosen.divisions == [1]
    assert set(chosen.failures) == {9}
    assert isinstance(chosen.failures[9], DivisionLost)
    assert chosen.failures[9].exit_code == 1


def test_a_division_that_is_not_active_is_not_read_and_fails_only_if_it_was_named() -> None:
    assert select(LISTED, {}, None, [], NOW).failures == {}
    for chosen in (select(LISTED, {}, [1, 3], [], NOW), select(LISTED, {}, None, [1, 3], NOW)):
        assert chosen.divisions == [1]
        assert "not active" in str(chosen.failures[3])


def test_a_suspended_division_is_left_alone_until_it_is_due_or_insisted_on() -> None:
    chosen = select(LISTED, SUSPENDED, None, [], NOW)
    assert chosen.divisions == [1]
    assert "blocked" in str(chosen.failures[2])
    assert "12:20 UTC" in str(chosen.failures[2])
    assert select(LISTED, SUSPENDED, None, [], NOW + timedelta(minutes=20)).divisions == [1, 2]
    assert select(LISTED, SUSPENDED, None, [], NOW, insist=True).divisions == [1, 2]
    known = {2: Access(budget={"calls": 1}, retry_at=NOW + timedelta(hours=1))}
    assert select(LISTED, known, None, [], NOW).divisions == [1, 2]


def test_nothing_is_lost_or_chosen_twice() -> None:
    chosen = select(LISTED, SUSPENDED, [1, 2, 3, 9], [], NOW)
    assert sorted([*chosen.divisions, *chosen.failures]) == [1, 2, 3, 9]
