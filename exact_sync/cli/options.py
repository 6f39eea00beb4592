"""What every command starts with: the settings, and the deployment made from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from exact_sync import logs
from exact_sync.config import Settings
from exact_sync.deployment import Deployment
from exact_sync.patterns import LARGEST_CODE
from exact_sync.service import load_settings


@dataclass(frozen=True)
class Options:
    """The options that stand before the command."""

    config_file: str | None
    settings: dict[str, str] = field(default_factory=dict)

    def load(self) -> Settings:
        settings = load_settings(Path(self.config_file) if self.config_file else None, **self.settings)
        logs.set_up(settings.log_level, settings.log_format)
        return settings

    @contextmanager
    def deployment(self, name: str = "exact-sync", connection: str | None = None) -> Iterator[Deployment]:
        """All connections, or the one with this name."""
        with Deployment(self.load(), name=name, connection=connection) as deployment:
            yield deployment


class _Code(click.ParamType[int]):
    """Of a range the help would say how large it is, with every command."""

    name = "code"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        code: int = click.INT.convert(value, param, ctx)
        if not 0 < code <= LARGEST_CODE:
            self.fail(f"{value} is no number of a division")
        return code


connection_option = click.option(
    "--connection", metavar="NAME", help="Only this connection, where the settings have several."
)
division_option = click.option(
    "--division",
    "divisions",
    type=_Code(),
    multiple=True,
    metavar="CODE",
    help="Only this division (may be given several times).",
)
resource_argument = click.argument("name", metavar="RESOURCE")
resource_arguments = click.argument("names", nargs=-1, metavar="[RESOURCE]...")
