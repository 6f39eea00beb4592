"""A resource of somebody's own: any endpoint that the catalog doesn't have."""

import difflib
import re
from dataclasses import replace

from exact_sync.catalog.entry import entry
from exact_sync.catalog.inference import MOMENT_IS_NO_KEY
from exact_sync.catalog.reference import endpoints, known
from exact_sync.catalog.resource import PROPERTY, ROW_VERSION, Column, Edm, Feed, Resource, Strategy

_PATH = re.compile(r"[A-Za-z]+(/[A-Za-z0-9]+){1,4}")
_DIVISION = "division"
"""The column that each row has of its own; the rest of a primary key is another one."""


def custom(name: str, endpoint: str, key: str | None, date: str | None) -> Resource:
    """A resource from its path; its columns from the reference, else learned from what comes.

    Raises ValueError, in words, for a path or a property that can't be one.
    """
    endpoint = endpoint.strip("/")
    if not _PATH.fullmatch(endpoint):
        raise ValueError(f"{endpoint!r} is no path of an endpoint, such as crm/Accounts")
    for property_name in (key, date):
        if property_name is not None and not PROPERTY.fullmatch(property_name):
            raise ValueError(f"{property_name!r} is no name of a property")
    if key == ROW_VERSION:
        raise ValueError(f"{key} can't be the key: it is a row's version, and changes with the row")
    if key is not None and Column(key, Edm.STRING).name == _DIVISION:
        raise ValueError(f"{key} can't be the key: each row has its division in any case")
    if known(endpoint):
        return _known(name, endpoint, key, date)
    near = [path for path in endpoints() if path.lower() == endpoint.lower()]
    if near:
        raise ValueError(f"Exact writes this path {near[0]}; capitals matter")
    return _unknown(name, endpoint, key, date)


def _known(name: str, endpoint: str, key: str | None, date: str | None) -> Resource:
    resource = entry(name, endpoint)
    for property_name in (key, date):
        if property_name is not None and property_name not in resource.by_property:
            near = [name for name in resource.by_property if name.lower() == property_name.lower()]
            near = near or difflib.get_close_matches(property_name, resource.by_property, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"{endpoint} has no property {property_name}{hint}")
    if date is not None and not resource.by_property[date].is_date:
        raise ValueError(f"{date} is no date")
    resource = replace(resource, key=key or resource.key, date=date)
    if resource.key_column.is_moment:
        raise ValueError(f"{resource.key} can't be the key: {MOMENT_IS_NO_KEY}")
    if resource.key_column.name == _DIVISION:
        others = [column.property for column in resource.columns if column.name != _DIVISION]
        raise ValueError(
            f"{endpoint} has one record for each division and no key besides; "
            f"set key to any other property, for instance {others[0]}"
        )
    return resource


def _unknown(name: str, endpoint: str, key: str | None, date: str | None) -> Resource:
    """Nothing but the key is known at first."""
    key = key or "ID"
    if date is not None and not Column(date, Edm.DATETIME).is_date:
        raise ValueError(f"{date} is no date: its name would end in Date or Since")
    if date == key:
        raise ValueError(f"{date} can't be both key and date")
    is_feed = endpoint.startswith("sync/")
    properties = [Column(key, Edm.STRING), *([Column(date, Edm.DATETIME)] if date else [])]
    return Resource(
        name=name,
        endpoint=endpoint,
        key=key,
        columns=tuple(properties),
        strategy=Strategy.ROW_VERSION if is_feed else Strategy.SNAPSHOT,
        feed=Feed(endpoint) if is_feed else None,
        date=date,
        default=False,
        is_inferred=True,
    )
