"""``exact-sync resources`` and ``exact-sync health``: what there is, and whether it is at work."""

import click
from rich.table import Table

from exact_sync.catalog import RESOURCES, Resource, Strategy
from exact_sync.cli.options import Options, connection_option
from exact_sync.cli.status_lines import console
from exact_sync.errors import TryLater
from exact_sync.service import Service
from exact_sync.store import migrate
from exact_sync.store.locks import WorkLock
from exact_sync.sync.naming import errors_named


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
    console().print(table)
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
