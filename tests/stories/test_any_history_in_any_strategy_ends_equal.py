"""Random histories of what Exact can do to us, deletions included, in every strategy; then one good cycle.

A few run always. Many: ``EXACT_SYNC_HISTORIES=200 pytest -n 2 tests/stories/test_any_history_in_any_…``.
"""

import itertools
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from exact_sync.catalog import RESOURCES
from exact_sync.config import ResourceSettings
from exact_sync.simulator import Simulator
from exact_sync.simulator.edits import change_record, insert_record, new_record, remove_record
from exact_sync.store import checkpoints
from tests.conftest import named
from tests.deployment import DIVISION, Deployment, SharedClock
from tests.facts import restart, sql
from tests.feeds import commit_late, small_pages
from tests.founding import TINY
from tests.mirror import differences

SUBJECTS = (
    "gl_accounts", "customers", "contacts", "items", "documents", "document_attachments",
    "transaction_lines", "financial_transactions", "addresses", "projects", "stock_positions",
)  # fmt: skip
SEATS = [(name, str(strategy)) for name in SUBJECTS for strategy in RESOURCES[name].strategies]
"""Every resource of these in every strategy that it can have."""
GROUPS = [SEATS[start::12] for start in range(12)]
"""All of them, two or three different resources to a group."""
COUNTS = TINY | {"financialtransaction/Transactions": 70, "salesinvoice/SalesInvoices": 20}

STEPS = (
    "work", "work", "work", "remove some", "remove some", "create again", "create again",
    "a late row", "wait a little", "wait a little", "wait for days", "wait for months",
    "sync", "sync", "sync", "sync what was deleted", "sync in full", "sync in trouble", "sync in trouble",
    "break off", "break off", "move", "move", "lose rights", "lose rights", "lose the Sync API",
    "lose the log", "a gap in the log", "accept what is wrong", "read otherwise", "read otherwise",
)  # fmt: skip
TROUBLE = ("cut_json", "html", "reset", "wrong_length", "no_d", "minute_429", "lying_429", "lost_answer")

MANY = int(os.environ.get("EXACT_SYNC_HISTORIES", "0"))
_numbers = itertools.count()


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[str]]:
    """Chance for the details, and what happens. (In the order in which hypothesis shrinks them.)"""
    chance = draw(st.integers(0, 2**32))
    order = draw(st.permutations(range(len(STEPS))))
    return chance, [STEPS[place] for place in order[: draw(st.integers(9, 16))]]


@pytest.mark.parametrize("group", range(len(GROUPS)))
def test_after_any_history_a_good_cycle_makes_all_equal(group: int, server: str, template: str) -> None:
    @settings(
        max_examples=max(1, -(-MANY // len(GROUPS))),
        derandomize=not MANY,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate] + [Phase.shrink] * bool(os.environ.get("EXACT_SYNC_SHRINK")),
    )
    @given(histories())
    def tell(history: tuple[int, list[str]]) -> None:
        chance, steps = history
        dice = random.Random(f"{group} {chance}")
        if not MANY:
            dice.shuffle(steps)
        with a_world(server, template, GROUPS[group], dice) as world:
            for step in steps:
                world.step(step)
            world.end()

    tell()


class World:
    """A deployment of a few resources, and what happens around it."""

    def __init__(self, deployment: Deployment, dice: random.Random, seats: Sequence[tuple[str, str]]) -> None:
        self.deployment = deployment
        self.books = deployment.books
        self.dice = dice
        self.names = [name for name, _ in seats]
        self.paths = {name: RESOURCES[name].endpoint for name in self.names}
        self.gone: list[tuple[str, dict[str, Any]]] = []

    def step(self, what: str) -> None:
        note(what)
        getattr(self, what.replace(" ", "_"))()

    def sync(self, *names: str, full: bool = False) -> None:
        names = names or tuple(name for name in self.names if self.dice.random() < 0.7)
        if names:
            outcomes = self.deployment.sync("divisions", "deletions", *names, full=full)
            for outcome in outcomes:
                note(f"    {outcome.resource} {outcome.status} {outcome.tally} {outcome.message}")

    def wait(self, **duration: float) -> None:
        note(f"    {duration}")
        self.deployment.clock.advance(**duration)
        if duration.get("days", 0) > 29:
            self.deployment.simulator.rights.give_back()  # or the one who signs in has no name
            self.deployment.sign_in()

    # What people do at Exact.

    def work(self) -> None:
        for path in self.paths.values():
            self.change_some(path)
            self.add_some(path)
            self.remove(path, self.dice.choice((0, 0, 1, 3)))

    def change_some(self, path: str) -> None:
        rows = list(self.deployment.table(path).rows)
        for key in self.dice.sample(rows, min(len(rows), self.dice.choice((0, 1, 4)))):
            change_record(self.books, DIVISION, path, key, self.dice)

    def add_some(self, path: str) -> None:
        if len(self.deployment.table(path)):
            for _ in range(self.dice.choice((0, 1, 3))):
                insert_record(self.books, DIVISION, path, self.dice)

    def remove(self, path: str, count: int) -> None:
        rows = self.deployment.table(path).rows
        for key in self.dice.sample(list(rows), min(len(rows) // 2, count)):
            self.gone.append((path, rows[key]))
            remove_record(self.books, DIVISION, path, key)

    def remove_some(self) -> None:
        self.remove(self.a_path(), self.dice.choice((1, 5, 12)))

    def create_again(self) -> None:
        """With the same keys; partly as they were, partly changed."""
        self.wait(minutes=self.dice.choice((1, 20)))
        for _ in range(min(len(self.gone), 4)):
            path, row = self.gone.pop(self.dice.randrange(len(self.gone)))
            table = self.deployment.table(path)
            fresh = {name: None for name in ("Created", "Modified") if name in row}
            if row[table.entity.key] not in table.rows:
                table.insert(row | fresh)

    def a_late_row(self) -> None:
        path = self.a_path()
        if not len(self.deployment.table(path)):
            return
        record = new_record(self.books, DIVISION, path, self.dice)
        with commit_late(self.deployment, path, record):
            self.change_some(path)
            self.wait(minutes=self.dice.choice((1, 5)))
            self.sync()
            self.change_some(path)
            self.wait(minutes=self.dice.choice((1, 5)))
            self.sync()

    def a_path(self) -> str:
        return self.dice.choice(list(self.paths.values()))

    # Time.

    def wait_a_little(self) -> None:
        self.wait(minutes=self.dice.choice((1, 14, 20, 70, 400)))

    def wait_for_days(self) -> None:
        self.wait(days=self.dice.choice((1, 3, 8, 25)))

    def wait_for_months(self) -> None:
        self.wait(days=self.dice.choice((35, 59, 70)))

    # What Exact does.

    def move(self) -> None:
        """To another database: announced or not, numbered below or above what it was."""
        last = self.books.feeds(DIVISION).counter.last
        first = self.dice.choice((None, 2, last // 2, last + 1, last + 2**53))
        announced = self.dice.random() < 0.5
        note(f"    announced: {announced}, {last} -> {first}")
        self.books.move_division(DIVISION, first=first, announced=announced)
        self.maybe_sync()

    def lose_rights(self) -> None:
        path = self.dice.choice([*self.paths.values(), *self.paths.values(), ""])
        self.take_away(path, self.dice.random() < 0.5)

    def lose_the_Sync_API(self) -> None:
        feeds = [feed.endpoint for name in self.names if (feed := RESOURCES[name].feed)]
        self.take_away(self.dice.choice([*feeds, "sync/Deleted"]), self.dice.random() < 0.7)

    def lose_the_log(self) -> None:
        """For lack of the right to see it; meanwhile rows are removed."""
        self.deployment.simulator.rights.hide("sync/Deleted")
        self.remove_some()
        self.maybe_sync()
        self.maybe_sync()
        self.deployment.simulator.rights.give_back("sync/Deleted")
        self.maybe_sync()

    def take_away(self, path: str, forbid: bool) -> None:
        rights = self.deployment.simulator.rights
        note(f"    {path} {'forbidden' if forbid else 'hidden'}")
        (rights.forbid if forbid else rights.hide)(path)
        self.maybe_sync()
        self.maybe_sync()
        if self.dice.random() < 0.7:
            rights.clear()
            self.wait_a_little()

    def a_gap_in_the_log(self) -> None:
        log = self.books.feeds(DIVISION).deleted
        if self.dice.random() < 0.5:
            log.recording = False
            self.remove_some()
            self.maybe_sync()
            log.recording = True
        else:
            self.remove_some()
            log.lose()
            self.maybe_sync()

    # What we do.

    def maybe_sync(self) -> None:
        self.wait_a_little()
        if self.dice.random() < 0.7:
            self.sync()

    def sync_what_was_deleted(self) -> None:
        self.deployment.sync("deletions")

    def sync_in_full(self) -> None:
        self.sync(self.dice.choice(self.names), full=True)

    def sync_in_trouble(self) -> None:
        faults = self.deployment.simulator.faults
        for _ in range(3):
            faults.add(
                self.dice.choice(TROUBLE), after=self.dice.randrange(12), times=self.dice.choice((1, 9))
            )
        self.work()
        self.sync()
        faults.clear()

    def break_off(self) -> None:
        """After some pages nothing comes any more."""
        faults = self.deployment.simulator.faults
        name = self.dice.choice(self.names)
        path = self.dice.choice((f"/{self.paths[name].split('/')[-1]}", "Deleted"))
        faults.add("status", status=500, path=path, after=self.dice.randrange(1, 5), times=None)
        self.sync(*self.names, full=self.dice.random() < 0.4)
        faults.clear()
        if self.dice.random() < 0.5:
            self.work()

    def accept_what_is_wrong(self) -> None:
        """Somebody believes that an empty list is right."""
        self.take_away(self.a_path(), False)
        self.accept()
        self.sync(*self.names)

    def accept(self) -> int:
        with self.deployment.service.database.begin() as connection:
            return sum(len(checkpoints.accept(connection, name)) for name in self.names)

    def read_otherwise(self) -> None:
        name = self.dice.choice(self.names)
        strategy = self.dice.choice(RESOURCES[name].strategies)
        note(f"    {name} by {strategy}")
        sections = dict(self.deployment.settings.resources)
        sections[name] = sections[name].model_copy(update={"strategy": str(strategy)})
        restart(self.deployment, resources=sections)

    # The end.

    def is_midway(self) -> bool:
        """Whether a reading broke off and will go on."""
        query = "SELECT FROM exact_sync.checkpoint WHERE resume ? 'link'"
        return bool(sql(self.deployment, query))

    def end(self) -> None:
        """All is well again, for a week and a day."""
        deployment = self.deployment
        deployment.simulator.faults.clear()
        deployment.simulator.rights.clear()
        self.books.feeds(DIVISION).deleted.recording = True
        self.wait(days=8)
        deployment.sign_in()
        note("the end")
        is_midway = self.is_midway()
        self.sync(*self.names)
        if self.accept() or is_midway:  # what a reading left behind, the next one finds
            self.wait(hours=7)
            self.sync(*self.names)
        assert self.differences() == []
        self.wait(hours=7)
        again = deployment.sync_well("divisions", "deletions", *self.names)
        assert {o.resource: o.tally for o in again if o.tally.written or o.tally.deleted} == {}
        assert self.differences() == []
        assert deployment.violations() == {}

    def differences(self) -> list[str]:
        """Of all rows, removed ones included; a site may have refused how they were to be read."""
        query = "SELECT resource FROM exact_sync.checkpoint WHERE cursor_of = 'row_version'"
        by_version = {name for (name,) in sql(self.deployment, query)}
        database = self.deployment.service.database
        hard = [
            name for name, section in self.deployment.settings.resources.items() if section.deletes == "hard"
        ]
        marked = [
            name
            for name in hard
            if sql(self.deployment, f"SELECT FROM exact.{name} WHERE _deleted_at < now()")
        ]
        return differences(self.books, database, self.names, by_version=by_version) + marked


@contextmanager
def a_world(
    server: str, template: str, seats: Sequence[tuple[str, str]], dice: random.Random
) -> Iterator[World]:
    """A deployment of its own for each history."""
    name = f"history_{os.getpid()}_{next(_numbers)}"
    sections = {
        subject: ResourceSettings(strategy=strategy, deletes=dice.choice(("soft", "hard")))  # type: ignore[arg-type]
        for subject, strategy in seats
    }
    clock = SharedClock()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            with (
                small_pages(dice.choice((15, 40))),
                tempfile.TemporaryDirectory() as folder,
                Simulator(clock=clock.theirs) as simulator,
                Deployment(
                    simulator, named(server, name), clock, Path(folder), counts=COUNTS, resources=sections
                ) as deployment,
            ):
                yield World(deployment, dice, seats)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
