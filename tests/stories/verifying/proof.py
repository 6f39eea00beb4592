"""What the stories of verifying have in common."""

from collections.abc import Callable
from typing import Any

from exact_sync.sync.outcome import Outcome
from exact_sync.sync.verify import Checks
from tests.deployment import Deployment, Silent
from tests.mirror import THE_OTHERS_OFF

Deploy = Callable[..., Any]

WITH_THE_BALANCE = {name: off for name, off in THE_OTHERS_OFF.items() if name != "reporting_balance"}


def verify(
    deployment: Deployment, *names: str, divisions: tuple[int, ...] = (), **checks: Any
) -> list[Outcome]:
    return deployment.service.verify(names, divisions, Checks(**checks), Silent())


def asked(deployment: Deployment) -> int:
    """How many calls counted against a limit."""
    return sum(call.division is not None for call in deployment.simulator.stats.calls())


def kinds(outcome: Outcome) -> list[str]:
    return sorted(difference.kind for difference in outcome.differences)


def on(name: str, **more: Any) -> dict[str, Any]:
    return {"resources": {name: {"enabled": True, **more}}}
