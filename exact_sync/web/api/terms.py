"""What may stand in a question to the API. Whatever else does is refused with 422."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from exact_sync.store.deliveries import State

LARGEST_INTEGER = 2**31 - 1
LARGEST_ID = 2**63 - 1
MOST = 1000
"""Items of one answer."""
USUAL = 100
"""The same where nobody says how many."""

# Of the form alone: nothing in a question is ever read as something else than a number.
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def _number(value: Any) -> Any:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError("is no whole number")
    return value


def _moment(value: Any) -> Any:
    if isinstance(value, str) and not _MOMENT.fullmatch(value):
        raise ValueError("is no moment, such as 2026-11-24T08:00:00Z")
    return value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=48)]
ConnectionName = Annotated[
    Name, Field(description="A connection to Exact; the first one unless told otherwise.")
]
Code = Annotated[int, Field(ge=1, le=LARGEST_INTEGER), BeforeValidator(_number)]
Codes = Annotated[list[Code], Field(max_length=100, description="Only these divisions.")]
PlaceCode = Annotated[int, Field(ge=0, le=LARGEST_INTEGER), BeforeValidator(_number)]
Places = Annotated[
    list[PlaceCode], Field(max_length=100, description="Only these divisions; 0: what belongs to none.")
]
"""Of lists that also tell of what is read once for all divisions, such as the list of divisions itself."""
Outcome = Literal[
    "ok", "running", "failed", "suspect", "quarantine", "later", "waits", "broken", "unavailable",
    "widened", "verified", "differs",
]  # fmt: skip
Number = Annotated[int, Field(ge=1, le=LARGEST_ID), BeforeValidator(_number)]
Targets = Annotated[list[Name], Field(max_length=100, description="Only for these targets.")]
Limit = Annotated[int, Field(ge=1, le=MOST), BeforeValidator(_number)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
ResourceName = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]*$", max_length=48)]

_NEXT = Field(description="What `next` of the page before said.")


def _of_form(pattern: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise ValueError("is not what `next` of a page of this list said")
        return value

    return BeforeValidator(check)


_OF_CHECKPOINTS = r"^[0-9]{1,10}:[a-z][a-z0-9_]{0,47}$"
_OF_THE_OUTBOX = r"^[0-9]{1,18}:[a-z][a-z0-9_]{0,47}$"
_OF_REQUESTS = r"^[0-9]{1,16}:[0-9]{1,18}$"  # whatever it allows is a moment: microseconds, to the year 2286
Cursor = Annotated[Annotated[int, Field(ge=1, le=LARGEST_ID), BeforeValidator(_number)] | None, _NEXT]
CheckpointsCursor = Annotated[
    Annotated[str, Field(pattern=_OF_CHECKPOINTS), _of_form(_OF_CHECKPOINTS)] | None, _NEXT
]
OutboxCursor = Annotated[
    Annotated[str, Field(pattern=_OF_THE_OUTBOX), _of_form(_OF_THE_OUTBOX)] | None, _NEXT
]
RequestsCursor = Annotated[Annotated[str, Field(pattern=_OF_REQUESTS), _of_form(_OF_REQUESTS)] | None, _NEXT]


class Question(BaseModel):
    """A misspelt filter is a mistake: without it the answer would be about too much."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class OfAConnection(Question):
    connection: ConnectionName | None = None


class OfAll(Question):
    connection: Annotated[Name | None, Field(description="Only this one; else all are told of.")] = None


class WhereItStands(OfAll):
    division: Codes = []
    resource: Annotated[list[Name], Field(max_length=100, description="Only these resources.")] = []


class Divisions(OfAll):
    division: Codes = []


class Runs(OfAConnection):
    division: Places = []
    resource: Name | None = None
    outcome: Outcome | None = None
    cursor: Cursor = None
    limit: Limit = USUAL


class Checkpoints(OfAConnection):
    division: Places = []
    resource: Name | None = None
    cursor: CheckpointsCursor = None
    limit: Limit = USUAL


class Quarantine(OfAConnection):
    division: Places = []
    resource: Name | None = None
    cursor: Cursor = None
    limit: Limit = USUAL


class Requests(OfAConnection):
    division: Codes = []
    resource: Name | None = None
    status: Annotated[int, Field(ge=100, le=599), BeforeValidator(_number)] | None = None
    only: Annotated[Literal["errors"] | None, Field(description="Only what failed.")] = None
    since: Moment | None = None
    cursor: RequestsCursor = None
    limit: Limit = USUAL


class RequestsSummed(OfAConnection):
    division: Codes = []
    resource: Name | None = None
    since: Moment | None = None


class Incidents(OfAConnection):
    cursor: Cursor = None
    limit: Annotated[Limit | None, Field(description="The last so many, also of what is over.")] = None


class Outbox(OfAConnection):
    state: Annotated[State | None, Field(description="What waits, or what was given up; else both.")] = None
    target: Targets = []
    division: Places = []
    resource: Name | None = None
    cursor: OutboxCursor = None
    limit: Limit = USUAL


class Messages(OfAConnection):
    message: Annotated[list[Number], Field(max_length=100, description="Only these messages.")] = []
    target: Targets = []


class MessagesToDrop(Messages):
    state: Annotated[State, Field(description="What was given up, or what waits.")] = "dead"


class Everywhere(OfAConnection):
    division: Codes = []
    resource: Annotated[list[Name], Field(max_length=100, description="Only these resources.")] = []


class InDivisions(OfAConnection):
    division: Codes = []
