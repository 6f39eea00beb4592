"""Who sent a request, as the Guard found out and as every route may ask."""

from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True)
class Visitor:
    """Somebody who may look, and perhaps change something."""

    name: str
    """Of the token, or ``operator`` for who gave the password; empty where nobody asks for one."""
    may_change: bool
    csrf: str
    """What forms and scripts must send back; empty for who comes with a token."""


def visitor_of(request: Request) -> Visitor:
    """As the Guard left it."""
    visitor: Visitor = request.state.visitor
    return visitor
