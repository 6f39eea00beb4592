"""Metrics of a one-shot, in a file that node_exporter reads (its textfile collector)."""

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from exact_sync.errors import BadConfiguration
from exact_sync.web.counts import BUCKETS, Counts, Durations
from exact_sync.web.metrics import Metrics

log = logging.getLogger(__name__)


def write(file: Path, metrics: Metrics) -> None:
    """All at once, so that nobody reads half of it; a device or a pipe is written to as it is.

    Raises BadConfiguration where it can't be written, as to a pipe that nobody reads.
    """
    try:
        if _is_special(file):
            _write_into(file, metrics.text())
        else:
            _replace(file.resolve(), metrics.text())
    except OSError as error:
        raise BadConfiguration(
            f"the metrics can't be written to {file}: {error.strerror}", "check metrics_file"
        ) from None


def _is_special(file: Path) -> bool:
    """A device such as /dev/null, or a pipe: root could put a file in its place, and break the machine."""
    return file.exists() and not file.is_file()


def _write_into(file: Path, text: bytes) -> None:
    number = os.open(file, os.O_WRONLY | os.O_NONBLOCK)  # else a pipe that nobody reads would block
    os.set_blocking(number, True)
    with os.fdopen(number, "wb") as opened:
        opened.write(text)


def _replace(file: Path, text: bytes) -> None:
    number, part = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(number, "wb") as opened:
            opened.write(text)
            os.fchmod(number, 0o644)  # node_exporter is another user
        Path(part).replace(file)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def carry_on(file: Path, counts: Counts) -> None:
    """Add what earlier one-shots counted: a counter that fell back with each of them would lie."""
    try:
        if _is_special(file):
            return  # reading a pipe would wait for whoever writes to it
        samples = list(_samples(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        log.warning("what %s had counted is lost: %s", file, error)
        return
    below: Counter[tuple[str, ...]] = Counter()
    for sample in samples:
        try:
            _take(counts, sample, below)
        except (ValueError, OverflowError, LookupError) as error:
            log.warning("what %s had counted in %s is lost: %s", file, sample.name, error)


def _samples(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        yield from (sample for sample in family.samples if sample.name.startswith("exact_sync_"))


def _take(counts: Counts, sample: Sample, below: Counter[tuple[str, ...]]) -> None:
    """``below``: of a histogram, what its smaller buckets have; in the file each holds them too."""
    labels, number = sample.labels, int(sample.value)
    connection, resource = labels.get("connection", ""), labels.get("resource", "")
    division = int(labels.get("division") or 0)
    rows = {
        "exact_sync_rows_upserted_total": counts.upserted,
        "exact_sync_rows_deleted_total": counts.deleted,
        "exact_sync_rows_quarantined_total": counts.quarantined,
    }
    if sample.name in rows:
        rows[sample.name][connection, division, resource] += number
    elif sample.name == "exact_sync_calls_total":
        counts.calls[connection, division] += number
    elif sample.name == "exact_sync_runs_total":
        counts.runs[connection, resource, labels.get("outcome", "")] += number
    elif sample.name == "exact_sync_deliveries_total":
        counts.deliveries[connection, labels.get("target", ""), labels.get("outcome", "")] += number
    elif sample.name == "exact_sync_http_requests_total":
        counts.requests[connection, labels.get("status", "")] += number
    elif sample.name == "exact_sync_token_refreshes_total":
        counts.refreshes[connection, labels.get("outcome", "")] += number
    elif sample.name.startswith("exact_sync_run_duration_seconds_"):
        key = (connection, resource)
        _take_durations(counts.durations.setdefault(key, Durations()), sample, key, below)
    elif sample.name.startswith("exact_sync_http_request_duration_seconds_"):
        each = counts.request_durations.setdefault((connection,), Durations())
        _take_durations(each, sample, (connection,), below)


def _take_durations(
    each: Durations, sample: Sample, key: tuple[str, ...], below: Counter[tuple[str, ...]]
) -> None:
    if sample.name.endswith("_sum"):
        each.total += sample.value
    elif sample.name.endswith("_bucket"):
        bounds = [*map(str, BUCKETS), "+Inf"]
        if sample.labels["le"] in bounds:
            number = int(sample.value)
            each.buckets[bounds.index(sample.labels["le"])] += number - below[key]
            below[key] = number
