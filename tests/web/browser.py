"""What a person does at a browser: find the form token in a page, give the password."""

import re

import httpx
from argon2 import PasswordHasher
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exact_sync.web.visitor import visitor_of

PASSWORD = "correct horse battery staple"
HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


async def _who(request: Request) -> Response:
    visitor = visitor_of(request)
    return PlainTextResponse(f"{visitor.name}|{visitor.may_change}|{visitor.csrf}")


WHO = Route("/who", _who)
"""A page that tells what the guard found out, and the form token."""


def token_in(text: str) -> str:
    """Of a page with a form, or of ``WHO``."""
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    return found[1] if found else text.rpartition("|")[2]


def log_in(client: httpx.Client, password: str = PASSWORD, **more: str) -> httpx.Response:
    page = client.get("/login")
    assert page.status_code == 200
    return client.post("/login", data={"csrf": token_in(page.text), "password": password, **more})
