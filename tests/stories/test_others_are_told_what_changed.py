"""What a commit changed is told to those who want to know: exactly that, in order, at least once."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from exact_sync.catalog import RESOURCES
from exact_sync.errors import DatabaseAway
from exact_sync.outbox.courier import TRIES
from exact_sync.outbox_settings import OutboxSettings
from exact_sync.store import outbox
from exact_sync.sync import telling as telling_module
from exact_sync.sync.task import Task
from tests.deployment import DIVISION, Deployment
from tests.facts import restart, sql
from tests.mirror import ENOUGH
from tests.target import Reply, Target, a_target, targets

ITEMS = "logistics/Items"
WAITING = "SELECT count(*) FROM exact_sync.delivery WHERE delivered_at IS NULL AND given_up_at IS NULL"


@pytest.fixture
def target() -> Iterator[Target]:
    with a_target() as target:
        yield target


def telling(
    deployment: Deployment,
    names: Sequence[str] = ("items", "contacts", "journals"),
    **sections: dict[str, Any],
) -> None:
    """These were read once (none: all), and now somebody wants to be told."""
    deployment.sync_well(*names)
    restart(deployment, outbox=OutboxSettings(targets=sections))


def change(deployment: Deployment, path: str = ITEMS, **values: Any) -> str:
    """Change one record, an hour later; its key."""
    deployment.clock.advance(hours=1)
    table = deployment.table(path)
    key = next(iter(table.rows))
    table.change(key, **(values or {"Description": f"changed at {deployment.clock.now()}"}))
    return str(key)


def now(deployment: Deployment) -> datetime:
    return sql(deployment, "SELECT clock_timestamp()")[0][0]  # type: ignore[no-any-return]


def really_changed(deployment: Deployment, since: datetime) -> dict[str, tuple[set[str], set[str]]]:
    """By resource: the keys of the rows that are new or changed since then, and of those that are gone."""
    found = {}
    for name in ENOUGH:
        key = RESOURCES[name].key_column.name
        query = f"SELECT {key}::text, _deleted_at IS NOT NULL FROM exact.{name} WHERE _synced_at > :since"
        rows = sql(deployment, query, since=since)
        if rows:
            found[name] = ({key for key, gone in rows if not gone}, {key for key, gone in rows if gone})
    return found


def told(target: Target) -> dict[str, tuple[set[str], set[str]]]:
    found: dict[str, tuple[set[str], set[str]]] = {}
    for data in target.told():
        keys, counted = data["keys"], (data["inserted"] + data["updated"], data["deleted"])
        assert data["keys_complete"], data
        assert (len(keys["upserted"]), len(keys["deleted"])) == counted, data
        here, gone = found.setdefault(data["resource"], (set(), set()))
        here.update(keys["upserted"])
        gone.update(keys["deleted"])
    return found


def test_exactly_what_was_committed_is_told(deployment: Deployment, target: Target) -> None:
    """Whatever happens at Exact, in every strategy, deletions included."""
    telling(deployment, names=(), warehouse=target.settings())
    for seed in (1, 2):
        deployment.clock.advance(hours=7)
        deployment.edit(seed)
        before = now(deployment)
        deployment.sync_well()
        changed = really_changed(deployment, before)
        assert len(changed) > 8
        assert any(gone for _, gone in changed.values())
        assert told(target) == changed
    deployment.sync_well()
    assert told(target) == {}
    assert sql(deployment, WAITING) == [(0,)]


def test_a_message_says_whose_rows_they_are(deployment: Deployment, target: Target) -> None:
    telling(deployment, warehouse=target.settings(resources=["items"]))
    change(deployment, "crm/Contacts", FirstName="nobody is told")
    key = change(deployment)
    deployment.sync_well()
    [data] = target.told()
    [(run,)] = sql(deployment, "SELECT max(id) FROM exact_sync.run WHERE resource = 'items'")
    assert data == {
        "connection": "default", "schema": "exact", "resource": "items", "division": DIVISION, "run": run,
        "sequence": data["sequence"], "inserted": 0, "updated": 1, "deleted": 0,
        "keys": {"upserted": [key], "deleted": []}, "keys_complete": True, "first_load": False,
    }  # fmt: skip


def test_a_first_load_is_one_message_without_keys(deployment: Deployment, target: Target) -> None:
    restart(deployment, outbox=OutboxSettings(targets={"warehouse": target.settings()}))
    deployment.simulator.faults.add("refuse_bulk", times=None)  # sixty a page
    for number in range(200):
        deployment.table(ITEMS).insert({"Code": f"N{number}", "Description": "one of many"})
    deployment.sync_well("items")
    [(rows,)] = sql(deployment, "SELECT count(*) FROM exact.items")
    [data] = target.told("items")
    assert (data["inserted"], data["first_load"], data["keys_complete"]) == (rows, True, False)
    assert data["keys"] == {"upserted": [], "deleted": []}
    assert rows > 200


def test_keys_are_named_up_to_each_targets_limit(deployment: Deployment) -> None:
    with targets(3) as (none, some, all_):
        telling(
            deployment,
            none=none.settings(keys_limit=0),
            some=some.settings(keys_limit=2),
            all=all_.settings(),
        )
        deployment.clock.advance(hours=1)
        table = deployment.table(ITEMS)
        for key in list(table.rows)[:5]:
            table.change(key, Description="changed")
        deployment.sync_well("items")
        for target, keys, is_all in ((none, 0, False), (some, 2, False), (all_, 5, True)):
            [data] = target.told("items")
            assert data["updated"] == 5
            assert (len(data["keys"]["upserted"]), data["keys_complete"]) == (keys, is_all)


def test_what_is_rolled_back_is_not_told(
    deployment: Deployment, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling(deployment, warehouse=target.settings())
    key = change(deployment)

    def fail(*arguments: object, **more: object) -> None:
        raise DatabaseAway("the database goes away before the commit")

    with monkeypatch.context() as patch:
        patch.setattr(Task, "_count_rows", fail)  # the last thing before the commit
        assert deployment.sync("items")[-1].exit_code == 4
    assert target.told() == []
    assert sql(deployment, "SELECT count(*) FROM exact_sync.outbox") == [(0,)]
    deployment.sync_well("items")
    [data] = target.told()
    assert data["keys"]["upserted"] == [key]


def test_order_is_kept_per_resource_while_others_go_on(deployment: Deployment, target: Target) -> None:
    telling(deployment, warehouse=target.settings())
    target.replies = [Reply(422, body=b"not\nthis one", times=3, resource="items")]
    for number in range(3):
        change(deployment, Description=f"version {number}")
        change(deployment, "crm/Contacts", FirstName=f"name {number}")
        deployment.sync_well("items", "contacts")
    assert len(target.told("contacts")) == 3, "a refused message delays only those behind it"
    assert sql(deployment, WAITING) == [(3,)]
    [(trouble,)] = sql(
        deployment, "SELECT trouble FROM exact_sync.delivery WHERE attempts > 0 AND trouble <> ''"
    )
    assert trouble == "HTTP 422: not this one"
    deployment.clock.advance(hours=1)
    deployment.sync_well("journals")
    sequence = [data["sequence"] for data in target.told("items")]
    assert len(sequence) == 3
    assert sequence == sorted(sequence)


def test_a_target_that_is_away_delays_no_other_and_hears_everything_later(deployment: Deployment) -> None:
    with targets(2) as (up, down):
        telling(deployment, up=up.settings(), down=down.settings())
        down.replies = [Reply(503, headers=(("Retry-After", "18000"),), times=1)]
        for _ in range(3):
            change(deployment)
            change(deployment, "crm/Contacts", FirstName=f"{deployment.clock.now()}")
            deployment.sync_well("items", "contacts")
        assert len(up.told()) == 6
        assert down.refused == 1, "it asked to be left alone for five hours"
        assert down.told() == []
        deployment.clock.advance(hours=2)
        deployment.sync_well("journals")
        sequence = [data["sequence"] for data in down.told()]
        assert len(sequence) == 6
        assert sequence == sorted(sequence)


def test_once_a_target_accepts_anything_all_that_waits_for_it_goes(
    deployment: Deployment, target: Target
) -> None:
    telling(deployment, warehouse=target.settings())
    target.replies = [Reply(503, times=6)]
    change(deployment)
    deployment.sync_well("items")
    couriers = deployment.service.couriers
    assert couriers is not None
    [courier] = couriers._couriers
    for tries in range(1, 6):
        deployment.clock.advance(seconds=500)
        courier.look(lambda: True)
        assert target.refused == tries, "who is to end begins nothing"
        courier.look()
    assert target.refused == 6, "the next try is in a quarter of an hour at the earliest"

    deployment.clock.advance(seconds=310)
    contacts = deployment.table("crm/Contacts")
    contacts.change(next(iter(contacts.rows)), FirstName="changed")
    deployment.sync_well("contacts")
    assert {data["resource"] for data in target.told()} == {"items", "contacts"}


def test_a_clock_that_is_set_back_keeps_no_target_waiting(deployment: Deployment, target: Target) -> None:
    telling(deployment, warehouse=target.settings())
    target.replies = [Reply(503, times=1)]
    change(deployment)
    deployment.sync_well("items")
    assert (target.refused, target.told()) == (1, [])
    deployment.clock.advance(hours=-5)
    deployment.sync_well("journals")
    assert len(target.told()) == 1


def test_a_day_of_refusals_is_a_dead_letter_and_people_hear_of_it(
    deployment: Deployment, target: Target
) -> None:
    telling(deployment, warehouse=target.settings(resources=["items"]))
    target.replies = [Reply(400)]
    change(deployment)
    began = deployment.clock.now()
    for _ in range(TRIES):
        deployment.sync_well("items")
        deployment.clock.advance(minutes=73)
    assert target.refused == TRIES
    assert timedelta(hours=20) < deployment.clock.now() - began < timedelta(hours=48)
    assert sql(deployment, WAITING) == [(0,)]
    assert sql(
        deployment, "SELECT attempts, trouble FROM exact_sync.delivery WHERE given_up_at IS NOT NULL"
    ) == [(TRIES, "HTTP 400")]
    change(deployment)
    target.replies.clear()
    deployment.sync_well("items")
    assert len(target.told()) == 1, "what comes after a dead letter goes on"


def test_gone_is_believed_at_once(deployment: Deployment, target: Target) -> None:
    telling(deployment, warehouse=target.settings())
    target.replies = [Reply(410)]
    change(deployment)
    deployment.sync_well("items")
    assert sql(deployment, "SELECT attempts, given_up_at IS NULL FROM exact_sync.delivery") == [(1, False)]


def test_a_run_that_goes_on_tells_what_it_has_meanwhile(
    deployment: Deployment, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told is never added to: later pages make another message."""
    telling(deployment, warehouse=target.settings(resources=["items"]))
    monkeypatch.setattr(telling_module, "STAYS_OPEN", timedelta(0))
    deployment.clock.advance(hours=1)
    deployment.simulator.faults.add("refuse_bulk", times=None)
    for number in range(100):
        deployment.table(ITEMS).insert({"Code": f"N{number}", "Description": "one of many"})
    deployment.sync_well("items")
    found = target.told()
    assert len(found) > 1
    assert len({data["run"] for data in found}) == 1
    assert sum(data["inserted"] for data in found) == 100
    assert len({key for data in found for key in data["keys"]["upserted"]}) == 100


def test_a_second_process_does_not_send_the_same(deployment: Deployment, target: Target) -> None:
    telling(deployment, warehouse=target.settings())
    change(deployment)
    with outbox.alone(deployment.service.database, "warehouse") as held:
        assert held is not None
        deployment.sync_well("items")
        assert target.told() == []
    deployment.sync_well("journals")
    assert len(target.told()) == 1


def test_what_was_delivered_is_dropped_after_a_day_and_what_nobody_gets_after_a_month(
    deployment: Deployment, target: Target
) -> None:
    telling(deployment, warehouse=target.settings())
    change(deployment)
    deployment.sync_well("items")
    target.replies = [Reply(410)]
    change(deployment)
    deployment.sync_well("items")
    sql(
        deployment,
        "INSERT INTO exact_sync.delivery (target, message) SELECT 'removed', max(id) FROM exact_sync.outbox",
    )
    count = "SELECT (SELECT count(*) FROM exact_sync.outbox), (SELECT count(*) FROM exact_sync.delivery)"
    for days, left in ((0.9, (2, 3)), (0.2, (1, 2)), (28, (1, 2)), (2, (0, 0))):
        deployment.clock.advance(days=days)
        restart(deployment)
        deployment.sign_in()
        deployment.sync_well("journals")
        assert sql(deployment, count) == [left], days
