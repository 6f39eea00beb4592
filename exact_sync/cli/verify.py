"""``exact-sync verify``: prove the mirror against Exact."""

import dataclasses
import json
import re
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from exact_sync.cli.options import Options, connection_option, division_option, resource_arguments
from exact_sync.cli.output import read_or_not
from exact_sync.cli.progress import audience
from exact_sync.cli.work import stop_on_signals
from exact_sync.sync.once import exit_code
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.verify import Checks

_SHOWN = 20
"""So many differences of one resource are shown; ``--json`` has all."""


def _rows(context: click.Context, option: click.Parameter, value: str) -> int | str:
    if value == "all":
        return value
    if not re.fullmatch("[0-9]{1,18}", value):
        raise click.BadParameter(f"{value!r} is neither a number nor all")
    return int(value)


@click.command()
@resource_arguments
@division_option
@connection_option
@click.option("--keys", is_flag=True, help="Compare every key, also where the counts agree.")
@click.option(
    "--rows", callback=_rows, default="0", metavar="N|all", help="Compare so many records column by column."
)
@click.option("--books/--no-books", default=True, help="Add up the ledger against Exact's own balance.")
@click.option("--repair", is_flag=True, help="Fetch what differs, bury what is gone, and compare again.")
@click.option("--json", "as_json", is_flag=True, help="For machines, with every difference.")
@click.pass_obj
def verify(
    options: Options,
    names: Sequence[str],
    divisions: Sequence[int],
    connection: str | None,
    keys: bool,
    rows: int | str,
    books: bool,
    repair: bool,
    as_json: bool,
) -> int:
    """Prove the mirror against Exact. Counts and books; keys and whole records on demand.

    Exit code 1 if differences remain.
    """
    checks = Checks(keys=keys, rows="all" if rows == "all" else int(rows), books=books, repair=repair)
    with options.deployment("exact-sync verify", connection) as deployment:
        stop_on_signals(deployment, code=4)
        with audience(quiet=True) as watching:
            outcomes = deployment.verify(names, divisions, checks, watching)
    code = exit_code(outcomes)
    with read_or_not(code):
        if as_json:
            click.echo(json.dumps([_facts(outcome) for outcome in outcomes], indent=2))
        else:
            _print(outcomes)
    return code


def _facts(outcome: Outcome) -> dict[str, object]:
    facts = {"connection": outcome.connection} if outcome.connection else {}
    return facts | {
        "division": outcome.division,
        "resource": outcome.resource,
        "status": outcome.status,
        "checked": outcome.checked,
        "message": outcome.message,
        "calls": outcome.tally.calls,
        "differences": [dataclasses.asdict(difference) for difference in outcome.differences],
    }


def _where(outcome: Outcome) -> str:
    division = str(outcome.division or "all")
    return f"{outcome.connection} {division}" if outcome.connection else division


def _print(outcomes: Sequence[Outcome]) -> None:
    console = Console(markup=False, highlight=False)
    console = console if console.is_terminal else Console(width=240, markup=False, highlight=False)
    table = Table("division", "resource", "result", "compared", "calls", box=None, pad_edge=False)
    for outcome in outcomes:
        table.add_row(
            _where(outcome),
            outcome.resource,
            outcome.status,
            outcome.checked,
            f"{outcome.tally.calls:,}",
        )
    console.print(table)
    for outcome in outcomes:
        if outcome.message:
            whose = f"{outcome.connection}: " if outcome.connection else ""
            kind = "error" if outcome.exit_code else "note"
            name = f"{outcome.resource} of division {outcome.division}"
            console.print(f"{kind}: {whose}{outcome.named_message(name)}", soft_wrap=True)
        for difference in outcome.differences[:_SHOWN]:
            parts = (difference.kind, difference.what, difference.detail)
            console.print("  " + "  ".join(part for part in parts if part), soft_wrap=True)
        if len(outcome.differences) > _SHOWN:
            console.print(f"  … and {len(outcome.differences) - _SHOWN:,} more; --json shows all")
        if outcome.hint:
            console.print(f"  → {outcome.hint}")
    differing = sum(bool(outcome.differences) for outcome in outcomes)
    verified = sum(outcome.status == "verified" for outcome in outcomes)
    calls = sum(outcome.tally.calls for outcome in outcomes)
    console.print(f"{verified} verified, {differing} differ, {calls:,} calls")
