"""One request at a time per division, within its budget, insisted on until data comes back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import httpx

from exact_sync.clock import Clock
from exact_sync.errors import BadData, BudgetSpent, ExactAway, Unclear
from exact_sync.exact.breaker import Breaker
from exact_sync.exact.budget import Budget, Common
from exact_sync.exact.odata import Answer, Shaped, UnreadableAnswer, read_answer, read_error
from exact_sync.exact.refusals import failure, refusal, trouble_of, unreadable
from exact_sync.exact.requests import Observer, Watch
from exact_sync.exact.sending import Patience, Question, Response, Sender
from exact_sync.exact.session import Session

T = TypeVar("T")


class _NoAnswer(Exception):
    """No data came, which may pass; the text says what came instead."""


class _Limited(Exception):
    """A 429 of a division: its budget waits until it may call again."""

    def __init__(self, division: int) -> None:
        super().__init__(division)
        self.division = division


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
        keep: Callable[[Budget], None] = lambda budget: None,
    ) -> None:
        """``calls_an_hour``: what a division's small reads need; first loads leave that to them.
        ``common``: a budget that all divisions have in common. ``observer``: hears of every request.
        ``keep``: stores a budget whose reset is to be waited for.
        """
        self._session = session
        self._clock = clock
        self._patience = patience or Patience()
        self._sender = Sender(http, session, clock, self._patience)
        self._day_reserve = day_reserve
        self._calls_an_hour = calls_an_hour
        self._common = common
        self._observer = observer
        self._keep = keep
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
        read: Callable[[bytes], T],
        accept: str = "application/json",
        resource: str | None = None,
    ) -> tuple[T, httpx.Headers]:
        """The answer as ``read`` understands it. ``division`` None: a call outside all budgets.

        ``resource``: for which resource it is asked, for the observer.
        Raises BudgetSpent, ExactAway, DivisionLost, Unavailable, Refused or SignInNeeded.
        """
        question = Question(endpoint, url, accept=accept, resource=resource)
        if division is None:
            return self._insist(None, question, read)
        budget = self.budget(division)
        with budget.one_at_a_time:
            return self._insist(budget, question, read)

    def recall(self, endpoint: str, errors: Sequence[tuple[datetime, str]]) -> None:
        """Refusals that belong to no division and that earlier processes heard."""
        self._breaker.recall(endpoint, errors)

    def _insist(
        self, budget: Budget | None, question: Question, read: Callable[[bytes], T]
    ) -> tuple[T, httpx.Headers]:
        tries = minute_waits = 0
        while True:
            try:
                return self._ask(budget, question, read)
            except _Limited as limit:
                minute_waits = self._wait_again(limit, minute_waits)
                continue
            except _NoAnswer as error:
                trouble = str(error)
            tries += 1
            if tries >= self._patience.tries:
                raise ExactAway(
                    f"Exact does not answer {question.endpoint}: {trouble} ({tries} tries)",
                    "the checkpoint is kept; try again later",
                )
            self._clock.sleep(self._patience.wait(tries - 1))

    def change(
        self, division: int, method: str, endpoint: str, url: str, content: bytes | None = None
    ) -> None:
        """Ask Exact to make (POST) or delete something of its own, once.

        What Exact refuses before it does anything (a limit, a token) is asked again. Raises as ``get`` does,
        and Unclear where nobody knows whether it was done.
        """

        def read(body: bytes) -> None:
            if body or method == "POST":
                read_answer(body)  # a web page says nothing of what was done

        budget = self.budget(division)
        minute_waits = 0
        with budget.one_at_a_time:
            while True:
                try:
                    self._ask(budget, Question(endpoint, url, method, content=content), read)
                    return
                except _Limited as limit:
                    minute_waits = self._wait_again(limit, minute_waits)
                except _NoAnswer as error:
                    raise Unclear(f"{endpoint} of division {division}: {error}") from None

    def _ask(
        self, budget: Budget | None, question: Question, read: Callable[[bytes], T]
    ) -> tuple[T, httpx.Headers]:
        """One request. Raises _Limited or _NoAnswer where it may be repeated."""
        endpoint = question.endpoint
        if budget is None:
            self._breaker.check(endpoint)
        else:
            budget.before_call(endpoint)
        self._clock.sleep(0)  # a process that is to stop asks nothing more
        watch = Watch(self._session, self._clock) if self._observer is not None else None
        trouble, rows = "", None
        try:
            response = self._sender.send(question, watch)
            self._heard(budget, endpoint, response)
            if question.is_answered(response.status):
                answer = read(response.body)
                rows = answer.count if isinstance(answer, Answer | Shaped) else None
                return answer, response.headers
            trouble = trouble_of(response.status, response.body)
            if response.status == 429 and budget is not None:
                budget.limited(response.headers)
                self._keep(budget)
                raise _Limited(budget.division)
            self._check_refusal(budget, endpoint, response)
        except httpx.InvalidURL:
            raise BadData(f"{endpoint}: Exact sent a link that is no URL") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            trouble = failure(error)
        except UnreadableAnswer as error:
            trouble = unreadable(response.headers.get("Content-Type", ""), response.body, error)
        finally:
            self._tell(watch, None if budget is None else budget.division, question, trouble, rows)
        raise _NoAnswer(trouble)

    def _wait_again(self, limit: _Limited, minute_waits: int) -> int:
        """How many minutes have been waited out with this one. Raises BudgetSpent after too many."""
        if minute_waits >= self._patience.minute_waits:
            raise BudgetSpent(f"division {limit.division}: the minute's calls stay used up") from None
        return minute_waits + 1

    def _tell(
        self,
        watch: Watch | None,
        division: int | None,
        question: Question,
        trouble: str,
        rows: int | None,
    ) -> None:
        """The observer hears of what was sent."""
        if self._observer is not None and watch is not None:
            for request in watch.requests(
                division, question.resource, question.endpoint, question.url, trouble, rows
            ):
                self._observer.made(request)

    def _heard(self, budget: Budget | None, endpoint: str, response: Response) -> None:
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

    def _check_refusal(self, budget: Budget | None, endpoint: str, response: Response) -> None:
        """Raises where trying again can't help."""
        if response.status in (400, 401, 403, 404):
            said = read_error(response.body)
            words = f"HTTP {response.status}" + (f": {said[:200]}" if said else "")
            self._breaker_of(budget).failed(endpoint, words)
            reason = response.headers.get("Reason", "")
            division = None if budget is None else budget.division
            raise refusal(division, endpoint, response.status, reason, said)
