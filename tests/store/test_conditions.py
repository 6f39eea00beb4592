"""What counts as being without success, and what as suspect."""

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
        ({"succeeded_at": None, "outcome": "later", "progress": "null", "attempted_at": JUST_NOW}, True),
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


@pytest.mark.parametrize(
    ("outcome", "seen", "accepted", "is_suspect"),
    [
        ("ok", None, None, False),
        ("suspect", 0, None, True),
        ("later", 0, None, True),
        ("accepted", 0, 0, False),
        ("later", 0, 0, False),
        ("suspect", 3, 7, True),
    ],
)
def test_what_is_suspect(
    database: Database, outcome: str, seen: int | None, accepted: int | None, is_suspect: bool
) -> None:
    """Also while Exact is away; no longer once a person has accepted it, unless it is worse by then."""
    checkpoint = """
        INSERT INTO exact_sync.checkpoint (division, resource, outcome, suspect_rows, accepted_rows)
        VALUES (1, 'items', :outcome, :seen, :accepted)
    """
    with database.begin() as connection:
        connection.execute(text(checkpoint), {"outcome": outcome, "seen": seen, "accepted": accepted})
        facts = conditions.read(connection, START, timedelta(days=1), START.date())
    assert bool(facts.suspect) is is_suspect
