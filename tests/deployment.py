"""exact-sync as it is deployed, in one process with the simulator, and the same time for both."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from exact_sync.config import Settings
from exact_sync.exact.sending import Patience
from exact_sync.service import Service
from exact_sync.simulator import Simulator
from exact_sync.simulator.clock import Clock as SimulatorClock
from exact_sync.simulator.edits import random_edits
from exact_sync.sync.once import exit_code
from exact_sync.sync.outcome import Outcome
from tests.founding import TINY, found
from tests.mirror import THE_OTHERS_OFF, differences

__all__ = ["DIVISION", "START", "TINY", "Deployment", "SharedClock", "Silent"]

DIVISION = 124132
START = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)


class SharedClock:
    """Our Clock protocol over the simulator's clock: time stands still until somebody sleeps."""

    def __init__(self, start: datetime = START) -> None:
        self.theirs = SimulatorClock(start, frozen=True)
        self.slept: list[float] = []
        self.wakes: Callable[[], None] = lambda: None
        """What happens while somebody sleeps."""

    def now(self) -> datetime:
        return self.theirs.now()

    def monotonic(self) -> float:
        return self.theirs.now().timestamp()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.slept.append(seconds)
            self.theirs.advance(seconds)
            self.wakes()

    def advance(self, **duration: float) -> None:
        self.theirs.advance(timedelta(**duration).total_seconds())


class Silent:
    """An audience that only counts."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def begins(self, division: int, resource: str) -> None:
        """Nothing to say."""

    def page(self, division: int, resource: str, records: int) -> None:
        """Nothing to say."""

    def ends(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class Deployment:
    """A service against a simulator, with what tests ask of it all the time."""

    def __init__(
        self,
        simulator: Simulator,
        database_url: str,
        clock: SharedClock,
        data_dir: Path,
        *,
        counts: dict[str, int] | None = None,
        patience: Patience | None = None,
        **settings: Any,
    ) -> None:
        self.simulator = simulator
        self.clock = clock
        settings.setdefault("resources", THE_OTHERS_OFF)
        self.settings = Settings(
            database_url=database_url,
            data_dir=data_dir,
            base_url=simulator.base_url,
            client_id=simulator.client_id,
            client_secret=simulator.client_secret,
            **settings,
        )
        self.service = Service(
            self.settings, clock, patience=patience or Patience(read=5.0, whole_answer=60.0)
        )
        found(simulator.books, DIVISION, clock.now().date(), counts=counts)

    def __enter__(self) -> "Deployment":
        self.sign_in()
        return self

    def __exit__(self, *error: object) -> None:
        self.service.close()

    @property
    def books(self) -> Any:
        return self.simulator.books

    def table(self, path: str, division: int = DIVISION) -> Any:
        return self.books.table(division, path)

    def sign_in(self) -> None:
        """Through the simulator's consent page, as a browser would; by pasting the URL."""
        seen: list[str] = []

        def browse() -> str:
            response = httpx.get(seen[0], follow_redirects=False)
            assert response.status_code == 302, response.text
            return response.headers["Location"]

        self.service.sign_in_with_browser(seen.append, browse)

    def sync(self, *names: str, divisions: Sequence[int] = (), full: bool = False) -> list[Outcome]:
        return self.service.sync(names, divisions, Silent(), full=full)

    def sync_well(self, *names: str, **options: Any) -> list[Outcome]:
        """Sync, and insist that all went well."""
        outcomes = self.sync(*names, **options)
        assert exit_code(outcomes) == 0, [outcome for outcome in outcomes if outcome.exit_code]
        return outcomes

    def differences(self, *names: str, deleted: bool = True) -> list[str]:
        """What the tables and the simulator's books disagree on; deletions only if asked for."""
        mirrored = self.service.mirrored
        by_version = [name for name, resource in mirrored.items() if resource.strategy == "row_version"]
        return differences(
            self.books,
            self.service.database,
            names or mirrored,
            ignore_extra=not deleted,
            by_version=by_version,
        )

    def edit(self, seed: int, share: float = 0.1, **more: Any) -> dict[str, dict[str, int]]:
        return random_edits(self.books, DIVISION, random.Random(seed), share, **more)

    def calls(self, path: str | None = None) -> int:
        return len(self.simulator.stats.calls(path=path))

    def violations(self) -> dict[str, int]:
        return {name: count for name, count in self.simulator.stats.violations.items() if count}
