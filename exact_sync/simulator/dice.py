"""Chance that comes out the same everywhere.

Only ``random()`` and ``getrandbits()`` of ``random.Random`` are used: their sequences are the same on every
machine and Python version, which ``choice``, ``sample`` and ``shuffle`` do not promise.
"""

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any, TypeVar
from uuid import UUID

T = TypeVar("T")

_VERSION_CLEARED = ~(0xF000 << 64) & ~(0xC000 << 48)
_VERSION_FOUR = (4 << 76) | (0x8000 << 48)


class Dice:
    """One seeded source of chance, with the few throws the sample company needs."""

    __slots__ = ("_bits", "chance")

    def __init__(self, rng: Random) -> None:
        self.chance = rng.random  # called as dice.chance() < 0.3
        self._bits = rng.getrandbits

    def below(self, n: int) -> int:
        """A whole number from 0 up to, not including, n."""
        return int(self.chance() * n)

    def between(self, low: int, high: int) -> int:
        """A whole number from low up to and including high."""
        return low + int(self.chance() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self.chance() * len(options))]

    def guid(self) -> UUID:
        """A version 4 GUID."""
        return UUID(int=self._bits(128) & _VERSION_CLEARED | _VERSION_FOUR)

    def digits(self, n: int) -> str:
        """n decimal digits, the first of which is not 0."""
        low = 10 ** (n - 1)
        return str(low + int(self.chance() * (9 * low)))

    def sample(self, options: Sequence[T], n: int) -> list[T]:
        """n different options, in the order drawn (Fisher-Yates)."""
        pool = list(options)
        n = min(n, len(pool))
        for i in range(n):
            j = i + self.below(len(pool) - i)
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:n]


class Rare:
    """Properties that only some records fill, handed out so that a few records together fill them all.

    A group is the names of properties that belong together and the sets of values they may take. Record
    number i takes every group whose place in the list is i modulo ``every``: after that many records no group
    is left out, however small the table, which chance alone would not give.
    """

    def __init__(self, *groups: tuple[str, Sequence[tuple[Any, ...]]], every: int = 6) -> None:
        self._turns: list[list[tuple[tuple[str, ...], Sequence[tuple[Any, ...]]]]] = [
            [] for _ in range(every)
        ]
        for place, (names, choices) in enumerate(groups):
            self._turns[place % every].append((tuple(names.split()), choices))

    def fill(self, record: dict[str, Any], i: int, dice: Dice) -> None:
        for names, choices in self._turns[i % len(self._turns)]:
            record.update(zip(names, choices[int(dice.chance() * len(choices))], strict=True))


def money(cents: int) -> Decimal:
    """An amount of whole cents, with two decimals."""
    return Decimal(cents).scaleb(-2)


def cents(amount: Decimal) -> int:
    """An amount rounded to whole cents, halves away from zero as Exact rounds."""
    scaled = amount.scaleb(2)
    whole = int(scaled)
    rest = scaled - whole
    if rest * 2 >= 1:
        return whole + 1
    return whole - 1 if rest * 2 <= -1 else whole


def share(amount: int, numerator: int, denominator: int) -> int:
    """amount x numerator / denominator in whole cents, halves away from zero."""
    product = amount * numerator
    half = denominator // 2
    return (product + half) // denominator if product >= 0 else -((-product + half) // denominator)
