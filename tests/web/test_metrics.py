"""/metrics, read as Prometheus reads it."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from exact_sync.errors import DatabaseAway
from exact_sync.store import divisions
from exact_sync.store.runs import Tally
from exact_sync.sync.outcome import Outcome
from exact_sync.web.counts import Counted, Counting, Counts
from exact_sync.web.metrics import Metrics
from tests.deployment import DIVISION, Deployment, Silent
from tests.web.served import a_server, metrics_of, series, source_of

HERE = str(DIVISION)


def outcome(division: int, resource: str, status: str = "ok", **tally: int) -> Outcome:
    return Outcome(division, resource, status, Tally(**tally))


def test_a_sync_is_measured(deployment: Deployment) -> None:
    counts, silent = Counts(), Silent()
    watching = Counting("default", silent, counts, deployment.clock.monotonic)
    outcomes = deployment.service.sync((), (), watching)
    assert silent.outcomes == outcomes
    with deployment.service.database.begin() as connection:  # whose clock is the real one
        since = {"now": deployment.clock.now()}
        connection.execute(text("UPDATE exact_sync.checkpoint SET succeeded_at = :now"), since)
    deployment.clock.advance(minutes=3)
    with a_server(metrics_of(deployment, counts), [source_of(deployment)]) as client:
        answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = series(answer.text)

    resources = set(deployment.service.mirrored)
    lag = found["exact_sync_lag_seconds"]
    assert {resource for _, _, resource in lag} == resources
    assert {division for _, division, resource in lag} == {HERE, ""}
    now = deployment.clock.now().timestamp()
    succeeded = found["exact_sync_last_success_timestamp_seconds"]
    assert {key: now - since for key, since in succeeded.items()} == pytest.approx(lag)
    assert set(lag.values()) == {180}
    upserted = found["exact_sync_rows_upserted_total"]
    for each in outcomes:
        shown = str(each.division or "")
        assert upserted.get(("default", shown, each.resource), 0) == each.tally.inserted + each.tally.updated
        assert found["exact_sync_runs_total"]["default", "ok", each.resource] == 1
        assert found["exact_sync_run_duration_seconds_count"]["default", each.resource] == 1
    assert sum(found["exact_sync_calls_total"].values()) == sum(each.tally.calls for each in outcomes) > 0
    assert found["exact_sync_database_up"] == {(): 1}
    assert found["exact_sync_sign_in_needed"] == {("default",): 0}
    left = found["exact_sync_quota_left"]
    assert set(left) == {("default", HERE, "day"), ("default", HERE, "minute")}
    ends = found["exact_sync_token_expiry_timestamp_seconds"]
    assert 0 < ends["default", "access"] - now < 600
    assert 29 < (ends["default", "refresh"] - now) / 86400 <= 30
    states = found["exact_sync_divisions"]
    assert states["default", "active"] == 1
    assert {state for _, state in states} == {"active", "parked", "suspended", "inactive"}
    assert len(found["exact_sync_build_info"]) == 1


def test_without_the_label_the_worst_division_speaks_for_all(deployment: Deployment) -> None:
    deployment.sync_well()
    service, counts = deployment.service, Counts()
    with service.database.begin() as connection:
        for statement in (
            "INSERT INTO exact.divisions (code, description, status) VALUES (7, 'Late', 1), (8, 'Old', 2)",
            "INSERT INTO exact_sync.checkpoint (division, resource, succeeded_at)"
            " VALUES (7, 'items', '2000-01-01'), (8, 'items', '1990-01-01'), (7, 'off', '1980-01-01')",
            "INSERT INTO exact_sync.pause (division, resource) VALUES (0, 'journals')",
        ):
            connection.execute(text(statement))
        divisions.save_budget(connection, 7, {"day": {"remaining": 3, "limit": 5000}})
    counts.add("default", outcome(7, "items", inserted=2, updated=1, deleted=4, quarantined=5, calls=6), 0.3)
    counts.add("default", outcome(DIVISION, "items", inserted=10, calls=1), 40)
    by_division = series(metrics_of(deployment, counts).text().decode())
    together = series(metrics_of(deployment, counts, by_division=False).text().decode())

    lag = by_division["exact_sync_lag_seconds"]
    assert ("default", "7", "items") in lag
    assert ("default", "8", "items") not in lag
    assert together["exact_sync_lag_seconds"]["default", "", "items"] == lag["default", "7", "items"]
    assert {resource for _, _, resource in lag} == set(service.mirrored) - {"journals"}
    assert together["exact_sync_quota_left"]["default", "", "day"] == 3
    assert by_division["exact_sync_rows_upserted_total"]["default", "7", "items"] == 3
    assert together["exact_sync_rows_upserted_total"] == {("default", "", "items"): 13}
    assert together["exact_sync_rows_deleted_total"] == {("default", "", "items"): 4}
    assert together["exact_sync_rows_quarantined_total"] == {("default", "", "items"): 5}
    assert together["exact_sync_calls_total"] == {("default", ""): 7}
    buckets = together["exact_sync_run_duration_seconds_bucket"]
    assert [buckets["default", le, "items"] for le in ("0.25", "0.5", "30.0", "60.0", "+Inf")] == [
        0,
        1,
        1,
        2,
        2,
    ]
    assert together["exact_sync_run_duration_seconds_sum"]["default", "items"] == 40.3
    assert together["exact_sync_divisions"]["default", "inactive"] == 1


def test_without_a_database_what_was_counted_is_still_told(deployment: Deployment) -> None:
    def away() -> None:
        raise DatabaseAway("gone")

    here = source_of(deployment)
    gone = replace(here, database=away)
    counts = Counts()
    counts.add("default", outcome(7, "items", "later", calls=2), None)
    found = series(Metrics([gone], counts, deployment.clock.now).text().decode())
    assert found["exact_sync_database_up"] == {(): 0}
    assert found["exact_sync_runs_total"] == {("default", "later", "items"): 1}
    assert "exact_sync_sign_in_needed" not in found


def test_who_is_not_signed_in_is_told(deployment: Deployment) -> None:
    with deployment.service.database.begin() as connection:
        connection.execute(text("UPDATE exact_sync.sign_in SET needed_because = 'revoked'"))
    found = series(metrics_of(deployment).text().decode())
    assert found["exact_sync_sign_in_needed"] == {("default",): 1}
    with deployment.service.database.begin() as connection:
        connection.execute(text("DELETE FROM exact_sync.sign_in"))
    found = series(metrics_of(deployment).text().decode())
    assert found["exact_sync_sign_in_needed"] == {("default",): 1}
    assert found.get("exact_sync_token_expiry_timestamp_seconds") is None


def test_runs_are_timed_also_the_one_that_belongs_to_no_division() -> None:
    class Audiences:
        def of(self, connection: str | None) -> Silent:
            return Silent()

    now, counts = [0.0], Counts()
    audience = Counted(Audiences(), counts, lambda: now[0], "default").of(None)
    audience.begins(DIVISION, "divisions")
    now[0] = 2.0
    audience.ends(outcome(0, "divisions"))
    audience.ends(outcome(DIVISION, "items"))  # nobody saw it begin
    assert {key: each.total for key, each in counts.durations.items()} == {("default", "divisions"): 2.0}
