"""Budgets, and what Exact says of its limits."""

from datetime import UTC, datetime, timedelta

from exact_sync.exact.budget import Budget
from tests.deployment import START, SharedClock
from tests.exact.scripted import epoch_ms

MINUTE, DAY = "X-RateLimit-Minutely-", "X-RateLimit-"
MIDNIGHT = datetime(2026, 6, 26, tzinfo=UTC)
ENDPOINT = "crm/Accounts"


def budget(clock: SharedClock, **options: object) -> Budget:
    return Budget(7, clock, jitter=lambda: 0.5, **options)  # type: ignore[arg-type]


def minute(remaining: int, reset: str | None = None, limit: int = 60) -> dict[str, str]:
    headers = {f"{MINUTE}Limit": str(limit), f"{MINUTE}Remaining": str(remaining)}
    return headers | {f"{MINUTE}Reset": reset or epoch_ms(START + timedelta(seconds=40))}


def day(remaining: int, reset: str | None = None, limit: int = 5000) -> dict[str, str]:
    headers = {f"{DAY}Limit": str(limit), f"{DAY}Remaining": str(remaining)}
    return headers | {f"{DAY}Reset": reset or epoch_ms(MIDNIGHT)}
