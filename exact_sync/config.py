"""Settings: command-line options > environment > secrets folder > config.toml.

Every setting, with its default, stands in config.example.toml; a test compares the two.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsError,
)
from pydantic_settings import SettingsConfigDict as SettingsConfig

from exact_sync.alert_settings import AlertSettings
from exact_sync.errors import BadConfiguration, did_you_mean
from exact_sync.known_settings import (
    check,
    check_names,
    depth,
    is_known,
    names,
    nearest,
    nearest_path,
    section_of,
)
from exact_sync.outbox_settings import OutboxSettings
from exact_sync.secrets_folder import PlainSecrets, SectionSecrets, secrets_folder, unread
from exact_sync.sections import (
    REDIRECT_URI,
    CallbackUrl,
    ConnectionSettings,
    Day,
    Duration,
    Excluded,
    Included,
    RedirectUri,
    Region,
    ResourceSettings,
    SiteUrl,
    text_of,
)
from exact_sync.server_settings import ServerSettings
from exact_sync.telemetry_settings import TelemetrySettings

PREFIX = "EXACT_SYNC_"
CONFIG_FILE = "config.toml"
_OURS_ELSEWHERE = {"EXACT_SYNC_CONFIG", "EXACT_SYNC_SECRETS_DIR"}
_SITES = {"uk": "co.uk"}
_LISTED = "exact-sync resources lists them"
_PLAIN = {
    "int": "is no whole number",
    "float": "is no number",
    "bool": "is neither true nor false",
    "path": "is no path",
    "date": "is no date; write 2024-01-31",
}
"""What pydantic says of a value that is of another kind, by the first word of its type of mistake."""


def _data_dir() -> Path:
    return Path(platformdirs.user_data_dir("exact-sync", False))


class Settings(BaseSettings):
    """All settings of one deployment."""

    model_config = SettingsConfig(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="ignore",
        hide_input_in_errors=True,
        validate_default=True,
    )

    database_url: SecretStr | None = None
    data_dir: Path = Field(default_factory=_data_dir)
    region: Region = "nl"
    base_url: SiteUrl | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    redirect_uri: RedirectUri = REDIRECT_URI
    webhook_secret: SecretStr | None = None
    webhook_url: CallbackUrl | None = None
    secret_key: SecretStr | None = None
    divisions: Included = "all"
    exclude_divisions: Excluded = []
    interval: Duration = timedelta(hours=1)
    snapshot_interval: Duration = timedelta(hours=6)
    sweep_interval: Duration = timedelta(days=7)
    verify_interval: Duration | None = None
    verify_repair: bool = False
    start_date: Day | None = None
    overlap: Duration = timedelta(minutes=15)
    recent_days: int = Field(default=62, ge=1, le=3660)
    connection_day_limit: int | None = Field(default=None, ge=1)
    day_reserve: float = Field(default=0.1, ge=0, lt=1)
    workers: int = Field(default=8, ge=1, le=64)
    tries: int = Field(default=7, ge=1, le=20)
    auto_migrate: bool = True
    log_format: Literal["auto", "text", "json"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    request_log_days: int = Field(default=7, ge=0, le=3660)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    outbox: OutboxSettings = Field(default_factory=OutboxSettings)
    metrics_file: Path | None = None
    server: ServerSettings = Field(default_factory=ServerSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
    resources: dict[str, ResourceSettings] = Field(default_factory=dict)
    connections: dict[str, ConnectionSettings] = Field(default_factory=dict)

    @field_validator("data_dir", mode="before")
    @classmethod
    def _set(cls, value: object) -> object:
        """Nothing, as an empty variable says it, is not the current folder."""
        return _data_dir() if isinstance(value, str) and not value.strip() else value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            return value.expanduser().resolve()
        except (OSError, RuntimeError) as error:  # no such user, or links in a circle
            raise ValueError(f"is no folder: {error}") from None

    @property
    def site(self) -> str:
        """The site that is talked to, without a slash at the end."""
        return self.base_url or f"https://start.exactonline.{_SITES.get(self.region, self.region)}"

    def resource(self, name: str) -> ResourceSettings:
        return self.resources.get(name) or ResourceSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        if isinstance(env_settings, EnvSettingsSource):
            # Only a warning (see unknown_variables); a section would refuse what it does not know.
            known = {name: text for name, text in env_settings.env_vars.items() if not _is_unknown(name)}
            env_settings.env_vars = known
        folder = secrets_folder()
        if folder is None:
            return init_settings, env_settings, _File(settings_cls)
        # Docker names the files as one likes, Kubernetes by key: with and without the prefix.
        secrets = (PlainSecrets(settings_cls, folder, env_prefix=prefix) for prefix in (PREFIX, ""))
        sections = SectionSecrets(settings_cls, folder, PREFIX)
        return init_settings, env_settings, sections, *secrets, _File(settings_cls)


class OnlyGiven(Settings):
    """Settings of the values given and nothing else: no environment, no secrets folder, no file."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class _File(PydanticBaseSettingsSource):
    """What stands in the file that ``load`` has read."""

    content: Mapping[str, Any] = {}

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self.content.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self.content)


def load(path: Path | None = None, *, known_resources: Iterable[str], **options: Any) -> Settings:
    """The settings that hold. Raises BadConfiguration with one line per mistake, never a secret."""
    named = path or (Path(os.environ["EXACT_SYNC_CONFIG"]) if os.environ.get("EXACT_SYNC_CONFIG") else None)
    file = named or Path(CONFIG_FILE)
    content: dict[str, Any] = {}
    if named is not None or file.is_file():
        content = _read(file)
        _check_keys(content, known_resources, str(file))
    _File.content = content
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
        settings.connections = _in_order(settings.connections, content.get("connections"))
        check_names(
            _not_own(settings.resources), known_resources, "resources.", f"{PREFIX}RESOURCES", _LISTED
        )
        _check_targets(settings, known_resources)
        return settings
    except ValidationError as error:
        raise BadConfiguration("; ".join(_mistakes(error, file if content else None))) from None
    except SettingsError as error:
        raise unread(error, PREFIX) from None
    finally:
        _File.content = {}


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables with our prefix that mean nothing to us (Kubernetes makes such names itself)."""
    return sorted(name for name in environment if _is_unknown(name))


def variable_near(unknown: str) -> str | None:
    """The variable that was probably meant by one that means nothing."""
    near = nearest_path(_path(unknown), Settings)
    return f"{PREFIX}{near.upper()}" if near else None


def _is_unknown(variable: str) -> bool:
    name = variable.upper()
    if not name.startswith(PREFIX) or name in _OURS_ELSEWHERE:
        return False
    return not is_known(_path(name), Settings)


def _path(variable: str) -> list[str]:
    return variable.upper().removeprefix(PREFIX).lower().split("__")


def _in_order(
    connections: Mapping[str, ConnectionSettings], in_file: object
) -> dict[str, ConnectionSettings]:
    """As they stand in the file, then the others by name: which is first must not depend on chance."""
    first = [name for name in in_file if name in connections] if isinstance(in_file, Mapping) else []
    return {name: connections[name] for name in [*first, *sorted(set(connections) - set(first))]}


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(file))
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"{file} is not valid TOML: {error}") from None


def _check_keys(content: Mapping[str, Any], known_resources: Iterable[str], file: str) -> None:
    if isinstance(resources := content.get("resources"), Mapping):
        check_names(_not_own(resources), known_resources, "resources.", file, _LISTED)
    check(content, Settings, file)


def _check_targets(settings: Settings, known_resources: Iterable[str]) -> None:
    """A misspelt resource would be silence."""
    known = [*known_resources, *settings.resources]
    for target, section in settings.outbox.targets.items():
        for name in section.resources:
            if name not in known:
                hint = did_you_mean(name, known, _LISTED, cutoff=0.5)
                raise BadConfiguration(
                    f"setting outbox.targets.{target}.resources: there is no resource {name}", hint
                )


def _not_own(resources: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that the settings define themselves, by an endpoint."""
    return {
        name: section
        for name, section in resources.items()
        if (section.get("endpoint") if isinstance(section, Mapping) else getattr(section, "endpoint", None))
        is None
    }


def _mistakes(error: ValidationError, file: Path | None) -> Iterable[str]:
    for mistake in error.errors(include_url=False, include_input=False, include_context=False):
        parts = [str(part) for part in mistake["loc"]]
        text = mistake["msg"].removeprefix("Value error, ").removeprefix("Input ")
        text = _PLAIN.get(mistake["type"].partition("_")[0], text)
        if mistake["type"] == "extra_forbidden":
            known = names(section_of(parts, Settings))
            text = f"is no setting; {nearest(parts[-1], known, '.'.join([*parts[:-1], '']))}"
        else:
            parts = parts[: depth(parts, Settings)] or parts
        if mistake["type"] == "missing":
            text = "is not set, and there is no default"
        if mistake["type"] in ("model_type", "dict_type"):
            text = "is a section, with settings in it"
        name = ".".join(parts)
        variable = (PREFIX + "__".join(parts)).upper()
        yield f"setting {name} ({variable}{f' or {file}' if file else ''}): {text}"
