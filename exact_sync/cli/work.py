"""``exact-sync sync`` and ``exact-sync run``: the work itself."""

import os
import signal
import threading
import time
from collections.abc import Sequence

import click

from exact_sync.cli.options import Options, division_option, resource_arguments
from exact_sync.cli.progress import LogLines, audience
from exact_sync.service import Service
from exact_sync.sync.once import exit_code

PATIENCE = 8.5
"""Seconds until we leave without waiting any longer; those who stop us give ten."""


@click.command()
@resource_arguments
@division_option
@click.option("--full", is_flag=True, help="Ignore the checkpoints and read everything again.")
@click.pass_obj
def sync(options: Options, names: Sequence[str], divisions: Sequence[int], full: bool) -> int:
    """Sync once, then exit: for cron. Default: all enabled resources of all configured divisions."""
    with options.service("exact-sync sync") as service:
        stop_on_signals(service, code=4)
        with audience() as watching:
            outcomes = service.sync(names, divisions, watching, full=full)
        watching.summary(outcomes)
        return exit_code(outcomes)


@click.command()
@click.pass_obj
def run(options: Options) -> int:
    """Sync on schedule until SIGTERM or SIGINT: the daemon."""
    with options.service("exact-sync run") as service:
        stop_on_signals(service, code=0)
        service.run(LogLines())
        return 0


def stop_on_signals(service: Service, code: int) -> None:
    """Come to an end when asked to; with exit code ``code`` where something keeps us from ending."""

    def stop(number: int, frame: object) -> None:
        service.stop.set()
        threading.Thread(target=_leave, args=(service, code), daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _leave(service: Service, code: int) -> None:
    """A request may hang for a minute. What it brings is not committed, so nothing is lost by
    leaving; only a token refresh must come to its end.
    """
    time.sleep(PATIENCE)
    kind = "error" if code else "note"
    click.echo(f"{kind}: stopped in the middle of a request; nothing of it is stored", err=True)
    with service.session.refresh_ended(timeout=30):
        service.close()
        os._exit(code)
