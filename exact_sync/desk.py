"""Where people and machines ask the daemon of one connection for something: the page, the API, webhooks.

Everything is noted, in the database or among the wishes, and done by the daemon's own threads.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from exact_sync.catalog import Resource
from exact_sync.choice import check_names
from exact_sync.errors import BadConfiguration, TryLater, Unknown
from exact_sync.store import checkpoints, deliveries, divisions, pauses, quarantine
from exact_sync.store.database import Database
from exact_sync.store.deliveries import Filter, State
from exact_sync.store.pauses import EVERYWHERE
from exact_sync.sync.selection import Wanted
from exact_sync.sync.wishes import Wishes

if TYPE_CHECKING:
    from exact_sync.web.source import Acceptable


class Desk:
    """Implements web.source.Desk; safe for threads."""

    def __init__(
        self,
        database: Callable[[], Database],
        mirrored: Mapping[str, Resource],
        wanted: Wanted,
        wishes: Wishes,
        targets: Collection[str] = (),
    ) -> None:
        """``targets``: the names of those that are told what changed."""
        self._database = database
        self._mirrored = mirrored
        self._wanted = wanted
        self._wishes = wishes
        self._targets = targets

    def sync_now(self, names: Sequence[str] = (), divisions: Sequence[int] = ()) -> int:
        """Raises TryLater where the daemon stands still."""
        return self._sync(names, divisions)

    def hint(self, name: str, division: int) -> None:
        """Costs nothing: a flood of hints is one entry."""
        if name in self._mirrored:
            self._wishes.hint(division, name)

    def pause(self, names: Sequence[str], divisions: Sequence[int] = ()) -> int:
        self._check(names, divisions)
        with self._database().begin() as connection:
            return pauses.add(connection, places(names or self._mirrored.keys(), divisions))

    def resume(self, names: Sequence[str], divisions: Sequence[int] = ()) -> int:
        """Without ``divisions`` in each. What is paused everywhere can only be resumed everywhere: raises
        BadConfiguration with what stays paused, after the rest was resumed.
        """
        self._check(names, divisions)
        with self._database().begin() as connection:
            resumed = resume(connection, names or self._mirrored.keys(), divisions)
        if self._wishes.trouble is None:
            for division, name in resumed.places:
                self._wishes.ask(division, name)
        resumed.check()
        return len(resumed.places)

    def accept(
        self,
        name: str,
        divisions: Sequence[int] = (),
        only: "Acceptable | None" = None,
        records: Sequence[int] = (),
    ) -> int:
        self._check([name], divisions)
        with self._database().begin() as connection:
            number = accept(connection, name, divisions, only, records)
        if number and self._wishes.trouble is None:
            self._sync([name], divisions)
        return number

    def retry(self, name: str, divisions: Sequence[int] = ()) -> int:
        return self._sync([name], divisions, again=True)

    def retry_messages(self, messages: Sequence[int] = (), targets: Sequence[str] = ()) -> int:
        """Only to targets that are set up: nobody would bring them to others."""
        for name in targets:
            if name not in self._targets:
                raise Unknown(f"there is no target {name}", _there_is(self._targets))
        if not self._targets:
            raise BadConfiguration("no target is set", "set url and secret in [outbox.targets.NAME]")
        wanted = Filter("dead", targets or list(self._targets), messages)
        with self._database().begin() as connection:
            check_messages(connection, wanted)
            return deliveries.retry(connection, wanted)

    def drop_messages(
        self, messages: Sequence[int] = (), targets: Sequence[str] = (), state: State = "dead"
    ) -> int:
        """Also of targets that are no longer set up, as long as there is something for them."""
        with self._database().begin() as connection:
            known = {*self._targets, *deliveries.backlogs(connection)} if targets else set()
            for name in targets:
                if name not in known:
                    raise Unknown(f"there is no target {name}", _there_is(known))
            wanted = Filter(state, targets, messages)
            check_messages(connection, wanted)
            return deliveries.drop(connection, wanted)

    def _sync(self, names: Sequence[str], divisions: Sequence[int], *, again: bool = False) -> int:
        """How many readings that are, all divisions counted as one where none is named."""
        self._check(names, divisions)
        if self._wishes.trouble is not None:
            raise TryLater(f"nothing can be read now: {self._wishes.trouble}")
        wanted = places(names or self._mirrored.keys(), divisions)
        for division, name in wanted:
            self._wishes.ask(division, name, again=again)
        return len(wanted)

    def _check(self, names: Iterable[str], codes: Sequence[int]) -> None:
        """Raises Unknown for a resource or a division that there is not."""
        check_names(names, self._mirrored)
        if codes:
            with self._database().begin() as connection:
                known = self._wanted.of(divisions.listed(connection))
            for code in codes:
                if code not in known:
                    raise Unknown(
                        f"division {code} is not among the divisions to sync",
                        "exact-sync status lists them",
                    )


def places(names: Iterable[str], codes: Sequence[int]) -> list[tuple[int, str]]:
    """Each resource in each division; EVERYWHERE where none is named."""
    return [(code, name) for name in names for code in codes or [EVERYWHERE]]


def check_messages(connection: Connection, wanted: Filter) -> None:
    """Raises Unknown for a message that there is not, BadConfiguration for one that is in another state."""
    if not wanted.messages:
        return
    found = deliveries.standing(connection, wanted)
    whom = f" for {', '.join(wanted.targets)}" if wanted.targets else ""
    for number in wanted.messages:
        if number not in found:
            raise Unknown(f"there is no message {number}{whom} in the outbox")
        if not found[number]:
            said = "was not given up" if wanted.state == "dead" else "does not wait"
            raise BadConfiguration(
                f"message {number} {said}",
                "exact-sync outbox list shows what waits; --dead: what was given up",
            )


def _there_is(names: Collection[str]) -> str:
    return f"there is: {', '.join(sorted(names))}" if names else "none is set up in [outbox.targets.NAME]"


def accept(
    connection: Connection,
    name: str,
    codes: Sequence[int],
    only: "Acceptable | None" = None,
    records: Sequence[int] = (),
) -> int:
    """Accept suspect lists and records in quarantine (of all divisions without ``codes``); in how many.

    ``only``: one of both, so that whoever looked at a record does not empty a table; ``records``: ids, of
    the only ones that are meant.
    """
    wanted, found = list(codes) or None, set[int]()
    if only != "records":
        found |= checkpoints.accept(connection, name, wanted)
    if only != "list":
        found |= quarantine.accept(connection, name, wanted, records)
    return len(found)


@dataclass(frozen=True)
class Resumed:
    """What became of pauses that were to end."""

    places: list[tuple[int, str]]
    """Those that ended."""
    kept: list[str]
    """Resources that stay paused: in all divisions, and so in those that were named."""

    def check(self) -> None:
        """Raises BadConfiguration where something is still paused that was to be resumed."""
        if self.kept:
            one = len(self.kept) == 1
            raise BadConfiguration(
                f"{', '.join(self.kept)} {'is' if one else 'are'} paused in all divisions, so "
                f"{'it' if one else 'they'} can't be resumed in one"
                + ("; what else was paused there is resumed" if self.places else ""),
                f"resume {'it' if one else 'them'} in all, then pause {'it' if one else 'them'} "
                "where that is wanted",
            )


def resume(connection: Connection, names: Collection[str], codes: Sequence[int]) -> Resumed:
    """End pauses: with ``codes`` those of these divisions, else all."""
    found = [each for each in pauses.paused(connection) if each.resource in names]
    kept = [each.resource for each in found if codes and each.division == EVERYWHERE]
    wanted = [
        (each.division, each.resource)
        for each in found
        if not codes or (each.division in codes and each.resource not in kept)
    ]
    pauses.drop(connection, wanted)
    return Resumed(wanted, kept)
