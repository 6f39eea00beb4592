"""``exact-sync resources`` and ``exact-sync health``: what there is, and whether it is at work."""

import click
from rich.table import Table

from exact_sync.catalog import RESOURCES, Resource, Strategy
from exact_sync.cli.options import Options, connection_option
from exact_sync.cli.status_lines import NARROW, console
from exact_sync.errors import TryLater
from exact_sync.service import Service
from exact_sync.store import migrate
from exact_sync.store.locks import WorkLock
from exact_sync.store.tables import data_columns
from exact_sync.sync.naming import errors_named


@click.command()
@connection_option
@click.pass_obj
def health(options: Options, connection: str | None) -> None:
    """Exit code 0 while a daemon is at work. The database must be up to date. For health checks."""
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
        raise TryLater("no exact-sync is at work", "start the daemon with: exact-sync run")
    return holder


_ALL = ("resource", "table", "endpoint", "key", "columns", "strategy", "or", "deletions", "schedule")
_BRIEF = ("resource", "endpoint", "strategy", "schedule")
_WHOLE = ("resource", "strategy", "schedule")


@click.command()
@click.pass_obj
def resources(options: Options) -> None:
    """The catalog of resources. Each with endpoint, table, strategy and schedule."""
    with options.deployment() as deployment:
        schedules = deployment.schedules()
        mirrored = deployment.mirrored
        connections = [service.connection for service in deployment.services]
    out = console()
    is_narrow = out.width <= NARROW
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in _BRIEF if is_narrow else _ALL:
        table.add_column(header, overflow="fold", no_wrap=header in _WHOLE)
    for name, resource in (RESOURCES | mirrored).items():
        others = [strategy for strategy in resource.strategies if strategy != resource.strategy]
        facts = {
            "resource": name,
            "table": f"{connections[0].schema}.{name}",
            "endpoint": resource.endpoint,
            "key": resource.key_column.name,
            "columns": "learned" if resource.is_inferred else str(len(data_columns(resource))),
            "strategy": resource.strategy,
            "or": ", ".join(others),
            "deletions": _deletions(resource),
            "schedule": str(schedules[name]) if name in schedules else "off",
        }
        table.add_row(*(facts[header] for header in (_BRIEF if is_narrow else _ALL)))
    out.print(table)
    if is_narrow:
        out.print(f"\nEach table has the name of its resource, in the schema {connections[0].schema}.")
        out.print("A wider terminal, or | less -S, shows keys, other strategies and deletions.")
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
