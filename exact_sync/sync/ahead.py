"""Pages that are fetched while those before them are worked on."""

from collections.abc import Callable, Iterator
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Semaphore, Thread

from exact_sync.exact.client import Page

MOST = 3
"""Pages that wait for whoever works on them: so many calls are lost, at most, where the process is killed.
One whose body is kept, which is some megabytes, takes the room of all of them.
"""


class Ahead:
    """The next pages of a reading, fetched in a thread of its own until they end or it has to stop."""

    def __init__(self, pages: Iterator[Page], goes_on: Callable[[int], bool]) -> None:
        """``goes_on``: asked before each fetch, with the number of pages that were fetched here."""
        self._pages = pages
        self._goes_on = goes_on
        self._ready: SimpleQueue[Page | BaseException | None] = SimpleQueue()
        self._next: list[Page | BaseException | None] = []
        self._room = Semaphore(MOST)
        self._is_closed = False
        self.has_stopped = False
        """It was told not to go on; there may be more pages."""
        # A daemon: a request that hangs keeps no process from ending.
        self._thread = Thread(target=copy_context().run, args=(self._fetch_all,), name="pages", daemon=True)
        self._thread.start()

    def is_near(self, seconds: float) -> bool:
        """Whether there is something to take, now or within so many seconds."""
        try:
            self._next = self._next or [self._ready.get(timeout=seconds)]
        except Empty:
            return False
        return True

    def take(self) -> Page | None:
        """The next page, or None. Raises what went wrong when it was fetched."""
        found = self._next.pop() if self._next else self._ready.get()
        self._room.release(self._taken_by(found))
        if isinstance(found, BaseException):
            raise found
        return found

    def close(self) -> None:
        """Fetch no more; what is being fetched now is waited for."""
        self._is_closed = True
        self._room.release(MOST)
        self._thread.join()

    @staticmethod
    def _taken_by(page: Page | BaseException | None) -> int:
        return MOST if isinstance(page, Page) and page.has_body else 1

    def _fetch_all(self) -> None:
        fetched = 0
        page: Page | BaseException | None = None
        while True:
            self._room.acquire()
            if self._is_closed:
                return
            try:
                self.has_stopped = not self._goes_on(fetched)
                page = None if self.has_stopped else next(self._pages, None)
            except BaseException as error:  # noqa: BLE001 - it is raised where the page is taken
                page = error
            self._ready.put(page)
            for _ in range(self._taken_by(page) - 1):
                self._room.acquire()
            if not isinstance(page, BaseException) and page is not None:
                fetched += 1
                continue
            return
