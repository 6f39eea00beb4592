"""What the API tells. All of it is read from the database when it is asked for."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Query
from starlette.responses import Response

from exact_sync.catalog import RESOURCES
from exact_sync.choice import check_names
from exact_sync.errors import Unknown
from exact_sync.store import deliveries, requests, runs
from exact_sync.sync.status_json import ConnectionLine, DivisionLine, Everything, ResourceLine, everything
from exact_sync.web import facts
from exact_sync.web.api import lines, terms
from exact_sync.web.api.asked import Asked
from exact_sync.web.source import Source

T = TypeVar("T")
C = TypeVar("C")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def add_to(api: FastAPI, asked: Asked, responses: dict[int | str, dict[str, Any]]) -> None:
    """``responses``: what else than an answer may come."""
    tell = partial(api.get, responses=responses)

    @tell("/status", response_model=Everything, tags=["state"])
    async def status(question: Annotated[terms.WhereItStands, Query()]) -> Response:
        """Everything that `exact-sync status --json` tells."""
        return await asked.read(lambda: _standing(asked, question, question.resource))

    @tell("/connections", response_model=list[ConnectionLine], tags=["state"])
    async def connections(question: Annotated[terms.OfAll, Query()]) -> Response:
        """Each connection to Exact, and whether somebody is signed in."""
        return await asked.read(lambda: _standing(asked, question).connections)

    @tell("/divisions", response_model=list[DivisionLine], tags=["state"])
    async def divisions(question: Annotated[terms.Divisions, Query()]) -> Response:
        """Each division: whether it can be read, and how many calls are left."""
        return await asked.read(lambda: _standing(asked, question).divisions)

    @tell("/resources", response_model=list[ResourceLine], tags=["state"])
    async def resources(question: Annotated[terms.WhereItStands, Query()]) -> Response:
        """Where each resource of each division stands, and what to do where something is wrong."""
        return await asked.read(lambda: _standing(asked, question, question.resource).resources)

    @tell("/pauses", response_model=lines.PauseList, tags=["state"])
    async def pauses(question: Annotated[terms.OfAConnection, Query()]) -> Response:
        """What is not read until somebody resumes it."""

        def look() -> lines.PauseList:
            source = asked.one(question.connection)
            return lines.PauseList(source.name, facts.paused(source))

        return await asked.read(look)

    @tell("/checkpoints", response_model=lines.CheckpointsPage, tags=["state"])
    async def checkpoints(question: Annotated[terms.Checkpoints, Query()]) -> Response:
        """Up to where everything has been taken over from Exact."""
        return await asked.read(lambda: _checkpoints(asked.one(question.connection), question))

    @tell("/runs", name="runs", response_model=lines.RunsPage, tags=["history"])
    async def show_runs(question: Annotated[terms.Runs, Query()]) -> Response:
        """The runs of the last 90 days, the newest first."""
        return await asked.read(lambda: _runs(asked.one(question.connection), question))

    @tell("/quarantine", response_model=lines.QuarantinePage, tags=["state"])
    async def quarantine(question: Annotated[terms.Quarantine, Query()]) -> Response:
        """Records that could not become rows, each as Exact sent it and with the reason."""

        return await asked.read(lambda: _quarantine(asked.one(question.connection), question))

    @tell("/requests", name="requests", response_model=lines.RequestsPage, tags=["history"])
    async def show_requests(question: Annotated[terms.Requests, Query()]) -> Response:
        """The newest calls to Exact, the newest last; the next page has older ones."""
        return await asked.read(lambda: _requests(asked.one(question.connection), question))

    @tell("/requests/summary", name="requests_summary", response_model=lines.EndpointList, tags=["history"])
    async def summed_up(question: Annotated[terms.RequestsSummed, Query()]) -> Response:
        """Calls to each endpoint, errors, and how long they took."""

        def look() -> lines.EndpointList:
            source = asked.one(question.connection)
            found = facts.requests_summed_up(source, _filter(question))
            _check_resource(source, question.resource, found)
            return lines.EndpointList(source.name, lines.endpoints(found))

        return await asked.read(look)

    @tell("/incidents", response_model=lines.IncidentsPage, tags=["history"])
    async def incidents(question: Annotated[terms.Incidents, Query()]) -> Response:
        """What people are told of: what is open; with a limit or a cursor, also what is over."""
        return await asked.read(lambda: _incidents(asked.one(question.connection), question))

    @tell("/outbox", response_model=lines.DeliveriesPage, tags=["state"])
    async def outbox(question: Annotated[terms.Outbox, Query()]) -> Response:
        """Messages that a target does not have yet, or did not take; one for two targets comes twice."""
        return await asked.read(lambda: _outbox(asked.one(question.connection), question))


def _standing(asked: Asked, question: terms.OfAll, names: Sequence[str] = ()) -> Everything:
    """Of all connections or the one named; ``names``: only these resources.

    Raises Unknown for a connection, a division or a resource that there is not.
    """
    sources = asked.of_all(question.connection)
    check_names(names, sources[0].mirrored)
    found = everything([(source.connection, facts.where_it_stands(source)) for source in sources])
    codes: Collection[int] = getattr(question, "division", ())
    listed = {line.division for line in found.divisions}
    for code in codes:
        if code not in listed:
            raise Unknown(
                f"division {code} is not among the divisions that Exact lists",
                "exact-sync status lists them; a new one is found by: exact-sync sync divisions",
            )
    return replace(
        found,
        divisions=[line for line in found.divisions if not codes or line.division in codes],
        resources=[
            line
            for line in found.resources
            if (not codes or line.division in codes) and (not names or line.resource in names)
        ],
    )


def _check_resource(source: Source, name: str | None, found: Sequence[object]) -> None:
    """Raises Unknown for a resource that there is not; one of which something is ``found`` there was."""
    if name is not None and not found:
        check_names([name], {*source.mirrored, *RESOURCES})


def _check_targets(source: Source, names: Sequence[str]) -> None:
    """Raises Unknown for a target that is not set up, unless there is something for it still."""
    known = {*source.targets, *facts.backlogs(source)} if names else set()
    for name in names:
        if name not in known:
            raise Unknown(f"there is no target {name}", f"there is: {', '.join(sorted(known)) or 'none'}")


def _page(found: list[T], limit: int, place: Callable[[T], C]) -> tuple[list[T], C | None]:
    """``found``: one more than ``limit`` where there is another page, which begins behind the ``place`` of
    the last one here.
    """
    return found[:limit], place(found[limit - 1]) if len(found) > limit else None


def _runs(source: Source, question: terms.Runs) -> lines.RunsPage:
    wanted = runs.Filter(question.division, question.resource, question.outcome, question.cursor)
    found = facts.newest_runs(source, wanted, question.limit + 1)
    _check_resource(source, question.resource, found)
    return lines.RunsPage(source.name, *_page(found, question.limit, lambda run: run.id))


def _checkpoints(source: Source, question: terms.Checkpoints) -> lines.CheckpointsPage:
    code, _, name = (question.cursor or "").partition(":")
    after = (int(code), name) if question.cursor else None
    found = facts.positions(source, question.resource, question.division, question.limit + 1, after)
    _check_resource(source, question.resource, found)
    page = _page(found, question.limit, lambda point: f"{point.division}:{point.resource}")
    return lines.CheckpointsPage(source.name, *page)


def _quarantine(source: Source, question: terms.Quarantine) -> lines.QuarantinePage:
    wanted = (question.resource, question.division)
    found = facts.quarantined(source, *wanted, question.limit + 1, question.cursor)
    _check_resource(source, question.resource, found)
    return lines.QuarantinePage(source.name, *_page(found, question.limit, lambda held: held.id))


def _requests(source: Source, question: terms.Requests) -> lines.RequestsPage:
    microseconds, _, number = (question.cursor or "").partition(":")
    before = (_EPOCH + int(microseconds) * _MICROSECOND, int(number)) if question.cursor else None
    only_errors = question.only == "errors"
    wanted = replace(_filter(question), status=question.status, only_errors=only_errors, before=before)
    found = lines.requests(facts.newest_requests(source, wanted, question.limit + 1))
    _check_resource(source, question.resource, found)
    newest_first, following = _page(
        found[::-1], question.limit, lambda line: f"{(line.at - _EPOCH) // _MICROSECOND}:{line.id}"
    )
    return lines.RequestsPage(source.name, newest_first[::-1], following)


def _incidents(source: Source, question: terms.Incidents) -> lines.IncidentsPage:
    limit = question.limit or (terms.USUAL if question.cursor else None)
    if limit is None:
        return lines.IncidentsPage(source.name, lines.incidents(facts.incidents_told(source)), None)
    found = lines.incidents(facts.incidents_told(source, limit + 1, question.cursor))
    return lines.IncidentsPage(source.name, *_page(found, limit, lambda incident: incident.id))


def _outbox(source: Source, question: terms.Outbox) -> lines.DeliveriesPage:
    number, _, name = (question.cursor or "").partition(":")
    after = (int(number), name) if question.cursor else None
    wanted = deliveries.Filter(
        question.state, question.target, (), question.division, question.resource, after
    )
    _check_targets(source, question.target)
    found = facts.undelivered(source, wanted, question.limit + 1)
    _check_resource(source, question.resource, found)
    page = _page(found, question.limit, lambda delivery: f"{delivery.message}:{delivery.target}")
    return lines.DeliveriesPage(source.name, *page)


def _filter(question: terms.Requests | terms.RequestsSummed) -> requests.Filter:
    return requests.Filter(question.division, question.resource, since=question.since)
