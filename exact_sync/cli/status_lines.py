"""The status of few divisions: every resource of each has its line."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exact_sync.cli.progress import counted
from exact_sync.connections import Connection
from exact_sync.errors import one_line
from exact_sync.sync import totals
from exact_sync.sync.loading import Loading
from exact_sync.sync.status import ResourceStatus, Status
from exact_sync.sync.totals import Saying

_SHOWN = 5
"""So many division codes or resources are named where there may be many."""

NARROW = 100
"""On a terminal with so few columns a space between two facts has to do, and what is dispensable goes."""


def print_head(connection: Connection, facts: Status) -> None:
    """What is true of the connection as a whole."""
    if not facts.signed_in:
        hint = connection.hint("run: exact-sync auth login")
        console().print(Text(f"Signing in is needed: {facts.sign_in_message}\n  → {hint}", "red"))
    if facts.day_limit is not None:
        console().print(
            f"Calls today of all divisions together: {facts.calls_today or 0:,} of {facts.day_limit:,}"
        )


def print_lines(connection: Connection, facts: Status) -> None:
    """A line per division, and one per division and resource; then what is to be said of some of them."""
    out = console()
    tables = [table for table in (_divisions(facts), _resources(facts, out.width)) if table.row_count]
    for number, table in enumerate(tables):
        if number:
            out.print()
        out.print(table)
    for line in facts.resources:
        _print_notes(out, connection, line)
    print_sayings(connection, totals.pauses(facts))


def print_sayings(connection: Connection, sayings: Iterable[Saying]) -> None:
    """What several divisions or resources have to say, each message once."""
    out = console()
    for saying in sayings:
        out.print(Text(_said(saying), "yellow"), soft_wrap=True)
        if saying.hint:
            out.print(f"  → {connection.hint(saying.hint)}", soft_wrap=True)


def _said(saying: Saying) -> str:
    where = _some([str(code) for code in saying.divisions])
    if len(saying.divisions) > 1:
        where = f"{len(saying.divisions):,} divisions ({where})"
    what = " ".join(part for part in (_some(saying.resources), where) if part)
    return f"{what}: {saying.text}" if what else saying.text


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def minute(moment: str) -> str:
    """A moment of the status, for people."""
    return f"{moment[:16].replace('T', ' ')} UTC"


def _divisions(facts: Status) -> Table:
    names = ("division", "name", "state", "calls left: minute", "day")
    table = Table(*names, box=None, pad_edge=False, header_style="bold")
    for division in facts.divisions:
        state = division.suspended_because or ("active" if division.active else "not active")
        if division.parked_until:
            state = f"no calls until {minute(division.parked_until)}"
        table.add_row(
            str(division.division),
            one_line(division.name),
            state,
            of_limit(division.minute_left, division.minute_limit),
            of_limit(division.day_left, division.day_limit),
        )
    return table


def _resources(facts: Status, width: int) -> Table:
    between = (0, 1) if width > NARROW else (0, 1, 0, 0)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=between)
    for name in (
        "division", "resource", "strategy", "state", "rows", "deleted", "checkpoint", "last success", "lag",
    ):  # fmt: skip
        table.add_column(name, overflow="fold")  # on two lines rather than cut off
    for line in facts.resources:
        table.add_row(
            str(line.division or "all"),
            line.resource,
            line.strategy,
            Text(line.state, "green" if line.state == "ok" else "yellow"),
            f"{line.rows:,}",
            f"{line.deleted:,}",
            (line.cursor or "")[:19].replace("T", " "),
            f"{line.succeeded_at:%Y-%m-%d %H:%M:%S}" if line.succeeded_at else "never",
            duration(line.lag_seconds),
        )
    return table


def _print_notes(out: Console, connection: Connection, line: ResourceStatus) -> None:
    whose = f"{line.resource} {line.division or ''}".rstrip()
    if line.loading is not None:
        out.print(f"{whose}: {loading_text(line.loading)}", soft_wrap=True)
    if line.message and line.outcome != "running" and line.state != "loading":
        out.print(Text(f"{whose}: {line.message}", "yellow"))
        if line.hint:
            out.print(f"  → {connection.hint(line.hint)}")
    if line.quarantined:
        out.print(f"{whose}: {counted(line.quarantined, 'record')} in quarantine")


def console() -> Console:
    """As wide as needed where the output is no terminal: nothing is cut off in a pipe. Brackets in
    a division's name are brackets, not markup."""
    console = Console(markup=False)
    return console if console.is_terminal else Console(width=240, markup=False)


def loading_text(loading: Loading) -> str:
    """How far a long reading has come, and what it still has before it."""
    if loading.expected is None:
        return f"{loading.what}, {loading.records:,} records; how much there is is not known"
    text = f"{loading.what}, {loading.records:,} of about {loading.expected:,} records"
    if loading.calls_left is None or loading.seconds_left is None:
        return text
    calls = "1 call" if loading.calls_left == 1 else f"{loading.calls_left:,} calls"
    return f"{text}, about {calls} and {time_left(loading.seconds_left)} to go"


def time_left(seconds: int) -> str:
    """A time to wait, in words and rounded up."""
    size, unit = 60, "minute"
    if seconds >= 86_400:
        size, unit = 86_400, "day"
    elif seconds >= 7_200:
        size, unit = 3_600, "hour"
    number = max(1, -(-seconds // size))
    return f"{number:,} {unit}" if number == 1 else f"{number:,} {unit}s"


def of_limit(left: int | None, limit: int | None) -> str:
    return "unknown" if left is None else f"{left:,} of {limit:,}" if limit else f"{left:,}"


def duration(seconds: int | None) -> str:
    if seconds is None:
        return ""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
