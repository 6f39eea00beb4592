"""``exact-sync db``: the schema, and a way into the database."""

import signal
import subprocess

import click

from exact_sync.cli.options import Options
from exact_sync.errors import BadConfiguration
from exact_sync.store import migrate
from exact_sync.store.database import shown_url
from exact_sync.store.embedded import Embedded
from exact_sync.sync.naming import errors_named


@click.group()
def db() -> None:
    """The database: its schema, and a shell for the embedded one."""


@db.command()
@click.pass_obj
def upgrade(options: Options) -> None:
    """Bring the schema up to date (sync and run do so by themselves)."""
    with options.deployment() as deployment:
        for service in deployment.services:
            with errors_named(service.connection):
                what = "upgraded to" if service.upgrade() else "already at"
            whose = service.connection.label
            click.echo(f"{whose}{what} {migrate.head()}: {shown_url(service.database.url)}")


@db.command()
@click.pass_obj
def current(options: Options) -> None:
    """The revision the database is at, and the newest one."""
    with options.deployment() as deployment:
        for service in deployment.services:
            with service.database.begin() as connection:
                revision = migrate.current(connection) or "empty"
            click.echo(f"{service.connection.label}database: {revision}, newest: {migrate.head()}")


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(options: Options, arguments: tuple[str, ...]) -> int:
    """Open psql on the embedded database. Arguments go to psql: exact-sync db psql -c '…'."""
    settings = options.load()
    if settings.database_url is not None:
        raise BadConfiguration(
            "database_url is set, so there is no embedded database", "use psql with that URL"
        )
    embedded = Embedded(settings.data_dir / "postgres")
    # Ctrl-C cancels psql's query. Ours ignores it with a function, which psql does not inherit.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        return subprocess.run([embedded.psql, embedded.url, *arguments], check=False).returncode  # noqa: S603
    finally:
        embedded.close()
