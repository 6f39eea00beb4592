"""Where people and machines ask the daemon of one connection for something."""

from collections.abc import Sequence

from exact_sync.errors import TryLater


class Desk:
    """Implements web.source.Desk."""

    def sync_now(self, names: Sequence[str] = (), divisions: Sequence[int] = ()) -> int:
        raise TryLater("not built yet")

    def hint(self, name: str, division: int) -> None:
        raise TryLater("not built yet")

    def pause(self, names: Sequence[str], divisions: Sequence[int] = ()) -> int:
        raise TryLater("not built yet")

    def resume(self, names: Sequence[str], divisions: Sequence[int] = ()) -> int:
        raise TryLater("not built yet")

    def accept(self, name: str, divisions: Sequence[int] = ()) -> int:
        raise TryLater("not built yet")

    def retry(self, name: str, divisions: Sequence[int] = ()) -> int:
        raise TryLater("not built yet")
