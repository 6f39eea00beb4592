"""``exact-sync outbox``: who is told what changed, what waits for them, and what they did not take."""

import json
from collections.abc import Callable, Sequence

import click
from rich.table import Table
from sqlalchemy import Connection

from exact_sync.cli.options import Options, connection_option
from exact_sync.cli.output import say
from exact_sync.cli.status_lines import console
from exact_sync.deployment import Deployment
from exact_sync.errors import BadConfiguration, Unknown
from exact_sync.service import Service
from exact_sync.store import deliveries
from exact_sync.store.deliveries import Delivery, Filter
from exact_sync.sync.naming import errors_named

Found = list[tuple[Service, Delivery]]

target_option = click.option("--target", metavar="NAME", help="Only for this target.")
messages_argument = click.argument(
    "messages", nargs=-1, metavar="[NUMBER]...", type=click.IntRange(1, 2**63 - 1)
)


@click.group()
def outbox() -> None:
    """Who is told what changed, and what they did not take."""


@outbox.command(name="list")
@click.option("--dead", is_flag=True, help="What was given up, instead of what waits.")
@target_option
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, metavar="N",
    help="The oldest so many.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@connection_option
@click.pass_obj
def outbox_list(
    options: Options, dead: bool, target: str | None, limit: int, as_json: bool, connection: str | None
) -> None:
    """What waits for targets, the oldest first. A message for two targets is shown twice."""
    wanted = Filter("dead" if dead else "waiting", _only(target))
    with options.deployment("exact-sync outbox", connection) as deployment:
        found: Found = []
        for service in deployment.services:
            rows = _asked(service, lambda asked: deliveries.listed(asked, wanted, limit))
            found += [(service, row) for row in rows]
    if as_json:
        click.echo(json.dumps([_facts(service, row) for service, row in found], indent=2))
    elif found:
        console().print(_table(found, dead=dead))
    else:
        click.echo("Nothing was given up." if dead else "Nothing waits.")


@outbox.command()
@messages_argument
@target_option
@connection_option
@click.pass_obj
def retry(options: Options, messages: Sequence[int], target: str | None, connection: str | None) -> None:
    """Deliver after all what was given up. All of it, or these messages, where the target is still set."""

    def change(service: Service) -> int:
        return service.desk(lambda: service.database).retry_messages(messages, _only(target))

    with options.deployment("exact-sync outbox", connection) as deployment:
        number = _change(deployment, messages, change)
    click.echo(f"{number} to be delivered again: by exact-sync run within seconds, else by the next sync")


@outbox.command()
@messages_argument
@click.option("--waiting", is_flag=True, help="What waits, instead of what was given up.")
@target_option
@connection_option
@click.pass_obj
def drop(
    options: Options, messages: Sequence[int], waiting: bool, target: str | None, connection: str | None
) -> None:
    """Forget what was given up: all of it, or these messages."""

    def change(service: Service) -> int:
        desk = service.desk(lambda: service.database)
        return desk.drop_messages(messages, _only(target), "waiting" if waiting else "dead")

    with options.deployment("exact-sync outbox", connection) as deployment:
        number = _change(deployment, messages, change)
    click.echo(f"{number} dropped")


@outbox.command(name="test")
@target_option
@connection_option
@click.pass_obj
def outbox_test(options: Options, target: str | None, connection: str | None) -> int:
    """Send a signed test message to each target. Exit code 1 where one does not accept it."""
    from exact_sync.outbox.letter import trial
    from exact_sync.outbox.post import Post

    with options.deployment("exact-sync outbox", connection) as deployment:
        service = deployment.services[0]  # all connections tell the same targets
        sections = service.settings.outbox.targets
        if not sections:
            raise BadConfiguration("no target is set", "set url and secret in [outbox.targets.NAME]")
        if target is not None and target not in sections:
            raise BadConfiguration(f"there is no target {target}", f"there is: {', '.join(sections)}")
        is_well = True
        for name, section in sections.items():
            if target in (None, name):
                for resource in section.resources:
                    if resource not in deployment.mirrored:
                        say(f"warning: {name} is to be told of {resource}, which is switched off", err=True)
                post = Post(section, deployment.clock.now)
                answer = post.send(trial(service.connection.name, deployment.clock.now()))
                post.close()
                is_well = is_well and answer.outcome == "delivered"
                say(f"{name} ({section.where}): {answer.trouble or 'accepted'}")
    return 0 if is_well else 1


@outbox.command()
def secret() -> None:
    """Print a new secret for a target, to be set here and there."""
    from exact_sync.outbox.letter import new_secret

    click.echo(new_secret())


def _only(target: str | None) -> list[str]:
    return [] if target is None else [target]


def _asked(service: Service, question: Callable[[Connection], list[Delivery]]) -> list[Delivery]:
    with errors_named(service.connection):
        service.ready()
        with service.database.begin() as connection:
            return question(connection)


def _change(deployment: Deployment, messages: Sequence[int], change: Callable[[Service], int]) -> int:
    """Raises BadConfiguration where a number says too little: each connection has its own.

    A target that is no longer set up is known to those connections that have something for it.
    """
    if messages:
        deployment.only()
    number, unknown = 0, []
    for service in deployment.services:
        try:
            with errors_named(service.connection):
                service.ready()
                number += change(service)
        except Unknown as error:
            unknown.append(error)
    if len(unknown) == len(deployment.services):
        raise unknown[0]
    return number


def _facts(service: Service, row: Delivery) -> dict[str, object]:
    whose = {} if service.connection.is_alone else {"connection": service.connection.name}
    moments = ("at", "retry_at", "given_up_at")
    return whose | {
        "message": row.message,
        "target": row.target,
        "division": row.division or None,
        "resource": row.resource,
        "run": row.run,
        "attempts": row.attempts,
        "trouble": row.trouble,
        **{
            name: moment.isoformat(timespec="seconds") if (moment := getattr(row, name)) else None
            for name in moments
        },
    }


def _table(found: Found, *, dead: bool) -> Table:
    is_alone = found[0][0].connection.is_alone
    names = ["number", "written (UTC)", "target", "division", "resource", "tries"]
    names += ["given up" if dead else "next try", "trouble"]
    headers = names if is_alone else ["connection", *names]
    table = Table(*headers, box=None, pad_edge=False, header_style="bold")
    for service, row in found:
        moment = row.given_up_at if dead else row.retry_at
        table.add_row(
            *([] if is_alone else [service.connection.name]),
            str(row.message),
            f"{row.at:%Y-%m-%d %H:%M}",
            row.target,
            str(row.division or ""),
            row.resource,
            str(row.attempts),
            f"{moment:%Y-%m-%d %H:%M}" if moment else "",
            row.trouble or "",
        )
    return table
