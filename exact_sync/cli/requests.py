"""``exact-sync requests``: every call to Exact of the last days."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError
from rich.table import Table
from rich.text import Text

from exact_sync.choice import check_names, known_names
from exact_sync.cli.options import Options, connection_option, division_option
from exact_sync.cli.status_lines import NARROW, console
from exact_sync.connections import Connection
from exact_sync.deployment import Deployment
from exact_sync.sections import Duration
from exact_sync.shares import check_known, shares
from exact_sync.store.requests import Filter
from exact_sync.sync.naming import errors_named

Rows = list[tuple[Connection, dict[str, Any]]]


class _Since(click.ParamType[timedelta | datetime]):
    name = "since"

    def convert(self, value: Any, param: Any, ctx: Any) -> timedelta | datetime:
        try:
            duration: timedelta = TypeAdapter(Duration).validate_python(value)
            return duration
        except ValidationError:
            pass
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a duration, as 1h, nor a moment, as 2026-11-24T08:00")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Status(click.ParamType[int | str]):
    name = "status"

    def convert(self, value: Any, param: Any, ctx: Any) -> int | str:
        if value == "error":
            return "error"
        if not re.fullmatch("[1-5][0-9]{2}", value):
            self.fail(f"{value!r} is neither an HTTP status, as 429, nor the word error")
        return int(value)


@click.command()
@division_option
@connection_option
@click.option("--resource", metavar="NAME", help="Only what was asked for this resource.")
@click.option("--status", type=_Status(), metavar="CODE|error", help="Only this HTTP status, or what failed.")
@click.option("--since", type=_Since(), metavar="1h|MOMENT", help="Only since then (UTC).")
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, metavar="N",
    help="The newest so many.",
)  # fmt: skip
@click.option("--summary", is_flag=True, help="Per endpoint: calls, errors, and how long they took.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def requests(
    options: Options,
    divisions: Sequence[int],
    connection: str | None,
    resource: str | None,
    status: int | str | None,
    since: timedelta | datetime | None,
    limit: int,
    summary: bool,
    as_json: bool,
) -> None:
    """Every call to Exact of the last days, the newest last."""
    with options.deployment(connection=connection) as deployment:
        check_names([resource] if resource else [], {*deployment.mirrored, *known_names()})
        check_known(deployment.services, divisions)
        wanted = Filter(
            resource=resource,
            status=status if isinstance(status, int) else None,
            only_errors=status == "error",
            since=_moment(since, deployment.clock.now()),
        )
        found = _found(deployment, divisions, wanted, None if summary else limit)
        is_kept = any(service.settings.request_log_days for service in deployment.services)
    if as_json:
        lines = [{"connection": whose.name} | row for whose, row in found]
        click.echo(json.dumps(lines, indent=2, default=datetime.isoformat))
    elif found:
        out = console()
        out.print(_summary(found) if summary else _table(found, is_narrow=out.width <= NARROW))
    else:
        click.echo("No such requests are kept." if is_kept else "None are kept: request_log_days is 0.")


def _found(deployment: Deployment, divisions: Sequence[int], wanted: Filter, limit: int | None) -> Rows:
    """Of all connections together. ``limit`` None: the summary of each."""
    found: Rows = []
    for share in shares(deployment.services, divisions):
        with errors_named(share.service.connection):
            rows = share.service.requests(wanted, share.divisions, limit)
        found += [(share.service.connection, row) for row in rows]
    if limit is None:
        return found
    return sorted(found, key=lambda pair: pair[1]["at"])[-limit:]


def _moment(since: timedelta | datetime | None, now: datetime) -> datetime | None:
    if not isinstance(since, timedelta):
        return since
    try:
        return now - since
    except OverflowError:  # before the first year
        return None


_COLUMNS = {
    "at": "time (UTC)",
    "division": "division",
    "resource": "resource",
    "endpoint": "endpoint",
    "status": "status",
    "milliseconds": "ms",
    "rows": "rows",
    "minute_left": "left: minute",
    "day_left": "day",
    "trouble": "trouble",
}
_DISPENSABLE = ("resource", "milliseconds", "minute_left", "day_left")


def _table(found: Rows, *, is_narrow: bool) -> Table:
    columns = {n: header for n, header in _COLUMNS.items() if not (is_narrow and n in _DISPENSABLE)}
    table = _headed(found, *columns.values())
    for whose, row in found:
        shown = row | {
            "at": f"{row['at']:%Y-%m-%d %H:%M:%S}",
            "status": Text(_text(row["status"]) or "none", "green" if row["trouble"] is None else "yellow"),
        }
        cells = [shown[name] for name in columns]
        table.add_row(
            *([] if whose.is_alone else [whose.name]),
            *(cell if isinstance(cell, Text) else _text(cell) for cell in cells),
        )
    return table


def _summary(found: Rows) -> Table:
    table = _headed(found, "endpoint", "calls", "errors", "median ms", "95% within ms")
    for whose, row in found:
        table.add_row(*([] if whose.is_alone else [whose.name]), *map(_text, row.values()))
    return table


def _headed(found: Rows, *headers: str) -> Table:
    names = [] if found[0][0].is_alone else ["connection"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in (*names, *headers):  # on two lines rather than cut off
        table.add_column(header, overflow="fold", no_wrap=header == _COLUMNS["at"])
    return table


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value)
