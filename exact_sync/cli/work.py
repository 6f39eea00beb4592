"""``exact-sync sync`` and ``exact-sync run``: the work itself."""

import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import click

from exact_sync.cli.options import Options, connection_option, division_option, resource_arguments
from exact_sync.cli.output import say
from exact_sync.cli.progress import LogLines, audience
from exact_sync.deployment import Deployment
from exact_sync.sync.once import exit_code

PATIENCE = 8.5
"""Seconds until we leave without waiting any longer; those who stop us give ten."""


@click.command()
@resource_arguments
@division_option
@connection_option
@click.option("--full", is_flag=True, help="Ignore the checkpoints and read everything again.")
@click.option("--again", is_flag=True, help="Also ask again for the records in quarantine, by their keys.")
@click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write metrics there at the end, for the textfile collector of node_exporter.",
)
@click.pass_obj
def sync(
    options: Options,
    names: Sequence[str],
    divisions: Sequence[int],
    connection: str | None,
    full: bool,
    again: bool,
    metrics_file: Path | None,
) -> int:
    """Sync once, then exit: for cron. Default: all enabled resources of all configured divisions."""
    with options.deployment("exact-sync sync", connection) as deployment:
        stop_on_signals(deployment, code=4)
        with audience() as watching:
            outcomes = deployment.sync(
                names, divisions, watching, full=full, again=again, metrics_file=metrics_file
            )
        watching.summary(outcomes)
        return exit_code(outcomes)


@click.command()
@connection_option
@click.pass_obj
def run(options: Options, connection: str | None) -> int:
    """Sync on schedule until SIGTERM or SIGINT: the daemon."""
    with options.deployment("exact-sync run", connection) as deployment:
        stop_on_signals(deployment, code=0)
        deployment.run(LogLines())
        return 0


def stop_on_signals(deployment: Deployment, code: int) -> None:
    """Come to an end when asked to; with exit code ``code`` where something keeps us from ending."""

    # Python's own handlers run in this thread only, which waits on where the kernel gives a signal to another
    # one, as it does now and then; and it may hold the lock of the event. Such a pipe is told by any thread.
    read_end, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)

    def stop(number: int, frame: object) -> None:
        # A terminal sends each Ctrl-C to our children too, and pg_ctl is to stop the embedded server.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def come_to_an_end() -> None:
        with os.fdopen(read_end, "rb", buffering=0) as asked:  # stays open, for who asks twice
            if asked.read(1):  # nothing where the other end is closed
                deployment.stop.set()
                _leave(deployment, code)

    threading.Thread(target=come_to_an_end, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        signal.signal(signal.SIGHUP, stop)


def _leave(deployment: Deployment, code: int) -> None:
    """A request may hang for a minute. What it brings is not committed, so nothing is lost by
    leaving; only a token refresh must come to its end.
    """
    time.sleep(PATIENCE)
    kind = "error" if code else "note"
    try:
        what = "in the middle of a request; nothing of it is stored"
        if deployment.is_closing:
            what = "before everything was closed; nothing is lost"
        say(f"{kind}: stopped {what}", err=True)
        deployment.leave()
    finally:
        os._exit(code)
