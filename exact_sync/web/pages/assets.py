"""The stylesheet, the script and the icon: our own, and small enough to be kept in memory."""

import hashlib
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOLDER = files("exact_sync.web.pages") / "static"
_FILES = {name: (_FOLDER / name).read_bytes() for name in ("style.css", "live.js", "icon.svg")}
_MARKS = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in _FILES.items()}


def address(name: str) -> str:
    """Where a file is; a changed file has another address, so that browsers may keep it."""
    return f"/static/{name}?{_MARKS[name]}"


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        return PlainTextResponse("Not Found\n", 404)
    kept = "public, max-age=31536000, immutable" if request.url.query == _MARKS[name] else "no-cache"
    kind = _KINDS[name.rpartition(".")[2]]
    return Response(_FILES[name], media_type=kind, headers={"Cache-Control": kept})


routes = [Route("/static/{name}", _file, methods=["GET"])]
