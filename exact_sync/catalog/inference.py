"""Columns of an endpoint that no reference knows, from the records that come. Types only widen."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from exact_sync.catalog.resource import PROPERTY, ROW_VERSION, Column, Edm, Resource

_DATE = re.compile(r"/Date\(-?\d+\)/")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

MOMENT_IS_NO_KEY = (
    "it is a moment, and two of the hour that autumn repeats can't be told apart; set key to another property"
)

Learned = dict[str, Edm | None]
"""Property to type; None: it never had a value. In the order in which Exact names them."""


def learn(known: Mapping[str, Edm | None], records: Iterable[Mapping[str, Any]]) -> Learned:
    """What is known after some more records."""
    learned = dict(known)
    for record in records:
        for name, value in record.items():
            if isinstance(value, dict | list) or not PROPERTY.fullmatch(name):
                continue
            learned[name] = _wider(learned.get(name), _type(value))
    return learned


def merged(one: Mapping[str, Edm | None], other: Mapping[str, Edm | None]) -> Learned:
    """All that is known after both were learned, in different divisions."""
    return {name: _wider(one.get(name), other.get(name)) for name in {**one, **other}}


def resolved(resource: Resource, learned: Mapping[str, Edm | None]) -> Resource:
    """The resource with its columns, the key first. Raises ValueError, in words, where they don't fit."""
    if resource.key not in learned:
        raise ValueError(f"{resource.endpoint} has no property {resource.key}; it has: {', '.join(learned)}")
    if learned[resource.key] is None:
        raise ValueError(f"{resource.key} of {resource.endpoint} is empty, so it is no key")
    if (key := learned[resource.key]) and Column(resource.key, key).is_moment:
        raise ValueError(f"{resource.key} of {resource.endpoint} can't be the key: {MOMENT_IS_NO_KEY}")
    if resource.strategy == "modified" and learned.get("Modified") is not Edm.DATETIME:
        raise ValueError(f"{resource.endpoint} has no Modified to ask for changes by")
    if resource.date is not None and learned.get(resource.date) is not Edm.DATETIME:
        raise ValueError(f"{resource.endpoint} has no date {resource.date}")
    names = [resource.key, *(name for name in learned if name not in (resource.key, ROW_VERSION))]
    typed = [Column(name, edm) for name in names if (edm := learned[name]) is not None]
    return replace(
        resource,
        columns=tuple(_without_twins(typed)),
        untyped=tuple(name for name in names if learned[name] is None),
    )


def _without_twins(columns: Iterable[Column]) -> Iterable[Column]:
    """Of properties whose columns would have the same name, the first."""
    found: dict[str, Column] = {}
    for column in columns:
        found.setdefault(column.name, column)
    return found.values()


def _type(value: Any) -> Edm | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return Edm.BOOLEAN
    if isinstance(value, int):
        return Edm.INT64 if -(2**63) <= value < 2**63 else Edm.DOUBLE
    if isinstance(value, Decimal):
        return Edm.DOUBLE
    if _DATE.fullmatch(str(value)):
        return Edm.DATETIME
    return Edm.GUID if _GUID.fullmatch(str(value)) else Edm.STRING


def _wider(one: Edm | None, other: Edm | None) -> Edm | None:
    if one is None or other is None or one is other:
        return one or other
    return Edm.DOUBLE if {one, other} == {Edm.INT64, Edm.DOUBLE} else Edm.STRING
