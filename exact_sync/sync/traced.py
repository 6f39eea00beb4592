"""A run as a span, around whatever makes one."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from exact_sync import telemetry
from exact_sync.catalog import Resource
from exact_sync.sync.outcome import Outcome

Maker = TypeVar("Maker")
P = ParamSpec("P")
Run = Callable[Concatenate[Maker, Resource, int, P], Outcome]


def traced(name: str) -> Callable[[Run[Maker, P]], Run[Maker, P]]:
    """For a method that makes a run of a resource in a division."""

    def around(run: Run[Maker, P]) -> Run[Maker, P]:
        def one(
            maker: Maker, resource: Resource, division: int, /, *more: P.args, **named: P.kwargs
        ) -> Outcome:
            with telemetry.span(name, resource=resource.name, division=division) as span:
                outcome = run(maker, resource, division, *more, **named)
                span.note(outcome=outcome.status, **outcome.tally.counts())
                if outcome.error is not None:
                    span.fail(outcome.message or outcome.status)
                return outcome

        update_wrapper(one, run)
        return one

    return around
