"""Where everything stands, of all connections together: one form for ``status --json`` and the API."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from exact_sync.connections import Connection
from exact_sync.sync.status import DivisionStatus, ResourceStatus, Status

Found = tuple[Connection, Status]


@dataclasses.dataclass(frozen=True)
class ConnectionLine:
    """One connection to Exact: its sign-in, and its calls where a setting limits them."""

    name: str
    site: str
    schema: str
    signed_in: bool
    sign_in_message: str | None
    calls_today: int | None
    day_limit: int | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class DivisionLine(DivisionStatus):
    """A division, with its connection's name."""

    connection: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ResourceLine(ResourceStatus):
    """A resource in a division, with its connection's name."""

    connection: str


@dataclasses.dataclass(frozen=True)
class Everything:
    """What ``status --json`` tells."""

    signed_in: bool
    """In every connection."""
    sign_in_message: str | None
    connections: list[ConnectionLine]
    divisions: list[DivisionLine]
    resources: list[ResourceLine]


def everything(found: Sequence[Found]) -> Everything:
    """Each line with its connection's name, also in the commands of its hint."""
    messages = [f"{whose.label}{facts.sign_in_message}" for whose, facts in found if facts.sign_in_message]
    return Everything(
        signed_in=all(facts.signed_in for _, facts in found),
        sign_in_message="; ".join(messages) or None,
        connections=[
            ConnectionLine(
                whose.name, whose.settings.site, whose.schema, facts.signed_in, facts.sign_in_message,
                facts.calls_today, facts.day_limit,
            )
            for whose, facts in found
        ],
        divisions=[
            DivisionLine(connection=whose.name, **_fields(line))
            for whose, facts in found
            for line in facts.divisions
        ],
        resources=[
            ResourceLine(connection=whose.name, **_fields(line) | {"hint": _hint(whose, line.hint)})
            for whose, facts in found
            for line in facts.resources
        ],
    )  # fmt: skip


def text_of(facts: Any, indent: int | None = None) -> str:
    """Of a dataclass, or a list of them; moments are written as ISO 8601 has them."""
    return json.dumps(facts, indent=indent, default=_default)


def _fields(line: DivisionStatus | ResourceStatus) -> dict[str, Any]:
    return {field.name: getattr(line, field.name) for field in dataclasses.fields(line)}


def _hint(whose: Connection, hint: str | None) -> str | None:
    return whose.hint(hint) if hint else hint


def _default(value: object) -> object:
    if dataclasses.is_dataclass(value):
        names = (field.name for field in dataclasses.fields(value))
        # The name of the connection first, as a person looks for it.
        return {name: getattr(value, name) for name in sorted(names, key=lambda name: name != "connection")}
    return value.isoformat() if isinstance(value, datetime) else str(value)
