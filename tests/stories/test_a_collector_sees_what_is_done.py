"""Traces, metrics and log lines over OTLP (issue 5), where the settings name a collector."""

import signal
import sys

import pytest

from exact_sync import telemetry
from tests.collector import Collector, a_collector
from tests.deployment import DIVISION
from tests.processes import Here, Machine, one_clear_line, until

CANARY = "canary-of-the-collector"


def on(collector: Collector, **more: str) -> dict[str, str]:
    return {"TELEMETRY__ENDPOINT": collector.endpoint, "TELEMETRY__HEADERS": f"x-key={CANARY}", **more}


def test_a_sync_is_seen_from_the_run_down_to_the_merge(here: Here) -> None:
    here.machine.deployment.sync_well("divisions")
    here.machine.deployment.simulator.faults.add("status", path="/Items", status=500, times=1)
    with a_collector() as collector:
        code, _, err = here.run("sync", "items", "journals", **on(collector, TELEMETRY__SERVICE_NAME="ours"))
        assert code == 0, err
    assert collector.services == {"ours"}
    assert {headers["x-key"] for headers in collector.headers} == {CANARY}
    assert not telemetry.is_on()

    [run] = [span for span in collector.named("run") if span.attributes["exact_sync.resource"] == "items"]
    assert run.attributes["exact_sync.division"] == DIVISION
    assert run.attributes["exact_sync.outcome"] == "ok"
    assert run.parent == b""
    [page, *_] = [span for span in collector.named("page") if span.parent == run.id]
    merges = [span for span in collector.named("merge") if span.parent == page.id]
    assert sum(span.attributes["exact_sync.inserted"] for span in merges) > 0
    calls = [span for span in collector.spans if span.kind == 3 and span.parent == run.id]
    assert {span.trace for span in (run, page, *merges, *calls)} == {run.trace}
    stumbled, *well = [span for span in calls if span.name.endswith("/Items")]
    assert (stumbled.attributes["http.response.status_code"], bool(stumbled.failed)) == (500, True)
    assert {(span.attributes["http.response.status_code"], span.failed) for span in well} == {(200, None)}
    assert all(0 < span.seconds < 60 for span in calls)

    rows = collector.points("exact_sync_rows_upserted_total")["default", str(DIVISION), "items"]
    assert rows.as_int == run.attributes["exact_sync.inserted"]
    assert collector.metrics["exact_sync_rows_upserted_total"].sum.is_monotonic
    assert collector.points("exact_sync_lag_seconds")["default", str(DIVISION), "items"].as_double >= 0
    took = collector.points("exact_sync_run_duration_seconds")["default", "items"]
    assert (took.count, sum(took.bucket_counts), len(took.bucket_counts)) == (
        1,
        1,
        len(took.explicit_bounds) + 1,
    )


def test_a_daemon_s_log_lines_know_their_run_and_nothing_secret_is_sent(machine: Machine) -> None:
    """F45. Neither is what was asked of Exact: a filter may name people."""
    machine.deployment.sync_well("divisions")
    with a_collector() as collector:
        daemon = machine.fork("run", **on(collector, TELEMETRY__METRICS_INTERVAL="1s", LOG_LEVEL="debug"))
        until(lambda: collector.metrics, "metrics while it runs")
        daemon.says('"resource": "contacts", "status": "ok"')
        daemon.signal(signal.SIGTERM)
        assert daemon.ends() == 0, daemon
        lines = {body: trace for body, trace, _ in collector.logs}
        assert {"the daemon has started", "the daemon has stopped"} <= set(lines)
        traces = {span.trace for span in collector.named("run")}
        pages = [trace for body, trace, _ in collector.logs if body == "a page came"]
        assert pages
        assert set(pages) <= traces
        settings = machine.deployment.settings
        assert settings.client_secret is not None
        oauth = machine.simulator.oauth
        for secret in (settings.client_secret.get_secret_value(), CANARY, *oauth._access, *oauth._refresh):
            assert secret not in collector.text
            assert secret not in daemon.err
        assert "Modified ge" not in collector.text


@pytest.mark.parametrize("how", ["closed", "refusing"])
def test_a_collector_that_is_down_disturbs_nothing_and_is_told_of_once(here: Here, how: str) -> None:
    with a_collector() as collector:
        collector.is_down = how == "refusing"
        if how == "closed":
            collector.server.socket.close()
        code, _, err = here.run("sync", "items", "journals", **on(collector))
        assert (code, collector.spans) == (0, [])
    said = [line for line in err.splitlines() if "telemetry" in line]
    assert 1 <= len(said) <= 3, err
    assert all("does not accept" in line for line in said)
    assert "Traceback" not in err
    assert here.machine.deployment.differences("items", "journals") == []


def test_only_what_is_wanted_is_sent(here: Here) -> None:
    with a_collector() as collector:
        here.run("sync", "divisions", **on(collector, TELEMETRY__SIGNALS="metrics"))
        assert (collector.spans, collector.logs) == ([], [])
        assert "exact_sync_runs_total" in collector.metrics
        collector.metrics.clear()
        here.run(
            "sync", "divisions", **on(collector, TELEMETRY__SIGNALS="traces", TELEMETRY__SAMPLE_RATIO="0")
        )
        assert (collector.spans, collector.metrics) == ([], {})


def test_without_the_extra_it_is_one_clear_line_and_unused_it_costs_no_import(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import sys; from exact_sync.cli import main; main(['sync', 'divisions']);"
    process = here.machine.start(
        program=("-c", f"{program} print([m for m in sys.modules if m.startswith('opentelemetry')])")
    )
    assert process.ends() == 0
    assert process.out.endswith("[]\n")
    for name in [name for name in sys.modules if name.startswith("exact_sync.exporting")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    code, _, err = here.run("sync", TELEMETRY__ENDPOINT="http://127.0.0.1:1")
    assert code == 2
    assert "setting telemetry.endpoint needs OpenTelemetry" in one_clear_line(err)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ENDPOINT", "collector:4318", "is no URL such as http://collector:4318"),
        ("ENDPOINT", f"http://user:{CANARY}@collector:4318", "can't have a user or password"),
        ("HEADERS", f"[{CANARY}]=x", "is no table of headers"),
        ("HEADERS", '{"x": 1}', "is no table of headers"),
        ("SIGNALS", "spans", "telemetry.signals"),
        ("SAMPLE_RATIO", "2", "less than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(here: Here, name: str, value: str, said: str) -> None:
    code, _, err = here.run("sync", **{f"TELEMETRY__{name}": value})
    assert code == 2
    assert said in one_clear_line(err)
    assert CANARY not in err
