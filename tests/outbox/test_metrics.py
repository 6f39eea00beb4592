"""What /metrics says of the outbox."""

from datetime import timedelta

from exact_sync.outbox_settings import OutboxSettings
from exact_sync.store import outbox
from exact_sync.store.changes import Change
from exact_sync.web.counts import Counts
from tests.deployment import Deployment
from tests.facts import restart
from tests.target import a_target
from tests.web.served import metrics_of, series


def test_what_waits_is_measured_by_target(deployment: Deployment) -> None:
    with a_target() as target:
        sections = {"busy": target.settings(), "idle": target.settings()}
        restart(deployment, outbox=OutboxSettings(targets=sections))  # type: ignore[arg-type]
    now, minute = deployment.clock.now(), timedelta(minutes=1)
    with deployment.service.database.begin() as connection:
        for number in range(3):
            change, at = Change(inserted=1), now - (3 - number) * minute
            outbox.add(connection, number, 7, "items", change, ["busy", "removed"], 10, at, minute)
        outbox.failed(connection, "busy", 1, "HTTP 410", now, None)
        outbox.delivered(connection, "busy", 2, now)
    counts = Counts()
    counts.tried("default", "busy", "given_up")
    found = series(metrics_of(deployment, counts).text().decode())
    busy, idle = ("default", "busy"), ("default", "idle")
    assert found["exact_sync_outbox_waiting"] == {busy: 1, idle: 0}
    assert found["exact_sync_outbox_oldest_seconds"] == {busy: 60, idle: 0}
    assert found["exact_sync_outbox_dead"] == {busy: 1, idle: 0}
    assert found["exact_sync_deliveries_total"] == {("default", "given_up", "busy"): 1}
