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
        self._supposed: list[str] = []
        """Other ways of asking that were tried, and that have not led to an answer yet."""

    def knows(self, quirk: str) -> bool:
        return quirk in self._supposed or self.age(quirk) < _FORGET_AFTER

    def age(self, quirk: str) -> timedelta:
        """How long it has been known; of one that is not, forever. What lies ahead was noted by a clock that
        was set back, and is as far away.
        """
        since = self._task.checkpoint.quirks.get(quirk)
        return abs(self._task.clock.now() - datetime.fromisoformat(since)) if since else timedelta.max

    def learn(self, quirk: str) -> None:
        self._save({**self._task.checkpoint.quirks, quirk: self._task.clock.now().isoformat()})
        log.debug("division %s, %s: learned %s", self._task.division, self._task.resource.name, quirk)

    def forget(self, quirk: str) -> None:
        quirks = self._task.checkpoint.quirks
        if quirk in quirks:
            self._save({name: since for name, since in quirks.items() if name != quirk})

    def suppose(self, quirk: str) -> None:
        """Ask as if it were so; an answer will tell."""
        self._supposed.append(quirk)

    def confirm(self) -> None:
        """There was an answer: it is as was supposed."""
        while self._supposed:
            self.learn(self._supposed.pop())

    def _save(self, quirks: dict[str, str]) -> None:
        task = self._task
        task.checkpoint = replace(task.checkpoint, quirks=quirks)  # for whoever asks for this task next
        # Apart from what the task writes: pages are asked for in a thread of their own.
        task.database.transact(
            lambda connection: checkpoints.save(connection, task.division, task.resource.name, quirks=quirks),
            is_one=True,
        )
