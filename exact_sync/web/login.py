"""/login and /logout: the password of the server, where it has one."""

from collections.abc import Callable

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from exact_sync.web.admission import Admission
from exact_sync.web.origins import local_path
from exact_sync.web.pages.rendering import render
from exact_sync.web.tries import Tries


def routes(admission: Admission, monotonic: Callable[[], float]) -> list[BaseRoute]:
    """``monotonic``: seconds, by which tries are counted."""
    tries = Tries(monotonic)
    # One at a time: a hash takes memory and time on purpose, and a flood must not get all of either.
    one = anyio.CapacityLimiter(1)

    async def show(request: Request) -> Response:
        target = local_path(request.query_params.get("next", "/"))
        if admission.password_hash is None or request.state.visitor.name:
            return RedirectResponse(target, 303)
        return render(request, "login.html", next=target)

    async def log_in(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=10)
        target, password = local_path(str(form.get("next", "/"))), str(form.get("password", ""))
        if admission.password_hash is None:
            return RedirectResponse(target, 303)
        peer = admission.peer(request)
        wait = tries.take(peer)
        if wait:
            headers = {"Retry-After": str(wait)}
            return render(request, "login.html", 429, headers, next=target, wait=wait)
        hashed = admission.password_hash
        if not await anyio.to_thread.run_sync(_is_right, hashed, password, limiter=one):
            return render(request, "login.html", 403, next=target, is_wrong=True)
        tries.forget(peer)
        answer = RedirectResponse(target, 303)
        answer.headers.append("set-cookie", admission.session_cookie(request).header)
        return answer

    async def stay(request: Request) -> Response:
        """Somebody opened the address of the button: nothing is ever changed by that."""
        return RedirectResponse("/", 303)

    async def log_out(request: Request) -> Response:
        answer = RedirectResponse("/login", 303)
        answer.headers.append("set-cookie", admission.no_session(request).header)
        return answer

    return [
        Route("/login", show, methods=["GET"]),
        Route("/login", log_in, methods=["POST"]),
        Route("/logout", stay, methods=["GET"]),
        Route("/logout", log_out, methods=["POST"]),
    ]


def _is_right(hashed: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(hashed, password)
    except (Argon2Error, InvalidHashError, UnicodeError):
        return False
