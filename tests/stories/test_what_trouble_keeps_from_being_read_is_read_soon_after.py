"""The daemon makes up for what trouble cost as soon as it can, not at the next scheduled time (F37)."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from exact_sync.errors import DatabaseAway
from exact_sync.simulator.faults import Context
from tests.at_work import AtWork
from tests.deployment import DIVISION, Deployment
from tests.facts import sql
from tests.mirror import ENOUGH

CUT_ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def at_work(deployment: Deployment) -> Iterator[AtWork]:
    with AtWork(deployment) as work:
        work.looks()
        assert work.daemon._wishes.trouble is None
        assert work.had() == []
        yield work


def test_a_cycle_that_a_cut_of_all_connections_ends_is_read_again_at_once(
    at_work: AtWork, database_url: str
) -> None:
    """Each resource succeeded a minute after its time, so it is not due before its next time."""
    at_work.everything_was_read(timedelta(minutes=59))

    def cut(context: Context) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(CUT_ALL)

    at_work.deployment.edit(1)
    at_work.deployment.simulator.faults.add("hook", path="Accounts", hook=cut, when="after")
    for name in ("customers", "contacts", "items", "documents"):
        at_work.daemon._fire(name)
    assert at_work.daemon._pool.wait(60)
    assert "customers" not in at_work.had()
    at_work.looks(3)
    assert {"customers", "contacts"} <= set(at_work.had())
    assert at_work.daemon._wishes.trouble is None
    assert at_work.deployment.differences("customers", "contacts", "items", deleted=False) == []
    at_work.looks(10)
    assert at_work.had() == []


def test_what_only_one_resource_cant_write_is_not_asked_for_every_five_seconds(at_work: AtWork) -> None:
    """A lock that somebody holds on its table: Exact must not pay for that."""
    refuse = """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'somebody holds it' USING ERRCODE = 'lock_not_available';
        END $$;
        CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON exact.items FOR EACH ROW EXECUTE FUNCTION refuse();
    """
    with at_work.deployment.service.database.begin() as connection:
        connection.exec_driver_sql(refuse)
    at_work.everything_was_read(timedelta(days=1))
    at_work.deployment.edit(1)
    at_work.deployment.simulator.stats.reset()
    at_work.daemon._wishes.trouble = "the database can't be used now"
    at_work.looks(12 * 30)
    assert 4 <= at_work.deployment.calls("Logistics/Items") <= 12
    with at_work.deployment.service.database.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER refuse ON exact.items")
    at_work.looks(12 * 15)
    assert "items" in at_work.had()


def test_a_time_that_comes_during_trouble_or_a_pause_is_made_up_for_when_it_is_over(at_work: AtWork) -> None:
    at_work.daemon._stands_still(DatabaseAway("gone for a moment"))
    at_work.daemon._fire("customers")
    at_work.daemon._fire("divisions")
    at_work.looks()
    assert at_work.had() == ["customers", "divisions"]
    at_work.looks(12)
    assert at_work.had() == []

    sql(at_work.deployment, "INSERT INTO exact_sync.pause VALUES (0, 'items')")
    assert not at_work.crew.is_paused(DIVISION, "items")
    at_work.looks()
    assert at_work.crew.is_paused(DIVISION, "items"), "what is under way is to give way"
    at_work.everything_was_read(timedelta(days=9))
    at_work.looks()
    assert at_work.had() == []
    sql(at_work.deployment, "DELETE FROM exact_sync.pause")
    kept: list[bool] = []
    at_work.daemon._keep_signed_in = lambda: kept.append(True)
    at_work.looks()
    assert "items" in at_work.had()
    assert kept, "also where nothing is read for weeks"


def test_a_time_that_meets_a_cut_connection_itself_is_made_up_for(
    at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paused() -> None:
        raise DatabaseAway("gone for a moment")

    with monkeypatch.context() as patch:
        patch.setattr(at_work.crew, "paused", paused)
        at_work.daemon._fire("customers")
    assert at_work.daemon._wishes.trouble == "gone for a moment"
    at_work.looks()
    assert at_work.had() == ["customers"]


def test_what_needs_a_sign_in_is_read_as_soon_as_somebody_has_signed_in(at_work: AtWork) -> None:
    deployment = at_work.deployment
    deployment.simulator.faults.add("revoke_consent", path="Accounts")
    at_work.daemon._fire("customers")
    assert at_work.daemon._pool.wait(60)
    at_work.looks(24)
    assert at_work.had() == []
    deployment.sign_in()
    at_work.looks()
    assert at_work.had() == ["customers"]


def test_a_new_daemon_that_could_not_learn_whose_it_is_begins_once_exact_is_back(
    deployment: Deployment,
) -> None:
    """Somebody signed in while Exact would not say who that is."""
    with deployment.service.database.begin() as connection:
        connection.exec_driver_sql("UPDATE exact_sync.sign_in SET home_division = NULL")
    away = deployment.simulator.faults.add("status", path="current/Me", status=503, times=None)
    with AtWork(deployment, is_new=True) as work:
        work.looks(24)
        assert 2 <= len(work.had("later")) <= 6, "it is not asked at each look"
        deployment.simulator.faults.remove(away)
        work.looks(24)
        assert work.had() == sorted(ENOUGH)
    assert deployment.differences() == []
