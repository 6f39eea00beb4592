"""Something that is looked up when it is asked for, but not again at once, and not waited for long."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """The answer of ``look``, at most ``age`` seconds old; all who ask meanwhile share it.

    It is looked up in one thread, never in two at once, so that a flood of questions costs nothing.
    ``rest``: an answer that took long is kept so many times as long as it took, so that the share of
    time that is spent on looking is bounded.
    """

    def __init__(
        self,
        look: Callable[[], T],
        monotonic: Callable[[], float],
        *,
        age: float = 1.0,
        rest: float = 0.0,
        patience: float,
    ) -> None:
        self._look = look
        self._monotonic = monotonic
        self._age = age
        self._rest = rest
        self._patience = patience
        self._answer: Future[T] | None = None
        self._asked_at = 0.0
        self._took = 0.0
        self._forgotten = False

    def forget(self) -> None:
        """What was found is no longer true: who asks from now on gets an answer that was looked up later."""
        self._forgotten = True

    async def get(self) -> T:
        """Raises TimeoutError where it takes more than ``patience`` seconds."""
        waited = self._monotonic() - self._asked_at
        if self._answer is not None and self._forgotten and not self._answer.done():
            await self._wait(self._answer, waited)  # this one began too early
        if self._answer is None or (
            self._answer.done() and (self._forgotten or waited >= max(self._age, self._took * self._rest))
        ):
            self._asked_at, waited = self._monotonic(), 0.0
            self._answer, self._forgotten = Future(), False
            # A daemon thread: one that hangs in a system call must not keep the process from ending.
            threading.Thread(target=self._find, args=(self._answer,), name="look", daemon=True).start()
        if self._answer.done():
            return self._answer.result()
        return await self._wait(self._answer, waited)

    async def _wait(self, answer: "Future[T]", waited: float) -> T:
        if waited >= self._patience:
            raise TimeoutError
        shared = asyncio.shield(asyncio.wrap_future(answer))
        return await asyncio.wait_for(shared, self._patience - waited)

    def _find(self, answer: "Future[T]") -> None:
        try:
            found = self._look()
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            answer.set_exception(error)
            return
        finally:
            self._took = self._monotonic() - self._asked_at
        answer.set_result(found)
