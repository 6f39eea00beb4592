"""``exact-sync sync`` and ``exact-sync run``: the work itself."""

import os
import signal
from collections.abc import Sequence

import click

from exact_sync.cli.options import Options, division_option, resource_arguments
from exact_sync.cli.progress import LogLines, audience
from exact_sync.service import Service
from exact_sync.sync.once import exit_code


@click.command()
@resource_arguments
@division_option
@click.option("--full", is_flag=True, help="Ignore the checkpoints and read everything again.")
@click.pass_obj
def sync(options: Options, names: Sequence[str], divisions: Sequence[int], full: bool) -> int:
    """Sync once, then exit: for cron. Default: all enabled resources of all configured divisions."""
    with options.service("exact-sync sync") as service:
        _stop_on_signals(service)
        with audience() as watching:
            outcomes = service.sync(names, divisions, watching, full=full)
        watching.summary(outcomes)
        return exit_code(outcomes)


@click.command()
@click.pass_obj
def run(options: Options) -> int:
    """Sync on schedule until SIGTERM or SIGINT: the daemon."""
    with options.service("exact-sync run") as service:
        _stop_on_signals(service)
        if not service.run(LogLines()):
            # A request hangs. What it brings is not committed, so nothing is lost by leaving;
            # only a token refresh must come to its end.
            with service.session.refresh_ended(timeout=30):
                service.close()
                os._exit(0)
        return 0


def _stop_on_signals(service: Service) -> None:
    def stop(number: int, frame: object) -> None:
        service.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
