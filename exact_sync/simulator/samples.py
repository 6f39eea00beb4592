"""Rows for the endpoints that nothing else fills: a few each, whatever the company's size.

Nothing adds up here. They have a value of its kind in every property (the first row in each, the
others most times), and what refers to something there is refers to it. They hang on seed,
division and path alone, so it doesn't matter which are made, and when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any
from zlib import crc32

from exact_sync.simulator.dice import Dice
from exact_sync.simulator.endpoints import ENDPOINTS
from exact_sync.simulator.sample_lists import listed
from exact_sync.simulator.sample_targets import LABELS, target
from exact_sync.simulator.sample_values import moment, value
from exact_sync.simulator.setting import Record, Setting

_ALWAYS = frozenset(
    ["Division", "Code", "HID", "EntryNumber", "LineNumber", "Created", "Modified", "Account", "Item"]
)
_SIX = 6
"""One value in so many is missing, where it may."""
_DAYS = 300
"""All rows were changed in so many days before today."""

_Reference = tuple[str, str, str, tuple[str, ...]]
"""A property, where its rows are, what it shows of them, and the labels beside it."""


class Samples:
    """The plain endpoints' rows of one division."""

    def __init__(self, setting: Setting, made: Mapping[str, list[Record]], wanted: Mapping[str, int]) -> None:
        """`made`: what the company consists of already. `wanted`: how many rows of which paths."""
        self._setting = setting
        self._drafts: dict[str, list[Record]] = dict(made)
        self._lists = listed(setting)
        self._job = moment(self._dice("", "job"), setting.today, _DAYS)
        """When something changed every third row: many moments are the same."""
        self.counts = {path: wanted.get(path, self._few(path)) for path in ENDPOINTS}
        """Path -> how many rows there are."""

    def _few(self, path: str) -> int:
        return len(self._lists[path]) if path in self._lists else 5 + crc32(path.encode()) % 8

    def rows(self, path: str) -> list[Record]:
        """An endpoint's rows."""
        dice, references = self._dice(path, "references"), list(_references(path))
        return [
            {**draft, **self._referring(references, n, dice)} for n, draft in enumerate(self._draft(path))
        ]

    def _dice(self, path: str, what: str) -> Dice:
        return Dice(Random(f"{what} {path} {self._setting.seed} {self._setting.division}"))

    def _draft(self, path: str) -> list[Record]:
        """The rows without what they refer to: two endpoints may refer to each other."""
        if path not in self._drafts:
            dice = self._dice(path, "rows")
            self._drafts[path] = [self._one(path, n, dice) for n in range(self.counts[path])]
        return self._drafts[path]

    def _one(self, path: str, n: int, dice: Dice) -> Record:
        entity, today = ENDPOINTS[path].entity, self._setting.today
        record: Record = {}
        for name, edm in entity.properties.items():
            new = value(name, edm, n, dice, today)
            missing = n > 0 and name not in _ALWAYS and name != entity.key and dice.below(_SIX) == 0
            record[name] = None if missing else new
        known = self._lists.get(path, ())
        record |= known[n] if n < len(known) else {}
        own = {"Division": self._setting.division, **self._stamps(n, dice)}
        return record | {name: new for name, new in own.items() if name in record}

    def _stamps(self, n: int, dice: Dice) -> Record:
        created = moment(dice, self._setting.today, 1000)
        modified = self._job if n % 3 == 0 else moment(dice, self._setting.today, _DAYS)
        maker, changer = dice.pick(self._setting.staff), dice.pick(self._setting.staff)
        return {
            "Created": min(created, modified),
            "Modified": modified,
            **dict(zip(("Creator", "CreatorFullName"), maker, strict=True)),
            **dict(zip(("Modifier", "ModifierFullName"), changer, strict=True)),
        }

    def _referring(self, references: list[_Reference], n: int, dice: Dice) -> Record:
        found: Record = {}
        for name, aim, wanted, labels in references:
            rows = self._draft(aim)
            missing = n > 0 and name not in _ALWAYS and dice.below(_SIX) == 0
            row: Record = {} if missing or not rows else dice.pick(rows)
            found[name] = row.get(wanted)
            for label in labels:
                found[name + label] = _label(row, label)
        return found


def _references(path: str) -> Iterator[_Reference]:
    entity = ENDPOINTS[path].entity
    for name, edm in entity.properties.items():
        place = None if name == entity.key else target(path, name, edm)
        if place is not None:
            labels = tuple(label for label in LABELS if entity.properties.get(name + label) == "String")
            yield name, *place, labels


def _label(row: Record, label: str) -> Any:
    """What a row that refers to this one shows of it."""
    names = ("Name", "Description", "FullName", "Subject") if label != "Code" else ("Code",)
    shown = row.get(label)
    return next((row[name] for name in names if row.get(name)), None) if shown is None else shown
