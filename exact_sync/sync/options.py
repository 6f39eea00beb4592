"""How to sync; from the settings."""

from dataclasses import dataclass
from datetime import date, timedelta

from exact_sync.catalog import Resource
from exact_sync.sync.telling import Telling


@dataclass(frozen=True)
class Options:
    """How to sync; from the settings."""

    overlap: timedelta = timedelta(minutes=15)
    recent_days: int = 62
    recheck: timedelta = timedelta(hours=6)
    """How often what can't be asked for by change is read whole."""
    start_date: date | None = None
    sweep_every: timedelta = timedelta(days=7)
    """How often all keys are compared."""
    resources: tuple[Resource, ...] = ()
    """All that are mirrored: whom a deletion at Exact may concern."""
    telling: Telling | None = None
    """Hears what is changed; None: nobody wants to be told."""
