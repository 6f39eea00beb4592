"""What counts as being without success."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from exact_sync.store import conditions
from exact_sync.store.database import Database
from tests.deployment import START

LONG_AGO, JUST_NOW = START - timedelta(days=3), START - timedelta(minutes=5)
LOADING = '{"began": "2026-06-20T00:00:00+00:00"}'


@pytest.mark.parametrize(
    ("point", "is_stale"),
    [
        ({"succeeded_at": JUST_NOW}, False),
        ({"succeeded_at": LONG_AGO}, True),
        ({"succeeded_at": LONG_AGO, "outcome": "later"}, True),
        ({"succeeded_at": LONG_AGO, "outcome": "unavailable"}, False),
        ({"succeeded_at": None, "outcome": "failed"}, True),
        ({"succeeded_at": None, "outcome": "later", "progress": LOADING, "attempted_at": JUST_NOW}, False),
        ({"succeeded_at": None, "outcome": "later", "progress": LOADING, "attempted_at": LONG_AGO}, True),
        ({"succeeded_at": None, "outcome": "failed", "progress": LOADING, "attempted_at": JUST_NOW}, True),
    ],
)
def test_what_is_without_success(database: Database, point: dict[str, object], is_stale: bool) -> None:
    """Its first try was three days ago."""
    point = {"outcome": "ok", "progress": None, "attempted_at": JUST_NOW, **point}
    with database.begin() as connection:
        run = "INSERT INTO exact_sync.run (division, resource, strategy, full_read, started_at) "
        connection.execute(text(run + "VALUES (1, 'items', 'modified', false, :at)"), {"at": LONG_AGO})
        checkpoint = """
            INSERT INTO exact_sync.checkpoint
                (division, resource, succeeded_at, outcome, progress, attempted_at)
            VALUES (1, 'items', :succeeded_at, :outcome, CAST(:progress AS jsonb), :attempted_at)
        """
        connection.execute(text(checkpoint), point)
        facts = conditions.read(connection, START, timedelta(days=1), START.date())
    assert [(place.resource, place.since) for place in facts.stale] == (
        [("items", LONG_AGO)] if is_stale else []
    )
