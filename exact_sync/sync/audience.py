"""Who watches the work, and who keeps processes out of each other's way."""

from typing import Protocol

from exact_sync.sync.outcome import Outcome


class Audience(Protocol):
    """Whoever watches runs go by; called from several threads."""

    def begins(self, division: int, resource: str) -> None: ...

    def page(self, division: int, resource: str, records: int) -> None: ...

    def ends(self, outcome: Outcome) -> None: ...


class Nobody:
    """Watches nothing."""

    def begins(self, division: int, resource: str) -> None: ...

    def page(self, division: int, resource: str, records: int) -> None: ...

    def ends(self, outcome: Outcome) -> None: ...


class Claims(Protocol):
    """Keeps processes out of each other's divisions."""

    def claim(self, division: int) -> bool:
        """True if the division is ours now."""
        ...

    def release(self, division: int) -> None: ...

    def held_by(self, division: int) -> str:
        """Who has it, in words."""
        ...

    def is_paused(self, division: int, resource: str) -> bool:
        """A person wants it not to be read, as was known some seconds ago."""
        ...
