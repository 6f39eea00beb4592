"""The folder of secrets, one file per setting, and what can't be read there or in the environment."""

import os
import re
from pathlib import Path
from typing import Any

from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsError,
)

from exact_sync.errors import BadConfiguration
from exact_sync.sections import text_of


def secrets_folder() -> Path | None:
    """Where the secrets are, if anywhere.

    Raises BadConfiguration where somebody names one that is not there, or nobody lets us in.
    """
    named = os.environ.get("EXACT_SYNC_SECRETS_DIR")
    folder = Path(named or "/run/secrets")
    try:
        if not folder.is_dir():
            if named:
                raise BadConfiguration(
                    f"there is no secrets folder {folder}", "EXACT_SYNC_SECRETS_DIR names it"
                )
            return None
        next(folder.iterdir(), None)
    except OSError as error:
        raise BadConfiguration(
            f"the secrets folder {folder} can't be read: {error.strerror}",
            "let us in, or set EXACT_SYNC_SECRETS_DIR to another folder",
        ) from None
    return folder


class PlainSecrets(SecretsSettingsSource):
    """Files of the secrets folder that set something outside a section; wherever a link leads."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        for key, name, is_json in self._extract_field_info(field, field_name):
            for folder in self.secrets_paths:
                file = self.find_case_path(folder, name, self.case_sensitive)
                if file is not None:
                    return text_of(file).strip(), key, is_json
        return None, key, is_json


class SectionSecrets(PydanticBaseSettingsSource):
    """Files of the secrets folder that set something of a section.

    They are named ``connections__NAME__client_secret``, ``resources__NAME__every``,
    ``server__tokens__NAME__hash`` or ``outbox__targets__NAME__secret``, with or without the prefix; those
    of sections without names ``alerts__urls``, ``server__password_hash`` or ``telemetry__headers``.
    """

    def __init__(self, settings_cls: type[BaseSettings], folder: Path, prefix: str) -> None:
        super().__init__(settings_cls)
        self._folder = folder
        named = "connections|resources|server__tokens|outbox__targets"
        self._of_named = re.compile(rf"(?:{prefix})?({named})__(.+?)__([a-z_]+)", re.IGNORECASE)
        self._of_section = re.compile(rf"(?:{prefix})?(alerts|server|telemetry)__([a-z_]+)", re.IGNORECASE)

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for file in sorted(self._folder.iterdir()):
            match = self._of_named.fullmatch(file.name) or self._of_section.fullmatch(file.name)
            if match:
                section, *name, setting = (part.lower() for part in match.groups())
                place = found
                for part in (*section.split("__"), *name):
                    place = place.setdefault(part, {})
                place[setting] = text_of(file).strip()
        return found


def unread(error: SettingsError, prefix: str) -> BadConfiguration:
    """What a source could not make sense of. Its text names setting and source; the value is in its cause."""
    cause = error.__cause__
    if isinstance(cause, BadConfiguration):
        return cause
    found = re.search(r'field "(\w+)" from source "(\w+)"', str(error))
    setting, source = found.groups() if found else ("?", "")
    variable = f"{prefix}{setting}".upper()
    names = [
        name for name in os.environ if name.upper() == variable or name.upper().startswith(f"{variable}__")
    ]
    where = ", ".join(sorted(names)) if source == "EnvSettingsSource" else "a file in the secrets folder"
    return BadConfiguration(f"setting {setting} ({where}): is no JSON", "sections and lists are JSON there")
