"""A desk that only notes what it was asked for."""

from collections.abc import Sequence
from typing import Any

from exact_sync.errors import ExactSyncError


class RecordingDesk:
    """Implements web.source.Desk."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.refuses: ExactSyncError | None = None

    def _note(self, *what: Any) -> int:
        if self.refuses is not None:
            raise self.refuses
        self.asked.append(what)
        return len(self.asked)

    def sync_now(self, names: Sequence[str] = (), divisions: Sequence[int] = ()) -> int:
        return self._note("sync", list(names), list(divisions))

    def hint(self, name: str, division: int) -> None:
        self._note("hint", name, division)

    def pause(self, names: Sequence[str], divisions: Sequence[int] = ()) -> int:
        return self._note("pause", list(names), list(divisions))

    def resume(self, names: Sequence[str], divisions: Sequence[int] = ()) -> int:
        return self._note("resume", list(names), list(divisions))

    def accept(
        self,
        name: str,
        divisions: Sequence[int] = (),
        only: str | None = None,
        records: Sequence[int] = (),
    ) -> int:
        return self._note("accept", name, list(divisions), only, list(records))

    def retry(self, name: str, divisions: Sequence[int] = ()) -> int:
        return self._note("retry", name, list(divisions))

    def retry_messages(self, messages: Sequence[int] = (), targets: Sequence[str] = ()) -> int:
        return self._note("retry_messages", list(messages), list(targets))

    def drop_messages(
        self, messages: Sequence[int] = (), targets: Sequence[str] = (), state: str = "dead"
    ) -> int:
        return self._note("drop_messages", list(messages), list(targets), state)
