"""/api/v1: what machines may ask and, with a token for it, change."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from exact_sync import __version__
from exact_sync.web.access import API
from exact_sync.web.api import changing, reading
from exact_sync.web.api.asked import Asked
from exact_sync.web.problems import PROBLEM, Problem, problem
from exact_sync.web.source import Source

_LONGEST = 300
"""Characters of what is said of a wrong question: names in it are the asker's own."""

_REASONS = {
    401: "No token, or one that is not known.",
    403: "The token may only read, or another site has sent this.",
    404: "There is no such connection, resource, division, target or message.",
    409: "A person has to do something first: `hint` says what.",
    422: "A parameter is wrong.",
    503: "Not now: the database is away, or the daemon stands still. Try again after `Retry-After` seconds.",
}


def routes(sources: Sequence[Source]) -> list[Mount]:
    """The API of these connections, the first one first."""
    return [Mount(API, application(sources))]


def application(sources: Sequence[Source]) -> FastAPI:
    """Without pages of documentation: those would load their scripts from somebody else."""
    api = FastAPI(
        title="exact-sync",
        version=__version__,
        summary="Where the copy of Exact Online stands, and what can be done about it.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers={HTTPException: _refused, RequestValidationError: _wrong},
    )
    asked = Asked(sources)
    reading.add_to(api, asked, _reasons(401, 404, 409, 422, 503))
    changing.add_to(api, asked, _reasons(401, 403, 404, 409, 422, 503))
    described = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            _complete(described())
        return described()

    api.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation wants it
    return api


def _reasons(*numbers: int) -> dict[int | str, dict[str, Any]]:
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {number: {"description": _REASONS[number], "content": content} for number in numbers}


def _complete(schema: dict[str, Any]) -> None:
    """What FastAPI can't know: problems, and who may come."""
    components = schema["components"]
    components["schemas"]["Problem"] = TypeAdapter(Problem).json_schema()
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "Of `exact-sync server token NAME`."}
    }
    for path in schema["paths"].values():
        for method, operation in path.items():
            for parameter in operation["parameters"]:
                _without_null(parameter["schema"])
            # On loopback, and behind a proxy that asks for a password, everybody may read.
            operation["security"] = [{"token": []}] if method == "post" else [{}, {"token": []}]


def _without_null(schema: dict[str, Any]) -> None:
    """A parameter may be left out, but nothing in an address can be null."""
    some = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(some) == 1:
        del schema["anyOf"]
        schema.update(some[0])


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - that is what it is registered for
    headers: Mapping[str, str] | None = error.headers
    return problem(error.status_code, str(error.detail), headers=headers)


async def _wrong(request: Request, error: Exception) -> Response:
    """Says which parameter; never what stood in it."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    mistakes = [
        f"{'.'.join(str(part) for part in mistake['loc'])}: {_plain(mistake)}"
        for mistake in error.errors()[:5]
    ]
    return problem(422, "; ".join(mistakes)[:_LONGEST])


def _plain(mistake: Mapping[str, Any]) -> str:
    if mistake["type"] == "extra_forbidden":
        return "there is no such parameter"
    return str(mistake["msg"]).removeprefix("Value error, ").removeprefix("Input ")
