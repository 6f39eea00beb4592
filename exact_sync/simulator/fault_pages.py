"""Pages that are spoiled after they were read from the books and before they are encoded."""

from __future__ import annotations

import math
import re
from typing import Any
from urllib.parse import urlsplit

import msgspec

from exact_sync.simulator.exchange import Listing, Request
from exact_sync.simulator.faults import Fault
from exact_sync.simulator.render import Row

_DATE = re.compile(r"/Date\((-?\d+)\)/")
_HOUR_MS = 3_600_000


def spoil_page(listing: Listing, fault: Fault, request: Request, key: str) -> None:
    """Apply a rule of the second group. `key`: the property that tells the entity's rows apart."""
    match fault.kind:
        case "d_list":
            listing.shape = "list"
        case "d_object":
            listing.shape = "object"
        case "empty_list" | "hidden":
            listing.rows, listing.next_url = [], None
            listing.count = None if listing.count is None else 0
        case "shrunk_list":
            listing.rows = listing.rows[: math.ceil(len(listing.rows) * fault.get("share", 0.5))]
        case "duplicate_in_page":
            listing.rows.extend(older(row, key) for row in listing.rows[:1])
        case "duplicate_across_pages":
            _across(listing, fault, key)
        case "next_loop" | "next_repeat_page" | "next_other_host" | "next_http" | "next_odd":
            listing.next_url = _next(listing, fault, request)
        case _:
            _spoil_rows(listing.rows, fault, key)


def older(row: Row, key: str) -> Row:
    """A record as it was an hour before: Modified and row version earlier, its texts different."""
    past: Row = dict(row)
    for name, value in row.items():
        if name == key or not isinstance(value, str):
            continue
        moment = _DATE.fullmatch(value)
        if name == "Modified" and moment:
            past[name] = f"/Date({int(moment[1]) - _HOUR_MS})/"
        elif name == "Timestamp":
            past[name] = str(int(value) - 1)
        elif name in ("Name", "Description", "Subject", "FileName", "LastName"):
            past[name] = f"{value} (old)"
    return past


def _across(listing: Listing, fault: Fault, key: str) -> None:
    if fault.memory is None:
        fault.memory = older(listing.rows[0], key) if listing.rows else None
    else:
        listing.rows.append(fault.memory)


def _next(listing: Listing, fault: Fault, request: Request) -> str:
    this = request.origin + request.target
    link = listing.next_url or this
    parts = urlsplit(link)
    match fault.kind:
        case "next_loop":
            return this
        case "next_repeat_page":
            return re.sub(r"[?&](\$|%24)skiptoken=[^&]*", "", this)
        case "next_other_host":
            return parts._replace(netloc=fault.get("host", "elsewhere.invalid")).geturl()
        case "next_odd":
            return link + str(fault.get("text", "\0"))
    # plain http at the default port: another origin, whatever ours is
    return parts._replace(scheme="http", netloc=parts.hostname or "").geturl()


def _spoil_rows(rows: list[Row], fault: Fault, key: str) -> None:
    name = fault.get("name", "")
    match fault.kind:
        case "new_field":
            raw = msgspec.Raw(str(fault.get("value", '"new"')).encode())
            for row in rows:
                row[name or "BrandNewField"] = raw
        case "missing_field":
            for row in rows:
                row.pop(name, None)
        case "renamed_field":
            for row in rows:
                if name in row:
                    row[fault.get("to", f"{name}Renamed")] = row.pop(name)
        case "number_as_text":
            for row in rows:
                if row.get(name) is not None:
                    row[name] = str(row[name])
        case "null_key" | "value" | "wrong_division":
            if (chosen := _chosen(rows, fault, key)) is not None:
                chosen.update(_replacement(chosen, fault, key))


def _chosen(rows: list[Row], fault: Fault, key: str) -> Row | None:
    """The row a rule means: by key, else by place; none when the page does not have it."""
    wanted = fault.get("key", None)
    if wanted is not None:
        return next((row for row in rows if str(row.get(key)) == str(wanted)), None)
    index = fault.get("index", 0)
    return rows[index] if -len(rows) <= index < len(rows) else None


def _replacement(row: Row, fault: Fault, key: str) -> dict[str, Any]:
    if fault.kind == "null_key":
        return {key: None}
    if fault.kind == "wrong_division":
        return {"Division": fault.get("other", int(row.get("Division") or 0) + 1)}
    return {name: msgspec.Raw(str(raw).encode()) for name, raw in fault.get("values", {}).items()}
