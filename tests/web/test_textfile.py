"""The file of metrics that one-shots leave for node_exporter."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exact_sync.errors import BadConfiguration
from exact_sync.exact.requests import Request
from exact_sync.web import textfile
from exact_sync.web.counts import CountingRequests, Counts
from tests.deployment import DIVISION, Deployment
from tests.processes import Here, one_clear_line
from tests.web.served import metrics_of, series
from tests.web.test_metrics import outcome


def a_request(query: str, status: int | None, milliseconds: int, trouble: str = "") -> Request:
    at = datetime(2026, 6, 25, tzinfo=UTC)
    return Request(at, "oauth2/token", query, status, trouble, milliseconds)


def test_counters_go_on_where_the_file_left_them(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "exact_sync.prom"
    for seconds in (0.3, 40.0, 4000.0):
        counts = Counts()
        counts.add("default", outcome(7, "items", inserted=2, deleted=1, quarantined=3, calls=4), seconds)
        counts.tried("default", "warehouse", "delivered")
        requests = CountingRequests("default", counts)
        requests.made(a_request("", 200, int(seconds * 1000)))
        requests.made(a_request("grant_type=refresh_token", 400, 100, "HTTP 400"))
        textfile.carry_on(file, counts)
        textfile.write(file, metrics_of(deployment, counts))
    found = series(file.read_text())
    assert found["exact_sync_rows_upserted_total"] == {("default", "7", "items"): 6}
    assert found["exact_sync_rows_deleted_total"] == {("default", "7", "items"): 3}
    assert found["exact_sync_rows_quarantined_total"] == {("default", "7", "items"): 9}
    assert found["exact_sync_calls_total"] == {("default", "7"): 12}
    assert found["exact_sync_deliveries_total"] == {("default", "delivered", "warehouse"): 3}
    assert found["exact_sync_runs_total"] == {("default", "ok", "items"): 3}
    buckets = found["exact_sync_run_duration_seconds_bucket"]
    assert [buckets["default", le, "items"] for le in ("0.25", "0.5", "60.0", "3600.0", "+Inf")] == [
        0,
        1,
        2,
        2,
        3,
    ]
    assert found["exact_sync_run_duration_seconds_sum"]["default", "items"] == 4040.3
    assert found["exact_sync_http_requests_total"] == {("default", "200"): 3, ("default", "400"): 3}
    assert found["exact_sync_token_refreshes_total"] == {("default", "failed"): 3}
    taken = found["exact_sync_http_request_duration_seconds_bucket"]
    assert [taken["default", le] for le in ("0.1", "0.5", "60.0", "+Inf")] == [3, 4, 5, 6]
    assert [each.name for each in tmp_path.glob("*.prom*")] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_file_that_makes_no_sense_is_begun_anew(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "exact_sync.prom"
    file.write_text("exact_sync_runs_total{ nonsense")
    counts = Counts()
    textfile.carry_on(file, counts)
    assert counts.runs == {}


@pytest.mark.parametrize(
    "odd",
    [
        "something_else NaN",
        'exact_sync_runs_total{connection="be",resource="items",outcome="ok"} NaN',
        'exact_sync_runs_total{connection="be",resource="items",outcome="ok"} +Inf',
        'exact_sync_calls_total{connection="be",division="x"} 4',
        'exact_sync_run_duration_seconds_bucket{connection="be",resource="items"} 4',
    ],
)
def test_a_line_that_makes_no_sense_is_left_out(tmp_path: Path, odd: str) -> None:
    file = tmp_path / "exact_sync.prom"
    told = 'exact_sync_runs_total{connection="nl",resource="items",outcome="ok"} 3'
    file.write_text(f"# TYPE exact_sync_runs counter\n{odd}\n{told}\n")
    counts = Counts()
    textfile.carry_on(file, counts)
    assert counts.runs == {("nl", "items", "ok"): 3}


def test_a_folder_that_is_not_there_is_one_clear_line(deployment: Deployment, tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"the metrics can't be written to .*: No such file"):
        textfile.write(tmp_path / "none" / "file.prom", metrics_of(deployment))


def test_a_pipe_or_a_device_is_written_to_and_never_replaced(deployment: Deployment, tmp_path: Path) -> None:
    """Root can put a file in the place of /dev/null, which breaks the machine."""
    pipe = tmp_path / "metrics" / "pipe"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    with pytest.raises(BadConfiguration, match="the metrics can't be written to"):
        textfile.write(pipe, metrics_of(deployment))  # nobody reads it: that must not hang
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        counts = Counts()
        textfile.carry_on(pipe, counts)
        textfile.write(pipe, metrics_of(deployment, counts))
        assert b"exact_sync_build_info" in os.read(reader, 1 << 16)
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(pipe.parent.iterdir()) == [pipe]


def test_a_link_stays_one(deployment: Deployment, tmp_path: Path) -> None:
    """Such as /dev/stdout, which leads to a file where the shell says so."""
    file, link = tmp_path / "there" / "exact_sync.prom", tmp_path / "link"
    file.parent.mkdir()
    link.symlink_to(file)
    textfile.write(link, metrics_of(deployment))
    assert link.is_symlink()
    assert "exact_sync_build_info" in file.read_text()


def test_cron_runs_leave_their_metrics(here: Here) -> None:
    file = here.machine.folder / "exact_sync.prom"
    code, _, err = here.run("sync", "journals", "--metrics-file", str(file))
    assert (code, series(file.read_text())["exact_sync_runs_total"].keys()) == (
        0, {("default", "ok", "divisions"), ("default", "ok", "journals")},
    ), err  # fmt: skip
    assert here.run("sync", "journals", METRICS_FILE=str(file))[0] == 0
    found = series(file.read_text())
    assert found["exact_sync_runs_total"]["default", "ok", "journals"] == 2
    assert ("default", str(DIVISION), "journals") in found["exact_sync_lag_seconds"]


def test_a_file_that_has_no_place_is_told_of_before_anything_is_done(here: Here) -> None:
    elsewhere = here.machine.folder / "none" / "file.prom"
    calls = here.machine.deployment.calls()
    code, _, err = here.run("sync", "journals", "--metrics-file", str(elsewhere))
    assert code == 2
    assert f"the metrics can't be written to {elsewhere}: there is no folder" in one_clear_line(err)
    code, _, err = here.run("sync", "journals", METRICS_FILE=str(here.machine.folder))
    assert code == 2
    assert f"the metrics can't be written to {here.machine.folder}: it is a folder" in one_clear_line(err)
    assert here.machine.deployment.calls() == calls


def test_a_file_that_can_no_longer_be_written_hides_nothing(here: Here) -> None:
    """Neither what went wrong, nor what was done."""
    folder = here.machine.folder / "metrics"
    folder.mkdir()
    here.machine.simulator.faults.add("hook", path="Items", hook=lambda context: folder.rmdir())
    code, out, err = here.run(
        "sync", "items", "--metrics-file", str(folder / "file.prom"), DIVISIONS=f"99,{DIVISION}"
    )
    assert code == 1
    assert "error: division 99: Exact does not list it" in err
    assert "the metrics can't be written" in err
    assert ", 1 failed, " in out


def test_a_sync_that_could_not_begin_leaves_its_metrics_too(here: Here) -> None:
    here.machine.nobody_is_signed_in()
    file = here.machine.folder / "exact_sync.prom"
    assert here.run("sync", "--metrics-file", str(file))[0] == 3
    assert series(file.read_text())["exact_sync_sign_in_needed"] == {("default",): 1}
