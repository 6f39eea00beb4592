"""Subscriptions to Exact's webhooks, of as many divisions as there are: who is told of what."""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from exact_sync import logs
from exact_sync.errors import ExactSyncError, Refused, SignInNeeded, Stopped, WorkHeld
from exact_sync.exact.client import Client
from exact_sync.exact.subscriptions import NotCallable, Subscription, Subscriptions
from exact_sync.store import divisions
from exact_sync.store.divisions import Division
from exact_sync.sync.audience import Nobody
from exact_sync.sync.crew import Crew

_TRIES = 20
"""So often a division is tried that another process has; each takes a second or two."""


@dataclass
class Done:
    """What became of one division's subscriptions; topics, but for ``found``."""

    division: int
    found: list[Subscription] = field(default_factory=list)
    """All that the app had there."""
    made: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    """They had another URL."""
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    errors: list[ExactSyncError] = field(default_factory=list)


class Subscribing:
    """Does it for many divisions at a time; within one, strictly one call after another.

    What goes wrong in one division, or with one topic, is in its ``Done``; the others go on. Raised is what
    concerns all: SignInNeeded, Stopped, and NotCallable where Exact can't reach us.
    """

    def __init__(self, crew: Crew, client: Client, client_id: str | None, workers: int) -> None:
        self._crew = crew
        self._client = client
        self._subscriptions = Subscriptions(client, client_id)
        self._workers = workers
        self._unknown: dict[str, Refused] = {}
        """Topics that Exact refused in one division: it would in all, and count that as errors."""

    def divisions(self, codes: Sequence[int], *, also_unwanted: bool = False) -> Sequence[Division]:
        """These, or all that are read. ``also_unwanted``: any that Exact lists, or all of those.

        Raises BadConfiguration for one that there is not, DivisionLost for one that can't be asked,
        SignInNeeded, and what keeps the list of divisions from being read.
        """
        crew = self._crew
        crew.check_signed_in()
        if not crew.has_divisions(() if also_unwanted else codes):
            outcome = crew.read_divisions(Nobody())
            if outcome.error is not None:
                raise outcome.error
        with crew.database.begin() as connection:
            listed = divisions.listed(connection)
        if also_unwanted and all(code in listed for code in codes):
            return [each for each in listed.values() if (each.code in codes if codes else each.active)]
        selection = crew.selection(codes, insist=True)
        for code in codes:
            if code in selection.failures:
                raise selection.failures[code]
        return [listed[code] for code in selection.divisions]

    def subscribe(self, codes: Sequence[int], topics: Sequence[str], url: str) -> Iterator[Done]:
        """Have each topic told to ``url``: what is there already stays, another URL is replaced."""

        def work(done: Done) -> None:
            there = {each.topic: each for each in done.found}
            for topic in topics:
                known = there.get(topic)
                if known is not None and known.url == url:
                    done.kept.append(topic)
                elif topic not in self._unknown:
                    self._make(done, topic, url, known)

        return self._each(codes, work)

    def unsubscribe(self, codes: Sequence[int], topics: Collection[str]) -> Iterator[Done]:
        """Have none of these topics told any more (none named: nothing at all)."""

        def work(done: Done) -> None:
            for each in done.found:
                if not topics or each.topic in topics:
                    self._subscriptions.delete(done.division, each)
                    done.removed.append(each.topic)

        return self._each(codes, work)

    def listed(self, codes: Sequence[int]) -> Iterator[Done]:
        return self._each(codes, lambda done: None)

    def _make(self, done: Done, topic: str, url: str, known: Subscription | None) -> None:
        try:
            if known is not None:
                self._subscriptions.delete(done.division, known)
            self._subscriptions.create(done.division, topic, url)
        except Refused as error:
            self._unknown[topic] = error
            done.errors.append(error)
            return
        (done.made if known is None else done.replaced).append(topic)

    def _each(self, codes: Sequence[int], work: Callable[[Done], None]) -> Iterator[Done]:
        def task(code: int) -> Done:
            done = Done(code)
            try:
                with self._claimed(code):
                    done.found = self._subscriptions.listed(code)
                    work(done)
            except (SignInNeeded, Stopped, NotCallable):
                raise
            except ExactSyncError as error:
                done.errors.append(error)
            return done

        threads = ThreadPoolExecutor(self._workers, "webhooks", **logs.for_threads())
        try:
            yield from threads.map(task, codes)
        finally:
            threads.shutdown(cancel_futures=True)

    @contextmanager
    def _claimed(self, division: int) -> Iterator[None]:
        """Ours meanwhile, with what is known of its limits. Raises WorkHeld where it stays in other hands."""
        crew = self._crew
        with ExitStack() as stack:
            for attempt in range(1, _TRIES + 1):
                try:
                    stack.enter_context(crew.claimed(division))
                    break
                except WorkHeld:
                    if attempt == _TRIES:
                        raise
            with crew.database.begin() as connection:
                budget = self._client.budget(division, divisions.known_budget(connection, division))
            try:
                yield
            finally:
                with crew.database.begin() as connection:
                    divisions.save_budget(connection, division, budget.as_json())
