"""The status of many divisions: one line for each, one for each resource, and each message once."""

from collections import Counter

from rich.table import Table
from rich.text import Text

from exact_sync.cli.progress import counted
from exact_sync.cli.status_lines import console, duration, minute, of_limit, print_sayings, time_left
from exact_sync.connections import Connection
from exact_sync.errors import one_line
from exact_sync.sync import totals
from exact_sync.sync.status import Status
from exact_sync.sync.totals import Total


def print_overview(connection: Connection, facts: Status, *, only_problems: bool = False) -> None:
    """``only_problems``: of the divisions and resources only those that need a look."""
    out = console()
    out.print(_head(facts), soft_wrap=True)
    out.print()
    out.print(_resources(facts, only_problems))
    out.print()
    out.print(_divisions(facts, only_problems))
    shown = totals.without_fine(facts) if only_problems else facts
    print_sayings(connection, [*totals.sayings(shown), *totals.pauses(shown)])
    for name, total in totals.by_resource(facts).items():
        if total.quarantined:
            out.print(f"{name}: {counted(total.quarantined, 'record')} in quarantine")


def _head(facts: Status) -> str:
    states = Counter(division.state for division in facts.divisions)
    all_of_them = totals.total(totals.of_read_divisions(facts))
    parts = [f"{states[name]:,} {name}" for name in ("active", "suspended", "parked", "not active")]
    oldest = all_of_them.oldest_success
    return (
        f"{len(facts.divisions):,} divisions: {', '.join(parts)}; "
        f"resources: {all_of_them.ok:,} of {all_of_them.lines:,} ok, {all_of_them.loading:,} loading, "
        f"{all_of_them.failing:,} failing; "
        f"oldest last success: {f'{oldest:%Y-%m-%d %H:%M:%S}' if oldest else 'never'}"
    )


def _resources(facts: Status, only_problems: bool) -> Table:
    table = Table(
        "resource", "divisions ok", "failing", "loading", "rows", "worst lag",
        box=None, pad_edge=False, header_style="bold",
    )  # fmt: skip
    for name, total in totals.by_resource(facts).items():
        if only_problems and not (total.failing or total.quarantined):
            continue
        table.add_row(
            name,
            f"{total.ok:,} of {total.lines:,}",
            _number(total.failing),
            _number(total.loading),
            f"{total.rows:,}",
            duration(total.worst_lag),
        )
    return table


def _divisions(facts: Status, only_problems: bool) -> Table:
    table = Table(
        "division", "name", "state", "resources ok", "worst lag", "rows", "loading", "calls left today",
        box=None, pad_edge=False, header_style="bold",
    )  # fmt: skip
    added_up = totals.by_division(facts)
    for division in facts.divisions:
        total = added_up[division.division]
        if only_problems and not totals.needs_a_look(division, total):
            continue
        state = division.state
        if division.parked_until and state == "parked":
            state = f"parked until {minute(division.parked_until)}"
        table.add_row(
            str(division.division),
            one_line(division.name),
            Text(state, "green" if state == "active" else "yellow"),
            Text(f"{total.ok:,} of {total.lines:,}", "yellow" if total.failing else ""),
            duration(total.worst_lag),
            f"{total.rows:,}",
            _loading(total),
            of_limit(division.day_left, division.day_limit),
        )
    return table


def _loading(total: Total) -> str:
    if not total.loading:
        return ""
    left = "" if total.seconds_left is None else f", {time_left(total.seconds_left)} to go"
    return f"{total.loading:,}{left}"


def _number(number: int) -> str:
    return f"{number:,}" if number else ""
