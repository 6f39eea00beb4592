"""What is posted: JSON, signed as Standard Webhooks says (standardwebhooks.com). Pure."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from exact_sync.outbox_settings import SECRET_PREFIX
from exact_sync.store.outbox import Message


@dataclass(frozen=True)
class Letter:
    """One message as a target gets it: the same, to the byte, each time it is tried."""

    id: str
    body: bytes


def letter(connection: str, schema: str, message: Message, keys_limit: int) -> Letter:
    """``keys_limit``: so many keys at most; what was deleted comes first."""
    change = message.change
    gone = change.deleted_keys[:keys_limit]
    here = change.upserted_keys[: keys_limit - len(gone)]
    is_all = len(gone) + len(here) == len(change.deleted_keys) + len(change.upserted_keys)
    data = {
        "connection": connection,
        "schema": schema,
        "resource": message.resource,
        "division": message.division or None,
        "run": message.run,
        "sequence": message.id,
        "inserted": change.inserted,
        "updated": change.updated,
        "deleted": change.deleted,
        "keys": {"upserted": here, "deleted": gone},
        "keys_complete": change.keys_complete and is_all,
        "first_load": change.first_load,
    }
    return _letter(f"msg_{message.uid.hex}", "rows.changed", message.at, data)


def trial(connection: str, now: datetime) -> Letter:
    """What ``exact-sync outbox test`` sends."""
    return _letter(f"msg_{uuid4().hex}", "test", now, {"connection": connection})


def _letter(uid: str, kind: str, at: datetime, data: dict[str, Any]) -> Letter:
    content = {"type": kind, "timestamp": at.isoformat(timespec="milliseconds"), "data": data}
    return Letter(uid, json.dumps(content, separators=(",", ":")).encode())


def headers(signed: Letter, key: bytes, now: datetime) -> dict[str, str]:
    """With the signature over id, moment and body."""
    moment = str(int(now.timestamp()))
    content = f"{signed.id}.{moment}.".encode() + signed.body
    signature = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": signed.id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{signature}",
    }


def new_secret() -> str:
    """One that nobody can guess, written as receivers' libraries want it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
