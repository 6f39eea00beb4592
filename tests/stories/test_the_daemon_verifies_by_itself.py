"""`verify_interval`: the mirror is held against Exact when that is due, whatever comes in the way."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from exact_sync.catalog import RESOURCES, Resource
from exact_sync.errors import BudgetSpent, DatabaseAway
from exact_sync.scheduler.verifying import Verification
from exact_sync.simulator.faults import Context
from exact_sync.store import pauses, runs
from exact_sync.sync.line import Job
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.verify import Checks
from tests.at_work import AtWork
from tests.deployment import DIVISION, Deployment
from tests.mirror import ENOUGH
from tests.stories.test_the_database_goes_away_and_comes_back import CUT_ALL

WEEKLY = Verification(timedelta(days=7), Checks())
ALL = sorted(ENOUGH - {"divisions", "deletions"})


@pytest.fixture
def at_work(deployment: Deployment) -> Iterator[AtWork]:
    with AtWork(deployment, verification=WEEKLY) as work:
        yield work


def test_a_mirror_that_was_never_verified_is_when_the_daemon_starts(at_work: AtWork) -> None:
    """The lists are read again before, and it is not done twice. What is paused is left alone."""
    attachments = at_work.deployment.table("documents/DocumentAttachments")
    attachments.change(next(iter(attachments.rows)), FileName="changed a moment ago.pdf")
    with at_work.deployment.service.database.begin() as connection:
        pauses.add(connection, [(pauses.EVERYWHERE, "journals"), (DIVISION, "items")])
    at_work.looks()
    assert {outcome.status for outcome in at_work.heard.outcomes} == {"ok", "verified"}
    for checks in (None, Checks()):  # as if they had waited their turn since before that
        at_work.daemon._pool.add(Job(DIVISION, RESOURCES["items"], checks=checks))
    assert at_work.daemon._pool.wait(60)
    assert {"journals", "items"}.isdisjoint(outcome.resource for outcome in at_work.heard.outcomes)
    assert at_work.had("verified") == sorted({*ALL} - {"journals", "items"})
    at_work.looks(12)
    assert at_work.had("verified") == []
    assert at_work.deployment.violations() == {}


def test_a_week_is_counted_from_the_last_time_whoever_did_it(at_work: AtWork) -> None:
    deployment = at_work.deployment
    deployment.service.verify(["items"], [], Checks(), at_work.heard)
    at_work.heard.outcomes.clear()
    begun = "UPDATE exact_sync.run SET started_at = %(at)s WHERE strategy = 'verify'"
    with deployment.service.database.begin() as connection:
        last = deployment.clock.now() - timedelta(days=6, hours=23)
        connection.exec_driver_sql(begun, {"at": last})
    at_work.looks(10, seconds=60)
    assert at_work.had("verified") == []
    at_work.looks(2, seconds=1800)
    assert at_work.had("verified") == ALL

    deployment.clock.advance(hours=-30 * 24)  # what was reckoned before says nothing any more
    at_work.looks()
    assert at_work.had("verified") == []
    at_work.looks(seconds=7 * 86_400)
    assert at_work.had("verified") == ALL


def test_what_a_days_calls_do_not_suffice_for_waits_for_its_next_turn(
    at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each day would be used up for it else."""
    asked: list[str] = []

    def spent(resource: Resource, division: int, *others: object) -> Outcome:
        asked.append(resource.name)
        error = BudgetSpent("no calls are left")
        return Outcome(division, resource.name, "later", error=error, is_verification=True)

    monkeypatch.setattr(at_work.deployment.service.verifier, "verify", spent)
    at_work.looks(4, seconds=1800)
    assert len(asked) == 1


def test_a_verification_that_becomes_due_during_trouble_is_done_when_that_is_over(
    at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise DatabaseAway("gone for a moment")

    with monkeypatch.context() as patch:
        patch.setattr(at_work.crew, "check_signed_in", refuse)
        at_work.looks(3)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "last_of", lambda connection, strategy: refuse())
        at_work.looks()
    assert at_work.daemon._wishes.trouble == "gone for a moment"
    assert at_work.heard.outcomes == []
    at_work.looks()
    assert at_work.daemon._wishes.trouble is None
    assert at_work.had("verified") == ALL


def test_what_a_cut_of_all_connections_keeps_from_being_verified_is_verified_later(
    at_work: AtWork, database_url: str
) -> None:
    def cut(context: Context) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(CUT_ALL)

    at_work.deployment.simulator.faults.add("hook", path="GLAccounts", after=1, hook=cut, when="after")
    at_work.looks()
    before = at_work.had("verified")
    assert before != ALL
    at_work.looks(3, seconds=700)
    assert sorted({*before, *at_work.had("verified")}) == ALL
    at_work.looks(3, seconds=700)
    assert at_work.had("verified") == []


def test_a_first_load_is_not_verified_before_there_is_anything(deployment: Deployment) -> None:
    with AtWork(deployment, verification=WEEKLY) as at_work:
        with deployment.service.database.begin() as connection:
            connection.exec_driver_sql("DELETE FROM exact_sync.checkpoint")
        at_work.looks()
        assert "never run" not in {outcome.status for outcome in at_work.heard.outcomes}
        assert "verified" not in {outcome.status for outcome in at_work.heard.outcomes}
        at_work.looks(1, seconds=3601)
        assert at_work.had("verified") == ALL
