"""What people read: one message for an incident, or for all of a kind that come together. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from exact_sync.alerts.incidents import NAMES
from exact_sync.connections import Connection
from exact_sync.store.incidents import Record

_SHOWN = 5
_ROOM = 600
"""Characters that the incidents of a message share: many services refuse more than about 1,000 in all."""


@dataclass(frozen=True)
class Message:
    """What is sent to a target."""

    title: str
    body: str
    is_over: bool = False


def message(connection: Connection, records: Sequence[Record], *, is_over: bool) -> Message:
    """``records``: at least one, all of the same kind."""
    one, many = NAMES[records[0].kind]  # type: ignore[index]
    what = one if len(records) == 1 else f"{len(records):,} {many}"
    title = f"exact-sync: {connection.label}{'over: ' if is_over else ''}{what}"
    shown = records[:_SHOWN]
    lines = [_line(record, _ROOM // len(shown)) for record in shown]
    if len(records) > _SHOWN:
        lines.append(f"… and {len(records) - _SHOWN:,} more; see: {connection.hint(_LIST)}")
    hint = records[0].hint
    if hint and not is_over:
        lines.append(f"→ {connection.hint(hint)}")
    return Message(title, "\n".join(lines), is_over)


_LIST = "exact-sync alert list --all"


def _line(record: Record, room: int) -> str:
    said = record.message if len(record.message) <= room else f"{record.message[: room - 1]}…"
    since = f"since {record.opened_at:%Y-%m-%d %H:%M} UTC"
    if record.closed_at is None:
        return f"{said} ({since})"
    return f"{said} ({since}, over at {record.closed_at:%Y-%m-%d %H:%M} UTC)"


def trial(connection: Connection) -> Message:
    """What ``alert test`` sends."""
    text = "This is a test. You will hear of what needs a person: once when it begins, once when it is over."
    return Message(f"exact-sync: {connection.label}test", text, is_over=True)
