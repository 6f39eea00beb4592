"""``exact-sync status``: where everything stands."""

from collections.abc import Sequence

import click
from rich.text import Text

from exact_sync.cli.options import Options, connection_option, division_option, resource_arguments
from exact_sync.cli.status_lines import console, print_head, print_lines
from exact_sync.cli.status_overview import print_overview
from exact_sync.sync.status_json import everything, text_of
from exact_sync.sync.totals import without_fine

FEW_DIVISIONS = 5
"""Up to so many, each resource of each division has its line."""


@click.command()
@resource_arguments
@division_option
@connection_option
@click.option("--detail", is_flag=True, help="One line per division and resource, however many there are.")
@click.option("--problems", is_flag=True, help="Only what needs a look.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def status(
    options: Options,
    names: Sequence[str],
    divisions: Sequence[int],
    connection: str | None,
    detail: bool,
    problems: bool,
    as_json: bool,
) -> None:
    """Where everything stands. Checkpoint, last success, last error, rows, lag, calls left.

    Of more than five divisions, one line for each and one for each resource.
    """
    with options.deployment(connection=connection) as deployment:
        found = deployment.status(names, divisions)
    if as_json:
        told = [(whose, without_fine(facts) if problems else facts) for whose, facts in found]
        click.echo(text_of(everything(told), indent=2))
        return
    for whose, facts in found:
        if whose.label:
            console().print(Text(f"{whose.name}: {whose.settings.site}, schema {whose.schema}", "bold"))
        print_head(whose, facts)
        shown = without_fine(facts) if problems else facts
        if not (shown.divisions or shown.resources):
            if facts.signed_in:
                click.echo("Nothing needs a look." if facts.resources else "Nothing has been read yet.")
        elif detail or names or divisions or len(facts.divisions) <= FEW_DIVISIONS:
            print_lines(whose, shown)
        else:
            print_overview(whose, facts, only_problems=problems)
        if whose.label:
            click.echo()
