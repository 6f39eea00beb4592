"""``exact-sync status`` and ``exact-sync resources``: what there is and where it stands."""

import dataclasses
import json
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exact_sync.catalog import RESOURCES, Resource, Strategy
from exact_sync.cli.options import Options
from exact_sync.errors import TryLater, one_line
from exact_sync.store import migrate
from exact_sync.store.locks import WorkLock
from exact_sync.sync.status import Status


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def status(options: Options, as_json: bool) -> None:
    """Per division and resource: checkpoint, last success, last error, rows, lag, calls left."""
    with options.service() as service:
        facts = service.status()
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(facts), indent=2, default=_as_text))
    else:
        _print_status(facts)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _print_status(facts: Status) -> None:
    console = _console()
    if not facts.signed_in:
        console.print(
            Text(f"Signing in is needed: {facts.sign_in_message} → run: exact-sync auth login", "red")
        )
    divisions = Table(
        "division",
        "name",
        "state",
        "calls left: minute",
        "day",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    for division in facts.divisions:
        state = division.suspended_because or ("active" if division.active else "not active")
        if division.parked_until:
            state = f"no calls until {division.parked_until[:16]}"
        divisions.add_row(
            str(division.division),
            one_line(division.name),
            state,
            _of(division.minute_left, division.minute_limit),
            _of(division.day_left, division.day_limit),
        )
    console.print(divisions)
    console.print()
    lines = Table(
        "division", "resource", "strategy", "state", "rows", "deleted", "checkpoint", "last success", "lag",
        box=None, pad_edge=False, header_style="bold",
    )  # fmt: skip
    for line in facts.resources:
        lines.add_row(
            str(line.division or "all"),
            line.resource,
            line.strategy,
            Text(line.outcome, "green" if line.outcome == "ok" else "yellow"),
            f"{line.rows:,}",
            f"{line.deleted:,}",
            (line.cursor or "")[:19],
            f"{line.succeeded_at:%Y-%m-%d %H:%M:%S}" if line.succeeded_at else "never",
            _lag(line.lag_seconds),
        )
    console.print(lines)
    for line in facts.resources:
        if line.message and line.outcome != "running":
            console.print(Text(f"{line.resource} {line.division or ''}: {line.message}", "yellow"))
            if line.hint:
                console.print(f"  → {line.hint}")
        if line.quarantined:
            console.print(f"{line.resource} {line.division or ''}: {line.quarantined} records in quarantine")


@click.command()
@click.pass_obj
def health(options: Options) -> None:
    """Exit code 0 while a daemon is at work on an up-to-date database; for container health checks."""
    with options.service("exact-sync health") as service, service.database.begin() as connection:
        if not migrate.is_current(connection):
            raise TryLater("the database's schema is not up to date yet")
        holder = WorkLock(service.database, service.clock).holder()
    if holder is None:
        raise TryLater("no exact-sync is at work")
    click.echo(f"at work: {holder}")


@click.command()
@click.pass_obj
def resources(options: Options) -> None:
    """The catalog: every resource with endpoint, table, strategy and schedule."""
    with options.service() as service:
        schedules = service.schedules()
        mirrored = service.mirrored
    table = Table(
        "resource", "table", "endpoint", "key", "columns", "strategy", "or", "deletions", "schedule",
        box=None, pad_edge=False, header_style="bold",
    )  # fmt: skip
    for name, resource in (RESOURCES | mirrored).items():
        others = [strategy for strategy in resource.strategies if strategy != resource.strategy]
        table.add_row(
            name,
            f"exact.{name}",
            resource.endpoint,
            resource.key_column.name,
            "learned" if resource.is_inferred else str(len(resource.columns)),
            resource.strategy,
            ", ".join(others),
            _deletions(resource),
            str(schedules[name]) if name in schedules else "off",
        )
    _console().print(table)


def _deletions(resource: Resource) -> str:
    """How it is learned that a row is gone."""
    if resource.is_log:
        return "is their log"
    if resource.strategy is Strategy.SNAPSHOT:
        return "each time"
    if resource.strategy is Strategy.DATE_WINDOWS:
        return "counts, sweep"
    return "log, sweep" if resource.entity_type is not None else "sweep"


def _console() -> Console:
    """As wide as needed where the output is no terminal: nothing is cut off in a pipe. Brackets in
    a division's name are brackets, not markup."""
    console = Console(markup=False)
    return console if console.is_terminal else Console(width=240, markup=False)


def _of(left: int | None, limit: int | None) -> str:
    return "unknown" if left is None else f"{left:,} of {limit:,}" if limit else f"{left:,}"


def _lag(seconds: int | None) -> str:
    if seconds is None:
        return ""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
