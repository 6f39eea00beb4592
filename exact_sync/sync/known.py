"""Pages whose rows are here already need not be read: a glance at the page tells, and a look at our rows.

A page is glanced at for its keys and the fingerprints of its records; of those that no live row was made
of, rows are made as ever. What is read again is mostly as it was, and costs less than half so.
"""

from collections.abc import Callable, Sequence

from exact_sync.errors import ExactAway
from exact_sync.exact import typed
from exact_sync.exact.odata import Answer, Record, Shaped, UnreadableAnswer
from exact_sync.store.database import Database
from exact_sync.store.fingerprints import Fingerprints
from exact_sync.sync.columns import Columns, Glance
from exact_sync.sync.holding import Holding
from exact_sync.sync.rows import Batch

Shape = Callable[[list[Record], Sequence[int] | None], Batch]
"""Makes rows of records, and of the fingerprints of each, with care."""

_MOST_MISSES = 3
"""Pages of which most was unknown: then glances cost more than they spare."""


class Known:
    """Reads the pages of one question; tells which of their rows are here already."""

    def __init__(
        self,
        columns: Columns,
        fingerprints: Fingerprints,
        database: Database,
        *,
        division: int,
        is_likely: bool,
    ) -> None:
        """``is_likely``: whether there are rows at all that may be known."""
        self._columns = columns
        self._fingerprints = fingerprints
        self._database = database
        self._division = division
        self._misses = 0 if is_likely else _MOST_MISSES

    def read(self, body: bytes) -> Answer | Shaped:
        """A page; only glanced at, for as long as that spares something. Raises UnreadableAnswer."""
        glance = self._columns.glance(body) if self._misses < _MOST_MISSES else None
        return glance or self._columns.read(body)

    def unknown(self, glance: Glance, holding: Holding, settle: Callable[[], None]) -> Sequence[int]:
        """The places of the records that our rows were not made of. ``settle``: writes what is held, where
        that brings some of them, too.
        """
        keys = {*glance.keys}
        if len(keys) < len(glance.keys):
            return range(len(glance.keys))  # which of two is right, the merge tells
        if holding.brings(keys):
            settle()
        with self._database.connect() as connection:
            found = self._fingerprints.unknown(connection, self._division, glance.keys, glance.fingerprints)
        if 2 * len(found) > len(glance.keys):
            self._misses += 1
        return found

    def rows(self, glance: Glance, places: Sequence[int], shape: Shape) -> Batch:
        """Rows of the records in these places, and the keys of all. ``shape``: for what is odd.

        Raises ExactAway for a page that can't be read after all.
        """
        if not places:
            return Batch(keys=glance.keys)
        taken = {*places}
        others = [key for place, key in enumerate(glance.keys) if place not in taken]
        try:
            answer = self._columns.read(typed.part(glance.body, places) if others else glance.body)
        except UnreadableAnswer as error:  # where the glance passed over it
            raise ExactAway(
                f"Exact does not answer {self._columns.resource.endpoint}: {error}",
                "the checkpoint is kept; try again later",
            ) from None
        batch: Batch = (
            answer.batch if isinstance(answer, Shaped) else shape(answer.records, answer.fingerprints)
        )
        batch.keys = [*batch.keys, *others]
        return batch

    def all_rows(self, glance: Glance, shape: Shape) -> Batch:
        """Rows of all its records; of the pages that follow, too."""
        self._misses = _MOST_MISSES
        return self.rows(glance, range(len(glance.keys)), shape)
