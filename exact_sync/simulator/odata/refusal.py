"""How a question is refused."""

from __future__ import annotations


class Refusal(Exception):
    """An error answer: HTTP status, Exact's message, and the `Reason` header if there is one."""

    def __init__(self, status: int, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
