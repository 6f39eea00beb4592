"""``exact-sync status`` and ``exact-sync resources``: what there is and where it stands."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exact_sync.catalog import RESOURCES, Resource, Strategy
from exact_sync.cli.options import Options, connection_option
from exact_sync.connections import Connection
from exact_sync.errors import TryLater, one_line
from exact_sync.service import Service
from exact_sync.store import migrate
from exact_sync.store.locks import WorkLock
from exact_sync.sync.naming import errors_named
from exact_sync.sync.status import Status


@click.command()
@connection_option
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def status(options: Options, connection: str | None, as_json: bool) -> None:
    """Per division and resource: checkpoint, last success, last error, rows, lag, calls left."""
    with options.deployment(connection=connection) as deployment:
        found = deployment.status()
    if as_json:
        click.echo(json.dumps(_facts(found), indent=2, default=_as_text))
        return
    for whose, facts in found:
        if whose.label:
            _console().print(Text(f"{whose.name}: {whose.settings.site}, schema {whose.schema}", "bold"))
        _print_status(whose, facts)
        if whose.label:
            click.echo()


def _facts(found: Sequence[tuple[Connection, Status]]) -> dict[str, object]:
    """Of all connections together, each line with its connection's name."""

    def lines(name: str) -> list[dict[str, object]]:
        result = [
            {"connection": whose.name} | dataclasses.asdict(line)
            for whose, facts in found
            for line in getattr(facts, name)
        ]
        hints = {whose.name: whose.hint for whose, _ in found}
        for line in result:
            if line.get("hint"):
                line["hint"] = hints[line["connection"]](line["hint"])
        return result

    messages = [f"{whose.label}{facts.sign_in_message}" for whose, facts in found if facts.sign_in_message]
    return {
        "signed_in": all(facts.signed_in for _, facts in found),
        "sign_in_message": "; ".join(messages) or None,
        "connections": [
            {
                "name": whose.name,
                "site": whose.settings.site,
                "schema": whose.schema,
                "signed_in": facts.signed_in,
                "sign_in_message": facts.sign_in_message,
            }
            for whose, facts in found
        ],
        "divisions": lines("divisions"),
        "resources": lines("resources"),
    }


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _print_status(connection: Connection, facts: Status) -> None:
    console = _console()
    if not facts.signed_in:
        hint = connection.hint("run: exact-sync auth login")
        console.print(Text(f"Signing in is needed: {facts.sign_in_message} → {hint}", "red"))
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
                console.print(f"  → {connection.hint(line.hint)}")
        if line.quarantined:
            console.print(f"{line.resource} {line.division or ''}: {line.quarantined} records in quarantine")


@click.command()
@connection_option
@click.pass_obj
def health(options: Options, connection: str | None) -> None:
    """Exit code 0 while a daemon is at work on an up-to-date database; for container health checks."""
    with options.deployment("exact-sync health", connection) as deployment:
        for service in deployment.services:
            with errors_named(service.connection):
                holder = _holder(service)
            click.echo(f"{service.connection.label}at work: {holder}")


def _holder(service: Service) -> str:
    with service.database.begin() as connection:
        if not migrate.is_current(connection):
            raise TryLater("the database's schema is not up to date yet")
    holder = WorkLock(service.database, service.clock).holder()
    if holder is None:
        raise TryLater("no exact-sync is at work")
    return holder


@click.command()
@click.pass_obj
def resources(options: Options) -> None:
    """The catalog: every resource with endpoint, table, strategy and schedule."""
    with options.deployment() as deployment:
        schedules = deployment.schedules()
        mirrored = deployment.mirrored
        connections = [service.connection for service in deployment.services]
    table = Table(
        "resource", "table", "endpoint", "key", "columns", "strategy", "or", "deletions", "schedule",
        box=None, pad_edge=False, header_style="bold",
    )  # fmt: skip
    for name, resource in (RESOURCES | mirrored).items():
        others = [strategy for strategy in resource.strategies if strategy != resource.strategy]
        table.add_row(
            name,
            f"{connections[0].schema}.{name}",
            resource.endpoint,
            resource.key_column.name,
            "learned" if resource.is_inferred else str(len(resource.columns)),
            resource.strategy,
            ", ".join(others),
            _deletions(resource),
            str(schedules[name]) if name in schedules else "off",
        )
    _console().print(table)
    for connection in connections[1:]:
        click.echo(f"{connection.label}the same tables are in the schema {connection.schema}")


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
