"""What every command starts with: the settings and the service made from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from exact_sync import logs
from exact_sync.config import Settings
from exact_sync.service import Service, load_settings


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
    def service(self, name: str = "exact-sync") -> Iterator[Service]:
        with Service(self.load(), name=name) as service:
            yield service


division_option = click.option(
    "--division",
    "divisions",
    type=int,
    multiple=True,
    metavar="CODE",
    help="Only this division (may be given several times).",
)
resource_argument = click.argument("name", metavar="RESOURCE")
resource_arguments = click.argument("names", nargs=-1, metavar="[RESOURCE]...")
