"""One request at a time per division, within its budget, insisted on until data comes back."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import httpx

from exact_sync.clock import Clock
from exact_sync.errors import (
    BadData,
    BudgetSpent,
    ExactAway,
    Unclear,
)
from exact_sync.exact.breaker import Breaker
from exact_sync.exact.budget import Budget, Common
from exact_sync.exact.odata import Answer, Body, Shaped, UnreadableAnswer, read_answer, read_error
from exact_sync.exact.refusals import failure, refusal, trouble_of, unreadable
from exact_sync.exact.requests import Observer, Watch
from exact_sync.exact.session import Session

T = TypeVar("T")

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
    body: Body
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
        observer: Observer | None = None,
    ) -> None:
        """``calls_an_hour``: what a division's small reads need; first loads leave that to them.
        ``common``: a budget that all divisions have in common. ``observer``: hears of every request.
        """
        self._http = http
        self._session = session
        self._clock = clock
        self._patience = patience or Patience()
        self._day_reserve = day_reserve
        self._calls_an_hour = calls_an_hour
        self._common = common
        self._observer = observer
        self._breaker = Breaker(clock)
        """For calls outside all budgets, which count against no limit but that of errors."""
        self._budgets: dict[int, Budget] = {}
        self._released: set[int] = set()

    def budget(self, division: int, state: Mapping[str, object] | None = None) -> Budget:
        """The division's budget; ``state`` is what an earlier process knew of it."""
        known = self._budgets.get(division)
        if known is not None and (division not in self._released or state == known.saved):
            self._released.discard(division)
            return known
        self._released.discard(division)
        fresh = self._budgets[division] = Budget(
            division,
            self._clock,
            day_reserve=self._day_reserve,
            calls_an_hour=self._calls_an_hour,
            common=self._common,
            state=state,
        )
        if known is not None:
            fresh.stay_parked(known)
        return fresh

    def release(self, division: int) -> None:
        """Another process may call for this division from now on; its state tells if it did."""
        self._released.add(division)

    def get(
        self,
        division: int | None,
        endpoint: str,
        url: str,
        read: Callable[[Body], T],
        accept: str = "application/json",
        resource: str | None = None,
    ) -> tuple[T, httpx.Headers]:
        """The answer as ``read`` understands it. ``division`` None: a call outside all budgets.

        ``resource``: for which resource it is asked, for the observer.
        Raises BudgetSpent, ExactAway, DivisionLost, Unavailable, Refused or SignInNeeded.
        """
        if division is None:
            return self._insist(None, endpoint, url, read, accept, resource)
        budget = self.budget(division)
        with budget.one_at_a_time:
            return self._insist(budget, endpoint, url, read, accept, resource)

    def recall(self, endpoint: str, errors: Sequence[tuple[datetime, str]]) -> None:
        """Refusals that belong to no division and that earlier processes heard."""
        self._breaker.recall(endpoint, errors)

    def _insist(
        self,
        budget: Budget | None,
        endpoint: str,
        url: str,
        read: Callable[[Body], T],
        accept: str,
        resource: str | None,
    ) -> tuple[T, httpx.Headers]:
        attempt = minute_waits = 0
        while True:
            if budget is None:
                self._breaker.check(endpoint)
            else:
                budget.before_call(endpoint)
            self._clock.sleep(0)  # a process that is to stop asks nothing more
            watch = Watch(self._session, self._clock) if self._observer is not None else None
            trouble, rows = "", None
            try:
                response = self._send("GET", url, accept, watch)
                self._heard(budget, endpoint, response)
                if response.status == 200:
                    answer = read(response.body)
                    rows = answer.count if isinstance(answer, Answer | Shaped) else None
                    return answer, response.headers
                trouble = trouble_of(response.status, response.body)
                if response.status == 429 and budget is not None:
                    minute_waits = self._limited(budget, response, minute_waits)
                    continue
                self._check_refusal(budget, endpoint, response)
            except httpx.InvalidURL:
                raise BadData(f"{endpoint}: Exact sent a link that is no URL") from None
            except (httpx.TransportError, httpx.DecodingError) as error:
                trouble = failure(error)
            except UnreadableAnswer as error:
                trouble = unreadable(response.headers.get("Content-Type", ""), response.body, error)
            finally:
                division = None if budget is None else budget.division
                self._tell(watch, division, resource, endpoint, url, trouble, rows)
            attempt += 1
            if attempt >= self._patience.tries:
                raise ExactAway(
                    f"Exact does not answer {endpoint}: {trouble} ({attempt} tries)",
                    "the checkpoint is kept; try again later",
                )
            self._clock.sleep(self._patience.wait(attempt - 1))

    def change(
        self, division: int, method: str, endpoint: str, url: str, content: bytes | None = None
    ) -> None:
        """Ask Exact to make (POST) or delete something of its own, once.

        What Exact refuses before it does anything (a limit, a token) is asked again. Raises as ``get`` does,
        and Unclear where nobody knows whether it was done.
        """
        budget = self.budget(division)
        minute_waits = 0
        with budget.one_at_a_time:
            while True:
                budget.before_call(endpoint)
                self._clock.sleep(0)
                watch = Watch(self._session, self._clock) if self._observer is not None else None
                trouble = ""
                try:
                    response = self._send(method, url, "application/json", watch, content)
                    self._heard(budget, endpoint, response)
                    if 200 <= response.status < 300:
                        if response.body or method == "POST":
                            read_answer(response.body)  # a web page says nothing of what was done
                        return
                    trouble = trouble_of(response.status, response.body)
                    if response.status == 429:
                        minute_waits = self._limited(budget, response, minute_waits)
                        continue
                    self._check_refusal(budget, endpoint, response)
                except (httpx.TransportError, httpx.DecodingError) as error:
                    trouble = failure(error)
                except UnreadableAnswer as error:
                    trouble = unreadable(response.headers.get("Content-Type", ""), response.body, error)
                finally:
                    self._tell(watch, division, None, endpoint, url, trouble, None)
                raise Unclear(f"{endpoint} of division {division}: {trouble}")

    def _limited(self, budget: Budget, response: _Response, minute_waits: int) -> int:
        """A 429; how many minutes have been waited out. Raises BudgetSpent."""
        budget.limited(response.headers)
        if minute_waits >= self._patience.minute_waits:
            raise BudgetSpent(f"division {budget.division}: the minute's calls stay used up")
        return minute_waits + 1

    def _tell(
        self,
        watch: Watch | None,
        division: int | None,
        resource: str | None,
        endpoint: str,
        url: str,
        trouble: str,
        rows: int | None,
    ) -> None:
        """The observer hears of what was sent."""
        if self._observer is not None and watch is not None:
            for request in watch.requests(division, resource, endpoint, url, trouble, rows):
                self._observer.made(request)

    def _send(
        self, method: str, url: str, accept: str, watch: Watch | None, content: bytes | None = None
    ) -> _Response:
        """Streamed: httpx's plain get keeps page bodies alive in a reference cycle."""
        started = self._clock.monotonic()
        patience = self._patience
        timeout = httpx.Timeout(patience.read, connect=patience.connect)
        headers = {"Accept": accept} | ({"Content-Type": "application/json"} if content is not None else {})
        try:
            with self._http.stream(
                method,
                url,
                content=content,
                headers=headers,
                auth=watch or self._session,
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
                return _Response(response.status_code, response.headers, body, bool(response.history))
        finally:
            if watch is not None:
                watch.answer_ended()

    def _heard(self, budget: Budget | None, endpoint: str, response: _Response) -> None:
        """What every answer tells, whatever it is."""
        if budget is not None:
            budget.heard(response.headers)
        if response.repeated:
            breaker = self._breaker_of(budget)
            if response.status == 401:
                breaker.failed(endpoint, "the access token was refused")
            else:
                breaker.overcome(endpoint)
            if budget is not None:
                budget.repeated()

    def _breaker_of(self, budget: Budget | None) -> Breaker:
        return self._breaker if budget is None else budget.breaker

    def _check_refusal(self, budget: Budget | None, endpoint: str, response: _Response) -> None:
        """Raises where trying again can't help."""
        if response.status in (400, 401, 403, 404):
            said = read_error(response.body)
            words = f"HTTP {response.status}" + (f": {said[:200]}" if said else "")
            self._breaker_of(budget).failed(endpoint, words)
            reason = response.headers.get("Reason", "")
            division = None if budget is None else budget.division
            raise refusal(division, endpoint, response.status, reason, said)
