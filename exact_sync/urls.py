"""URLs as people write them into settings."""

from urllib.parse import SplitResult, urlsplit

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""Hosts that nobody else can answer for."""


def parts_of(url: str) -> SplitResult:
    """Raises ValueError where it is none, without showing it: a password may stand in it."""
    try:
        parts = urlsplit(url)
        is_one = parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:  # a port that is no number, or half a bracket
        is_one = False
    if not is_one or not _can_be_asked_for(parts.hostname or "none"):
        raise ValueError("is no URL")
    return parts


def _can_be_asked_for(host: str) -> bool:
    """Whether the net could have such a name."""
    if not all(0 < len(label) < 64 for label in host.removesuffix(".").split(".")):
        return False
    if host.isascii():
        return True
    import httpx  # knows which names there are in other scripts: bücher.example is one, ☃.example is not

    try:
        httpx.URL(scheme="http", host=host)
    except httpx.InvalidURL:
        return False
    return True
