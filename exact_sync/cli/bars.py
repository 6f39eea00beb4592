"""Runs as progress bars, on a terminal."""

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from exact_sync.cli.progress import Lines
from exact_sync.sync.audience import Audience
from exact_sync.sync.outcome import Outcome


class Bars(Lines):
    """One bar over all runs, and one per resource at work."""

    def __init__(self, progress: Progress | None = None, label: str = "") -> None:
        super().__init__()
        self._label = label
        self.progress = progress or Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[records]:>9,} records"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[tuple[int, str], TaskID] = {}

    def of(self, connection: str | None) -> Audience:
        """Two connections may have a division of the same number."""
        return Bars(self.progress, f"{connection}: ") if connection else self

    def begins(self, division: int, resource: str) -> None:
        text = f"{self._label}{division} {resource}"
        self._tasks[division, resource] = self.progress.add_task(text, total=None, records=0)

    def page(self, division: int, resource: str, records: int) -> None:
        task = self._tasks[division, resource]
        self.progress.update(
            task, records=self.progress.tasks[self.progress.task_ids.index(task)].fields["records"] + records
        )

    def ends(self, outcome: Outcome) -> None:
        key = next(
            (k for k in self._tasks if k[1] == outcome.resource and outcome.division in (k[0], 0)), None
        )
        if key is not None:
            task = self._tasks.pop(key)
            mark = "" if outcome.exit_code == 0 else f" [red]{outcome.status}"
            self.progress.update(
                task, total=1, completed=1, description=f"{self._label}{key[0]} {key[1]}{mark}"
            )
