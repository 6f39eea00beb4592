"""``exact-sync alert``: what people are told of, and whether it reaches them."""

import json
from collections.abc import Sequence

import click

from exact_sync.alerts.messages import trial
from exact_sync.cli.options import Options, connection_option
from exact_sync.cli.output import say
from exact_sync.errors import BadConfiguration
from exact_sync.service import Service
from exact_sync.store import incidents
from exact_sync.store.incidents import Record
from exact_sync.sync.naming import errors_named

_LAST = 50


@click.group()
def alert() -> None:
    """What people are told of, and whether it reaches them."""


@alert.command(name="test")
@connection_option
@click.pass_obj
def alert_test(options: Options, connection: str | None) -> int:
    """Send a test message to each target. Exit code 1 where one does not accept it."""
    with options.deployment("exact-sync alert", connection) as deployment:
        service = deployment.services[0]  # all connections tell the same targets
        found = service.alert_targets
        if not found:
            raise BadConfiguration(
                "no alert target is set", "set alerts.urls, or EXACT_SYNC_ALERTS__URLS, to URLs of Apprise"
            )
        results = []
        for target in found:
            results.append(target.accepts(trial(service.connection)))
            say(f"{target.name}: {'accepted' if results[-1] else 'not accepted'}")
    if all(results):
        return 0
    click.echo("  → check the URL, and whether it can be reached from here", err=True)
    return 1


@alert.command(name="list")
@click.option("--all", "with_closed", is_flag=True, help=f"Also what is over: the last {_LAST}.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@connection_option
@click.pass_obj
def alert_list(options: Options, with_closed: bool, as_json: bool, connection: str | None) -> None:
    """What is open. People were told of it, or will be after the quiet hours."""
    with options.deployment("exact-sync alert", connection) as deployment:
        found = [(service, _read(service, _LAST if with_closed else None)) for service in deployment.services]
    if as_json:
        facts = [_facts(service, record) for service, records in found for record in records]
        click.echo(json.dumps(facts, indent=2))
        return
    for service, records in found:
        _print(service, records, with_closed=with_closed)


def _read(service: Service, number: int | None) -> Sequence[Record]:
    with errors_named(service.connection):
        service.ready()
        with service.database.begin() as connection:
            return incidents.recent(connection, number)


def _facts(service: Service, record: Record) -> dict[str, object]:
    whose = {} if service.connection.is_alone else {"connection": service.connection.name}
    moments = ("opened_at", "closed_at", "told_at", "told_over_at")
    return whose | {
        "kind": record.kind,
        "subject": record.subject,
        "message": record.message,
        "hint": record.hint,
        **{
            name: moment.isoformat(timespec="seconds") if (moment := getattr(record, name)) else None
            for name in moments
        },
    }


def _print(service: Service, records: Sequence[Record], *, with_closed: bool) -> None:
    label = service.connection.label
    if not records and not service.settings.alerts.urls:
        click.echo(f"{label}Nothing is looked for: alerts.urls is not set. See: exact-sync status --problems")
    elif not records:
        click.echo(f"{label}Nothing {'was' if with_closed else 'is'} amiss.")
    for record in records:
        until = f" to {record.closed_at:%Y-%m-%d %H:%M}" if record.closed_at else ""
        told = "" if record.told_at else " (nobody told yet)"
        if record.closed_at and not record.told_at:
            told = " (nobody told)"
        click.echo(
            f"{label}{record.opened_at:%Y-%m-%d %H:%M}{until} UTC  {record.kind}{told}: {record.message}"
        )
        if record.hint and not record.closed_at:
            click.echo(f"  → {service.connection.hint(record.hint)}")
