"""The status of many divisions, added up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from exact_sync.sync.loading import Loading
from exact_sync.sync.status import DivisionStatus, ResourceStatus, Status
from exact_sync.sync.totals import by_division, by_resource, needs_a_look, pauses, sayings, without_fine

NOW = datetime(2026, 6, 25, 12, tzinfo=UTC)
FINE = ResourceStatus(
    division=1, resource="items", strategy="modified", outcome="ok", rows=10, deleted=0, quarantined=0,
    cursor=None, succeeded_at=NOW, attempted_at=NOW, lag_seconds=60, message=None, hint=None,
)  # fmt: skip
LOADING = Loading("first load", NOW, 100, None, 2, None, None)


def a_division(code: int, **values: object) -> DivisionStatus:
    plain = DivisionStatus(code, f"Company {code}", True, None, 1, 60, 1, 5_000, None, None)
    return replace(plain, **values)


def a_status(*lines: ResourceStatus, **values: object) -> Status:
    codes = sorted({line.division for line in lines if line.division is not None})
    return Status(True, None, [a_division(code, **values) for code in codes], list(lines))


@pytest.mark.parametrize(
    ("outcome", "loading", "state", "is_failing"),
    [
        ("ok", None, "ok", False),
        ("failed", None, "failed", True),
        ("suspect", None, "suspect", True),
        ("later", None, "later", True),
        ("later", LOADING, "loading", False),
        ("waits", LOADING, "loading", False),
        ("failed", LOADING, "failed", True),
        ("unavailable", None, "unavailable", False),
    ],
)
def test_the_state_of_a_resource(outcome: str, loading: Loading | None, state: str, is_failing: bool) -> None:
    line = replace(FINE, outcome=outcome, loading=loading)
    assert (line.state, line.is_failing) == (state, is_failing)


def test_totals_count_and_take_the_worst() -> None:
    before = NOW - timedelta(minutes=14)
    late = replace(FINE, resource="customers", outcome="failed", lag_seconds=900, rows=5, succeeded_at=before)
    facts = a_status(FINE, late, replace(FINE, resource="contacts"), replace(FINE, division=2))
    first = by_division(facts)[1]
    assert (first.ok, first.lines, first.failing, first.rows, first.worst_lag) == (2, 3, 1, 25, 900)
    assert first.oldest_success == before
    assert by_division(facts)[2].worst_lag == 60
    assert by_resource(facts)["items"].lines == 2


def test_a_division_is_loaded_when_what_takes_longest_is() -> None:
    loading = [replace(LOADING, seconds_left=seconds) for seconds in (20, 50, None, 30)]
    lines = [replace(FINE, resource=f"r{number}", loading=each) for number, each in enumerate(loading)]
    assert by_division(a_status(*lines))[1].seconds_left == 50


def test_divisions_that_are_not_read_do_not_make_a_resource_late() -> None:
    facts = a_status(replace(FINE, lag_seconds=9_999), suspended_because="no rights")
    assert by_resource(facts) == {}


def test_what_needs_a_look() -> None:
    good = by_division(a_status(FINE))[1]
    bad = by_division(a_status(replace(FINE, outcome="failed")))[1]
    held = by_division(a_status(replace(FINE, quarantined=1)))[1]
    assert [needs_a_look(a_division(1), total) for total in (good, bad, held)] == [False, True, True]
    assert needs_a_look(a_division(1, suspended_because="no rights"), good)
    assert not needs_a_look(a_division(1, active=False), bad)


def test_only_problems_leave_out_what_is_fine() -> None:
    bad = replace(FINE, division=2, outcome="failed")
    held = replace(FINE, division=2, resource="contacts", quarantined=1)
    facts = without_fine(a_status(FINE, bad, replace(FINE, division=2, resource="customers"), held))
    assert [division.division for division in facts.divisions] == [2]
    assert facts.resources == [bad, held]


def test_the_same_message_of_many_divisions_is_told_once() -> None:
    lines = [
        replace(FINE, division=code, resource=name, outcome="failed", message=f"division {code}: shut")
        for name in ("items", "customers")
        for code in (11, 12)
    ]
    other = replace(FINE, division=13, outcome="failed", message="division 13: 13 records of 113")
    loads = replace(FINE, division=14, outcome="later", message="goes on at midnight", loading=LOADING)
    first, second = sayings(a_status(FINE, *lines, other, loads))
    assert (first.text, first.divisions) == ("division …: shut", [11, 12])
    assert first.resources == ["items", "customers"]
    assert (second.text, second.divisions) == ("division 13: 13 records of 113", [13])


def test_what_is_paused_is_named_once_with_where_and_since_when() -> None:
    items, tasks = replace(FINE, paused_since=NOW), replace(FINE, resource="tasks", paused_since=NOW)
    everywhere = replace(FINE, division=None, resource="documents", paused_since=NOW)
    facts = a_status(FINE, items, replace(items, division=2), tasks, replace(tasks, division=2), everywhere)
    assert [(each.resources, each.divisions, each.text, each.hint) for each in pauses(facts)] == [
        (["items", "tasks"], [1, 2], "paused since 2026-06-25 12:00 UTC", "exact-sync resume items tasks"),
        (["documents"], [], "paused since 2026-06-25 12:00 UTC", "exact-sync resume documents"),
    ]
