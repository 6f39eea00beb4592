"""Runs as progress bars, on a terminal."""

from collections import deque

from rich.console import Console, ConsoleRenderable, RenderHook
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from exact_sync.cli.progress import Lines
from exact_sync.sync.audience import Audience
from exact_sync.sync.outcome import Outcome


class Bars(Lines):
    """A bar for each run at work. What has ended is a line above them: hundreds of divisions fit on no
    terminal, and bars that stand still would all be drawn again ten times a second.
    """

    def __init__(self, console: Console | None = None, shared: "Bars | None" = None, label: str = "") -> None:
        super().__init__()
        self._label = label
        self._ended: _Ended = shared._ended if shared else _Ended()
        self.progress: Progress = (
            shared.progress if shared else _progress(console or Console(stderr=True), self._ended)
        )
        self._tasks: dict[tuple[int, str], TaskID] = {}

    def of(self, connection: str | None) -> Audience:
        """Two connections may have a division of the same number."""
        return Bars(shared=self, label=f"{connection}: ") if connection else self

    def begins(self, division: int, resource: str) -> None:
        task = self.progress.add_task(f"{self._label}{division} {resource}", total=None)
        with self._mutex:
            self._tasks[division, resource] = task

    def page(self, division: int, resource: str, records: int) -> None:
        self.progress.advance(self._tasks[division, resource], records)

    def ends(self, outcome: Outcome) -> None:
        with self._mutex:
            key = next(
                (k for k in self._tasks if k[1] == outcome.resource and outcome.division in (k[0], 0)), None
            )
            task = self._tasks.pop(key) if key is not None else None
        if key is None or task is None:
            return
        self.progress.remove_task(task)
        if outcome.is_verification:  # at the end a table says what was compared
            return
        counts = f"{outcome.tally.records:>9,} read {outcome.tally.written:>9,} written"
        line = f"{f'{self._label}{key[0]} {key[1]}':<41} {counts}"
        if outcome.exit_code:
            self._ended.lines.append(Text(f"✗ {line} {outcome.status}", "red"))
        else:
            self._ended.lines.append(Text(f"✓ {line}"))


class _Ended(RenderHook):
    """Puts lines above the bars when these are next drawn: another thread that printed them in between
    would leave bars behind.
    """

    def __init__(self) -> None:
        self.lines: deque[Text] = deque()

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [*(self.lines.popleft() for _ in range(len(self.lines))), *renderables]


def _progress(console: Console, ended: _Ended) -> Progress:
    console.push_render_hook(ended)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:>9,.0f} records"),
        TimeElapsedColumn(),
        console=console,
    )
