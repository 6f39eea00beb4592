"""One verification: compare, mend where that is wanted, compare again, and say what remains."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from exact_sync.catalog import DELETIONS, Resource, Strategy
from exact_sync.errors import DatabaseAway, ExactSyncError, TryLater, Unavailable
from exact_sync.store import runs
from exact_sync.sync import aside, books, inference, verify
from exact_sync.sync.findings import Suspect, Widened
from exact_sync.sync.opening import Opening, is_unavailable
from exact_sync.sync.outcome import Difference, Outcome, failure, not_begun
from exact_sync.sync.run import Runner
from exact_sync.sync.task import Task
from exact_sync.sync.traced import traced
from exact_sync.sync.verify import Checks, Findings

log = logging.getLogger(__name__)


@dataclass
class _Result:
    """What a verification has come to so far."""

    checked: list[str] = field(default_factory=list)
    found: int = 0
    """How many differences there were at first."""
    left: list[Difference] = field(default_factory=list)
    """Those that are (still) there."""
    refused: Suspect | None = None
    """Why nothing was buried."""


class Verifier:
    """Verifies resources of divisions; may be used by several threads, for different divisions."""

    def __init__(self, opening: Opening, runner: Runner) -> None:
        self._opening = opening
        self._runner = runner

    @traced("verify")
    def verify(
        self, resource: Resource, division: int, checks: Checks, on_page: Callable[[int], None]
    ) -> Outcome:
        """Compare one resource of one division; the checkpoint stays as it is."""
        try:
            task = self._opening.task(resource, division, on_page, is_verification=True)
        except ExactSyncError as error:
            return replace(not_begun(resource, division, error), is_verification=True)
        try:
            try:
                return self._verified(task, checks)
            except Widened as widened:
                inference.widen(task, widened.learned)
                self._close(task, "widened", "records came that need other columns; compared again")
                return self.verify(resource, division, checks, on_page)
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
        if point.succeeded_at is None or task.learned == {}:
            return self._close(task, "never run", "nothing was read yet, so there is nothing to compare")
        if task.learned is not None:
            inference.prepare(task)
        task.cursor_of = Strategy(point.cursor_of or task.resource.strategy)
        result = _Result()
        try:
            if checks.books and task.resource.name == books.LEDGER:
                self._add_up(task, checks, result)
            self._compare(task, checks, result)
        except Unavailable as error:
            if not result.found:
                raise
            said = f"{task.resource.name} of division {task.division} differs from Exact "
            said += f"({result.found} differences), and could not be compared to the end: {error.message}"
            return self._close(task, "differs", said, _hint(task, checks), exit_code=1)
        left, message, hint = result.left, None, ""
        mended = result.found - len(left) - task.tally.quarantined
        if checks.repair and mended > 0:
            message = f"mended: {mended} of {result.found} differences"
        if left:
            message = f"{task.resource.name} of division {task.division} differs from Exact: {_summary(left)}"
            hint = _hint(task, checks)
        if task.tally.quarantined:
            text, hint = aside.said(task)
            message = f"{message}; {text}" if message else text
        if result.refused is not None:
            message, hint = f"{message}; {result.refused.message}", result.refused.hint or ""
        message = "; ".join([*([message] if message else []), *task.notes]) or None
        outcome = self._close(
            task,
            "differs" if left else "verified",
            message,
            hint,
            exit_code=1 if left or task.tally.quarantined else 0,
        )
        return replace(outcome, checked=", ".join(result.checked), differences=tuple(left))

    def _compare(self, task: Task, checks: Checks, result: "_Result") -> None:
        """Counts, keys and rows; mended where that is wanted."""

        def look() -> Findings:
            findings = verify.compare(task, checks)
            if findings.extra and task.resource.entity_type is not None and self._is_on(DELETIONS.name):
                # What Exact removed since the last run is gone with that; without the log it is as it looks.
                with suppress(Unavailable):
                    self._run(task, DELETIONS.name)
                with task.database.begin() as connection:
                    here = task.keys.here(connection, task.division, findings.extra)
                findings.extra = [key for key in findings.extra if key in here]
            return findings

        findings = look()
        result.found += len(findings.differences)
        if findings.differences and checks.repair:
            with self._suspicion(task, result):
                if verify.is_cheaper_whole(task, findings):
                    self._run(task, task.resource.name, full=True)
                else:
                    verify.repair(task, findings)
            findings = look()
        result.checked += findings.checked
        result.left += findings.differences

    def _add_up(self, task: Task, checks: Checks, result: "_Result") -> None:
        """The books; mended where that is wanted."""

        def refresh(name: str) -> None:
            self._run(task, name)

        if not self._is_on(books.BALANCE):
            return
        try:
            number, cells = books.compare(task, refresh)
        except Unavailable as error:
            task.note(f"the books were not added up: {error.message}")
            return
        result.found += len(cells)
        if cells and checks.repair:
            with self._suspicion(task, result):
                if books.is_cheaper_whole(task, cells):
                    self._run(task, books.LEDGER, full=True)
                else:
                    books.repair(task, cells)
            number, cells = books.compare(task, refresh)
        result.checked.append(f"{number:,} sums of the books")
        result.left += [
            Difference("sum", str(c), f"here {c.ours:,.2f}, at Exact {c.theirs:,.2f}") for c in cells
        ]

    @contextmanager
    def _suspicion(self, task: Task, result: "_Result") -> Iterator[None]:
        """A repair that would bury too much is refused, and waits for a person's word."""
        try:
            yield
        except Suspect as suspect:
            result.refused = suspect
            values = {"suspect_rows": suspect.seen, "message": suspect.message, "hint": suspect.hint}
            task.transact(lambda connection: task.save(outcome="suspect", **values))

    def _is_on(self, name: str) -> bool:
        return any(resource.name == name for resource in self._opening.options.resources)

    def _run(self, task: Task, name: str, full: bool = False) -> None:
        """Bring a resource of the same division up to date."""
        resource = next(r for r in self._opening.options.resources if r.name == name)
        outcome = self._runner.run(resource, task.division, full=full)
        if resource.name == task.resource.name:
            task.tally.quarantined += outcome.tally.quarantined
        if outcome.error is not None:
            raise outcome.error
        if outcome.status == "unavailable":
            raise Unavailable(outcome.message or f"{name} is unavailable")

    def _close(
        self, task: Task, status: str, message: str | None, hint: str = "", exit_code: int = 0
    ) -> Outcome:
        task.tally.calls = task.calls()

        def work(connection: Connection) -> None:
            run_log = runs.end(task.tally, status, message, hint)
            task.attempt.note(connection, run_log, {}, task.budget.as_json())
            task.is_over(connection)

        name = task.resource.name
        try:
            self._opening.database.transact(work)
        except DatabaseAway as away:
            log.warning("the end of a verification could not be recorded: %s", away)
            return replace(failure(task.division, name, away), tally=task.tally, is_verification=True)
        task.wake()
        return Outcome(
            task.division, name, status, task.tally, message, hint or None, exit_code, is_verification=True
        )


def _hint(task: Task, checks: Checks) -> str:
    name = task.resource.name
    if checks.repair:
        return ""
    if task.cursor_of is not Strategy.ROW_VERSION and not task.resource.has_modified:
        return f"what changed since the last reading looks like this too; run: exact-sync sync {name}"
    return f"run: exact-sync verify --repair {name}"


def _summary(left: Sequence[Difference]) -> str:
    kinds: dict[str, int] = {}
    for difference in left:
        kinds[difference.kind] = kinds.get(difference.kind, 0) + 1
    return ", ".join(f"{number} {kind}" for kind, number in kinds.items())
