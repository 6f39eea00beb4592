"""A daemon whose watch looks when the test says so, and whose jobs come when the test lets them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from exact_sync.scheduler.daemon import Daemon
from exact_sync.store.state import checkpoint
from tests.deployment import Deployment, Silent


class AtWork:
    """Unless it is new, everything was read a moment ago, so nothing is due for a while."""

    def __init__(self, deployment: Deployment, *, is_new: bool = False, **more: Any) -> None:
        self.deployment = deployment
        self.heard = Silent()
        self.crew = deployment.service.crew
        if not is_new:
            deployment.sync_well()
            self.everything_was_read(timedelta(0))
        self.daemon = Daemon(
            self.crew,
            deployment.service.schedules(),
            self.heard,
            lambda: None,
            timedelta(hours=6),
            **more,
        )

    def __enter__(self) -> "AtWork":
        self.crew.take_over()
        return self

    def __exit__(self, *error: object) -> None:
        self.daemon._pool.close(10)
        self.crew.lock.free()

    def everything_was_read(self, ago: timedelta) -> None:
        with self.deployment.service.database.begin() as connection:
            connection.execute(update(checkpoint).values(succeeded_at=self.deployment.clock.now() - ago))

    def looks(self, times: int = 1, seconds: float = 5) -> None:
        """The watch, every five seconds; and what it finds to do is done."""
        for _ in range(times):
            self.deployment.clock.advance(seconds=seconds)
            self.daemon._watch()
            assert self.daemon._pool.wait(60)

    def had(self, status: str = "ok") -> list[str]:
        """Which resources ended so since this was last asked."""
        had = sorted(outcome.resource for outcome in self.heard.outcomes if outcome.status == status)
        self.heard.outcomes.clear()
        return had
