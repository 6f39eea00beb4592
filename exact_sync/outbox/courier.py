"""Brings the messages of one connection to one target: in order, until it has them or they are given up."""

import logging
import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from exact_sync.clock import Clock
from exact_sync.errors import ExactSyncError
from exact_sync.outbox.letter import letter
from exact_sync.outbox.post import Answer, Post
from exact_sync.outbox_settings import TargetSettings
from exact_sync.store import outbox
from exact_sync.store.database import Database
from exact_sync.store.outbox import Message

log = logging.getLogger(__name__)

TRIES = 30
"""So often a message is tried: with these pauses that takes about a day."""
LOOK_EVERY = 5.0
"""Seconds between two looks where nobody says that there is something."""

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 3600.0
_LONGEST_REST = 300.0
"""Seconds that a target which is away is left alone at most, unless it says how long."""
_BATCH = 100
_TIDY_EVERY = timedelta(hours=1)


def pause(attempts: int) -> float:
    """Seconds after so many failed tries: 5, 15, 45, … up to an hour, each up to a fifth more or less."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 3.0 ** min(attempts - 1, 20)) * random.uniform(0.8, 1.2)  # noqa: S311


class Courier:
    """Used by one thread at a time."""

    def __init__(
        self,
        name: str,
        settings: TargetSettings,
        post: Post,
        database: Database,
        clock: Clock,
        connection: str,
        known: tuple[str, ...],
        heard: Callable[[str, str], None],
    ) -> None:
        """``name``: of the target; ``connection``: whose messages; ``known``: the names of all targets;
        ``heard``: is told of each outcome by the target's name.
        """
        self.name = name
        self.woken = threading.Event()
        self._settings = settings
        self._post = post
        self._database = database
        self._clock = clock
        self._connection = connection
        self._known = known
        self._heard = heard
        self._failures = 0
        """Times in a row that the target was away."""
        self._rests_until: float | None = None
        """By the clock that never jumps."""
        self._tidied_at: datetime | None = None
        self._trouble: str | None = None

    def close(self) -> None:
        self._post.close()

    def look_and_log(self, is_enough: Callable[[], bool]) -> None:
        """The same as ``look``; what fails is logged, once as long as it stays the same."""
        try:
            self.look(is_enough)
            self._trouble = None
        except ExactSyncError as error:
            if self._trouble != error.message:
                log.warning("the outbox can't be looked after now: %s", error)
            self._trouble = error.message
        except Exception:
            log.exception("the outbox can't be looked after because of a mistake of ours")

    def look(self, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Bring what may go now, until that is enough. Raises DatabaseAway."""
        now = self._clock.now()
        self._tidy(now)
        if self._rests_until is not None and self._clock.monotonic() < self._rests_until:
            return
        with self._database.connect() as connection:
            if not outbox.is_any_due(connection, self.name, now):
                return
        with outbox.alone(self._database, self.name) as alone:
            while alone is not None:
                batch = outbox.due(alone, self.name, self._clock.now(), _BATCH)
                if not batch or not self._bring(alone, batch, is_enough):
                    return

    def _bring(self, connection: Connection, batch: list[Message], is_enough: Callable[[], bool]) -> bool:
        """False where the rest must wait."""
        stuck: set[tuple[int, str]] = set()
        for message in batch:
            if is_enough():
                return False
            if (message.division, message.resource) in stuck:
                continue
            schema = self._database.schemas.data
            content = letter(self._connection, schema, message, self._settings.keys_limit)
            answer = self._post.send(content)
            if answer.outcome == "delivered":
                self._delivered(connection, message)
                continue
            if self._failed(connection, message, answer):
                stuck.add((message.division, message.resource))
            if answer.outcome == "away":
                return False
        return True

    def _delivered(self, connection: Connection, message: Message) -> None:
        outbox.delivered(connection, self.name, message.id, self._clock.now())
        self._heard(self.name, "delivered")
        if self._failures:
            log.info("target %s accepts messages again", self.name)
            outbox.due_at_once(connection, self.name)
        self._failures, self._rests_until = 0, None

    def _failed(self, connection: Connection, message: Message, answer: Answer) -> bool:
        """True where it is to be tried again."""
        now = self._clock.now()
        retry_at: datetime | None = None
        if answer.outcome != "gone" and message.attempts + 1 < TRIES:
            seconds = max(pause(message.attempts + 1), answer.retry_after)
            retry_at = now + timedelta(seconds=seconds)
        outbox.failed(connection, self.name, message.id, answer.trouble, now, retry_at)
        self._heard(self.name, "failed" if retry_at else "given_up")
        if retry_at is None:
            log.error("message %d for target %s is given up: %s", message.id, self.name, answer.trouble)
        if answer.outcome == "away":
            if not self._failures:
                log.warning("target %s accepts nothing now: %s", self.name, answer.trouble)
            self._failures += 1
            rest = max(min(_LONGEST_REST, pause(self._failures)), answer.retry_after)
            self._rests_until = self._clock.monotonic() + rest
        elif not message.attempts and retry_at is not None:
            log.warning("target %s refuses message %d: %s", self.name, message.id, answer.trouble)
        return retry_at is not None

    def _tidy(self, now: datetime) -> None:
        if self._tidied_at is None or now - self._tidied_at >= _TIDY_EVERY:
            self._database.transact(lambda connection: outbox.tidy(connection, self.name, self._known, now))
            self._tidied_at = now
