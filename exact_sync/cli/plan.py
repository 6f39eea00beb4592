"""``exact-sync plan``: what a sync will cost, before it is spent."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table

from exact_sync.cli import report
from exact_sync.cli.options import Options, connection_option, division_option, resource_arguments
from exact_sync.connections import Connection
from exact_sync.errors import ExactSyncError
from exact_sync.sync.plan import Cost, Forecast


@click.command()
@resource_arguments
@division_option
@connection_option
@click.option("--count/--no-count", default=True, help="Ask Exact how much there is, where nothing is known.")
@click.option("--detail", is_flag=True, help="One line per division and resource.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def plan(
    options: Options,
    names: Sequence[str],
    divisions: Sequence[int],
    connection: str | None,
    count: bool,
    detail: bool,
    as_json: bool,
) -> int:
    """What the next cycle and first loads will cost: calls, minutes and days.

    A resource that was never read is counted first, with one call.
    """
    with options.deployment("exact-sync plan", connection) as deployment:
        planned = deployment.plan(names, divisions, count=count)
    if as_json:
        click.echo(json.dumps(_facts(planned), indent=2))
    for whose, forecast in planned if not as_json else ():
        if whose.label:
            click.echo(f"\n{whose.name}, schema {whose.schema}")
        if isinstance(forecast, Forecast):
            _print(forecast, detail)
    errors = [forecast for _, forecast in planned if isinstance(forecast, ExactSyncError)]
    for error in errors:
        report(error.message, error.hint)
    if errors and len(errors) == len(planned):
        return errors[0].exit_code
    return 1 if errors or any(f.failures for _, f in planned if isinstance(f, Forecast)) else 0


def _facts(planned: Iterable[tuple[Connection, Forecast | ExactSyncError]]) -> dict[str, object]:
    """Of all connections together; they use up their calls side by side."""
    known = [(whose, forecast) for whose, forecast in planned if isinstance(forecast, Forecast)]
    failures = {
        whose.name: forecast.message for whose, forecast in planned if not isinstance(forecast, Forecast)
    }
    for whose, forecast in known:
        of = "" if whose.is_alone else f"{whose.name} "
        failures |= {f"{of}{code}": message for code, message in forecast.failures.items()}
    return {
        "costs": [
            {"connection": whose.name} | dataclasses.asdict(cost)
            for whose, forecast in known
            for cost in forecast.costs
        ],
        "failures": failures,
        "minutes": max((forecast.minutes for _, forecast in known), default=0),
        "days": max((forecast.days for _, forecast in known), default=0),
    }


def _print(forecast: Forecast, detail: bool) -> None:
    console = Console(markup=False, highlight=False)
    console = console if console.is_terminal else Console(width=200, markup=False, highlight=False)
    if detail:
        _table(console, "division and resource", forecast.costs, lambda c: f"{c.division} {c.resource}")
    else:
        _table(console, "resource", forecast.costs, lambda cost: cost.resource)
        console.print()
        _table(console, "division", forecast.costs, lambda cost: str(cost.division))
    first, cycle = (sum(getattr(c, name) for c in forecast.costs) for name in ("first_load", "cycle"))
    console.print()
    time = f", at least {forecast.minutes:,} minutes, the calls of {forecast.days:,} days" if first else ""
    console.print(f"First loads still to come: {first:,} calls{time}")
    console.print(f"A cycle that finds nothing new: {cycle:,} calls")
    console.print(f"This plan cost {sum(cost.spent for cost in forecast.costs):,} calls")
    for code, message in forecast.failures.items():
        console.print(f"error: division {code}: {message}", soft_wrap=True)


def _table(console: Console, title: str, costs: Iterable[Cost], name: Callable[[Cost], str]) -> None:
    groups: dict[str, list[Cost]] = {}
    for cost in costs:
        groups.setdefault(name(cost), []).append(cost)
    table = Table(title, box=None, pad_edge=False, header_style="bold")
    for column in ("rows", "first load: calls", "cycle: calls"):
        table.add_column(column, justify="right")
    for label, group in groups.items():
        known = [cost.rows for cost in group if cost.rows is not None]
        rows = f"{sum(known):,}{'' if len(known) == len(group) else '+'}" if known else "unknown"
        first, cycle = sum(cost.first_load for cost in group), sum(cost.cycle for cost in group)
        table.add_row(label, rows, f"{first:,}" if first else "done", f"{cycle:,}")
    console.print(table)
