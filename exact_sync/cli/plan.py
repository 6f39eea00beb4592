"""``exact-sync plan``: what a sync will cost, before it is spent."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table

from exact_sync.cli.options import Options, connection_option, division_option, resource_arguments
from exact_sync.cli.output import read_or_not, report
from exact_sync.cli.progress import counted
from exact_sync.cli.work import stop_on_signals
from exact_sync.connections import Connection
from exact_sync.errors import ExactSyncError
from exact_sync.scheduler.plan import shown
from exact_sync.sync.pace import Pace
from exact_sync.sync.plan import Cost, Forecast

MOST_DIVISIONS = 20
"""So many divisions are shown; of more, the most expensive ones."""


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
    """What the next cycle and first loads will cost. In calls, minutes and days.

    A resource that was never read is counted first, with one call.
    """
    with options.deployment("exact-sync plan", connection) as deployment:
        stop_on_signals(deployment, code=4)
        planned = deployment.plan(names, divisions, count=count)
    errors = [forecast for _, forecast in planned if isinstance(forecast, ExactSyncError)]
    failed = bool(errors) or any(f.failures for _, f in planned if isinstance(f, Forecast))
    code = errors[0].exit_code if errors and len(errors) == len(planned) else int(failed)
    with read_or_not(code):
        if as_json:
            click.echo(json.dumps(_facts(planned), indent=2))
        for whose, forecast in planned if not as_json else ():
            if whose.label:
                click.echo(f"\n{whose.name}, schema {whose.schema}")
            if isinstance(forecast, Forecast):
                _print(forecast, detail)
    for error in errors:
        report(error.message, error.hint)
    return code


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
        "limits": [{"connection": whose.name} | _limits(forecast) for whose, forecast in known],
    }


def _limits(forecast: Forecast) -> dict[str, object]:
    """Calls are those that exact-sync may make: without the part that is left for people."""
    pace = forecast.pace
    fitting = pace.fitting
    return {
        "connection_calls_a_day": forecast.connection_limit,
        "division_days": forecast.division_days,
        "connection_days": forecast.connection_days,
        "cycles_calls_a_day": pace.calls_a_day,
        "cycles_fit": pace.fits,
        "divisions_over": pace.too_many,
        "interval_seconds": int(pace.interval.total_seconds()),
        "fitting_interval_seconds": None if fitting is None else int(fitting.total_seconds()),
    }


def _print(forecast: Forecast, detail: bool) -> None:
    console = Console(markup=False, highlight=False)
    console = console if console.is_terminal else Console(width=200, markup=False, highlight=False)
    if detail:
        _table(console, "division and resource", forecast.costs, lambda c: f"{c.division} {c.resource}")
    else:
        _table(console, "resource", forecast.costs, lambda cost: cost.resource)
        console.print()
        _divisions(console, forecast.costs)
    first, cycle = (sum(getattr(c, name) for c in forecast.costs) for name in ("first_load", "cycle"))
    console.print()
    minutes = "1 minute" if forecast.minutes == 1 else f"{forecast.minutes:,} minutes"
    time = f", at least {minutes}, {_days(forecast)}" if first else ""
    console.print(f"First loads still to come: {counted(first, 'call')}{time}", soft_wrap=True)
    console.print(f"A cycle that finds nothing new: {counted(cycle, 'call')}")
    for line in _too_often(forecast.pace):
        console.print(line, soft_wrap=True)
    console.print(f"This plan cost {counted(sum(cost.spent for cost in forecast.costs), 'call')}")
    for code, message in forecast.failures.items():
        where = "" if message.startswith(f"division {code}") else f"division {code}: "
        console.print(f"error: {where}{message}", soft_wrap=True)


def _days(forecast: Forecast) -> str:
    """Both figures where the limit of all divisions together makes a difference."""
    text = "within the calls of one day" if forecast.days == 1 else f"the calls of {forecast.days:,} days"
    if forecast.connection_days in (None, forecast.division_days):
        return text
    return (
        f"{text} ({forecast.division_days:,} by the limits of each division, {forecast.connection_days:,} by "
        f"the {forecast.connection_limit:,} calls a day of all divisions together)"
    )


def _too_often(pace: Pace) -> list[str]:
    """Where cycles alone cost more calls a day than there are: what to set."""
    if pace.fits:
        return []
    limit = pace.connection_limit
    text = f"Cycles every {shown(pace.interval)} cost about {pace.calls_a_day:,} calls a day"
    if limit is not None and pace.calls_a_day > limit:
        text += f", more than the {limit:,} that all divisions together may make"
    if pace.too_many:
        number = "1 division" if len(pace.too_many) == 1 else f"{len(pace.too_many):,} divisions"
        text += f"; in {number} more than the division may make, the first is {pace.too_many[0]}"
    if pace.fitting is None:
        hint = "no interval fits: set snapshot_interval higher too, or mirror fewer resources or divisions"
    else:
        hint = f'it fits with: interval = "{shown(pace.fitting)}"'
    return [text, f"  → {hint}"]


def _divisions(console: Console, costs: Sequence[Cost]) -> None:
    """All of them, or the most expensive ones and a line for the rest."""
    totals: dict[int, int] = {}
    for cost in costs:
        totals[cost.division] = totals.get(cost.division, 0) + cost.first_load + cost.cycle
    if len(totals) <= MOST_DIVISIONS:
        _table(console, "division", costs, lambda cost: str(cost.division))
        return
    most = sorted(totals, key=lambda code: (-totals[code], code))[:MOST_DIVISIONS]
    place = {code: number for number, code in enumerate(most)}
    rest = f"{len(totals) - len(most):,} others"
    ordered = sorted(costs, key=lambda cost: place.get(cost.division, len(most)))
    _table(console, "division", ordered, lambda cost: str(cost.division) if cost.division in place else rest)
    console.print("(the most expensive ones first; --detail shows all)")


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
        # Exact refused to say how much there is: nothing is known of it, least of all that it is done.
        is_refused = not known and not first and not cycle
        table.add_row(
            label, rows, f"{first:,}" if first else "refused" if is_refused else "done", f"{cycle:,}"
        )
    console.print(table)
