"""Blocking work for a server whose answers come from one thread."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

from exact_sync.errors import TryLater

T = TypeVar("T")

_BUSY = "too much is asked at the same time"


class Gate:
    """Work in threads, so many at a time; few may wait for their turn, and nobody waits for long.

    So a flood of questions takes neither the connections of the workers nor the threads of the process.
    """

    def __init__(self, width: int = 1, *, queue: int = 40, patience: float = 8.0) -> None:
        """``patience``: seconds, for the turn and the work together."""
        self._turns = asyncio.Semaphore(width)
        self._places = width + queue
        self._patience = patience

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` returns or raises. Raises TryLater where it does not come to an end in time."""
        if not self._places:
            raise TryLater(_BUSY)
        self._places -= 1
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
                return await asyncio.shield(asyncio.wrap_future(self._begun(work)))
        except TimeoutError:
            raise TryLater(_BUSY) from None
        finally:
            self._places += 1

    def _begun(self, work: Callable[[], T]) -> "Future[T]":
        answer: Future[T] = Future()
        loop = asyncio.get_running_loop()

        def do() -> None:
            try:
                answer.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
                answer.set_exception(error)
            finally:
                with suppress(RuntimeError):  # the server has ended meanwhile
                    loop.call_soon_threadsafe(self._turns.release)

        # A daemon thread: one that hangs in a system call must not keep the process from ending.
        threading.Thread(target=do, name="gate", daemon=True).start()
        return answer
