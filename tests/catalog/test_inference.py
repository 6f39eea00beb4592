"""Types of properties that no reference knows: they only widen, and None tells nothing."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.catalog import Edm, Strategy
from exact_sync.catalog.custom import _unknown
from exact_sync.catalog.inference import learn, merged, resolved

GUID = "5b1e5a3c-77f4-4c0e-9d0a-6f2f8f0f7a11"
DAY = "/Date(1767225600000)/"
VALUES: list[tuple[Any, Edm | None]] = [
    (None, None),
    (True, Edm.BOOLEAN),
    (5, Edm.INT64),
    (2**63, Edm.DOUBLE),
    (Decimal("1.5"), Edm.DOUBLE),
    (DAY, Edm.DATETIME),
    (GUID, Edm.GUID),
    (GUID[:-1], Edm.STRING),
    (f"{DAY} ", Edm.STRING),
    ("5", Edm.STRING),
    ("", Edm.STRING),
]
EXAMPLES = st.lists(st.sampled_from([value for value, _ in VALUES]))
MINE = _unknown("mine", "beta/Things", "ID", None)


@pytest.mark.parametrize(("value", "edm"), VALUES)
def test_a_value_tells_its_type(value: Any, edm: Edm | None) -> None:
    assert learn({}, [{"X": value}]) == {"X": edm}


@pytest.mark.parametrize(
    ("one", "other", "wider"),
    [
        (5, Decimal("0.5"), Edm.DOUBLE),
        (None, GUID, Edm.GUID),
        (GUID, "text", Edm.STRING),
        (GUID, DAY, Edm.STRING),
        (DAY, "soon", Edm.STRING),
        (True, 1, Edm.STRING),
        (Decimal(1), "1", Edm.STRING),
        ("text", None, Edm.STRING),
    ],
)
def test_two_types_become_the_one_that_holds_both(one: Any, other: Any, wider: Edm) -> None:
    assert learn({}, [{"X": one}, {"X": other}]) == {"X": wider}
    assert learn({}, [{"X": other}, {"X": one}]) == {"X": wider}


@given(EXAMPLES, EXAMPLES)
def test_it_doesn_t_matter_who_learned_what_in_which_order(one: list[Any], other: list[Any]) -> None:
    left, right = ([{"X": value} for value in values] for values in (one, other))
    together = learn({}, [*left, *right])
    assert learn({}, [*right, *left]) == together
    assert merged(learn({}, left), learn({}, right)) == together
    assert learn(together, left) == together


def test_what_is_no_scalar_or_no_name_is_left_out() -> None:
    record = {"__metadata": {}, "Lines": [], "a b": 1, "_x": 1, "ID": GUID, "X" * 64: 1}
    assert learn({}, [record]) == {"ID": Edm.GUID}


def test_the_key_comes_first_and_what_never_had_a_value_is_asked_for() -> None:
    found = resolved(MINE, learn({}, [{"Name": "a", "Empty": None, "ID": GUID, "Timestamp": "1"}]))
    assert [column.property for column in found.columns] == ["ID", "Name"]
    assert found.untyped == ("Empty",)


def test_of_two_properties_with_one_column_the_first_stays() -> None:
    found = resolved(MINE, learn({}, [{"ID": GUID, "UnitId": "a", "UnitID": "b"}]))
    assert [column.property for column in found.columns] == ["ID", "UnitId"]


@pytest.mark.parametrize(
    ("changes", "record", "line"),
    [
        ({}, {"Code": "a"}, "has no property ID; it has: Code"),
        ({}, {"ID": None}, "ID of beta/Things is empty"),
        ({}, {"ID": DAY}, "ID of beta/Things can't be the key: it is a moment"),
        ({"strategy": Strategy.MODIFIED}, {"ID": GUID}, "has no Modified"),
        ({"strategy": Strategy.MODIFIED}, {"ID": GUID, "Modified": "soon"}, "has no Modified"),
        ({"date": "Date"}, {"ID": GUID, "Date": 5}, "has no date Date"),
    ],
)
def test_what_the_settings_name_must_be_there(changes: Any, record: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        resolved(replace(MINE, **changes), learn({}, [record]))
