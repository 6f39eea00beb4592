"""URLs as people write them into settings."""

from urllib.parse import SplitResult, urlsplit

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""Hosts that nobody else can answer for."""


def parts_of(url: str) -> SplitResult:
    """Raises ValueError where it is none, without showing it: a password may stand in it."""
    try:
        parts = urlsplit(url)
        labels = (parts.hostname or "none").removesuffix(".").split(".")
        can_be_asked_for = all(0 < len(label) < 64 for label in labels)
        is_one = parts.port != 0 and can_be_asked_for and url.isprintable() and " " not in url
    except ValueError:  # a port that is no number, or half a bracket
        is_one = False
    if not is_one:
        raise ValueError("is no URL")
    return parts
