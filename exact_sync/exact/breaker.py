"""Stops asking what Exact refuses, well before Exact blocks the app for it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from exact_sync.clock import Clock
from exact_sync.errors import Refused
from exact_sync.exact.limit import moment_of

ERRORS_AN_HOUR = 5
"""Errors on one endpoint after which we stop asking; Exact blocks the app after ten."""

_HOUR = timedelta(hours=1)


class Breaker:
    """The errors of a division on each endpoint, or of what belongs to no division."""

    def __init__(self, clock: Clock, division: int | None = None, state: Mapping[str, Any] | None = None):
        self._clock = clock
        self._where = "" if division is None else f"division {division}: "
        state = state or {}
        self._errors = {
            endpoint: [moment for moment in map(moment_of, moments) if moment]
            for endpoint, moments in dict(state.get("errors") or {}).items()
        }
        self._said: dict[str, str] = dict(state.get("said") or {})

    def as_json(self) -> dict[str, Any]:
        """What the next process has to know. Any thread may ask, also while another one calls."""
        errors, said = {e: list(moments) for e, moments in self._errors.copy().items() if moments}, self._said
        return {
            "errors": {e: [m.isoformat() for m in moments] for e, moments in errors.items()},
            "said": {e: text for e, text in said.copy().items() if e in errors},
        }

    def failed(self, endpoint: str, said: str) -> None:
        """Count an answer of 400, 401, 403 or 404, and keep what Exact said."""
        self._said[_what(endpoint)] = said
        self._errors.setdefault(_what(endpoint), []).append(self._clock.now())

    def check(self, endpoint: str) -> None:
        """Raises Refused where the endpoint failed too often within the hour."""
        now = self._clock.now()
        what = _what(endpoint)
        recent = [moment for moment in self._errors.get(what, []) if now - _HOUR < moment <= now]
        self._errors[what] = recent
        if len(recent) >= ERRORS_AN_HOUR:
            raise Refused(
                f"{self._where}{endpoint} failed {len(recent)} times within the hour, "
                f"last with: {self._said.get(what) or 'no reason given'}",
                f"mend what Exact says; it is left alone until {recent[0] + _HOUR:%H:%M} UTC and then tried "
                "again, because Exact blocks an app after ten errors",
            )


def _what(endpoint: str) -> str:
    """What an endpoint serves: it shares its errors with its twins in bulk/ and sync/, because what is
    asked wrongly of one is asked wrongly of all.
    """
    return endpoint.removesuffix("/$count").rpartition("/")[2].lower()
