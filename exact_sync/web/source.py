"""What the server needs to know of one connection to Exact, and what it may ask of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from exact_sync.catalog import Resource
from exact_sync.connections import Connection
from exact_sync.outbox_settings import TargetSettings
from exact_sync.store.database import Database
from exact_sync.store.deliveries import State
from exact_sync.sync.loading import Allowance
from exact_sync.sync.selection import Wanted
from exact_sync.web.pulse import Pulse

Acceptable = Literal["list", "records"]
"""What waits for a person's word: a suspect list, records in quarantine."""


class Desk(Protocol):
    """Where a person or a machine asks the running daemon of one connection for something.

    Every method answers at once: the work is done later, by the daemon's own threads. ``names``:
    resources (empty: all that are on); ``divisions``: codes (empty: all that are read). Each raises
    Unknown for what there is not, DatabaseAway where the state can't be written.
    """

    def sync_now(self, names: Sequence[str] = (), divisions: Sequence[int] = ()) -> int:
        """Read these now, also what is paused or unavailable; how many readings were asked for.

        Raises TryLater where the daemon stands still, with the reason.
        """
        ...

    def hint(self, name: str, division: int) -> None:
        """Something has changed at Exact: look soon. Hints that come together cost one reading."""
        ...

    def pause(self, names: Sequence[str], divisions: Sequence[int] = ()) -> int:
        """Do not read these until they are resumed; how many were not paused before."""
        ...

    def resume(self, names: Sequence[str], divisions: Sequence[int] = ()) -> int:
        """Read these again, and at once what is due; how many were paused.

        Raises BadConfiguration with what stays paused, since it is paused everywhere; the rest is resumed.
        """
        ...

    def accept(
        self,
        name: str,
        divisions: Sequence[int] = (),
        only: Acceptable | None = None,
        records: Sequence[int] = (),
    ) -> int:
        """Accept what Exact says now, suspect lists and quarantined records; in how many divisions.

        ``only``: one of both; ``records``: ids, of the only ones that are meant.
        """
        ...

    def retry(self, name: str, divisions: Sequence[int] = ()) -> int:
        """Ask Exact again for what is suspect or in quarantine; how many readings were asked for."""
        ...

    def retry_messages(self, messages: Sequence[int] = (), targets: Sequence[str] = ()) -> int:
        """Deliver after all what was given up: all of it, these messages, or to these targets; how many.

        Raises BadConfiguration for a message that was not given up.
        """
        ...

    def drop_messages(
        self, messages: Sequence[int] = (), targets: Sequence[str] = (), state: State = "dead"
    ) -> int:
        """Never deliver what was given up, or waits; how many. Raises as ``retry_messages`` does."""
        ...


class Consent(Protocol):
    """Where a person's consent at Exact becomes the sign-in of one connection. All of it blocks."""

    @property
    def redirect_uri(self) -> str:
        """Where Exact sends the browser, as it is registered there."""
        ...

    def url(self, state: str) -> str:
        """The page at Exact where a person consents. Raises BadConfiguration where a setting is missing."""
        ...

    def given(self, code: str) -> None:
        """Exchange the code, and keep the tokens: they replace those that there were.

        Raises SignInNeeded where Exact refuses the code, ExactAway or DatabaseAway where it can't be
        done now, BadConfiguration where Exact does not know the app.
        """
        ...

    def who(self) -> str:
        """Ask Exact whose sign-in it is, and note that. Raises as any call to Exact does."""
        ...


@dataclass(frozen=True)
class Source:
    """One connection to Exact: where its state is, and what it is about."""

    connection: Connection
    database: Callable[[], Database]
    """Raises DatabaseAway where nobody has reached it yet."""
    mirrored: Mapping[str, Resource]
    """Resources that are on."""
    wanted: Wanted
    allowance: Allowance
    pulse: Pulse
    desk: Desk
    consent: Consent
    now: Callable[[], datetime]

    @property
    def name(self) -> str:
        return self.connection.name

    @property
    def targets(self) -> Mapping[str, TargetSettings]:
        """Who is told what changed."""
        return self.connection.settings.outbox.targets

    @property
    def resources(self) -> Collection[str]:
        """Names of those that are on."""
        return self.mirrored.keys()
