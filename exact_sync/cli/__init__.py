"""The command line: one short function per command, no logic of its own."""

import logging
import sys
from collections.abc import Sequence

import click

from exact_sync import __version__, config, logs
from exact_sync.cli.auth import auth
from exact_sync.cli.checkpoint import accept, reset
from exact_sync.cli.db import db
from exact_sync.cli.demo import demo
from exact_sync.cli.options import Options
from exact_sync.cli.show import health, resources, status
from exact_sync.cli.simulator import simulator
from exact_sync.cli.work import run, sync
from exact_sync.errors import ExactSyncError

log = logging.getLogger("exact_sync")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="exact-sync")
@click.option("--config", "config_file", type=click.Path(), help="Settings file (default: ./config.toml).")
@click.option("--data-dir", type=click.Path(), help="Where the embedded database and the key file live.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.option("--log-format", type=click.Choice(["auto", "text", "json"]))
@click.pass_context
def cli(
    context: click.Context,
    config_file: str | None,
    data_dir: str | None,
    log_level: str | None,
    log_format: str | None,
) -> None:
    """Keep Exact Online administrations mirrored in PostgreSQL, row for row and to the cent."""
    logs.set_up(log_level or "info", log_format or "auto")
    given = {"data_dir": data_dir, "log_level": log_level, "log_format": log_format}
    context.obj = Options(config_file, {name: value for name, value in given.items() if value is not None})


for command in (auth, sync, run, status, health, resources, accept, reset, db, simulator, demo):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what goes wrong is one clear line and an exit code of the contract."""
    for name in config.unknown_variables():
        click.echo(f"warning: the environment variable {name} is no setting of exact-sync", err=True)
    try:
        result = cli.main(args=arguments, prog_name="exact-sync", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except ExactSyncError as error:
        report(error.message, error.hint)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def report(message: str, hint: str | None) -> None:
    """An error as people see it: what is wrong, and what to do."""
    click.echo(logs.clean(f"error: {message}" + (f"\n  → {hint}" if hint else "")), err=True)
