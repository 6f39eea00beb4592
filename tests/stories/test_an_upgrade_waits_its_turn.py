"""Upgrading the schema beside readers, with data in it, and against a newer one (F40, F47)."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from exact_sync.errors import DatabaseAway
from exact_sync.store import migrate
from tests.deployment import Deployment
from tests.mirror import stored_rows
from tests.processes import Here, one_clear_line, until

NEXT = """
revision = "9999"
down_revision = "{head}"

from alembic import op

def upgrade():
    op.execute("CREATE TABLE exact_sync.half_way (id int)")
    op.execute("ALTER TABLE exact.customers ADD COLUMN brand_new text")
    {then}
"""
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def install_next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release with one migration more; the file of that."""
    head = migrate.head()
    folder = tmp_path / "migrations"
    shutil.copytree(migrate._folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "_folder", lambda: folder)
    file = folder / "versions" / "9999_next.py"
    file.write_text(NEXT.format(head=head, then="pass"))
    return file


def test_an_upgrade_that_meets_a_long_query_is_put_off_and_lets_readers_through(
    deployment: Deployment, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F40, and F47: the upgrade goes forward with data in the tables."""
    deployment.sync_well()
    before = stored_rows(deployment.service.database, "customers")
    install_next_release(tmp_path, monkeypatch)
    assert migrate._LOCK_TIMEOUT == "2s"
    monkeypatch.setattr(migrate, "_LOCK_TIMEOUT", "300ms")
    with (
        psycopg.connect(database_url) as report,
        psycopg.connect(database_url, autocommit=True) as reader,
        ThreadPoolExecutor(1) as thread,
    ):
        reader.execute("SET statement_timeout = '15s'")
        report.execute("SELECT count(*) FROM exact.customers")  # and its transaction stays open
        upgrade = thread.submit(migrate.upgrade, deployment.service.database)
        until(lambda: upgrade.done() or reader.execute(WAITING).fetchone() == (1,), "the upgrade's waiting")
        assert reader.execute("SELECT count(*) FROM exact.customers").fetchone() == (len(before),)
        with pytest.raises(DatabaseAway, match="lock timeout") as error:
            upgrade.result()
    assert error.value.exit_code == 4
    with deployment.service.database.begin() as connection:
        assert migrate.current(connection) != "9999"
    deployment.sync_well()  # it upgrades by itself, now that nobody is in the way
    assert stored_rows(deployment.service.database, "customers") == {
        key: row | {"brand_new": None} for key, row in before.items()
    }


def test_a_migration_that_breaks_half_way_leaves_all_as_it_was(
    deployment: Deployment, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F47"""
    file = install_next_release(tmp_path, monkeypatch)
    good = file.read_text()
    file.write_text(good.replace("    pass", '    op.execute("SELECT 1 / 0")'))
    with pytest.raises(Exception, match="division by zero"):
        migrate.upgrade(deployment.service.database)
    with psycopg.connect(database_url) as reader:
        assert reader.execute("SELECT to_regclass('exact_sync.half_way')").fetchone() == (None,)
    file.write_text(good)
    deployment.sync_well()
    with psycopg.connect(database_url) as reader:
        assert reader.execute("SELECT count(*) FROM exact_sync.half_way").fetchone() == (0,)


def test_a_schema_that_is_newer_than_the_program_is_refused_with_exit_code_2(here: Here) -> None:
    """F47"""
    here.machine.query("UPDATE exact_sync.alembic_version SET version_num = '9999_from_the_future'")
    here.machine.simulator.stats.reset()
    for command in (["sync"], ["run"], ["status"]):
        code, _, err = here.run(*command)
        assert code == 2, err
        assert "newer exact-sync" in one_clear_line(err)
        assert "9999_from_the_future" in err
    assert here.machine.deployment.calls() == 0
