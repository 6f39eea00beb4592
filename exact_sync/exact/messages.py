"""What Exact sends when something changed: a signed content. Pure: no network, no clock.

The signature is over the text of ``Content`` as it came, so nothing is decoded before it is checked.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from exact_sync.patterns import LARGEST_CODE

_MESSAGE = re.compile(
    rb'\s*\{\s*"Content"\s*:\s*(\{.*\})\s*,\s*"HashCode"\s*:\s*"([0-9A-Fa-f]{64})"\s*\}\s*', re.DOTALL
)
"""To the very end of it: what looks like the end of a content may stand inside."""


class NoMessage(ValueError):
    """It has not the form of a message, or what was signed says nothing."""


class Forged(ValueError):
    """Whoever wrote it does not know the secret."""


@dataclass(frozen=True)
class Event:
    """Something changed at Exact; what it is now, only a look at Exact tells."""

    topic: str
    division: int
    is_deletion: bool
    client_id: str
    created_at: datetime | None
    """None where that can't be read. Exact writes no zone: it may be two hours off."""
    code: bytes
    """Tells this message from all others."""


def read_event(body: bytes, secret: bytes) -> Event:
    """Raises NoMessage or Forged."""
    match = _MESSAGE.fullmatch(body)
    if match is None:
        raise NoMessage("it is no message of Exact")
    content, code = match[1], match[2].upper()
    if not hmac.compare_digest(code_of(content, secret), code):
        raise Forged("its signature is not Exact's")
    try:
        values = json.loads(content)
        division, topic = int(values["Division"]), values["Topic"]
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        raise NoMessage("its content says nothing") from None
    if not isinstance(topic, str) or not 0 < division <= LARGEST_CODE:
        raise NoMessage("its content says nothing")
    return Event(
        topic,
        division,
        is_deletion=values.get("Action") == "Delete",
        client_id=str(values.get("ClientId") or ""),
        created_at=_moment(values.get("EventCreatedOn")),
        code=code,
    )


def code_of(content: bytes, secret: bytes) -> bytes:
    """HMAC-SHA256 in upper-case hex."""
    return hmac.new(secret, content, hashlib.sha256).hexdigest().upper().encode()


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
