"""Looks at what the database knows, opens and closes incidents, and tells people of them.

What is told is noted only after a target has accepted it: what it refuses is tried again, with growing
pauses, and keeps nothing else from it.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import sqlalchemy as sql

from exact_sync.alert_settings import AlertSettings
from exact_sync.alerts.incidents import NAMES, Bounds, holding
from exact_sync.alerts.messages import message
from exact_sync.alerts.notify import Target
from exact_sync.clock import Clock
from exact_sync.connections import Connection
from exact_sync.errors import ExactSyncError
from exact_sync.store import conditions, incidents
from exact_sync.store.database import Database
from exact_sync.store.incidents import Record
from exact_sync.sync.selection import Wanted

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
_ALSO_IN_QUIET_HOURS = "sign_in"
_DOWN = 3
"""A target that refused so many messages in one look and accepted none is down: the rest waits for the
next look, because each may cost seconds.
"""

_Told = tuple[str, str, bool]
"""What one message tells to whom: the target's fingerprint, the kind, whether it is over."""


class Watch:
    """The alerts of one connection."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        clock: Clock,
        settings: AlertSettings,
        wanted: Wanted,
        bounds: Bounds,
        targets: Sequence[Target],
    ) -> None:
        self.targets = targets
        self._database = database
        self._connection = connection
        self._clock = clock
        self._settings = settings
        self._wanted = wanted
        self._bounds = bounds
        self._pauses: dict[_Told, tuple[datetime, int]] = {}
        """Until when what was refused is not tried again, and how often in a row it was refused."""

    def look_and_log(self) -> None:
        """The same as ``look``, for those who must go on in any case: what fails is logged."""
        try:
            self.look()
        except ExactSyncError as error:
            log.warning("alerts can't be looked after now: %s%s", self._connection.label, error)

    def look(self) -> None:
        """Bring incidents up to date, and tell what is to be told. Raises DatabaseAway."""
        now = self._clock.now()
        kinds = [kind for kind in NAMES if self._settings.has(kind)]
        if self._settings.is_quiet(now):
            kinds = [kind for kind in kinds if kind == _ALSO_IN_QUIET_HOURS]
        with incidents.alone(self._database):
            self._update(now)
            if not self.targets:
                return
            remind = self._settings.remind

            def fall_due(connection: sql.Connection) -> list[Record]:
                incidents.fall_due(connection, now, kinds, remind)
                return incidents.owed(connection, kinds)

            owed = self._database.transact(fall_due)
            if owed:
                for target in self.targets:
                    self._tell(target, owed, now)
                known = [target.fingerprint for target in self.targets]
                self._database.transact(lambda connection: incidents.settle(connection, known, now))

    def _update(self, now: datetime) -> None:
        with self._database.begin() as connection:
            day = now.astimezone(UTC).date()
            facts = conditions.read(connection, now, self._settings.lag, day)
            held = {
                (each.kind, each.subject): each for each in holding(now, facts, self._wanted, self._bounds)
            }
            known = incidents.opened(connection)
            new = [
                (each.kind, each.subject, each.message, each.hint)
                for key, each in held.items()
                if key not in known
            ]
            over = {key: number for key, number in known.items() if key not in held}
            incidents.begin(connection, new, list(over.values()), now)
        for kind, group in groupby(sorted(new, key=lambda each: each[0]), lambda each: each[0]):
            texts = [text for _, _, text, _ in group]
            log.info("incident: %s", texts[0], extra={"kind": kind, "number": len(texts)})
        for kind, number in Counter(kind for kind, _ in over).items():
            log.info("incident over: %s", kind, extra={"kind": kind, "number": number})

    def _tell(self, target: Target, owed: list[Record], now: datetime) -> None:
        """Everything that a target does not know yet, except what it refused a short time ago."""
        key = target.fingerprint
        begun = [each for each in owed if each.told_at is None and key not in each.told_to]
        over = [each for each in owed if each.closed_at and key not in each.told_over_to]
        knows = {each.id for each in owed if key in each.told_to}
        accepted = refused = 0
        for is_over in (False, True):
            records = [each for each in over if each.id in knows] if is_over else begun
            for kind, group in groupby(sorted(records, key=_order), key=_kind):
                if accepted == 0 and refused == _DOWN:
                    return
                together, what = list(group), (key, kind, is_over)
                if self._rests(what, now):
                    continue
                if target.accepts(message(self._connection, together, is_over=is_over)):
                    accepted += 1
                    knows |= {each.id for each in together}
                    self._pauses.pop(what, None)
                    self._database.transact(self._noting(together, key, is_over))
                else:
                    refused += 1
                    self._refused(target, what, now)

    def _rests(self, what: _Told, now: datetime) -> bool:
        not_before, _ = self._pauses.get(what, (now, 0))
        # One that is further ahead was set before our clock was set back.
        return now < not_before <= now + _LONGEST_PAUSE

    def _refused(self, target: Target, what: _Told, now: datetime) -> None:
        _, kind, _ = what
        _, failures = self._pauses.get(what, (now, 0))
        pause = min(_LONGEST_PAUSE, LOOK_EVERY * 2 ** min(failures, 10))
        self._pauses[what] = (now + pause, failures + 1)
        log.warning(
            "alert target %s refuses a message (%s); it is tried again in %d minutes",
            target.name,
            kind,
            pause / timedelta(minutes=1),
        )

    @staticmethod
    def _noting(records: list[Record], target: str, is_over: bool) -> Callable[[sql.Connection], None]:
        numbers = [record.id for record in records]
        return lambda connection: incidents.told(connection, numbers, target, over=is_over)


def _kind(record: Record) -> str:
    return record.kind


def _order(record: Record) -> int:
    """What matters most comes first: that signing in is needed."""
    return list(NAMES).index(record.kind)  # type: ignore[arg-type]
