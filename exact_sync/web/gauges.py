"""What /metrics says of the state: read from the database when it is asked for, in a few queries."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from exact_sync.store import checkpoints, credentials, deliveries, divisions, pauses
from exact_sync.store.credentials import Validity
from exact_sync.store.deliveries import NOTHING, Backlog
from exact_sync.sync.status import DivisionStatus, division_lines
from exact_sync.sync.task import CONNECTION_WIDE
from exact_sync.web.readiness import limited
from exact_sync.web.source import Source

STATES = {"active": "active", "parked": "parked", "suspended": "suspended", "not active": "inactive"}
"""The states of a division, and what they are called in a label."""


Key = tuple[str, str, str]


@dataclass
class Gauges:
    """The state of all connections; keys are the values of the labels, in their order.

    Without the label of divisions, all divisions are one with an empty name.
    """

    succeeded: dict[Key, float] = field(default_factory=dict)
    """By connection, division and resource: the last success in Unix time; of several the oldest."""
    lag: dict[Key, float] = field(default_factory=dict)
    """Seconds since then."""
    quota_left: dict[Key, int] = field(default_factory=dict)
    """By connection, division and window: calls; of several divisions what the scarcest has."""
    divisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many, by connection and state."""
    sign_ins: dict[str, Validity] = field(default_factory=dict)
    """By connection."""
    backlogs: dict[tuple[str, str], Backlog] = field(default_factory=dict)
    """What waits in the outbox, by connection and target."""


def read(sources: Iterable[Source], now: datetime, *, by_division: bool) -> Gauges:
    """Raises one of our errors where a database can't be asked."""
    gauges = Gauges()
    for source in sources:
        _read(gauges, source, now, by_division=by_division)
    return gauges


def _read(gauges: Gauges, source: Source, now: datetime, *, by_division: bool) -> None:
    with source.database().begin() as connection:
        limited(connection)
        targets = source.targets
        known = deliveries.backlogs(connection) if targets else {}
        gauges.backlogs |= {(source.name, name): known.get(name, NOTHING) for name in targets}
        gauges.sign_ins[source.name] = credentials.validity(connection)
        listed = divisions.listed(connection)
        lines = division_lines(connection, now)
        successes = checkpoints.successes(connection, source.resources)
        paused = pauses.read(connection)
    gauges.divisions.update({(source.name, state): 0 for state in STATES.values()})
    gauges.divisions.update((source.name, STATES[line.state]) for line in lines)
    # Others stand still, and how long they do so says nothing.
    unread = {line.division for line in lines if line.state in ("suspended", "not active")}
    shown = {CONNECTION_WIDE, *source.wanted.of(listed)} - unread
    names = {code: str(code) if by_division and code else "" for code in shown}
    for code, resource, succeeded_at in successes:
        if code in shown and (code, resource) not in paused:
            key, since = (source.name, names[code], resource), succeeded_at.timestamp()
            if key not in gauges.succeeded or since < gauges.succeeded[key]:
                gauges.succeeded[key] = since
                gauges.lag[key] = max(0.0, now.timestamp() - since)
    _quotas(gauges, source.name, (line for line in lines if line.division in shown), names)


def _quotas(gauges: Gauges, connection: str, lines: Iterable[DivisionStatus], names: dict[int, str]) -> None:
    for line in lines:
        for window, left in (("minute", line.minute_left), ("day", line.day_left)):
            if left is not None:
                key = (connection, names[line.division], window)
                gauges.quota_left[key] = min(left, gauges.quota_left.get(key, left))
