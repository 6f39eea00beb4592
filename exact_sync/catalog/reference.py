"""What Exact's public reference says of each endpoint: its key and its scalar properties."""

from functools import cache
from importlib.resources import files

from exact_sync.catalog.resource import Column, Feed, columns

_FILE = "endpoints.txt"


@cache
def _lines() -> dict[str, str]:
    text = files("exact_sync.catalog").joinpath(_FILE).read_text(encoding="utf-8")
    return dict(line.split(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def known(endpoint: str) -> bool:
    """Whether the reference has this endpoint (paths are case-sensitive)."""
    return endpoint in _lines()


def endpoints() -> tuple[str, ...]:
    """Every endpoint that the reference has."""
    return tuple(_lines())


def columns_of(endpoint: str) -> tuple[Column, ...]:
    """The columns of an endpoint, its key first. Raises KeyError for one that is not known."""
    return columns(_lines()[endpoint])


def key_of(endpoint: str) -> str:
    return _lines()[endpoint].partition(" ")[0].partition(":")[0]


def feed(endpoint: str, properties: tuple[Column, ...]) -> Feed:
    """The twin under sync/ of a resource with these columns."""
    there = {column.property for column in columns_of(endpoint)}
    return Feed(endpoint, frozenset(column.property for column in properties) - there)
