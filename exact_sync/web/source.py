"""What the server needs to know of one connection to Exact."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from exact_sync.store.database import Database
from exact_sync.sync.selection import Wanted
from exact_sync.web.pulse import Pulse


@dataclass(frozen=True)
class Source:
    """One connection to Exact: where its state is, and what it is about."""

    name: str
    database: Callable[[], Database]
    """Raises DatabaseAway where nobody has reached it yet."""
    resources: Collection[str]
    """Names of those that are on."""
    wanted: Wanted
    pulse: Pulse
