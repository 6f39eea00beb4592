"""Spans, steps in them, and calls, without OpenTelemetry."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

import pytest

from exact_sync import telemetry
from exact_sync.telemetry import Past, Span, Value
from tests.deployment import START


@dataclass
class Kept(Span):
    name: str
    parent: str | None
    ended: bool = False
    failed: str | None = None

    def fail(self, why: str) -> None:
        self.failed = why

    def end(self) -> None:
        self.ended = True


class Keeper:
    def __init__(self) -> None:
        self.spans: list[Kept] = []

    def begin(self, name: str, attributes: Mapping[str, Value], parent: Span | None) -> Span:
        self.spans.append(Kept(name, parent.name if isinstance(parent, Kept) else None))
        return self.spans[-1]

    def past(self, call: Past, parent: Span | None) -> None:
        self.begin(call.name, call.attributes, parent)

    def tree(self) -> list[tuple[str, str | None]]:
        return [(span.name, span.parent) for span in self.spans]


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    keeper = Keeper()
    telemetry.use(keeper)
    yield keeper
    telemetry.use(None)


def call(name: str) -> None:
    telemetry.past(Past(name, START, 0.1, {}))


def test_a_call_is_in_the_span_also_where_another_thread_makes_it_during_a_step(keeper: Keeper) -> None:
    with telemetry.span("run"), ThreadPoolExecutor(1) as threads:
        call("first page")
        telemetry.step("page 1")
        ahead = threads.submit(copy_context().run, call, "second page")
        with telemetry.span("merge 1"):
            ahead.result()
        telemetry.step_ends()
        telemetry.step("page 2")
        with telemetry.span("merge 2"):
            assert not keeper.spans[-2].ended
    assert keeper.tree() == [
        ("run", None), ("first page", "run"), ("page 1", "run"),
        *sorted([("merge 1", "page 1"), ("second page", "run")], key=keeper.tree().index),
        ("page 2", "run"), ("merge 2", "page 2"),
    ]  # fmt: skip
    assert [span.name for span in keeper.spans if not span.ended] == ["first page", "second page"]
    assert telemetry.current() is None


def test_what_is_raised_makes_a_span_fail(keeper: Keeper) -> None:
    def fail() -> None:
        with telemetry.span("run"):
            telemetry.step("page")
            raise ValueError("secret")

    with pytest.raises(ValueError, match="secret"):
        fail()
    assert [(span.failed, span.ended) for span in keeper.spans] == [("ValueError", True), (None, True)]


def test_without_a_backend_nothing_happens() -> None:
    with telemetry.span("run", resource="items") as span:
        span.note(outcome="ok")
        telemetry.step("page")
        call("page")
        telemetry.step_ends()
        assert telemetry.current() is None
