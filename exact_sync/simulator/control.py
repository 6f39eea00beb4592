"""Steering from another process: JSON under /_simulator/.

GET  state                      time, divisions with row counts, limits and what is used of them, faults
GET  stats?division=&path=      violations and calls          POST reset-stats
GET  summary                    counts alone: {"calls": …, "by_status": {"200": …}, "violations": {…}}
GET  limits                     what POST takes: a number of calls each (of all divisions together: null
                                for no such limit), errors an hour, seconds a call takes
POST limits   {"minute_limit": …, "day_limit": …, "connection_day_limit": …, "error_limit": …,
              "latency": seconds}: those to change; answers like GET
GET  faults   POST faults {"kind": …, "path": …, …}   DELETE faults
POST clock    {"set": ISO} or {"advance": seconds} or {"freeze": true} or {"run": true}
GET  books?division=&path=      every row: guids and numbers with a fraction as text, dates as ISO
POST edits    {"division": …, "seed": 0, "share": 0.1, "paths": [...]}
GET  sync?division=&path=       every row of a sync/ path, in the order of versions
POST move     {"division": …, "first": version or nothing, "announced": true}
GET  rights   POST rights {"do": "hide" | "forbid" | "give_back", "path": …, "division": …, "reason": …}
POST revoke                     the user takes the consent back
GET  webhooks?division=         switches, what became of the messages, the subscriptions of a division
POST webhooks {"over_http": …, "may_manage": …, "lose": …, "repeat": …, "delay": seconds}: those to change
"""

from __future__ import annotations

import random
import uuid
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from exact_sync.simulator.exchange import Reply, Request
from exact_sync.simulator.faults import Fault
from exact_sync.simulator.render import json_body
from exact_sync.simulator.schema import ENTITIES

if TYPE_CHECKING:
    from exact_sync.simulator.simulator import Simulator

ROOT = "/_simulator/"
_LIMITS = ("minute_limit", "day_limit", "connection_day_limit", "error_limit")


def answer(sim: Simulator, request: Request) -> Reply:
    """Do what is asked; 400 with a line of text where it makes no sense."""
    name = request.path.removeprefix(ROOT)
    query = dict(parse_qsl(request.query))
    try:
        body = msgspec.json.decode(request.body) if request.body else {}
        if not isinstance(body, dict):
            raise TypeError("a JSON object is wanted")
        result = _act(sim, request.method, name, query, body)
    except (KeyError, ValueError, TypeError, OverflowError, msgspec.DecodeError) as error:
        return Reply(400, json_body({"error": str(error)}))
    if result is None:
        return Reply(404, json_body({"error": f"no {request.method} {name} here"}))
    return Reply(200, json_body(result))


def _act(sim: Simulator, method: str, name: str, query: dict[str, str], body: dict[str, Any]) -> Any:
    match method, name:
        case "GET", "state":
            return _state(sim)
        case "GET", "stats":
            division = int(query["division"]) if "division" in query else None
            calls = sim.stats.calls(division, query.get("path"))
            return {"violations": sim.stats.violations, "calls": [asdict(call) for call in calls]}
        case "GET", "summary":
            statuses = sim.stats.statuses
            by_status = {str(status): count for status, count in statuses.items()}
            return {
                "calls": sum(statuses.values()),
                "by_status": by_status,
                "violations": sim.stats.violations,
            }
        case "GET", "limits":
            return _limits(sim)
        case "POST", "limits":
            _limit(sim, body)
            return _limits(sim)
        case "POST", "reset-stats":
            sim.stats.reset()
        case "GET", "faults":
            return [fault.describe() for fault in sim.faults]
        case "POST", "faults":
            return sim.faults.add(Fault(**body)).describe()
        case "DELETE", "faults":
            sim.faults.clear()
        case "POST", "clock":
            return _clock(sim, body)
        case "GET", "books":
            return _rows(sim, int(query.get("division", 0)), query["path"])
        case "POST", "edits":
            # the sample company is big to import and most tests make their own books
            from exact_sync.simulator.edits import random_edits

            rng = random.Random(body.get("seed", 0))
            share, paths = body.get("share", 0.10), body.get("paths")
            return random_edits(sim.books, int(body["division"]), rng, share=share, paths=paths)
        case "GET", "sync":
            rows = sim.books.feeds(int(query["division"])).rows(query["path"])
            return {"rows": [{name: _typed(value) for name, value in row.items()} for row in rows]}
        case "POST", "move":
            first, announced = body.get("first"), bool(body.get("announced", True))
            counter = sim.books.move_division(int(body["division"]), first=first, announced=announced)
            return {"last": counter.last}
        case "GET", "rights":
            return sim.rights.describe()
        case "POST", "rights":
            _rights(sim, body)
        case "POST", "revoke":
            sim.oauth.revoke()
        case "GET", "webhooks":
            return _webhooks(sim, int(query["division"]) if "division" in query else None)
        case "POST", "webhooks":
            _turn(sim, body)
            return _webhooks(sim, None)
        case _:
            return None
    return {"ok": True}


def _state(sim: Simulator) -> dict[str, Any]:
    divisions = {}
    with sim.books.lock:
        granted = set(sim.oauth.divisions())
        for code in sim.books.divisions:
            minute, day = sim.limits.used(code)
            divisions[str(code)] = {
                "description": sim.books.division(code)["Description"],
                "status": sim.books.division(code)["Status"],
                "granted": code in granted,
                "calls_this_minute": minute,
                "calls_today": day,
                "rows": {path: sim.books.count(code, path) for path, e in ENTITIES.items() if not e.shared},
            }
    return {
        "now": sim.clock.now().isoformat(),
        "frozen": sim.clock.frozen,
        "base_url": sim.base_url,
        "divisions": divisions,
        "calls_today": sim.limits.used_by_all(),
        "limits": _limits(sim),
        "faults": [fault.describe() for fault in sim.faults],
        "violations": sim.stats.violations,
    }


def _limits(sim: Simulator) -> dict[str, float | None]:
    return {name: getattr(sim.limits, name) for name in _LIMITS} | {"latency": sim.latency}


def _limit(sim: Simulator, body: dict[str, Any]) -> None:
    """Change the limits that are named: all of them, or none if something is wrong with one."""
    for name, value in body.items():
        if name == "latency":
            right = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        elif name in _LIMITS:
            right = type(value) is int and value >= 0
            right = right or (value is None and name == "connection_day_limit")
        else:
            raise ValueError(f"there is no limit {name}")
        if not right:
            raise ValueError(f"{name} can't be {value!r}")
    for name, value in body.items():
        setattr(sim if name == "latency" else sim.limits, name, value)


def _rights(sim: Simulator, body: dict[str, Any]) -> None:
    path, division = body.get("path", ""), body.get("division")
    match body["do"]:
        case "hide":
            sim.rights.hide(path, division)
        case "forbid":
            sim.rights.forbid(path, division, reason=body.get("reason"))
        case "give_back":
            sim.rights.give_back(path, division)
        case other:
            raise ValueError(f"rights can't {other}")


def _webhooks(sim: Simulator, division: int | None) -> dict[str, Any]:
    hooks, courier = sim.webhooks, sim.webhooks.courier
    found: dict[str, Any] = {"over_http": hooks.over_http, "may_manage": hooks.may_manage}
    found |= {
        "lose": courier.lose,
        "repeat": courier.repeat,
        "delay": courier.delay,
        "counts": courier.counts,
    }
    if division is not None:
        rows = hooks.subscriptions(division)
        found["subscriptions"] = [{name: _typed(value) for name, value in row.items()} for row in rows]
    return found


def _turn(sim: Simulator, body: dict[str, Any]) -> None:
    """Turn the switches of webhooks that are named: all of them, or none if something is wrong with one."""
    for name, value in body.items():
        if name in ("over_http", "may_manage"):
            right = isinstance(value, bool)
        elif name in ("lose", "repeat"):
            right = type(value) is int and value >= 0
        elif name == "delay":
            right = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        else:
            raise ValueError(f"webhooks have no switch {name}")
        if not right:
            raise ValueError(f"{name} can't be {value!r}")
    for name, value in body.items():
        setattr(sim.webhooks if name in ("over_http", "may_manage") else sim.webhooks.courier, name, value)


def _clock(sim: Simulator, body: dict[str, Any]) -> dict[str, Any]:
    if "set" in body:
        sim.clock.set(datetime.fromisoformat(body["set"]))
    if "advance" in body:
        sim.clock.advance(float(body["advance"]))
    if body.get("freeze"):
        sim.clock.freeze()
    if body.get("run"):
        sim.clock.run()
    return {"now": sim.clock.now().isoformat(), "frozen": sim.clock.frozen}


def _rows(sim: Simulator, division: int, path: str) -> dict[str, Any]:
    table = sim.books.table(division, path)
    with sim.books.lock:
        rows = [{name: _typed(value) for name, value in row.items()} for row in table.ordered()]
    return {"key": table.entity.key, "types": table.entity.properties, "rows": rows}


def _typed(value: Any) -> Any:
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value
