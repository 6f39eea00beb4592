"""Which divisions a run is about, and why others are not."""

from datetime import UTC, datetime, timedelta

import pytest

from exact_sync.errors import BadConfiguration, DivisionLost
from exact_sync.patterns import Pattern
from exact_sync.store.divisions import Access, Division
from exact_sync.sync.selection import Wanted, select

NOW = datetime(2026, 6, 25, 12, tzinfo=UTC)
LISTED = {code: Division(code, f"Division {code}", active=code != 3) for code in (1, 2, 3)}
SUSPENDED = {2: Access("division 2: blocked", NOW, NOW + timedelta(minutes=20))}


def test_all_active_divisions_unless_some_are_named() -> None:
    assert select(LISTED, {}, Wanted(), [], NOW).divisions == [1, 2]
    assert select(LISTED, {}, Wanted([2]), [], NOW).divisions == [2]
    assert select(LISTED, {}, Wanted(), [2], NOW).divisions == [2]
    assert select(LISTED, {}, Wanted([1, 2]), [2], NOW).divisions == [2]
    assert select({}, {}, Wanted(), [], NOW).divisions == []


@pytest.mark.parametrize(("wanted", "named"), [(None, 9), ([1, 2], 9), ([1], 2)])
def test_a_division_that_nobody_configured_is_a_usage_error(wanted: list[int] | None, named: int) -> None:
    with pytest.raises(BadConfiguration, match=f"division {named} is not among") as caught:
        select(LISTED, {}, Wanted(wanted), [named], NOW)
    assert caught.value.exit_code == 2
    assert "they are: 1" in caught.value.hint


def test_a_configured_division_that_exact_does_not_list_fails_alone() -> None:
    chosen = select(LISTED, {}, Wanted([1, 9]), [], NOW)
    assert chosen.divisions == [1]
    assert set(chosen.failures) == {9}
    assert isinstance(chosen.failures[9], DivisionLost)
    assert chosen.failures[9].exit_code == 1


def test_a_division_that_is_not_active_is_not_read_and_fails_only_if_it_was_named() -> None:
    assert select(LISTED, {}, Wanted(), [], NOW).failures == {}
    for chosen in (select(LISTED, {}, Wanted([1, 3]), [], NOW), select(LISTED, {}, Wanted(), [1, 3], NOW)):
        assert chosen.divisions == [1]
        assert "not active" in str(chosen.failures[3])


def test_a_suspended_division_is_left_alone_until_it_is_due_or_insisted_on() -> None:
    chosen = select(LISTED, SUSPENDED, Wanted(), [], NOW)
    assert chosen.divisions == [1]
    assert "blocked" in str(chosen.failures[2])
    assert "12:20 UTC" in str(chosen.failures[2])
    assert select(LISTED, SUSPENDED, Wanted(), [], NOW + timedelta(minutes=20)).divisions == [1, 2]
    assert select(LISTED, SUSPENDED, Wanted(), [], NOW, insist=True).divisions == [1, 2]
    known = {2: Access(budget={"calls": 1}, retry_at=NOW + timedelta(hours=1))}
    assert select(LISTED, known, Wanted(), [], NOW).divisions == [1, 2]


def test_nothing_is_lost_or_chosen_twice() -> None:
    chosen = select(LISTED, SUSPENDED, Wanted([1, 2, 3, 9]), [], NOW)
    assert sorted([*chosen.divisions, *chosen.failures]) == [1, 2, 3, 9]


GROUP = {
    1: Division(1, "Brouwer Beheer", active=True, country="NL"),
    2: Division(2, "Brouwer Gent", active=True, country="BE"),
    3: Division(3, "Brouwer Oud", active=False, country="NL"),
    20: Division(20, "Jansen & Co", active=True, country="NL "),
}


@pytest.mark.parametrize(
    ("chosen", "excluded", "expected"),
    [
        (None, [], [1, 2, 20]),
        (None, [2], [1, 20]),
        (None, [Pattern("country", "nl")], [2]),
        ([Pattern("name", "brouwer*")], [], [1, 2]),
        ([Pattern("country", "NL"), 2], [], [2, 1, 20]),
        ([Pattern("code", "2*")], [Pattern("name", "*gent")], [20]),
        ([1, 3], [], [1, 3]),
        ([1, 2], [2], [1]),
        ([9], [Pattern("code", "9")], [9]),
    ],
)
def test_divisions_are_chosen_and_left_out_by_code_name_or_country(
    chosen: list[int | Pattern] | None, excluded: list[int | Pattern], expected: list[int]
) -> None:
    assert Wanted(chosen, excluded).of(GROUP) == expected


def test_a_choice_that_leaves_no_division_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(BadConfiguration, match="chooses none of the 4 divisions"):
        select(GROUP, {}, Wanted([Pattern("name", "Smit*")]), [], NOW)


@pytest.mark.parametrize(
    ("chosen", "excluded"),
    [
        (None, [Pattern("name", "*")]),
        (None, [1, 2, 20]),
        ([1], [1]),
        ([1, 2], [Pattern("country", "*")]),
        ([Pattern("country", "BE")], [2]),
    ],
)
def test_to_exclude_every_division_is_a_mistake_in_the_settings(
    chosen: list[int | Pattern] | None, excluded: list[int | Pattern]
) -> None:
    """Else nothing would be read for good, and cron would be told that all is well."""
    with pytest.raises(BadConfiguration, match="exclude_divisions leaves none of the 4 divisions"):
        select(GROUP, {}, Wanted(chosen, excluded), [], NOW)


def test_where_no_division_is_active_what_is_excluded_is_not_to_blame() -> None:
    assert select({3: GROUP[3]}, {}, Wanted(None, [Pattern("name", "Jansen*")]), [], NOW).divisions == []
    assert select({}, {}, Wanted(None, [Pattern("name", "*")]), [], NOW).divisions == []


def test_an_excluded_division_can_not_be_named() -> None:
    with pytest.raises(BadConfiguration, match="division 2 is not among"):
        select(GROUP, {}, Wanted(None, [2]), [2], NOW)
