"""From a template to an answer: in the visitor's language, with a strict policy for what it may load."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from exact_sync import __version__
from exact_sync.web.pages.assets import address
from exact_sync.web.pages.language import Language, Words, words_for
from exact_sync.web.pages.states import STATES
from exact_sync.web.visitor import visitor_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline. The way to Exact is a link: form-action need not name it."""


_TEMPLATES = Environment(
    loader=PackageLoader("exact_sync.web.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(asset=address, states=STATES, version=__version__)
_TEMPLATES.filters["inpath"] = lambda value: quote(str(value), safe="")
_TEMPLATES.filters["inquery"] = lambda values: urlencode([(k, v) for k, v in values.items() if v])


def language(request: Request) -> Words:
    """The words for this visitor."""
    wanted: Language = getattr(request.app.state, "language", "auto")
    return words_for(wanted, request.headers.get("Accept-Language", ""))


def wants_page(request: Request) -> bool:
    """A person asks, with a browser: what is wrong is better said with a way on."""
    return "text/html" in request.headers.get("accept", "")


def render(
    request: Request, name: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    """The page of a template. ``values``: what it shows; words and visitor are always among them."""
    words = language(request)
    now: datetime | None = values.get("now")
    content = _TEMPLATES.get_template(name).render(
        {
            "visitor": visitor_of(request),
            "words": words,
            "t": words.say,
            "tn": words.count,
            "path": request.url.path,
            "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            "now": now,
            "sources": getattr(request.app.state, "sources", ()),
            "refresh": None,
            "current": None,
            "section": "",
            **_came_of(request),
        }
        | values
    )
    strict = {"Content-Security-Policy": POLICY, "Content-Language": words.code, "Vary": "Accept-Language"}
    return HTMLResponse(content, status, headers=strict | dict(headers or {}))


def _came_of(request: Request) -> dict[str, Any]:
    """What a button did, as it stands in the address to which it led: a word of ours, and a number."""
    number = request.query_params.get("number", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    return {"done": request.query_params.get("done"), "number": int(number) if is_number else 0}
