"""``exact-sync accept``, ``reset``, ``pause`` and ``resume``: a person's word on a resource."""

from collections.abc import Sequence

import click

from exact_sync.cli.options import (
    Options,
    connection_option,
    division_option,
    resource_argument,
    resource_arguments,
)
from exact_sync.cli.progress import counted


@click.command()
@resource_argument
@division_option
@connection_option
@click.pass_obj
def accept(options: Options, name: str, divisions: Sequence[int], connection: str | None) -> int:
    """Accept what Exact says now. After a run ended as suspect or with records in quarantine."""
    with options.deployment(connection=connection) as deployment:
        number = deployment.accept(name, divisions)
    if number == 0:
        click.echo(f"No run of {name} is suspect, and nothing of it is new in quarantine; nothing to accept.")
        return 0
    click.echo(f"Accepted in {number} divisions; the next sync takes it over: exact-sync sync {name}")
    return 0


@click.command()
@resource_argument
@division_option
@connection_option
@click.pass_obj
def reset(options: Options, name: str, divisions: Sequence[int], connection: str | None) -> int:
    """Read a resource again from the beginning. With the next sync; its rows stay until then."""
    with options.deployment(connection=connection) as deployment:
        number = deployment.reset(name, divisions)
    click.echo(f"{name}: {counted(number, 'checkpoint')} reset; the next sync reads everything again.")
    return 0


@click.command()
@resource_arguments
@division_option
@connection_option
@click.pass_obj
def pause(options: Options, names: Sequence[str], divisions: Sequence[int], connection: str | None) -> int:
    """Read these no more until they are resumed. Without a name: read nothing at all.

    Naming one in sync still reads it.
    """
    with options.deployment(connection=connection) as deployment:
        number = deployment.pause(names, divisions)
    word = "Paused" if number else "Paused already"
    again = " ".join(["exact-sync resume", *names, *(f"--division {code}" for code in divisions)])
    if connection is not None:
        again += f" --connection {connection}"
    click.echo(f"{word}: {_what(names, divisions)}. It is read again after: {again}")
    return 0


@click.command()
@resource_arguments
@division_option
@connection_option
@click.pass_obj
def resume(options: Options, names: Sequence[str], divisions: Sequence[int], connection: str | None) -> int:
    """Read again what was paused (default: everything)."""
    with options.deployment(connection=connection) as deployment:
        number = deployment.resume(names, divisions)
    click.echo(f"Resumed: {_what(names, divisions)}." if number else "Nothing of that was paused.")
    return 0


def _what(names: Sequence[str], divisions: Sequence[int]) -> str:
    what = ", ".join(names) or "everything"
    return f"{what} of division {', '.join(map(str, divisions))}" if divisions else what
