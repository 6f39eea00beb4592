"""Several divisions at a time, each one resource after another."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from exact_sync.catalog import RESOURCES
from exact_sync.errors import (
    BudgetSpent,
    DatabaseAway,
    DivisionLost,
    ExactAway,
    ExactSyncError,
    SignInNeeded,
    Stopped,
    Unavailable,
)
from exact_sync.sync.line import Job
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.pool import Pool
from tests.deployment import SharedClock
from tests.processes import until

NAMES = ["items", "contacts", "customers", "documents"]


class Scripted:
    """A runner that does what a test says, and sees what runs at the same time."""

    def __init__(self, ends: Callable[[int, str], ExactSyncError | None]) -> None:
        self.ran: list[tuple[int, str, bool, bool]] = []
        self.overlaps: list[int] = []
        self.most_at_once = 0
        self._ends = ends
        self._now: list[int] = []
        self._mutex = threading.Lock()

    def run(
        self, resource: Any, division: int, *, full: bool, insist: bool, on_page: Any, **others: Any
    ) -> Outcome:
        with self._mutex:
            self.ran.append((division, resource.name, full, insist))
            if division in self._now:
                self.overlaps.append(division)
            self._now.append(division)
            self.most_at_once = max(self.most_at_once, len(self._now))
        try:
            on_page(1)
            error = self._ends(division, resource.name)
        finally:
            with self._mutex:
                self._now.remove(division)
        if error is None:
            return Outcome(division, resource.name, "ok")
        return Outcome(division, resource.name, "failed", error=error, exit_code=error.exit_code)


class Claims:
    """Every division is ours, but for those that another process has."""

    def __init__(self) -> None:
        self.theirs: set[int] = set()
        self.paused: set[str] = set()
        self.ours: list[int] = []

    def claim(self, division: int) -> bool:
        assert division not in self.ours
        if division in self.theirs:
            return False
        self.ours.append(division)
        return True

    def release(self, division: int) -> None:
        self.ours.remove(division)

    def held_by(self, division: int) -> str:
        return "another process"

    def is_paused(self, division: int, resource: str) -> bool:
        return resource in self.paused


class Audience:
    def __init__(self) -> None:
        self.began: list[tuple[int, str]] = []
        self.pages = 0
        self.outcomes: list[Outcome] = []

    def begins(self, division: int, resource: str) -> None:
        self.began.append((division, resource))

    def page(self, division: int, resource: str, records: int) -> None:
        self.pages += records

    def ends(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


@contextmanager
def pool(runner: Scripted, audience: Audience, workers: int = 4) -> Iterator[Pool]:
    pool = Pool(runner, None, workers, audience, Claims(), SharedClock())  # type: ignore[arg-type]
    try:
        yield pool
    finally:
        assert pool.close(30)


def job(division: int, name: str, **options: bool) -> Job:
    return Job(division, RESOURCES[name], **options)


def work_off(
    ends: Callable[[int, str], ExactSyncError | None], divisions: int = 1
) -> tuple[Scripted, Audience]:
    """Everything for some divisions; nothing ends before all of it is queued."""
    queued = threading.Event()
    runner, audience = Scripted(lambda *of: ends(*of) if queued.wait(30) else None), Audience()
    with pool(runner, audience) as ours:
        for division in range(1, divisions + 1):
            for name in NAMES:
                ours.add(job(division, name))
        queued.set()
        assert ours.wait(30)
    return runner, audience


def test_every_job_is_done_in_order_and_a_division_is_never_worked_on_twice_at_once() -> None:
    runner, audience = work_off(lambda division, name: None, divisions=8)
    assert runner.overlaps == []
    for division in range(1, 9):
        assert [name for code, name, *_ in runner.ran if code == division] == NAMES
    assert len(audience.outcomes) == len(audience.began) == audience.pages == 32


def test_divisions_are_worked_on_at_the_same_time() -> None:
    together = threading.Barrier(4)

    def meet(division: int, name: str) -> None:
        together.wait(20)

    runner, _ = work_off(meet, divisions=4)
    assert runner.most_at_once == 4


def test_no_more_divisions_at_once_than_there_are_workers() -> None:
    together = threading.Barrier(2)

    def meet(division: int, name: str) -> None:
        with pytest.raises(threading.BrokenBarrierError):
            together.wait(0.2)

    runner, audience = Scripted(meet), Audience()
    with pool(runner, audience, workers=1) as ours:
        for division in range(5):
            ours.add(job(division, "items"))
        ours.wait()
    assert runner.most_at_once == 1
    assert len(runner.ran) == 5


@pytest.mark.parametrize(
    "error",
    [
        BudgetSpent("spent"),
        DatabaseAway("away"),
        DivisionLost("lost"),
        SignInNeeded("sign in"),
        Stopped("stop"),
    ],
)
def test_what_ends_a_division_skips_its_other_resources_but_no_other_division(error: ExactSyncError) -> None:
    runner, audience = work_off(lambda division, name: error if division == 1 else None, divisions=2)
    assert [name for code, name, *_ in runner.ran if code == 1] == NAMES[:1]
    assert [name for code, name, *_ in runner.ran if code == 2] == NAMES
    skipped = [outcome for outcome in audience.outcomes if outcome.status == "skipped"]
    assert [outcome.resource for outcome in skipped] == NAMES[1:]
    assert {outcome.exit_code for outcome in skipped} == {error.exit_code}


def test_what_concerns_one_resource_alone_lets_the_others_go_on() -> None:
    runner, audience = work_off(lambda division, name: Unavailable("no module") if name == "items" else None)
    assert len(runner.ran) == 4
    assert [outcome.status for outcome in audience.outcomes] == ["failed", "ok", "ok", "ok"]


def test_exact_being_away_twice_in_a_row_ends_the_division() -> None:
    runner, _ = work_off(lambda division, name: ExactAway("away"))
    assert len(runner.ran) == 2
    runner, _ = work_off(lambda division, name: ExactAway("away") if name in ("items", "customers") else None)
    assert len(runner.ran) == 4


def test_a_mistake_of_ours_in_one_resource_does_not_stop_the_others() -> None:
    def fail(division: int, name: str) -> None:
        if name == "items":
            raise ZeroDivisionError("oops")

    _, audience = work_off(fail)
    assert [outcome.status for outcome in audience.outcomes] == ["failed", "ok", "ok", "ok"]
    assert "ZeroDivisionError" in str(audience.outcomes[0].message)
    assert audience.outcomes[0].exit_code == 1


def test_an_audience_that_went_away_does_not_hold_up_the_work() -> None:
    class Gone(Audience):
        def ends(self, outcome: Outcome) -> None:
            super().ends(outcome)
            raise BrokenPipeError

    runner, audience = Scripted(lambda division, name: None), Gone()
    with pool(runner, audience) as ours:
        for name in NAMES:
            ours.add(job(1, name))
        assert ours.wait(30)
    assert len(runner.ran) == len(audience.outcomes) == 4


class Held(Scripted):
    """Its first run waits until it is let go."""

    def __init__(self) -> None:
        super().__init__(self._wait)
        self.running, self.go = threading.Event(), threading.Event()

    def _wait(self, division: int, name: str) -> None:
        self.running.set()
        assert self.go.wait(30)


def test_what_waits_already_is_not_queued_again_and_the_stronger_wish_counts() -> None:
    runner, audience = Held(), Audience()
    with pool(runner, audience) as ours:
        ours.add(job(1, "items"))
        assert runner.running.wait(30)
        ours.add(job(1, "contacts", full=True))
        ours.add(job(1, "contacts", insist=True))
        ours.add(job(1, "contacts"))
        ours.add(job(1, "items"))
        runner.go.set()
        assert ours.wait(30)
    assert runner.ran == [
        (1, "items", False, False),
        (1, "contacts", True, True),
        (1, "items", False, False),
    ]


def test_what_cannot_be_claimed_is_said_and_whoever_is_idle_does_what_comes_next() -> None:
    class Away(Claims):
        def claim(self, division: int) -> bool:
            if not audience.outcomes:
                raise DatabaseAway("gone for a moment")
            return super().claim(division)

    threads: set[str] = set()
    runner, audience = Scripted(lambda *of: threads.add(threading.current_thread().name)), Audience()
    ours = Pool(runner, None, 4, audience, Away(), SharedClock())  # type: ignore[arg-type]
    for division in (1, 1, 2):
        ours.add(job(division, "items"))
        assert ours.wait(30)
        until(lambda: ours._idle == 1)
    assert [(outcome.division, outcome.status) for outcome in audience.outcomes] == [
        (1, "skipped"),
        (1, "ok"),
        (2, "ok"),
    ]
    assert threads == {"division-0"}
    assert ours.close(30)


def test_closing_drops_what_waits_and_lets_what_runs_end() -> None:
    runner, audience = Held(), Audience()
    ours = Pool(runner, None, 2, audience, Claims(), SharedClock())  # type: ignore[arg-type]
    ours.add(job(1, "items"))
    ours.add(job(1, "contacts"))
    assert runner.running.wait(30)
    assert ours.close(0) is False
    ours.add(job(1, "documents"))
    ours.add(job(2, "documents"))
    runner.go.set()
    assert ours.wait(30)
    assert [name for _, name, *_ in runner.ran] == ["items"]
    assert [outcome.resource for outcome in audience.outcomes] == ["items"]


def test_waiting_ends_when_its_time_is_over() -> None:
    runner = Held()
    with pool(runner, Audience()) as ours:
        ours.add(job(1, "items"))
        assert ours.wait(0) is False
        runner.go.set()
        assert ours.wait() is True
