"""What the API can be asked to do: it is asked of the desk, and the daemon's own threads do it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from exact_sync.sync.naming import errors_named
from exact_sync.web.api import terms
from exact_sync.web.api.asked import Asked
from exact_sync.web.api.lines import Done
from exact_sync.web.source import Desk


def add_to(api: FastAPI, asked: Asked, responses: dict[int | str, dict[str, Any]]) -> None:
    """``responses``: what else than an answer may come."""
    may = partial(
        api.post, responses=responses, response_model=Done, tags=["changes"], dependencies=[Depends(_no_body)]
    )

    async def ask(question: terms.OfAConnection, what: Callable[[Desk], int], status: int = 200) -> Response:
        def do() -> Done:
            source = asked.one(question.connection)
            with errors_named(source.connection):
                return Done(source.name, what(source.desk))

        return await asked.change(do, status)

    @may("/sync", status_code=202)
    async def sync_everything(question: Annotated[terms.Everywhere, Query()]) -> Response:
        """Read everything now, or only what is named; `count` is of readings that were asked for."""
        return await ask(question, lambda desk: desk.sync_now(question.resource, question.division), 202)

    @may("/resources/{resource}/sync", status_code=202)
    async def sync(resource: terms.ResourceName, question: Annotated[terms.InDivisions, Query()]) -> Response:
        """Read this now, also where it is paused."""
        return await ask(question, lambda desk: desk.sync_now([resource], question.division), 202)

    @may("/resources/{resource}/pause")
    async def pause(
        resource: terms.ResourceName, question: Annotated[terms.InDivisions, Query()]
    ) -> Response:
        """Do not read this until it is resumed; `count` is of places where it was not paused."""
        return await ask(question, lambda desk: desk.pause([resource], question.division))

    @may("/resources/{resource}/resume")
    async def resume(
        resource: terms.ResourceName, question: Annotated[terms.InDivisions, Query()]
    ) -> Response:
        """Read this again, and at once what is due; `count` is of places where it was paused."""
        return await ask(question, lambda desk: desk.resume([resource], question.division))

    @may("/resources/{resource}/accept")
    async def accept(
        resource: terms.ResourceName, question: Annotated[terms.InDivisions, Query()]
    ) -> Response:
        """Accept what Exact says now: suspect lists, and records in quarantine; `count` is of divisions."""
        return await ask(question, lambda desk: desk.accept(resource, question.division))

    @may("/resources/{resource}/retry", status_code=202)
    async def retry(
        resource: terms.ResourceName, question: Annotated[terms.InDivisions, Query()]
    ) -> Response:
        """Ask Exact again for what is suspect or in quarantine; `count` is of readings asked for."""
        return await ask(question, lambda desk: desk.retry(resource, question.division), 202)

    @may("/outbox/retry")
    async def retry_messages(question: Annotated[terms.Messages, Query()]) -> Response:
        """Deliver after all what was given up: everything, or what is named; `count` is of messages."""
        return await ask(question, lambda desk: desk.retry_messages(question.message, question.target))

    @may("/outbox/drop")
    async def drop_messages(question: Annotated[terms.MessagesToDrop, Query()]) -> Response:
        """Forget what was given up, or what waits: everything, or what is named; `count` is of messages."""
        wanted = (question.message, question.target, question.state)
        return await ask(question, lambda desk: desk.drop_messages(*wanted))


def _no_body(request: Request) -> None:
    """Whoever names a division there would be taken to mean all of them."""
    if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
        raise HTTPException(422, "parameters go into the address, as ?division=123456; a body is not read")
