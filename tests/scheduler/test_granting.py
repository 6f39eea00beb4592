"""Wishes are granted, or come again: none is lost to what passes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from exact_sync.scheduler.granting import AGAIN, Granting
from exact_sync.store import divisions
from tests.at_work import AtWork
from tests.deployment import DIVISION, Deployment
from tests.processes import until
from tests.stories.test_the_database_goes_away_and_comes_back import CUT_ALL


@pytest.fixture
def at_work(deployment: Deployment) -> Iterator[AtWork]:
    with AtWork(deployment) as work:
        work.looks()
        daemon = work.daemon
        daemon._wishes.open()
        Granting(
            daemon._wishes, work.crew, daemon._schedules, daemon._pool,
            daemon._divisions, daemon._read_divisions, daemon._stands_still,
        ).start()  # fmt: skip
        yield work
        daemon._wishes.close()


def test_a_hint_and_a_persons_wish_survive_a_cut_of_all_connections(
    at_work: AtWork, database_url: str
) -> None:
    """A webhook was answered with 200, so Exact does not tell it again; and items are paused."""
    wishes, deployment = at_work.daemon._wishes, at_work.deployment
    with deployment.service.database.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO exact_sync.pause (division, resource) VALUES ({DIVISION}, 'items')"
        )
    wishes.hint(DIVISION, "customers")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(CUT_ALL)
    deployment.clock.advance(seconds=1)
    wishes.ask(DIVISION, "items")
    until(lambda: wishes.trouble, "the cut is noticed")
    at_work.looks()
    assert wishes.trouble is None
    deployment.clock.advance(seconds=AGAIN)
    wishes.ask(DIVISION, "journals")  # wakes the one who waits in real time
    until(lambda: len(at_work.heard.outcomes) == 3, "all three are read")
    assert at_work.had() == ["customers", "items", "journals"]


def test_a_mistake_of_ours_ends_one_wish_and_not_the_thread(
    at_work: AtWork, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*arguments: Any) -> None:
        raise RuntimeError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr(at_work.crew, "standings", stumble)
        at_work.daemon._wishes.ask(DIVISION, "customers")
        until(lambda: "1 wishes met a mistake of ours" in caplog.text, "its being logged")
    at_work.daemon._wishes.ask(DIVISION, "items")
    until(lambda: at_work.had() == ["items"], "the next wish")


def test_who_names_a_division_that_exact_refused_may_have_the_right_to_it_now(at_work: AtWork) -> None:
    again = at_work.deployment.clock.now() + timedelta(minutes=10)
    with at_work.crew.database.begin() as connection:
        divisions.suspend(connection, code=DIVISION, reason="no right", retry_at=again)
    at_work.daemon._wishes.ask(DIVISION, "items")
    until(lambda: at_work.had() == ["items"], "a try")
