"""Which connections to Exact the settings describe: each with its name, its schema and its own settings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from exact_sync.config import PREFIX, Settings
from exact_sync.errors import BadConfiguration, Unknown, did_you_mean
from exact_sync.sections import ConnectionSettings

FIRST_SCHEMA = "exact"
TOP_LEVEL = "default"
"""The name of the connection that stands at the top level of the settings."""

WEBHOOKS = "/webhooks/exact/"
"""Where the server hears Exact's webhooks; the name of the connection stands behind it."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,20}")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_TAKEN = {"public", "information_schema"}
_OWN = [name for name in ConnectionSettings().as_settings() if name != "start_date"]


@dataclass(frozen=True)
class Connection:
    """One connection to Exact: an app, a sign-in, divisions, and where their rows go."""

    name: str
    schema: str
    """For readers; the state's has ``_sync`` behind it."""
    settings: Settings
    """The deployment's, with this connection's own at the top level."""
    is_section: bool = False
    is_alone: bool = True
    """The only one of its deployment, so that its name need not be told."""

    @property
    def state_schema(self) -> str:
        return f"{self.schema}_sync"

    @property
    def webhook_url(self) -> str | None:
        """The URL that Exact calls when something changes; None where nobody has said what it is."""
        public = self.settings.server.public_url
        return self.settings.webhook_url or (f"{public}{WEBHOOKS}{self.name}" if public else None)

    @property
    def label(self) -> str:
        """What stands before a line about it: nothing where there is only one."""
        return "" if self.is_alone else f"{self.name}: "

    def setting(self, name: str) -> str:
        """A setting of its own as the file names it."""
        return f"connections.{self.name}.{name}" if self.is_section else name

    def variable(self, name: str) -> str:
        """The same in the environment."""
        return PREFIX + self.setting(name).replace(".", "__").upper()

    def hint(self, text: str) -> str:
        """A hint whose commands say which connection they are for, where there are several."""
        if self.is_alone:
            return text
        return _COMMANDS.sub(rf"\g<0> --connection {self.name}", text)


_COMMANDS = re.compile(
    r"\bexact-sync (?:auth login|auth status|outbox list|sync|accept|reset|pause|resume|verify|plan|status"
    r"|webhooks [a-z]+)\b"
)


def connections(settings: Settings) -> list[Connection]:
    """All connections, the first one first. Raises BadConfiguration with the line that is wrong."""
    for name in settings.connections:
        _check_name(name)
    has_top_level = bool(settings.client_id) or not settings.connections
    found: list[Connection] = []
    is_alone = len(settings.connections) + has_top_level == 1
    if has_top_level:
        if TOP_LEVEL in settings.connections:
            raise BadConfiguration(
                f"setting connections.{TOP_LEVEL}: the connection at the top level has this name",
                "give the section another one, or move client_id and all that goes with it into it",
            )
        found.append(Connection(TOP_LEVEL, FIRST_SCHEMA, settings, is_alone=is_alone))
    else:
        _check_top_level(settings)
    for name, section in settings.connections.items():
        schema = section.schema_name or (f"{FIRST_SCHEMA}_{name}" if found else FIRST_SCHEMA)
        own = section.as_settings()
        own["start_date"] = section.start_date or settings.start_date
        view = settings.model_copy(update=own | {"connections": {}})
        found.append(Connection(name, schema, view, is_section=True, is_alone=is_alone))
    _check_schemas(found)
    return found


def named(found: Sequence[Connection], name: str | None) -> list[Connection]:
    """The one with this name, or all. Raises Unknown with the nearest known name."""
    chosen = [connection for connection in found if name in (None, connection.name)]
    if chosen:
        return chosen
    names = [connection.name for connection in found]
    hint = did_you_mean(str(name), names, f"there is: {', '.join(names)}")
    raise Unknown(f"there is no connection {name}", hint)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadConfiguration(
            f"setting connections.{name}: a connection can't have this name",
            "use up to 21 small letters, digits and underscores, and begin with a letter",
        )


def _check_top_level(settings: Settings) -> None:
    """What would otherwise be silently without effect."""
    for name in _OWN:
        if getattr(settings, name) != Settings.model_fields[name].get_default(call_default_factory=True):
            raise BadConfiguration(
                f"setting {name} is at the top level, where no client_id makes it a connection",
                f"move it into a section, such as [connections.{next(iter(settings.connections))}]",
            )


def _check_schemas(found: Sequence[Connection]) -> None:
    owners: dict[str, str] = {}
    for connection in found:
        schema, where = connection.schema, f"setting {connection.setting('schema')}"
        if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_") or schema in _TAKEN:
            raise BadConfiguration(
                f"{where}: {schema!r} can't be the schema of a connection",
                "use up to 41 small letters, digits and underscores, not public and not pg_…",
            )
        for each in (schema, connection.state_schema):
            if each in owners:
                raise BadConfiguration(
                    f"{where}: the schema {each} belongs to the connection {owners[each]}",
                    f'set another one, for instance: schema = "{FIRST_SCHEMA}_{connection.name}_data"',
                )
            owners[each] = connection.name
