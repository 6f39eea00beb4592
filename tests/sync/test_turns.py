"""Whose turn it is: small reads before long ones, who is longest due before others, nobody starves."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from exact_sync.catalog import RESOURCES
from exact_sync.errors import BackfillSpent, GivesWay, Stopped, WorkHeld
from exact_sync.store.runs import Tally
from exact_sync.sync.line import Job, Line
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.pool import Pool
from tests.deployment import START, SharedClock
from tests.processes import until
from tests.sync.test_pool import Audience, Claims


class Turns:
    """A runner that notes who ran, and whose long readings follow a script."""

    def __init__(self, long_reading: Callable[[int, str, Any], Outcome | None] | None = None) -> None:
        self.ran: list[tuple[int, str]] = []
        self.full: list[str] = []
        """What was to be read from the beginning, whatever is here."""
        self.begun, self.begin = threading.Event(), threading.Event()
        self._long_reading = long_reading

    def run(self, resource: Any, division: int, *, gives_way: Any, **others: Any) -> Outcome:
        self.begun.set()
        assert self.begin.wait(30)
        self.ran.append((division, resource.name))
        self.full += [resource.name] if others["full"] else []
        outcome = self._long_reading(division, resource.name, gives_way) if self._long_reading else None
        return outcome or Outcome(division, resource.name, "ok", Tally(calls=1, records=10))


def job(division: int, name: str, *, hours: float | None = None, **options: Any) -> Job:
    """``hours`` since it was last read."""
    last_read = START - timedelta(hours=hours) if hours is not None else None
    return Job(division, RESOURCES[name], last_read=last_read, **options)


def work_off(runner: Turns, jobs: list[Job], claims: Claims | None = None, workers: int = 1) -> Audience:
    """One thread does all jobs: the first one, and when all are queued the others in turn."""
    audience = Audience()
    pool = Pool(runner, None, workers, audience, claims or Claims(), SharedClock())  # type: ignore[arg-type]
    for one in jobs:
        pool.add(one)
        if one is jobs[0] and claims is None:
            assert runner.begun.wait(30)
    runner.begin.set()
    assert pool.wait(30)
    assert pool.close(30)
    return audience


def test_the_division_that_is_longest_due_goes_first() -> None:
    runner = Turns()
    jobs = [job(1, "items", hours=1), job(2, "items", hours=3), job(3, "items", hours=2), job(4, "items")]
    work_off(runner, [job(9, "items", hours=9), *jobs])
    assert [division for division, _ in runner.ran[1:]] == [4, 2, 3, 1]


def test_small_reads_of_all_divisions_go_before_any_long_one() -> None:
    runner = Turns()
    long = [job(division, "customers", is_backfill=True) for division in (1, 2, 3)]
    small = [job(division, "items", hours=1) for division in (1, 2, 3)]
    work_off(runner, [job(9, "items", hours=9), *long, *small])
    assert [name for _, name in runner.ran[1:]] == ["items"] * 3 + ["customers"] * 3


def test_a_long_reading_lets_small_reads_go_first_and_is_told_once_with_all_it_did() -> None:
    turns: list[bool] = []

    def read(division: int, name: str, gives_way: Any) -> Outcome | None:
        if name != "customers":
            return None
        turns.append(gives_way(1))
        error = GivesWay("later")
        tally = Tally(calls=2, records=20)
        return Outcome(division, name, "waits", tally, error=error) if turns[-1] else None

    runner = Turns(read)
    pool = Pool(runner, None, 1, audience := Audience(), Claims(), SharedClock())  # type: ignore[arg-type]
    pool.add(job(1, "customers", is_backfill=True, full=True))
    assert runner.begun.wait(30)
    pool.add(job(1, "items", hours=1))
    pool.add(job(2, "items", hours=1))
    runner.begin.set()
    assert pool.wait(30)
    assert pool.close(30)
    assert turns[-1] is False
    assert runner.ran[-1] == (1, "customers")
    assert {(1, "items"), (2, "items")} <= set(runner.ran[:-1])
    assert runner.full == ["customers"], "it goes on, else it would never end"
    told = [outcome for outcome in audience.outcomes if outcome.resource == "customers"]
    assert [outcome.status for outcome in told] == ["ok"]
    assert told[0].tally.records == 10 + 20 * turns.count(True)
    assert audience.began.count((1, "customers")) == 1


def test_what_is_paused_is_read_no_further_but_by_who_insists() -> None:
    """While it is read, after it gave way, and while it waits its turn."""
    claims, long = Claims(), {"is_backfill": True}

    def read(division: int, name: str, gives_way: Any) -> Outcome | None:
        if name == "customers":
            pool.add(job(1, "items", hours=1))
        elif name == "items":
            claims.paused = {"customers", "contacts", "sales_orders"}
        elif name == "documents":
            assert not gives_way(1)
            claims.paused.add(name)
        if name in ("items", "sales_orders"):
            return None
        assert gives_way(1)
        return Outcome(division, name, "waits", Tally(records=20), error=GivesWay("later"))

    runner = Turns(read)
    pool = Pool(runner, None, 1, audience := Audience(), claims, SharedClock())  # type: ignore[arg-type]
    for name in ("customers", "documents", "contacts"):
        pool.add(job(1, name, **long))
    pool.add(job(1, "sales_orders", insist=True, **long))
    runner.begin.set()
    assert pool.wait(30)
    assert pool.close(30)
    assert [name for _, name in runner.ran] == ["customers", "items", "documents", "sales_orders"]
    told = {outcome.resource: (outcome.status, outcome.tally.records) for outcome in audience.outcomes}
    stopped, whole = ("waits", 20), ("ok", 10)
    assert told == {"items": whole, "documents": stopped, "sales_orders": whole, "customers": stopped}


def test_a_long_reading_gives_way_to_its_own_division_beside_idle_threads_and_to_a_pool_that_closes() -> None:
    own: list[bool] = []

    def read(division: int, name: str, gives_way: Any) -> Outcome | None:
        if name == "customers" and not own:
            own.append(gives_way(1))
            ours.add(job(1, "items", hours=1))
            own.append(gives_way(1))
        elif name == "customers":
            goes_on.set()
            until(lambda: gives_way(1))
        else:
            return None
        return Outcome(division, name, "waits", error=GivesWay("later"))

    runner, goes_on = Turns(read), threading.Event()
    runner.begin.set()
    ours = Pool(runner, None, 2, Audience(), Claims(), SharedClock())  # type: ignore[arg-type]
    ours.add(job(1, "customers", is_backfill=True))
    assert goes_on.wait(30)
    assert ours.close(30)
    assert own == [False, True]
    assert runner.ran == [(1, "customers"), (1, "items"), (1, "customers")]


def test_a_long_reading_lets_every_other_one_of_its_division_begin_before_it_goes_on() -> None:
    def read(division: int, name: str, gives_way: Any) -> Outcome | None:
        return Outcome(division, name, "waits", error=GivesWay("later")) if gives_way(5) else None

    runner = Turns(read)
    names = ["customers", "contacts", "items"]
    work_off(runner, [job(9, "items"), *(job(1, name, is_backfill=True) for name in names)])
    assert [name for _, name in runner.ran[1:]] == [*names, "customers", "contacts"]


def test_a_first_load_that_an_earlier_run_began_lets_the_others_begin() -> None:
    runner = Turns()
    begun = job(1, "customers", is_backfill=True, has_begun=True)
    others = [job(1, name, is_backfill=True) for name in ("contacts", "items")]
    work_off(runner, [job(9, "items"), begun, *others])
    assert [name for _, name in runner.ran[1:]] == ["contacts", "items", "customers"]


def test_who_would_wait_for_the_minute_lets_other_divisions_work() -> None:
    clock = SharedClock()

    def read(division: int, name: str, gives_way: Any) -> Outcome | None:
        if division == 1 and runner.ran.count((1, name)) == 1:
            assert gives_way(None)
            until = clock.now() + timedelta(seconds=40)
            return Outcome(division, name, "waits", error=GivesWay("later", until=until), until=until)
        return None

    runner = Turns(read)
    pool = Pool(runner, None, 1, audience := Audience(), Claims(), clock)  # type: ignore[arg-type]
    for division in (1, 2, 3):
        pool.add(job(division, "customers", is_backfill=True, full=True))
    runner.begin.set()
    assert pool.wait(30)
    assert pool.close(30)
    assert [division for division, _ in runner.ran] == [1, 2, 3, 1]
    assert len(runner.full) == 4, "it had read nothing yet, so it is still to read everything"
    assert clock.now() >= START + timedelta(seconds=40)
    assert [outcome.status for outcome in audience.outcomes] == ["ok"] * 3


def test_who_waits_for_the_minute_waits_no_longer_where_the_clock_is_set_back() -> None:
    line, second = Line(), timedelta(seconds=1)
    line.add(job(1, "customers", is_backfill=True))
    waiting = line.next(START)
    assert waiting is not None
    waiting.ready_at = START + 60 * second
    line.done(waiting)
    assert line.next(START) is line.next(START + 59 * second) is line.next(START - 3 * second) is None
    assert line.next(START - 3600 * second) is waiting


def test_all_whose_minute_begins_go_on_at_once() -> None:
    """One thread naps for all of them, and the others must not sleep on."""

    class Nap(SharedClock):
        def sleep(self, seconds: float) -> None:
            until(lambda: pool._idle == 1)  # all have given way, and the other thread waits
            super().sleep(seconds)

    minute, both = START + timedelta(seconds=40), threading.Barrier(2)

    def read(division: int, name: str, gives_way: Any) -> Outcome | None:
        if runner.ran.count((division, name)) == 1:
            return Outcome(division, name, "waits", error=GivesWay("later", until=minute), until=minute)
        both.wait(30)
        return None

    runner = Turns(read)
    pool = Pool(runner, None, 2, audience := Audience(), Claims(), Nap())  # type: ignore[arg-type]
    for division in (1, 2):
        pool.add(job(division, "customers", is_backfill=True))
    runner.begin.set()
    assert pool.wait(60)
    assert pool.close(30)
    assert [outcome.status for outcome in audience.outcomes] == ["ok"] * 2


def test_alone_nobody_gives_way() -> None:
    asked: list[bool] = []

    def read(division: int, name: str, gives_way: Any) -> None:
        asked.extend([gives_way(None), gives_way(1), gives_way(5)])

    work_off(Turns(read), [job(1, "customers", is_backfill=True)])
    assert asked == [False, False, False]


def test_idle_threads_spare_a_long_reading_from_giving_way() -> None:
    running, other = threading.Event(), threading.Event()
    asked: list[bool] = []

    def read(division: int, name: str, gives_way: Any) -> None:
        if division == 1:
            running.set()
            assert other.wait(30)
            asked.append(gives_way(1))
        else:
            assert running.wait(30)
            other.set()

    jobs = [job(1, "customers", is_backfill=True), job(2, "items", hours=1)]
    work_off(Turns(read), jobs, workers=2)
    assert asked == [False]


def test_what_is_left_of_the_day_being_for_small_reads_skips_nothing() -> None:
    def read(division: int, name: str, gives_way: Any) -> Outcome | None:
        error = BackfillSpent("for small reads")
        return Outcome(division, name, "later", error=error, exit_code=4) if name == "customers" else None

    runner = Turns(read)
    long = [job(1, "customers", is_backfill=True), job(1, "contacts", is_backfill=True)]
    audience = work_off(runner, [*long, job(1, "items", hours=1)])
    assert sorted(outcome.status for outcome in audience.outcomes) == ["later", "ok", "ok"]


def test_a_division_in_other_hands_is_left_to_them_after_all_else_is_done() -> None:
    runner, claims = Turns(), Claims()
    claims.theirs = {1}
    audience = work_off(runner, [job(1, "items"), job(2, "items"), job(3, "items")], claims)
    assert [division for division, _ in runner.ran] == [2, 3]
    [held] = [outcome for outcome in audience.outcomes if outcome.division == 1]
    assert isinstance(held.error, WorkHeld)
    assert (held.exit_code, held.status) == (4, "skipped")
    assert "another process" in str(held.message)
    assert claims.ours == []


def test_a_division_that_comes_free_while_others_are_worked_on_is_worked_on() -> None:
    done = threading.Event()

    class Held(Claims):
        tries = 0

        def claim(self, division: int) -> bool:
            self.tries += division == 1
            return super().claim(division) if division != 1 or done.is_set() else False

    def read(division: int, name: str, gives_way: Any) -> None:
        if division == 2:
            until(lambda: claims.tries > 5)
            done.set()

    claims, runner = Held(), Turns(read)
    audience = work_off(runner, [job(2, "items"), job(1, "items")], claims, workers=2)
    assert sorted(division for division, _ in runner.ran) == [1, 2]
    assert {outcome.status for outcome in audience.outcomes} == {"ok"}


def test_who_is_asked_to_stop_while_all_wait_says_what_was_left_undone() -> None:
    clock = SharedClock()

    def read(division: int, name: str, gives_way: Any) -> Outcome | None:
        until = clock.now() + timedelta(seconds=40)
        return Outcome(division, name, "waits", error=GivesWay("later", until=until), until=until)

    def stop(seconds: float) -> None:
        raise Stopped("asked to stop")

    clock.sleep = stop  # type: ignore[method-assign]
    runner, audience = Turns(read), Audience()
    pool = Pool(runner, None, 1, audience, Claims(), clock)  # type: ignore[arg-type]
    pool.add(job(1, "customers", is_backfill=True))
    runner.begin.set()
    assert pool.wait(30)
    assert pool.close(30)
    assert [(outcome.status, outcome.exit_code) for outcome in audience.outcomes] == [("skipped", 4)]
