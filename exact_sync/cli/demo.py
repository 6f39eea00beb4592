"""``exact-sync demo``: everything at once, with nothing to configure."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import httpx
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from exact_sync import logs
from exact_sync.cli.demo_queries import QUERIES, count_query
from exact_sync.cli.options import Options
from exact_sync.cli.progress import Silence, audience, described
from exact_sync.config import OnlyGiven
from exact_sync.errors import BadConfiguration
from exact_sync.service import Service
from exact_sync.simulator import Simulator
from exact_sync.simulator.command import sample_group
from exact_sync.store.database import shown_url
from exact_sync.sync.books import LEDGER
from exact_sync.sync.once import exit_code
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.verify import Checks

_MARK = "made-by-exact-sync-demo"
_ELSEWHERE = "use: exact-sync --data-dir FOLDER demo"


@click.command()
@click.pass_obj
def demo(options: Options) -> int:
    """Try it on a simulated Exact Online. With an embedded PostgreSQL, two syncs and some queries."""
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    folder = _fresh_folder(options.load().data_dir / "demo")
    _headline(console, "1. A simulated Exact Online: two active companies, three years of books")
    # At Exact's own 60 calls a minute the demo would spend half of its time waiting.
    with Simulator(sample_group(divisions=2, size="small"), minute_limit=300) as simulator:
        console.print(
            f"   {simulator.base_url}: {len(simulator.books.divisions)} divisions, one of them archived"
        )
        with _service(simulator, folder) as service:
            return _show(console, simulator, service, folder)


def _show(console: Console, simulator: Simulator, service: Service, folder: Path) -> int:
    _headline(console, "2. An embedded PostgreSQL, and signing in (the simulator consents by itself)")
    service.upgrade()
    console.print(f"   {shown_url(service.database.url)}", soft_wrap=True)
    urls: list[str] = []
    name = service.sign_in_with_browser(urls.append, lambda: _consent(urls[0]))
    console.print(f"   signed in as {name}")

    _headline(console, "3. The first sync reads everything")
    first = _sync(service)
    _headline(console, "4. The second sync finds nothing new")
    simulator.stats.reset()
    second = _sync(service)
    _compare(console, list(service.mirrored), first, second)

    _headline(console, "5. The proof: counts and books against Exact (exact-sync verify)")
    proof = service.verify((), (), Checks(), Silence())
    _prove(console, proof)

    _headline(console, "6. What is in the database")
    with service.database.begin() as connection:
        for title, query in {"Rows": count_query(service.mirrored), **QUERIES}.items():
            result = connection.execute(text(query))
            _print(console, title, list(result.keys()), result.all())

    _headline(console, "7. Look further")
    program = sys.argv[0] if Path(sys.argv[0]).name == "exact-sync" else "exact-sync"
    console.print(f"   The database is in {folder}.", soft_wrap=True)
    console.print("   It stops with this demo: nothing is left running.")
    console.print("   To open it with psql:", soft_wrap=True)
    console.print(f"     {program} --data-dir {folder} db psql", soft_wrap=True)
    console.print("   To use a real Exact Online: see the README, 'Connect your Exact Online'.")
    return exit_code([*first, *second, *proof])


def _fresh_folder(folder: Path) -> Path:
    """An empty folder; only one that an earlier demo made is emptied."""
    try:
        if folder.exists():
            if not (folder / _MARK).exists():
                raise BadConfiguration(
                    f"{folder} exists and was not made by a demo", f"move it, or {_ELSEWHERE}"
                )
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / _MARK).touch()
    except OSError as error:
        raise BadConfiguration(
            f"the demo's folder {folder} can't be made: {error.strerror}", _ELSEWHERE
        ) from None
    return folder


def _service(simulator: Simulator, folder: Path) -> Service:
    # Nobody's receivers, alerts or limits: what is invented here is nobody's business.
    settings = OnlyGiven(
        data_dir=folder,
        base_url=simulator.base_url,
        client_id=simulator.client_id,
        client_secret=SecretStr(simulator.client_secret),
    )
    logs.set_up("warning", "text")
    return Service(settings, name="exact-sync demo")


def _consent(url: str) -> str:
    """What the browser would be sent to."""
    return str(httpx.get(url, follow_redirects=False).headers["Location"])


def _sync(service: Service) -> list[Outcome]:
    with audience() as watching:
        outcomes = service.sync((), (), watching)
    for outcome in outcomes:
        if outcome.exit_code:
            click.echo(f"   {described(outcome)}: {outcome.message}", err=True)
    return outcomes


def _compare(
    console: Console, names: Sequence[str], first: Sequence[Outcome], second: Sequence[Outcome]
) -> None:
    def total(outcomes: Sequence[Outcome], name: str, count: str) -> int:
        return sum(getattr(o.tally, count) for o in outcomes if o.resource == name or not name)

    rows = [
        (
            name or "all",
            *(total(outcomes, name, count) for outcomes in (first, second) for count in ("calls", "written")),
        )
        for name in (*names, "")
    ]
    columns = ["resource", "first:\ncalls", "rows\nwritten", "second:\ncalls", "rows\nwritten"]
    _print(console, "What the two syncs cost", columns, rows)


def _prove(console: Console, proof: Sequence[Outcome]) -> None:
    differing = [outcome for outcome in proof if outcome.differences]
    for outcome in differing:
        console.print(f"   {outcome.message}")
    for outcome in proof:
        if outcome.resource == LEDGER:
            console.print(f"   {outcome.division} {outcome.resource}: {outcome.checked}: {outcome.status}")
    calls = sum(outcome.tally.calls for outcome in proof)
    console.print(f"   {len(proof)} tables compared, {len(differing)} differ, {calls} calls")


def _print(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = Table(header_style="dim")
    for number, column in enumerate(columns):
        is_number = bool(rows) and not isinstance(rows[0][number], str)
        table.add_column(column, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    console.print(title, style="bold")
    console.print(table)


def _headline(console: Console, text: str) -> None:
    console.print()
    console.print(text, style="bold cyan")
