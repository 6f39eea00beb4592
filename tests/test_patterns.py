"""Divisions by code, name or country."""

import pytest

from exact_sync.patterns import Pattern, divisions


def test_codes_and_patterns_come_from_a_text_or_a_list() -> None:
    wanted = [123456, Pattern("name", "Brouwer*"), Pattern("country", "NL"), Pattern("code", "12*")]
    assert divisions(" 123456, name:Brouwer*, COUNTRY: NL ,code:12*,") == wanted
    assert divisions([123456, "name:Brouwer*", "country:NL", "code:12*"]) == wanted
    assert divisions(["name:Brouwer, de Vries & Zn."]) == [Pattern("name", "Brouwer, de Vries & Zn.")]
    assert divisions("") == []


@pytest.mark.parametrize(
    "item", ["x", "-1", "1;2", "name:", "town:Delft", "²", "", "1.5", "9" * 11, "2147483648"]
)
def test_what_names_no_division_is_named_with_what_is_allowed(item: str) -> None:
    with pytest.raises(ValueError, match="names no division; write codes") as caught:
        divisions([1, item])
    assert repr(item) in str(caught.value)


def test_of_a_long_text_that_names_none_the_beginning_is_shown() -> None:
    with pytest.raises(ValueError, match=f"^'{'x' * 57}…' names no division"):
        divisions("x" * 1_000_000)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("name:brouwer*", True),
        ("name:Brouwer", False),
        ("name:*[Bb]eheer", True),
        ("country:nl", True),
        ("country:BE", False),
        ("code:12*", True),
        ("code:?23456", True),
        ("code:2*", False),
    ],
)
def test_a_pattern_matches_without_regard_to_case(pattern: str, matches: bool) -> None:
    [one] = divisions(pattern)
    assert isinstance(one, Pattern)
    assert one.matches(123456, "BROUWER Beheer", "NL ") is matches
    assert str(one) == pattern


def test_what_is_not_known_matches_nothing() -> None:
    assert not Pattern("country", "*").matches(1, None, None)
    assert not Pattern("name", "*").matches(1, None, None)
