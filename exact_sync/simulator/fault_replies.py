"""Answers that take the place of the real one."""

from __future__ import annotations

import gzip
from datetime import datetime

from exact_sync.simulator.exchange import HTML, JSON, Reply, refused
from exact_sync.simulator.faults import Context, Fault
from exact_sync.simulator.limits import Headers, Limits, milliseconds
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.render import error_body, json_body

MAINTENANCE = (
    b"<!DOCTYPE html><html><head><title>Exact Online</title></head><body><h1>Maintenance</h1>"
    b"<p>We are working on Exact Online. Please try again later.</p></body></html>"
)
EARLY = "Rate limit exceeded: access_token not expired"


def instead(fault: Fault, context: Context, limits: Limits) -> Reply:
    """The answer a rule of the first group gives."""
    match fault.kind:
        case "minute_429" | "day_429" | "bare_429" | "lying_429":
            return _limited(fault, context, limits)
        case "html":
            return Reply(fault.get("status", 200), MAINTENANCE, HTML)
        case "empty_body":
            return Reply(fault.get("status", 200))
        case "redirect":
            place = fault.get("to", "https://elsewhere.invalid/")
            return Reply(fault.get("status", 302), headers=[("Location", place)])
        case "reset" | "timeout":
            return Reply(0, wire=fault.kind, parameters=fault.parameters)
        case "no_d":
            return Reply(200, str(fault.get("body", "{}")).encode())
        case "early_401" | "early_400":
            return early(int(fault.kind[-3:]))
        case "status":
            return _status(fault)
    return refused(_refusal(fault))


def early(status: int) -> Reply:
    """How a refresh is refused that comes before the access token is 570 s old."""
    if status == 401:  # as the older documentation has it, which tells of no body
        return Reply(401, headers=[("Reason", "Access Token not expired")])
    body = {"error": "access_denied", "error_description": EARLY}
    return Reply(status, json_body(body), headers=[("Reason", f"TooEarlyToRefreshTokens: {EARLY}")])


def spoil(reply: Reply, fault: Fault) -> Reply:
    """Rules of the third group: a good answer, badly sent."""
    match fault.kind:
        case "cut_json":
            reply.body = reply.body[: int(len(reply.body) * fault.get("share", 0.5))]
        case "gzip_cut":
            packed = gzip.compress(reply.body)
            reply.body = packed[: max(len(packed) // 2, 1)]
            reply.headers.append(("Content-Encoding", "gzip"))
        case "lost_answer":
            reply.wire = "silence"
        case _:
            reply.wire = fault.kind
            reply.parameters = fault.parameters
    return reply


def _status(fault: Fault) -> Reply:
    status = fault.get("status", 500)
    body = fault.get("body", None)
    raw = error_body(f"Simulated status {status}.") if body is None else str(body).encode()
    headers: Headers = list(fault.get("headers", {}).items())
    if fault.get("reason", None):
        headers.append(("Reason", fault.get("reason", None)))
    return Reply(status, raw, fault.get("content_type", JSON), headers)


def _refusal(fault: Fault) -> Refusal:
    match fault.kind:
        case "refuse_modified_filter":
            return Refusal(400, "The property 'Modified' cannot be used in a $filter.")
        case "mandatory_filter":
            return Refusal(400, mandatory_filter("ID"))
        case "refuse_bulk":
            return Refusal(fault.get("status", 404), "This endpoint is not available.")
        case "scope_missing":
            scope = fault.get("scope", "organization.administration")
            return Refusal(403, f"Forbidden - Application Scope Violated. Cannot read '{scope}' scope.")
        case "division_lost":
            return Refusal(403, "Forbidden", fault.get("reason", "NoDivisionAccess"))
    return Refusal(401, "Unauthorized")


def mandatory_filter(key: str) -> str:
    """How some sites refuse a question without a filter."""
    return (
        "A GET request for this endpoint must have a $filter parameter with one of the following fields "
        f"in the url: {key}, Modified"
    )


def _limited(fault: Fault, context: Context, limits: Limits) -> Reply:
    """A 429; which reset it names, and until when calls count as violations."""
    headers: Headers = []
    if fault.kind == "day_429":
        end = limits.day_end()
        headers = limits.day_headers(0)
    else:
        end = limits.minute_end()
        left = 49 if fault.kind == "lying_429" else 0
        if fault.kind == "lying_429":
            headers = limits.day_headers(max(limits.day_limit - 100, 1))
        headers += limits.minute_headers(left) if fault.kind != "bare_429" else []
    headers = _with_reset(headers, str(fault.get("reset", "right")), end, limits.clock.now())
    if "retry_after" in fault.parameters:
        headers.append(("Retry-After", str(fault.parameters["retry_after"])))
    if context.division is not None and fault.kind != "bare_429":
        limits.limit(context.division, end)
    return Reply(429, error_body("Too many requests."), headers=headers)


def _with_reset(headers: Headers, reset: str, end: datetime, now: datetime) -> Headers:
    words = {
        "right": str(milliseconds(end)),
        "absurd": "99999999999999999",
        "negative": "-1",
        "seconds": str(max(round((end - now).total_seconds()), 1)),
    }
    if reset == "right":
        return headers
    if reset == "absent":
        return [(name, value) for name, value in headers if not name.endswith("Reset")]
    return [(name, words.get(reset, reset) if name.endswith("Reset") else value) for name, value in headers]
