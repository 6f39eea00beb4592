"""Pages become the rows that a task takes over: each is counted and reported."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from exact_sync import telemetry
from exact_sync.catalog.inference import learn
from exact_sync.exact.client import Page, Reader
from exact_sync.exact.odata import Record, read_answer
from exact_sync.sync.columns import Glance, columns_of
from exact_sync.sync.cursors import highest_modified
from exact_sync.sync.findings import Widened
from exact_sync.sync.holding import Holding
from exact_sync.sync.known import Known
from exact_sync.sync.rows import Batch

if TYPE_CHECKING:
    from exact_sync.sync.task import Task


class Intake:
    """Takes the pages of one task."""

    def __init__(self, task: "Task", holding: Holding) -> None:
        """``holding``: what was taken and is not written yet."""
        self._task = task
        self._holding = holding
        self._known: Known | None = None

    def reader(self) -> Reader:
        """Reads pages of whole records: straight into rows, where nobody wants to see the records."""
        task = self._task
        is_bound = task.start is not None and task.resource.dated_by is not None
        if task.learned is not None or task.resource.is_log or is_bound:
            return read_answer
        self._known = Known(
            columns_of(task.resource, task.division),
            task.fingerprints,
            task.database,
            division=task.division,
            is_likely=bool(task.rows_here) and not task.trusts_nothing,
        )
        return self._known.read

    def take(self, page: Page, *, is_whole: bool = False) -> Batch:
        """Rows from a page; ``is_whole``: also those that are here already. Raises Widened where they need
        other columns.
        """
        if page.batch is None:
            return self.wanted(page)
        batch: Batch = page.batch
        if isinstance(batch, Glance):
            assert self._known is not None  # noqa: S101 - it has glanced at it
            if is_whole:
                batch = self._known.all_rows(batch, self._shaped)
            else:
                batch = self._known.rows(batch, self._unknown(batch), self._shaped)
        self._brought(page.count)
        return batch

    def takes_as_known(self, page: Page) -> bool:
        """Take a page whose rows are all here already; False, and nothing is taken, where one is not."""
        glance = page.batch
        if not isinstance(glance, Glance) or self._unknown(glance):
            return False
        self._brought(page.count)
        return True

    def _unknown(self, glance: Glance) -> Sequence[int]:
        assert self._known is not None  # noqa: S101 - it has glanced at it
        return self._known.unknown(glance, self._holding, self._task.settle)

    def wanted(self, page: Page) -> Batch:
        """Rows of a page's records, but for those that are dated before the start date."""
        wanted = self._task.wanted(page.records)
        batch = self.shape(wanted, page.fingerprints)
        if len(wanted) < len(page.records):
            those = {id(record) for record in wanted}
            others = (record for record in page.records if id(record) not in those)
            batch.left_out = self._task.shaper.keys(others).keys
        return batch

    def shape(self, records: Sequence[Record], fingerprints: Sequence[int] | None = None) -> Batch:
        """Rows of some records, made with care. Raises Widened where they need other columns."""
        known = self._task.learned
        if known is not None:
            learned = learn(known, records)
            if learned != known:
                raise Widened(learned)
        batch = self._shaped(records, fingerprints)
        self._brought(len(records))
        return batch

    @staticmethod
    def highest(page: Page) -> datetime | None:
        """The highest Modified of a page, on Exact's clock."""
        batch: Batch | None = page.batch
        return highest_modified(page.records) if batch is None else batch.highest

    def _shaped(self, records: Sequence[Record], fingerprints: Sequence[int] | None) -> Batch:
        task = self._task
        batch = task.shaper.batch(task.division, records, fingerprints)
        if batch.replaced_surrogates:
            task.note(f"{batch.replaced_surrogates} unpaired surrogates were replaced")
        if batch.unknown:
            task.note(f"unknown properties were ignored: {', '.join(sorted(batch.unknown)[:5])}")
        return batch

    def _brought(self, records: int) -> None:
        self._task.tally.records += records
        self._task.on_page(records)
        telemetry.step("page", records=records)
