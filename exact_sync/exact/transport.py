"""One request at a time per division, within its budget, insisted on until data comes back."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import httpx

from exact_sync.clock import Clock
from exact_sync.errors import (
    BadData,
    BudgetSpent,
    DivisionLost,
    ExactAway,
    ExactSyncError,
    Refused,
    Unavailable,
)
from exact_sync.exact.budget import Budget, Common
from exact_sync.exact.odata import UnreadableAnswer, read_error
from exact_sync.exact.session import Session

T = TypeVar("T")

_DIVISION_REASONS = {
    "NoDivisionAccess": "the user has no access to it, or the consent leaves it out",
    "DivisionBlocked": "it is blocked at Exact",
    "BlockedCustomer": "its customer is blocked at Exact",
    "LicenseExpired": "its licence has ended",
    "BlockedUser": "the signed-in user is blocked at Exact",
    "InactiveUser": "the signed-in user is inactive at Exact",
}

_LARGEST_ANSWER = 256 * 1024 * 1024


@dataclass(frozen=True)
class Patience:
    """How long to insist before giving up; times in seconds."""

    tries: int = 7
    first_wait: float = 1.0
    longest_wait: float = 60.0
    connect: float = 10.0
    read: float = 60.0
    whole_answer: float = 300.0
    minute_waits: int = 5
    """How many minute limits in a row are waited out for one request."""

    def wait(self, attempt: int) -> float:
        """Growing and jittered: 1, 2, 4, … seconds, each up to half as long again."""
        return float(min(self.longest_wait, self.first_wait * 2**attempt)) * random.uniform(1.0, 1.5)  # noqa: S311


@dataclass(frozen=True)
class _Response:
    status: int
    headers: httpx.Headers
    body: bytes
    repeated: bool
    """The first answer was 401, and the session asked again with a new token."""


class Transport:
    """The shared HTTP session with everybody's manners built in."""

    def __init__(
        self,
        http: httpx.Client,
        session: Session,
        clock: Clock,
        *,
        patience: Patience | None = None,
        day_reserve: float = 0.1,
        calls_an_hour: float = 0.0,
        common: Common | None = None,
    ) -> None:
        """``calls_an_hour``: what a division's small reads need; first loads leave that to them.
        ``common``: a budget that all divisions have in common.
        """
        self._http = http
        self._session = session
        self._clock = clock
        self._patience = patience or Patience()
        self._day_reserve = day_reserve
        self._calls_an_hour = calls_an_hour
        self._common = common
        self._budgets: dict[int, Budget] = {}
        self._released: set[int] = set()

    def budget(self, division: int, state: Mapping[str, object] | None = None) -> Budget:
        """The division's budget; ``state`` is what an earlier process knew of it."""
        known = self._budgets.get(division)
        if known is not None and (division not in self._released or state == known.saved):
            self._released.discard(division)
            return known
        self._released.discard(division)
        self._budgets[division] = Budget(
            division,
            self._clock,
            day_reserve=self._day_reserve,
            calls_an_hour=self._calls_an_hour,
            common=self._common,
            state=state,
        )
        return self._budgets[division]

    def release(self, division: int) -> None:
        """Another process may call for this division from now on; its state tells if it did."""
        self._released.add(division)

    def get(
        self,
        division: int | None,
        endpoint: str,
        url: str,
        read: Callable[[bytes], T],
        accept: str = "application/json",
    ) -> tuple[T, httpx.Headers]:
        """The answer as ``read`` understands it. ``division`` None: a call outside all budgets.

        Raises BudgetSpent, ExactAway, DivisionLost, Unavailable, Refused or SignInNeeded.
        """
        if division is None:
            return self._insist(None, endpoint, url, read, accept)
        budget = self.budget(division)
        with budget.one_at_a_time:
            return self._insist(budget, endpoint, url, read, accept)

    def _insist(
        self, budget: Budget | None, endpoint: str, url: str, read: Callable[[bytes], T], accept: str
    ) -> tuple[T, httpx.Headers]:
        attempt = minute_waits = 0
        while True:
            if budget is not None:
                budget.before_call(endpoint)
            self._clock.sleep(0)  # a process that is to stop asks nothing more
            try:
                response = self._send(url, accept)
                if budget is not None:
                    budget.heard(response.headers)
                    if response.repeated:
                        budget.repeated(endpoint)
                if response.status == 200:
                    return read(response.body), response.headers
                if response.status == 429 and budget is not None:
                    budget.limited(response.headers)
                    minute_waits += 1
                    if minute_waits > self._patience.minute_waits:
                        raise BudgetSpent(f"division {budget.division}: the minute's calls stay used up")
                    continue
                trouble = self._trouble(budget, endpoint, response)
            except httpx.InvalidURL:
                raise BadData(f"{endpoint}: Exact sent a link that is no URL") from None
            except (httpx.TransportError, httpx.DecodingError) as error:
                trouble = _in_words(error)
            except UnreadableAnswer as error:
                trouble = _unreadable(response, error)
            attempt += 1
            if attempt >= self._patience.tries:
                raise ExactAway(
                    f"Exact does not answer {endpoint}: {trouble} ({attempt} tries)",
                    "the checkpoint is kept; try again later",
                )
            self._clock.sleep(self._patience.wait(attempt - 1))

    def _send(self, url: str, accept: str) -> _Response:
        """Streamed: httpx's plain get keeps page bodies alive in a reference cycle."""
        started = self._clock.monotonic()
        patience = self._patience
        timeout = httpx.Timeout(patience.read, connect=patience.connect)
        with self._http.stream(
            "GET",
            url,
            headers={"Accept": accept},
            auth=self._session,
            follow_redirects=False,
            timeout=timeout,
        ) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if self._clock.monotonic() - started > patience.whole_answer:
                    raise httpx.ReadTimeout("the answer drips in too slowly")
                if len(body) > _LARGEST_ANSWER:
                    raise httpx.ReadError("the answer is larger than any of Exact's")
            return _Response(response.status_code, response.headers, bytes(body), bool(response.history))

    def _trouble(self, budget: Budget | None, endpoint: str, response: _Response) -> str:
        """What is wrong, in words, where trying again may help; raises where it can't."""
        said = read_error(response.body)
        if response.status in (400, 401, 403, 404) and budget is not None:
            budget.failed(endpoint, f"HTTP {response.status}" + (f": {said[:200]}" if said else ""))
            raise _refusal(budget.division, endpoint, response, said)
        if 300 <= response.status < 400:
            return f"HTTP {response.status}, a redirect that was not followed"
        return f"HTTP {response.status}" + (f": {said}" if said else "")


def _refusal(division: int, endpoint: str, response: _Response, said: str) -> ExactSyncError:
    where = f"{endpoint} of division {division}"
    if response.status == 400:
        return Refused(
            f"{where}: Exact refuses the question: {said or 'no reason given'}", "please report this line"
        )
    if response.status == 401:
        return ExactAway(f"{where}: Exact refuses an access token that should be valid", "try again later")
    reason = response.headers.get("Reason", "")
    if reason in _DIVISION_REASONS:
        return DivisionLost(
            f"division {division}: {_DIVISION_REASONS[reason]} ({reason})",
            "its rows are kept; it catches up when access is back",
        )
    if response.status == 404:
        return Unavailable(f"{where}: Exact does not have this here", "it is tried again daily")
    return Unavailable(
        f"{where}: not allowed: {said or reason or 'no reason given'}",
        "a module, a right of the user or a scope of the app is missing; it is tried again daily",
    )


def _in_words(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "no connection"
    if isinstance(error, httpx.TimeoutException):
        return "it takes too long"
    return f"the connection broke ({type(error).__name__})"


def _unreadable(response: _Response, error: UnreadableAnswer) -> str:
    if "html" in response.headers.get("Content-Type", "") or response.body.lstrip()[:1] == b"<":
        return "a web page came instead of data; maintenance, most likely"
    return str(error)
