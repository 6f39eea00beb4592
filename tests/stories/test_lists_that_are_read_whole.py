"""What has no cursor is read whole each time: most such lists come on one page, and take one transaction."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text

from exact_sync.simulator import Simulator
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.facts import only, quarantined, sql

ITEMS = "logistics/Items"
SNAPSHOT = {"items": {"strategy": "snapshot"}}


def begin(
    simulator: Simulator, database_url: str, clock: SharedClock, folder: Path, items: int, **settings: object
) -> Deployment:
    """So many items, sixty on a page, in a division where they are read whole each time."""
    simulator.faults.add("refuse_bulk", times=None)
    return Deployment(
        simulator, database_url, clock, folder, counts=TINY | {ITEMS: items}, resources=SNAPSHOT, **settings
    )


@pytest.fixture
def deployment(simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path):  # type: ignore[no-untyped-def]
    with begin(simulator, database_url, clock, tmp_path, 20) as deployment:
        deployment.sync_well("items")
        yield deployment


def gone(deployment: Deployment) -> int:
    return int(sql(deployment, "SELECT count(*) FROM exact.items WHERE _deleted_at IS NOT NULL")[0][0])


def test_where_one_went_and_another_came_both_are_seen(deployment: Deployment) -> None:
    """As many came as were here, and yet one of those is missing."""
    table = deployment.table(ITEMS)
    old, twin = sorted(table.rows)[:2]
    values = {k: v for k, v in table.rows[twin].items() if k not in ("ID", "Timestamp")}
    table.delete(old)
    table.insert(values | {"Code": "new"})
    tally = only(deployment.sync_well("items"), "items").tally
    assert (tally.inserted, tally.updated, tally.deleted) == (1, 0, 1)
    assert gone(deployment) == 1
    assert deployment.differences("items") == []


def test_where_nothing_is_new_what_is_missing_is_seen(deployment: Deployment) -> None:
    table = deployment.table(ITEMS)
    table.delete(sorted(table.rows)[0])
    assert only(deployment.sync_well("items"), "items").tally.deleted == 1
    assert deployment.differences("items") == []


@pytest.fixture
def statements(deployment: Deployment) -> list[str]:
    """What the database is asked from now on."""
    heard: list[str] = []

    def hear(connection: object, cursor: object, statement: str, *rest: object) -> None:
        heard.append(statement)

    event.listen(deployment.service.database.engine, "before_cursor_execute", hear)
    return heard


def test_a_list_on_one_page_needs_no_table_of_its_own(deployment: Deployment, statements: list[str]) -> None:
    table = deployment.table(ITEMS)
    table.change(sorted(table.rows)[0], Notes="changed")
    tally = only(deployment.sync_well("items"), "items").tally
    assert (tally.records, tally.updated) == (20, 1)
    assert any("stage_items" in statement for statement in statements)
    assert not any("snapshot_items" in statement for statement in statements)


def test_a_list_that_is_as_it_was_is_not_even_staged(deployment: Deployment, statements: list[str]) -> None:
    tally = only(deployment.sync_well("items"), "items").tally
    assert (tally.records, tally.written) == (20, 0)
    assert not any("stage_items" in statement for statement in statements)
    asked = [statement.split()[1] for statement in statements if "exact.items" in statement]
    assert asked == ["count(*)", "place"], "how many there are, and which are other ones"
    assert deployment.differences("items") == []


def test_a_list_that_is_not_known_by_fingerprints_is_counted_once(
    deployment: Deployment, statements: list[str]
) -> None:
    for _ in range(2):
        statements.clear()
        deployment.sync_well("divisions")
    assert sum(each.startswith("SELECT count(*) FROM exact.divisions") for each in statements) == 1


@pytest.mark.parametrize(
    "meddling",
    [
        "UPDATE exact.items SET description = 'mine', modified = modified + interval '1 day'",
        "DELETE FROM exact.items WHERE id = (SELECT id FROM exact.items LIMIT 1)",
        "UPDATE exact.items SET _deleted_at = now() WHERE id = (SELECT id FROM exact.items LIMIT 1)",
        f"INSERT INTO exact.items (division, id) VALUES ({DIVISION}, gen_random_uuid())",
    ],
)
def test_what_somebody_does_to_its_table_is_put_right(deployment: Deployment, meddling: str) -> None:
    with deployment.service.database.begin() as connection:
        connection.execute(text(meddling))
    assert deployment.differences("items") != []
    tally = only(deployment.sync_well("items"), "items").tally
    assert tally.written + tally.deleted > 0
    # How many rows there are is counted anew by the weekly sweep.
    assert [each for each in deployment.differences("items") if "are counted" not in each] == []


def test_what_heals_by_itself_leaves_quarantine_also_where_nothing_is_new(deployment: Deployment) -> None:
    """The record is again what its row was made of."""
    bad = sorted(deployment.table(ITEMS).rows)[0]
    deployment.simulator.faults.add(
        "value", path="/Items", key=bad, values={"StandardSalesPrice": '"much"'}, times=1, query="Standard"
    )
    assert exit_code(deployment.sync("items")) == 1
    assert set(quarantined(deployment, "items")) == {str(bad)}
    deployment.sync_well("items")
    assert quarantined(deployment, "items") == {}
    assert deployment.differences("items") == []


def test_what_is_gone_leaves_quarantine_too(deployment: Deployment) -> None:
    table = deployment.table(ITEMS)
    bad = sorted(table.rows)[0]
    deployment.simulator.faults.add(
        "value", path="/Items", key=bad, values={"StandardSalesPrice": '"much"'}, times=None, query="Standard"
    )
    assert exit_code(deployment.sync("items")) == 1
    assert set(quarantined(deployment, "items")) == {str(bad)}
    assert gone(deployment) == 0
    table.delete(bad)
    deployment.sync_well("items")
    assert quarantined(deployment, "items") == {}
    assert gone(deployment) == 1


def test_a_list_of_many_pages_begins_only_where_the_day_has_room_for_all_of_it(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    with begin(
        simulator, database_url, clock, tmp_path, 400, interval="30d", snapshot_interval="30d"
    ) as deployment:
        deployment.sync_well("divisions", "items")
        used = simulator.limits.used(DIVISION)[1]
        simulator.limits.day_limit = used + 6
        clock.advance(minutes=2)
        deployment.sync_well("journals")  # so that we hear of the new limit
        simulator.stats.reset()
        outcome = only(deployment.sync("items"), "items")
        assert outcome.status == "later"
        assert simulator.stats.calls(DIVISION, ITEMS) == []
        clock.theirs.set(clock.now() + timedelta(days=1))
        simulator.limits.day_limit = 5000
        deployment.sync_well("items")
        assert deployment.differences("items") == []


def test_of_a_list_of_many_pages_nothing_is_left_aside_also_where_it_is_suspect(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    with begin(simulator, database_url, clock, tmp_path, 300) as deployment:
        deployment.sync_well("items")
        table = deployment.table(ITEMS)
        for key in sorted(table.rows)[:220]:
            table.delete(key)
        outcome = only(deployment.sync("items"), "items")
        assert (outcome.status, outcome.tally.records) == ("suspect", len(table.rows))
        assert gone(deployment) == 0
        assert sql(deployment, "SELECT relname FROM pg_class WHERE relname LIKE 'snapshot_items%'") == []


def test_of_a_list_of_many_pages_the_row_of_a_record_that_cannot_be_read_stays(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """Whichever page it comes on."""
    with begin(simulator, database_url, clock, tmp_path, 130) as deployment:
        deployment.sync_well("items")
        bad = sorted(deployment.table(ITEMS).rows)[0]
        values = {"StandardSalesPrice": '"much"'}
        simulator.faults.add("value", path="/Items", key=bad, values=values, times=None, query="Standard")
        assert only(deployment.sync("items"), "items").status == "quarantine"
        assert set(quarantined(deployment, "items")) == {str(bad)}
        assert deployment.differences("items") == []
