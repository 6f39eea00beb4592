"""How a run ended."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from exact_sync import logs
from exact_sync.catalog import Resource
from exact_sync.errors import ExactSyncError, TryLater
from exact_sync.store.runs import Tally
from exact_sync.sync.task import CONNECTION_WIDE

UNAVAILABLE_FOR = timedelta(days=1)
"""How long a resource that Exact refuses is left alone."""
FIRST_UNAVAILABLE_FOR = timedelta(hours=1)
"""The same for one that could be read until now. An app that made too many errors, with whatever program, is
blocked for an hour; what Exact says then is not known, and may look like a missing right."""
SUSPENDED_FOR = timedelta(minutes=20)
"""How long a lost division is left alone: three errors an hour, where ten block the app."""


@dataclass(frozen=True)
class Difference:
    """One disagreement between the mirror and Exact."""

    kind: str
    """missing, extra, changed, count or sum."""
    what: str
    """A key, or a ledger account with its year and period."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    division: int
    resource: str
    status: str
    """ok, waits, later, unavailable, suspect, quarantine, failed, skipped; verified or differs."""
    tally: Tally = field(default_factory=Tally)
    message: str | None = None
    hint: str | None = None
    exit_code: int = 0
    until: datetime | None = None
    """When it is worth trying again."""
    error: ExactSyncError | None = None
    is_verification: bool = False
    """It compared, and says nothing of when to read."""
    checked: str = ""
    """What a verification compared, in words."""
    differences: tuple[Difference, ...] = ()
    connection: str | None = None
    """Whose it is, where there are several."""

    def named_message(self, name: str) -> str:
        """The message with a name in front, if it does not say itself what it is about, as errors do."""
        message = self.message or ""
        has_one = not message or self.exit_code or " of division " in message
        return message if has_one or not name else f"{name}: {message}"


def not_begun(resource: Resource, division: int, error: ExactSyncError) -> Outcome:
    """Of a run that an error kept from beginning."""
    return failure(division if resource.per_division else CONNECTION_WIDE, resource.name, error)


def failure(division: int, resource: str, error: ExactSyncError, status: str | None = None) -> Outcome:
    """What an error makes of a run. ``status``: where it is neither later nor failed."""
    return Outcome(
        division,
        resource,
        status or ("later" if isinstance(error, TryLater) else "failed"),
        message=error.message,
        hint=error.hint,
        exit_code=error.exit_code,
        until=getattr(error, "until", None),
        error=error,
    )


def unexpected(bug: Exception) -> ExactSyncError:
    """A mistake of ours. Its first line says enough: what follows may be a statement, or somebody's rows."""
    said = logs.clean(str(bug).partition("\n")[0])
    return ExactSyncError(f"unexpected {type(bug).__name__}: {said}", "please report")
