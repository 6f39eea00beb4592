"""The command line: one short function per command, no logic of its own."""

import gc
import importlib
from collections.abc import Sequence

import click

from exact_sync import __version__, config, logs, process
from exact_sync.cli.output import end, report, report_no_room, say
from exact_sync.errors import ExactSyncError

_COMMANDS = {
    "auth": "auth",
    "sync": "work",
    "verify": "verify",
    "plan": "plan",
    "run": "work",
    "status": "status",
    "requests": "requests",
    "health": "show",
    "resources": "show",
    "accept": "checkpoint",
    "reset": "checkpoint",
    "pause": "checkpoint",
    "resume": "checkpoint",
    "alert": "alert",
    "outbox": "outbox",
    "server": "server",
    "webhooks": "webhooks",
    "db": "db",
    "simulator": "simulator",
    "demo": "demo",
}
"""Each command and its module, which is loaded when it is used: a cron run pays only for itself."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(f"{__name__}.{module}"), cmd_name)
        if not gc.isenabled():  # see __main__
            process.imported()
        return command if isinstance(command, click.Command) else None


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="exact-sync")
@click.option("--config", "config_file", type=click.Path(), help="Settings file (default: ./config.toml).")
@click.option("--data-dir", type=click.Path(), help="Where the embedded database and the key file live.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="How much is logged."
)
@click.option(
    "--log-format", type=click.Choice(["auto", "text", "json"]), help="auto: text on a terminal, else json."
)
@click.pass_context
def cli(
    context: click.Context,
    config_file: str | None,
    data_dir: str | None,
    log_level: str | None,
    log_format: str | None,
) -> None:
    """Keep Exact Online administrations mirrored in PostgreSQL, row for row and to the cent."""
    from exact_sync.cli.options import Options

    logs.set_up(log_level or "info", log_format or "auto")
    given = {"data_dir": data_dir, "log_level": log_level, "log_format": log_format}
    context.obj = Options(config_file, {name: value for name, value in given.items() if value is not None})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what goes wrong is one clear line and an exit code of the contract."""
    try:
        return _run(arguments)
    finally:
        end()


def _run(arguments: Sequence[str] | None) -> int:
    for name in config.unknown_variables():
        near = config.variable_near(name)
        hint = f"; did you mean {near}?" if near else ""
        say(f"warning: the environment variable {name} is no setting of exact-sync{hint}", err=True)
    try:
        result = cli.main(args=arguments, prog_name="exact-sync", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        report(*_mistake(error))
        return 2
    except (click.Abort, KeyboardInterrupt):
        say("interrupted", err=True)
        return 130
    except ExactSyncError as error:
        report(error.message, error.hint)
        return error.exit_code
    except SystemExit:
        return 0  # so click and rich leave when nobody reads the output any more (| head)
    except OSError as error:
        if report_no_room(error):
            return 1
        raise


def _mistake(error: click.ClickException) -> tuple[str, str]:
    """What is wrong, and where to look. What is for all commands is often written behind one."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "exact-sync"
    if isinstance(error, click.NoSuchOption) and any(error.option_name in each.opts for each in cli.params):
        right = command.replace(" ", f" {error.option_name} … ", 1)
        return error.message, f"it stands before the command: {right}"
    return error.format_message(), f"see: {command} --help"
