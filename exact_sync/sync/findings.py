"""What a reading finds that ends it: silence where rows are expected, records that need other columns."""

from exact_sync.catalog.inference import Learned
from exact_sync.errors import ExactSyncError


class Suspect(ExactSyncError):
    """A list came back empty or much smaller; nothing was deleted."""

    def __init__(self, resource: str, division: int, seen: int, known: int) -> None:
        where = f" --division {division}" if division else ""
        super().__init__(
            f"{resource} of division {division}: Exact has {seen}, here are {known}; nothing was deleted",
            f"lost rights look like this; if it is right, run: exact-sync accept {resource}{where}",
        )
        self.seen = seen


class Widened(Exception):
    """Records came that the table has no room for yet."""

    def __init__(self, learned: Learned) -> None:
        super().__init__("the columns have changed")
        self.learned = learned
