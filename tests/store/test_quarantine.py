"""Records that can't become rows: kept whole, counted once, released when they can."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from exact_sync.catalog import RESOURCES
from exact_sync.store import quarantine, seen
from exact_sync.store.database import Database
from exact_sync.store.quarantine import Reject
from exact_sync.store.writer import Writer
from tests.store.rows import DIVISION, key, row

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()) | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
)


def reject(number: int, reason: str = "Code: 5 is no String", **record: Any) -> Reject:
    return Reject(str(key(number)), reason, {"ID": str(key(number)), **record})


def test_a_reject_counts_as_new_only_once(database: Database) -> None:
    with database.begin() as connection:
        assert quarantine.keep(connection, 7, "items", [reject(1), reject(2), reject(1)]) == 2
        assert quarantine.keep(connection, 7, "items", [reject(1, "another reason"), reject(3)]) == 1
        assert quarantine.keep(connection, 8, "items", [reject(1)]) == 1
        assert quarantine.keys(connection, 7, "items") == {str(key(number)) for number in (1, 2, 3)}
        reason = connection.execute(
            text("SELECT reason FROM exact_sync.quarantine WHERE division = 7 AND key = :key"),
            {"key": str(key(1))},
        ).scalar_one()
        assert reason == "another reason"


@given(record=st.dictionaries(st.text(st.characters()), JSON, max_size=4))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_a_record_it_is_kept_as_it_came(database: Database, record: dict[str, Any]) -> None:
    with database.begin() as connection:
        quarantine.keep(connection, 7, "items", [Reject(None, "no key", record)])
        raw = connection.execute(text("SELECT record FROM exact_sync.quarantine")).scalar_one()
        connection.execute(text("DELETE FROM exact_sync.quarantine"))
    assert json.loads(raw) == json.loads(json.dumps(record, default=str))


def test_records_without_a_readable_key_are_told_apart_by_what_is_in_them(database: Database) -> None:
    unreadable = [Reject(None, "no key", {"Code": code}) for code in ("a", "b", "a")]
    with database.begin() as connection:
        assert quarantine.keep(connection, 7, "items", unreadable) == 2
        assert all(name.startswith("unreadable key ") for name in quarantine.keys(connection, 7, "items"))


def test_what_became_a_row_is_released_and_the_rest_stays(database: Database) -> None:
    with database.begin() as connection:
        quarantine.keep(connection, 7, "items", [reject(1), reject(2), reject(3)])
        quarantine.keep(connection, 8, "items", [reject(1)])
        quarantine.keep(connection, 7, "contacts", [reject(1)])
        quarantine.release(connection, 7, "items", [str(key(1))])
        assert quarantine.keys(connection, 7, "items") == {str(key(2)), str(key(3))}
        quarantine.release_others(connection, 7, "items", [str(key(3))])
        assert quarantine.keys(connection, 7, "items") == {str(key(3))}
        quarantine.release_others(connection, 7, "items", [])
        assert quarantine.keys(connection, 7, "items") == set()
        assert quarantine.keys(connection, 8, "items") == quarantine.keys(connection, 7, "contacts") != set()


def test_what_a_reading_noted_or_brought_again_is_still_there(database: Database) -> None:
    with database.begin() as connection:
        quarantine.keep(connection, 7, "items", [reject(1), reject(2)])
        seen.note(connection, 7, "items", [key(1)])
        seen.note(connection, 8, "items", [key(2)])
        for year, left in ((2000, {1, 2}), (9000, {1})):
            quarantine.release_unseen(connection, 7, "items", datetime(year, 1, 1, tzinfo=UTC))
            assert quarantine.keys(connection, 7, "items") == {str(key(number)) for number in left}


def test_a_list_may_be_in_quarantine_as_a_whole_however_long_it_is(database: Database) -> None:
    """As where a property has another type from one day on; PostgreSQL takes 65,535 values at most."""
    with database.begin() as connection:
        quarantine.keep(connection, 7, "items", [reject(1), reject(2), reject(70_000)])
        quarantine.release_others(connection, 7, "items", [str(key(number)) for number in range(2, 70_001)])
        assert quarantine.keys(connection, 7, "items") == {str(key(2)), str(key(70_000))}
        quarantine.release(connection, 7, "items", [str(key(number)) for number in range(70_000)])
        assert quarantine.keys(connection, 7, "items") == {str(key(70_000))}


def test_what_no_record_can_be_called_is_accepted_nowhere(database: Database) -> None:
    """A page that was tampered with sends ids and codes beyond what a column holds."""
    with database.begin() as connection:
        quarantine.keep(connection, 7, "items", [reject(1)])
        assert quarantine.accept(connection, "items", [7], [2**63]) == set()
        assert quarantine.accept(connection, "items", [2**31]) == set()
        assert quarantine.accept(connection, "items", [7, 2**31]) == {7}


def test_a_record_whose_earlier_version_is_here_counts_as_held(database: Database) -> None:
    writer = Writer(RESOURCES["items"])
    with database.begin() as connection:
        writer.stage(connection, [row("items", 1), row("items", 2), row("items", 3, division=8)])
        writer.merge(connection)
        writer.delete_keys(connection, DIVISION, [key(2)])
        quarantine.keep(connection, DIVISION, "items", [reject(number) for number in (1, 2, 3)])
        without = quarantine.without_row(connection, DIVISION, RESOURCES["items"])
    assert without == {str(key(2)), str(key(3))}


def test_numbers_in_a_kept_record_keep_their_digits() -> None:
    raw = reject(1, Amount=Decimal("1.10"), Huge=Decimal("1e400")).raw
    assert json.loads(raw)["Amount"] == "1.10"
    assert json.loads(raw)["Huge"] == "1E+400"
    assert raw.isascii()
