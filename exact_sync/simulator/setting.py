"""What every maker of records shares: the division, its people, its history and the seeded chance."""

from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any
from uuid import UUID

from exact_sync.simulator.dice import Dice
from exact_sync.simulator.moments import History

Record = dict[str, Any]
SITE = "https://start.exactonline.nl"
CURRENCY_NAMES = {"EUR": "Euro", "USD": "US dollar", "GBP": "Pond sterling", "CHF": "Zwitserse frank"}
CUSTOM_FIELDS = (
    ('{"Regio":"Noord","Route":12}',),
    ('{"Opmerking":"vóór 12 uur ☕"}',),
    ("{}",),
)
"""What CustomField may hold: JSON text, on the Premium edition only."""

_STAFF = ("Marieke Brouwer", "Jürgen van 't Hoff", "Fatima el Amrani", "Exact Online")


@dataclass
class Setting:
    """One division under construction."""

    division: int
    country: str
    seed: int
    today: date
    user: tuple[UUID, str]
    """The one who asks through the API."""
    dice: Dice = field(init=False)
    history: History = field(init=False)
    staff: tuple[tuple[UUID, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        # The staff is the same in all divisions of a group: it hangs on the seed alone.
        people = Dice(Random(f"staff {self.seed}"))
        self.staff = (self.user, *((people.guid(), name) for name in _STAFF))
        self.dice = Dice(Random(f"company {self.seed} {self.division}"))
        self.history = History(self.today, self.dice)

    def stamp(self, record: Record, stamps: tuple[datetime, datetime]) -> None:
        """Created and Modified, and by whom; a row nobody changed was last changed by its maker."""
        dice = self.dice
        created, modified = record["Created"], record["Modified"] = stamps
        maker = dice.pick(self.staff)
        changer = maker if created == modified else dice.pick(self.staff)
        record["Creator"], record["CreatorFullName"] = maker
        record["Modifier"], record["ModifierFullName"] = changer
