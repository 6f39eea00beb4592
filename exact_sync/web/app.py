"""The application that the server serves, from parts: each part brings its routes."""

import logging
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from exact_sync.web.access import Guard, is_api
from exact_sync.web.admission import Admission
from exact_sync.web.headers import StrictHeaders, strictly
from exact_sync.web.pages.rendering import render, wants_page
from exact_sync.web.problems import problem

log = logging.getLogger(__name__)


def app(routes: Sequence[BaseRoute], admission: Admission) -> Starlette:
    """Everything that is not among ``routes`` is a short answer (to browsers a page, to askers of the API a
    problem), and so is every mistake of ours.

    No route runs before the guard has let its request through.
    """
    application = Starlette(
        routes=list(routes),
        middleware=[Middleware(StrictHeaders), Middleware(Guard, admission)],
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )
    application.router.redirect_slashes = False
    return application


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - that is what it is registered for
    if is_api(request.url.path):
        return problem(error.status_code, str(error.detail), headers=error.headers)
    if error.status_code in (404, 405) and wants_page(request):
        return render(request, "missing.html", error.status_code, error.headers)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, headers=error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    log.error("a page failed", exc_info=error, extra={"path": request.url.path})
    answer = PlainTextResponse("Internal Server Error\n", 500)
    strictly(answer.headers)  # it is made outside of everything else
    return answer
