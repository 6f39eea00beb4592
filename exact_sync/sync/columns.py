"""Pages become lines for COPY, a column at a time: the quick way, for pages without anything odd.

Equal to what `rows` makes of the same records, to the bit; a page that holds anything that needs a
second look is left to it. So nothing here guesses, and nothing is set aside here.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from exact_sync.catalog import Edm, Resource
from exact_sync.catalog.resource import ROW_VERSION
from exact_sync.exact import typed
from exact_sync.exact.fingerprints import fingerprints, seed
from exact_sync.exact.odata import Answer, Shaped, read_answer
from exact_sync.exact.wallclock import rules
from exact_sync.store.lines import NULL, lines
from exact_sync.store.tables import FINGERPRINT, VERSION
from exact_sync.sync.rows import LONG_KEYS, LONGEST_KEY, Batch
from exact_sync.sync.texts import Odd, converter, highest, integers, whole

_UNFIT = (ValueError, OverflowError)

READING = 1
"""To be raised when other rows are made of the same records than before: then none of them is known."""


@dataclass
class Glance(Batch):
    """A page of which only so much was read as tells which of its rows are here already."""

    body: bytes = b""
    fingerprints: list[int] = field(default_factory=list)
    """One for each key."""


class Columns:
    """Reads the pages of one question about one resource of one division."""

    def __init__(self, resource: Resource, division: int) -> None:
        self.resource = resource
        self._division = division if resource.per_division else None
        # As Exact orders them: each is looked for behind the one before.
        self._columns = sorted(resource.columns, key=lambda c: (c.property != resource.key, c.property))
        kinds = {column.property: typed.TYPES[column.edm] for column in self._columns}
        version = (ROW_VERSION, typed.TYPES[Edm.INT64])
        self._read = typed.reader((version, *kinds.items()))
        # Modified itself may be the key.
        self._few = [name for name in dict.fromkeys((resource.key, "Modified")) if name in kinds]
        few = [(name, kinds[name]) for name in self._few]
        self._read_few = typed.reader((version, *few), is_all=False)
        self._converters = [converter(column) for column in self._columns]
        self._seed = seed(READING, [(c.property, c.edm) for c in resource.columns], rules())

    def of(self, division: int) -> "Columns":
        """The same for another division."""
        other = copy.copy(self)
        other._division = division if self.resource.per_division else None
        return other

    def read(self, body: bytes) -> Answer | Shaped:
        """A page as rows; as records where it has anything odd. Raises UnreadableAnswer."""
        shaped = self._shaped(self._read(body), body, self._batch)
        if shaped is not None:
            return shaped
        answer = read_answer(body)
        return replace(answer, fingerprints=self._fingerprints(body, answer.count) or None)

    def glance(self, body: bytes) -> Shaped | None:
        """A page of which no more is read than tells its records apart; None where that does not do."""
        if not self.resource.is_fingerprinted:
            return None
        return self._shaped(self._read_few(body), body, self._glance)

    def _shaped(
        self, page: typed.Typed | None, body: bytes, make: Callable[[typed.Typed, bytes], Batch]
    ) -> Shaped | None:
        if page is None or not page.count:
            return None
        try:
            batch = make(page, body)
        except _UNFIT:
            return None
        return Shaped(batch, batch.keys, page.next_link, has_body=isinstance(batch, Glance))

    def _glance(self, page: typed.Typed, body: bytes) -> Glance:
        found = self._fingerprints(body, page.count)
        keys = converter(self.resource.key_column)(page.columns[1])
        if found is None or self._are_odd(keys):
            raise Odd
        glance = Glance(keys=list(keys), body=body, fingerprints=found)
        if page.columns[0].count(None) < page.count:
            glance.versions = whole(page.columns[0], 1)
        if self.resource.has_modified:
            glance.highest = highest(page.columns[1 + self._few.index("Modified")])
        return glance

    def _batch(self, page: typed.Typed, body: bytes) -> Batch:
        """Raises ValueError or OverflowError where a value needs a second look."""
        texts: dict[str, Sequence[str]] = {}
        if self._division is not None:
            texts["division"] = [str(self._division)] * page.count
        for column, convert, values in zip(self._columns, self._converters, page.columns[1:], strict=True):
            if not any(values) and values.count(None) == page.count:
                continue
            if column.name == "division" and self._division is not None:
                self._check_division(values)
                continue
            converted = convert(values)
            if column.edm is not Edm.DOUBLE or converted.count(NULL) < page.count:
                texts[column.name] = converted
        keys = texts.get(self.resource.key_column.name, [NULL])
        if self._are_odd(keys) or (self.resource.key_column.edm in LONG_KEYS and any(map(_is_long, keys))):
            raise Odd
        batch = Batch(keys=list(keys))
        if self.resource.is_versioned and page.columns[0].count(None) < page.count:
            batch.versions = whole(page.columns[0], 1)
            texts[VERSION] = integers(batch.versions)
        if self.resource.has_modified:
            at = self._columns.index(self.resource.by_property["Modified"])
            batch.highest = highest(page.columns[1 + at])
        if found := self._fingerprints(body, page.count):
            texts[FINGERPRINT] = integers(found)
        batch.lines = lines(texts, page.count)
        return batch

    def _fingerprints(self, body: bytes, count: int) -> list[int] | None:
        return fingerprints(body, count, self._seed) if self.resource.is_fingerprinted else None

    def _are_odd(self, keys: Sequence[str]) -> bool:
        # PostgreSQL writes no exponents, and keys are held against its texts.
        return NULL in keys or (
            self.resource.key_column.edm is Edm.DOUBLE and any("e" in key.lower() for key in keys)
        )

    def _check_division(self, values: Sequence[int | None]) -> None:
        if not {*values} <= {None, self._division}:
            raise Odd


def _is_long(key: str) -> bool:
    # A character takes four bytes at most: the careful way counts them.
    return "\\" in key or len(key) > LONGEST_KEY // 4


_made: dict[str, Columns] = {}


def columns_of(resource: Resource, division: int) -> Columns:
    """Made once for each resource: that takes longer than an idle page."""
    known = _made.get(resource.name)
    if known is None or known.resource is not resource:
        known = _made[resource.name] = Columns(resource, division)
    return known.of(division)
