"""What an answer that is no data means, in our words."""

import httpx

from exact_sync.errors import DivisionLost, ExactAway, ExactSyncError, Refused, Unavailable
from exact_sync.exact.odata import UnreadableAnswer, read_error

_DIVISION_REASONS = {
    "NoDivisionAccess": "the user has no access to it, or the consent leaves it out",
    "DivisionBlocked": "it is blocked at Exact",
    "BlockedCustomer": "its customer is blocked at Exact",
    "LicenseExpired": "its licence has ended",
    "BlockedUser": "the signed-in user is blocked at Exact",
    "InactiveUser": "the signed-in user is inactive at Exact",
}


def trouble_of(status: int, body: bytes) -> str:
    """What is wrong with an answer that is no 200, in words."""
    if 300 <= status < 400:
        return f"HTTP {status}, a redirect that was not followed"
    said = read_error(body)
    return f"HTTP {status}" + (f": {said}" if said else "")


def refusal(division: int | None, endpoint: str, status: int, reason: str, said: str) -> ExactSyncError:
    """What an answer of 400, 401, 403 or 404 means; ``reason``: the header Reason, or ''.

    ``division`` None: of what belongs to no division.
    """
    reason = reason.partition(":")[0].strip()  # seen with a text behind the word, and documented without
    where = endpoint if division is None else f"{endpoint} of division {division}"
    if status == 400:
        return Refused(
            f"{where}: Exact refuses the question: {said or 'no reason given'}", "please report this line"
        )
    if status == 401:
        return ExactAway(f"{where}: Exact refuses an access token that should be valid", "try again later")
    if division is None:
        why = _DIVISION_REASONS.get(reason) or said or reason or "no reason given"
        hint = "the user is blocked, or a right of the user or a scope of the app is missing"
        return Unavailable(f"{where}: HTTP {status}: {why}", hint)
    if reason in _DIVISION_REASONS:
        return DivisionLost(
            f"division {division}: {_DIVISION_REASONS[reason]} ({reason})",
            "its rows are kept; it catches up when access is back",
        )
    if status == 404:
        return Unavailable(f"{where}: Exact does not have this here", "it is tried again daily")
    return Unavailable(
        f"{where}: not allowed: {said or reason or 'no reason given'}",
        "a module, a right of the user or a scope of the app is missing; it is tried again daily",
    )


def failure(error: httpx.HTTPError) -> str:
    """Why no answer came, in words."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "no connection"
    if isinstance(error, httpx.TimeoutException):
        return "it takes too long"
    return f"the connection broke ({type(error).__name__})"


def unreadable(content_type: str, body: bytes, error: UnreadableAnswer) -> str:
    """Why an answer can't be read, in words."""
    if "html" in content_type or body.lstrip()[:1] == b"<":
        return "a web page came instead of data; maintenance, most likely"
    return str(error)
