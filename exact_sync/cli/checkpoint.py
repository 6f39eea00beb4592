"""``exact-sync accept`` and ``exact-sync reset``: a person's word on a checkpoint."""

from collections.abc import Sequence

import click

from exact_sync.cli.options import Options, connection_option, division_option, resource_argument


@click.command()
@resource_argument
@division_option
@connection_option
@click.pass_obj
def accept(options: Options, name: str, divisions: Sequence[int], connection: str | None) -> int:
    """Accept what Exact says now, after a run ended as suspect."""
    with options.deployment(connection=connection) as deployment:
        number = deployment.accept(name, divisions)
    if number == 0:
        click.echo(f"No run of {name} is suspect; nothing to accept.")
        return 0
    click.echo(f"Accepted in {number} divisions; the next sync takes it over: exact-sync sync {name}")
    return 0


@click.command()
@resource_argument
@division_option
@connection_option
@click.pass_obj
def reset(options: Options, name: str, divisions: Sequence[int], connection: str | None) -> int:
    """Read a resource again from the beginning with the next sync; its rows stay until then."""
    with options.deployment(connection=connection) as deployment:
        number = deployment.reset(name, divisions)
    click.echo(f"{name}: {number} checkpoints reset; the next sync reads everything again.")
    return 0
