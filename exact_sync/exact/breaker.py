"""Stops asking what Exact refuses, well before Exact blocks the app for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from exact_sync.clock import Clock
from exact_sync.errors import ExactAway, Refused
from exact_sync.exact.limit import moment_of

ERRORS_AN_HOUR = 5
"""Errors on one endpoint after which we stop asking; Exact blocks the app after ten."""
ERRORS_WITH_OVERCOME = 9
"""The same with those that a new token overcame: Exact counts them, too, but nobody has to mend anything."""

_HOUR = timedelta(hours=1)

_Errors = dict[str, list[datetime]]


class Breaker:
    """What a division's endpoints answered with 400, 401, 403 or 404; or those that belong to no division."""

    def __init__(self, clock: Clock, division: int | None = None, state: Mapping[str, Any] | None = None):
        self._clock = clock
        self._where = "" if division is None else f"division {division}: "
        state = state or {}
        self._errors = _read(state.get("errors"))
        self._overcome = _read(state.get("overcome"))
        self._said: dict[str, str] = dict(state.get("said") or {})

    def as_json(self) -> dict[str, Any]:
        """What the next process has to know. Any thread may ask, also while another one calls."""
        errors = _as_json(self._errors)
        return {
            "errors": errors,
            "overcome": _as_json(self._overcome),
            "said": {what: said for what, said in self._said.copy().items() if what in errors},
        }

    def failed(self, endpoint: str, said: str) -> None:
        """Count an error, and keep what Exact said."""
        self._said[_what(endpoint)] = said
        self._errors.setdefault(_what(endpoint), []).append(self._clock.now())

    def recall(self, endpoint: str, errors: Sequence[tuple[datetime, str]]) -> None:
        """What earlier processes were told, and when; this one was told nothing yet, or knows better."""
        what = _what(endpoint)
        if errors and what not in self._errors:
            self._errors[what] = [moment for moment, _ in errors]
            self._said[what] = errors[-1][1]

    def overcome(self, endpoint: str) -> None:
        """Count a refused access token whose successor was taken at once."""
        self._overcome.setdefault(_what(endpoint), []).append(self._clock.now())

    def check(self, endpoint: str) -> None:
        """Raises Refused where a person has to mend something, ExactAway where waiting is enough."""
        what = _what(endpoint)
        errors, overcome = self._last_hour(self._errors, what), self._last_hour(self._overcome, what)
        if len(errors) >= ERRORS_AN_HOUR:
            raise Refused(
                f"{self._where}{endpoint} failed {len(errors)} times within the hour, "
                f"last with: {self._said.get(what) or 'no reason given'}",
                f"mend what Exact says; it is left alone until {errors[0] + _HOUR:%H:%M} UTC and then tried "
                "again, because Exact blocks an app after ten errors",
            )
        if len(errors) + len(overcome) >= ERRORS_WITH_OVERCOME:
            until = min(errors + overcome) + _HOUR
            raise ExactAway(
                f"{self._where}{endpoint} refused the access token {len(overcome)} times within the hour, "
                f"and took the next one; it is left alone until {until:%H:%M} UTC",
                "nothing is lost; it goes on after that, because Exact blocks an app after ten errors",
                until=until,
            )

    def _last_hour(self, errors: _Errors, what: str) -> list[datetime]:
        now = self._clock.now()
        errors[what] = [moment for moment in errors.get(what, []) if now - _HOUR < moment <= now]
        return errors[what]


def _read(stored: Any) -> _Errors:
    return {
        endpoint: [moment for moment in map(moment_of, moments) if moment]
        for endpoint, moments in dict(stored or {}).items()
    }


def _as_json(errors: _Errors) -> dict[str, list[str]]:
    there = {what: [*moments] for what, moments in errors.copy().items() if moments}
    return {what: [moment.isoformat() for moment in moments] for what, moments in there.items()}


def _what(endpoint: str) -> str:
    """What an endpoint serves: it shares its errors with its twins in bulk/ and sync/, because what is
    asked wrongly of one is asked wrongly of all.
    """
    return endpoint.removesuffix("/$count").rpartition("/")[2].lower()
