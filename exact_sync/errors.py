"""Everything that can go wrong, sorted by what happens next.

    ExactSyncError
    ├── TryLater            nothing is lost; the same work succeeds later      exit code 4
    │   ├── BudgetSpent     a call limit of Exact is reached until a known time
    │   │   └── BackfillSpent   what is left of the day is for small reads
    │   ├── GivesWay        other work goes first; a first load goes on after it
    │   ├── ExactAway       Exact does not answer, or not with data
    │   │   └── Unclear         nobody knows whether Exact has done what it was asked to
    │   ├── DatabaseAway    PostgreSQL does not answer, or not now
    │   ├── WorkHeld        another process does this work at the moment
    │   └── Stopped         this process was asked to stop
    ├── NeedsPerson         somebody has to change something                   exit code 1
    │   ├── SignInNeeded    nobody is signed in, or no longer                  exit code 3
    │   ├── BadConfiguration  settings or command line are wrong               exit code 2
    │   │   └── Unknown         what is named there is not
    │   ├── SchemaAhead     the database was made by a newer exact-sync        exit code 2
    │   ├── DivisionLost    Exact refuses the whole division (with its reason)
    │   ├── Unavailable     Exact refuses one resource of a division
    │   └── Refused         Exact calls the question itself wrong (HTTP 400)
    └── BadData             Exact's answer contradicts itself                  exit code 1

Each carries a hint: what a person can do about it. httpx's and the driver's errors are
translated only inside ``exact/`` and ``store/``.
"""

import difflib
from collections.abc import Iterable
from datetime import datetime


def one_line(text: str) -> str:
    """A text that may quote somebody else, on one line and with nothing in it that steers a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def did_you_mean(name: str, known: Iterable[str], otherwise: str, *, cutoff: float = 0.6) -> str:
    """A hint: the nearest of the known names, or what else helps. ``cutoff``: how near, from 0 to 1."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return f"did you mean {near[0]}?" if near else otherwise


class ExactSyncError(Exception):
    """An expected failure: one clear line, and what to do about it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        message = one_line(message)
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class TryLater(ExactSyncError):
    """Nothing is lost and nobody needs to act; ``until`` says when it is worth trying again."""

    exit_code = 4

    def __init__(self, message: str, hint: str = "", until: datetime | None = None) -> None:
        super().__init__(message, hint)
        self.until = until


class BudgetSpent(TryLater):
    """A call limit of Exact is reached."""


class BackfillSpent(BudgetSpent):
    """The part of the day's calls that first loads may use is used up; small reads go on."""


class GivesWay(TryLater):
    """Other work goes first; the reading goes on after it where it stopped."""


class ExactAway(TryLater):
    """Exact does not answer, or answers with something that is not data."""


class Unclear(ExactAway):
    """Exact was asked to change something, and nobody knows whether it did. Look before asking again."""


class DatabaseAway(TryLater):
    """PostgreSQL can't be reached, or can't do this now."""


class WorkHeld(TryLater):
    """Another process holds the work."""


class Stopped(TryLater):
    """This process was asked to stop."""


class NeedsPerson(ExactSyncError):
    """Somebody has to change something before this can succeed."""


class SignInNeeded(NeedsPerson):
    """Never, or no longer, signed in at Exact."""

    exit_code = 3

    def __init__(self, message: str, hint: str = "run: exact-sync auth login") -> None:
        super().__init__(message, hint)


class BadConfiguration(NeedsPerson):
    """Settings or command line are wrong."""

    exit_code = 2


class Unknown(BadConfiguration):
    """There is nothing of this name: no connection, resource, division, target or message."""


class SchemaAhead(NeedsPerson):
    """The database was upgraded by a newer exact-sync than this one."""

    exit_code = 2


class DivisionLost(NeedsPerson):
    """Exact refuses the whole division."""


class Unavailable(NeedsPerson):
    """Exact refuses one resource of a division: a missing module, right or scope."""


class Refused(NeedsPerson):
    """Exact answered 400: the question itself is wrong for this site."""


class BadData(ExactSyncError):
    """Exact's answer contradicts itself or its own rules; nothing of it was stored."""
