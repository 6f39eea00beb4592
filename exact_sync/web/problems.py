"""What went wrong, for machines: problem documents (RFC 9457)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from exact_sync import logs

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Problem:
    """Why there is no other answer."""

    status: int
    """Of HTTP."""
    title: str
    """The same in a word."""
    detail: str
    """What is wrong, in one line."""
    hint: str | None = None
    """What a person can do about it."""


def problem(
    status: int, detail: str, hint: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer that says so, without anything secret."""
    content = {"status": status, "title": HTTPStatus(status).phrase, "detail": logs.clean(detail)}
    if hint:
        content["hint"] = logs.clean(hint)
    return Response(json.dumps(content), status, dict(headers or {}), media_type=PROBLEM)
