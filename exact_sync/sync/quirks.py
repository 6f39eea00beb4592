"""What a site refuses: remembered for a month, then tried again."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from exact_sync.store import checkpoints
from exact_sync.sync.task import Task

log = logging.getLogger(__name__)

_FORGET_AFTER = timedelta(days=30)


class Quirks:
    """Of one resource in one division."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._known: dict[str, str] = {
            name: since
            for name, since in task.checkpoint.quirks.items()
            if task.clock.now() - datetime.fromisoformat(since) < _FORGET_AFTER
        }
        self._supposed: list[str] = []
        """Other ways of asking that were tried, and that have not led to an answer yet."""

    def knows(self, quirk: str) -> bool:
        return quirk in self._known or quirk in self._supposed

    def age(self, quirk: str) -> timedelta:
        """Since when a known one is known."""
        return self._task.clock.now() - datetime.fromisoformat(self._known[quirk])

    def learn(self, quirk: str) -> None:
        self._known[quirk] = self._task.clock.now().isoformat()
        log.debug("division %s, %s: learned %s", self._task.division, self._task.resource.name, quirk)
        self._save()

    def forget(self, quirk: str) -> None:
        if self._known.pop(quirk, None):
            self._save()

    def suppose(self, quirk: str) -> None:
        """Ask as if it were so; an answer will tell."""
        self._supposed.append(quirk)

    def confirm(self) -> None:
        """There was an answer: it is as was supposed."""
        while self._supposed:
            self.learn(self._supposed.pop())

    def drop(self) -> None:
        """That was not it."""
        self._supposed.clear()

    def _save(self) -> None:
        task, quirks = self._task, dict(self._known)
        task.checkpoint = replace(task.checkpoint, quirks=quirks)  # for whoever asks for this task next
        # Apart from what the task writes: pages are asked for in a thread of their own.
        task.database.transact(
            lambda connection: checkpoints.save(connection, task.division, task.resource.name, quirks=quirks),
            is_one=True,
        )
