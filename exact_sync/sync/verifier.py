"""One verification: compare, mend where that is wanted, compare again, and say what remains."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from exact_sync.catalog import Resource, Strategy
from exact_sync.errors import ExactSyncError, TryLater, Unavailable
from exact_sync.store import divisions, runs
from exact_sync.sync import books, inference, verify
from exact_sync.sync.opening import Opening, is_unavailable
from exact_sync.sync.outcome import Difference, Outcome, not_begun
from exact_sync.sync.run import Runner
from exact_sync.sync.task import Task
from exact_sync.sync.verify import Checks


class Verifier:
    """Verifies resources of divisions; may be used by several threads, for different divisions."""

    def __init__(self, opening: Opening, runner: Runner) -> None:
        self._opening = opening
        self._runner = runner

    def verify(
        self, resource: Resource, division: int, checks: Checks, on_page: Callable[[int], None]
    ) -> Outcome:
        """Compare one resource of one division; the checkpoint stays as it is."""
        try:
            task = self._opening.task(resource, division, on_page, is_verification=True)
        except ExactSyncError as error:
            return not_begun(resource, division, error)
        try:
            return self._verified(task, checks)
        except Unavailable as error:
            return self._close(task, "unavailable", error.message)
        except ExactSyncError as error:
            status = "later" if isinstance(error, TryLater) else "failed"
            outcome = self._close(task, status, error.message, error.hint, exit_code=error.exit_code)
            return replace(outcome, error=error, until=getattr(error, "until", None))

    def _verified(self, task: Task, checks: Checks) -> Outcome:
        point = task.checkpoint
        if is_unavailable(task):
            return self._close(task, "unavailable", point.message)
        if point.succeeded_at is None or (task.learned is not None and not inference.prepare(task)):
            return self._close(task, "never run", "nothing was read yet, so there is nothing to compare")
        task.cursor_of = Strategy(point.cursor_of or task.resource.strategy)
        checked, left, mended = self._compared(task, checks)
        message = None
        if mended:
            message = f"{mended} differences were mended"
        if left:
            message = f"{task.resource.name} of division {task.division} differs from Exact: {_summary(left)}"
        hint = "" if checks.repair or not left else f"run: exact-sync verify --repair {task.resource.name}"
        outcome = self._close(
            task, "differs" if left else "verified", message, hint, exit_code=1 if left else 0
        )
        return replace(outcome, checked=checked, differences=tuple(left))

    def _compared(self, task: Task, checks: Checks) -> tuple[str, list[Difference], int]:
        """What was compared, what differs (still), and how much was mended."""
        with_books = checks.books and self._has_books(task)
        sums = self._books(task, checks) if with_books else None
        findings = verify.compare(task, checks)
        found = len(findings.differences) + (sums[2] if sums else 0)
        if findings.differences and checks.repair:
            verify.repair(task, findings)
            findings = verify.compare(task, checks)
        checked, left = list(findings.checked), findings.differences
        if sums is not None:
            checked.append(sums[0])
            left = [*sums[1], *left]
        return ", ".join(checked), left, found - len(left) if checks.repair else 0

    def _has_books(self, task: Task) -> bool:
        names = {resource.name for resource in self._opening.options.resources}
        return task.resource.name == books.LEDGER and books.BALANCE in names

    def _books(self, task: Task, checks: Checks) -> tuple[str, list[Difference], int]:
        """What was added up, which sums differ (still), and how many did at first."""

        def refresh(name: str, full: bool = False) -> None:
            resource = next(r for r in self._opening.options.resources if r.name == name)
            outcome = self._runner.run(resource, task.division, full=full)
            if outcome.error is not None:
                raise outcome.error

        number, cells = books.compare(task, refresh)
        first = len(cells)
        if cells and checks.repair:
            if len(cells) > books.FETCH_AT_MOST:
                refresh(books.LEDGER, full=True)
            else:
                books.repair(task, cells)
            number, cells = books.compare(task, refresh)
        left = [Difference("sum", str(c), f"here {c.ours:,.2f}, at Exact {c.theirs:,.2f}") for c in cells]
        return f"{number:,} sums of the books", left, first

    def _close(
        self, task: Task, status: str, message: str | None, hint: str = "", exit_code: int = 0
    ) -> Outcome:
        task.tally.calls = task.calls()

        def work(connection: Connection) -> None:
            runs.close_run(connection, task.run_id, task.tally, status, message, hint)
            divisions.save_budget(connection, task.asked, task.budget.as_json())

        self._opening.database.transact(work)
        name = task.resource.name
        return Outcome(task.division, name, status, task.tally, message, hint or None, exit_code)


def _summary(left: Sequence[Difference]) -> str:
    kinds: dict[str, int] = {}
    for difference in left:
        kinds[difference.kind] = kinds.get(difference.kind, 0) + 1
    return ", ".join(f"{number} {kind}" for kind, number in kinds.items())
