"""Metrics that are sent again and again, over whatever goes wrong on the way."""

import logging
from collections.abc import Iterable
from threading import Event
from types import SimpleNamespace

import pytest
from opentelemetry.sdk.metrics.export import MetricsData
from opentelemetry.sdk.resources import Resource
from prometheus_client.core import GaugeMetricFamily, Metric

from exact_sync.exporting import collector
from exact_sync.exporting.measures import Measures


def test_what_nobody_expected_ends_neither_the_sending_nor_the_work(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent: list[MetricsData] = []
    was_asked, is_back = Event(), Event()

    def families() -> Iterable[Metric]:
        if is_back.is_set():
            return [GaugeMetricFamily("up", "It is.", 1.0)]
        was_asked.set()
        raise RuntimeError("nobody expected that")

    def send(data: MetricsData) -> None:
        sent.append(data)
        came.set()

    came = Event()
    measures = Measures(send, Resource({}), every=0.01)
    with caplog.at_level(logging.ERROR), measures.again_and_again(families):
        assert was_asked.wait(5)
        is_back.set()
        assert came.wait(5)
        is_back.clear()
    assert sent
    assert "metrics could not be sent" in caplog.text


def test_all_who_come_to_no_end_are_left_behind_together(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    class Endless:
        def __init__(self, **options: object) -> None: ...

        def start(self) -> None: ...

        def join(self, timeout: float) -> None:
            waited.append(timeout)

    monkeypatch.setattr(collector, "threading", SimpleNamespace(Thread=Endless))
    monkeypatch.setattr(collector, "time", SimpleNamespace(monotonic=lambda: sum(waited)))
    collector._end([lambda: None] * 3)
    assert waited == [collector._TIMEOUT, 0.0, 0.0]
