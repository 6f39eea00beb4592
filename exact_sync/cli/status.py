"""``exact-sync status``: where everything stands."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime

import click
from rich.text import Text

from exact_sync.cli.options import Options, connection_option, division_option, resource_arguments
from exact_sync.cli.status_lines import console, print_head, print_lines
from exact_sync.cli.status_overview import print_overview
from exact_sync.connections import Connection
from exact_sync.sync.status import Status
from exact_sync.sync.totals import without_fine

FEW_DIVISIONS = 5
"""Up to so many, each resource of each division has its line."""

Found = tuple[Connection, Status]


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
    """Per division and resource: checkpoint, last success, last error, rows, lag, calls left.

    Of more than five divisions, one line for each and one for each resource.
    """
    with options.deployment(connection=connection) as deployment:
        found = deployment.status(names, divisions)
    if as_json:
        shown = [(whose, without_fine(facts) if problems else facts) for whose, facts in found]
        click.echo(json.dumps(_facts(shown), indent=2, default=_as_text))
        return
    for whose, facts in found:
        if whose.label:
            console().print(Text(f"{whose.name}: {whose.settings.site}, schema {whose.schema}", "bold"))
        print_head(whose, facts)
        if detail or names or divisions or len(facts.divisions) <= FEW_DIVISIONS:
            print_lines(whose, without_fine(facts) if problems else facts)
        else:
            print_overview(whose, facts, only_problems=problems)
        if whose.label:
            click.echo()


def _facts(found: Sequence[Found]) -> dict[str, object]:
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
                "calls_today": facts.calls_today,
                "day_limit": facts.day_limit,
            }
            for whose, facts in found
        ],
        "divisions": lines("divisions"),
        "resources": lines("resources"),
    }


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
