"""``exact-sync accept`` and ``exact-sync reset``: a person's word on a checkpoint."""

from collections.abc import Sequence

import click

from exact_sync.cli.options import Options, division_option, resource_argument
from exact_sync.store import checkpoints


@click.command()
@resource_argument
@division_option
@click.pass_obj
def accept(options: Options, name: str, divisions: Sequence[int]) -> int:
    """Accept what Exact says now, after a run ended as suspect."""
    with options.service() as service:
        service.resources([name])
        service.ready()
        with service.database.begin() as connection:
            number = checkpoints.accept(connection, name, list(divisions) or None)
    if number == 0:
        click.echo(f"No run of {name} is suspect; nothing to accept.")
        return 0
    click.echo(f"Accepted in {number} divisions; the next sync takes it over: exact-sync sync {name}")
    return 0


@click.command()
@resource_argument
@division_option
@click.pass_obj
def reset(options: Options, name: str, divisions: Sequence[int]) -> int:
    """Read a resource again from the beginning with the next sync; its rows stay until then."""
    with options.service() as service:
        service.resources([name])
        service.ready()
        with service.database.begin() as connection:
            number = checkpoints.reset(connection, name, list(divisions) or None)
    click.echo(f"{name}: {number} checkpoints reset; the next sync reads everything again.")
    return 0
