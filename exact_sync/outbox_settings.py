"""The section [outbox] of the settings: which targets are told what changed, and how."""

import base64
import binascii
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from exact_sync.urls import parts_of

SECRET_PREFIX = "whsec_"  # noqa: S105 - how Standard Webhooks marks a secret
MOST_KEYS = 10_000

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def _names(value: object) -> object:
    """Nothing, as an empty variable says it, or "all" means all: an empty list."""
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip()]
    return [] if value == ["all"] else value


class TargetSettings(BaseModel):
    """What can be set for one target, in [outbox.targets.NAME]."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: SecretStr
    """A path or query may be as good as a password."""
    secret: SecretStr
    resources: Annotated[list[str], NoDecode, BeforeValidator(_names)] = []
    """Only these; empty: all."""
    keys_limit: int = Field(default=1000, ge=0, le=MOST_KEYS)
    """So many keys at most are named in one message."""
    allow_private: bool = False

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, value: SecretStr) -> SecretStr:
        plain = value.get_secret_value()
        parts = parts_of(plain)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is no URL such as https://example.com/exact")
        if parts.username is not None or parts.password is not None:
            raise ValueError("can't have a user or password in it; the signature says who we are")
        return value

    @field_validator("secret")
    @classmethod
    def _is_a_secret(cls, value: SecretStr) -> SecretStr:
        if not 24 <= len(_key(value.get_secret_value())) <= 64:
            raise ValueError("is no secret such as whsec_…; make one with: exact-sync outbox secret")
        return value

    @model_validator(mode="after")
    def _is_encrypted(self) -> "TargetSettings":
        if not self.allow_private and urlsplit(self.url.get_secret_value()).scheme != "https":
            raise ValueError("its url must begin with https://, unless allow_private is true")
        return self

    @property
    def key(self) -> bytes:
        """What messages are signed with."""
        return _key(self.secret.get_secret_value())

    @property
    def where(self) -> str:
        """Scheme and host: as much of the URL as may be shown."""
        parts = urlsplit(self.url.get_secret_value())
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")

    def wants(self, resource: str) -> bool:
        """Whether it is told of this resource."""
        return not self.resources or resource in self.resources


def _key(secret: str) -> bytes:
    """The bytes of a secret; none where it is not written as one."""
    if not secret.startswith(SECRET_PREFIX):
        return b""
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""


class OutboxSettings(BaseModel):
    """What can be set in [outbox]."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    targets: dict[str, TargetSettings] = {}

    @field_validator("targets")
    @classmethod
    def _named_well(cls, value: dict[str, TargetSettings]) -> dict[str, TargetSettings]:
        for name in value:
            if not _NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} can't be the name of a target; use up to 31 small letters, digits and _"
                )
        return value

    def secrets(self) -> list[str]:
        """Everything in it that no log may show."""
        found = []
        for target in self.targets.values():
            url, secret = target.url.get_secret_value(), target.secret.get_secret_value()
            parts = urlsplit(url)
            found += [url, secret, secret.removeprefix(SECRET_PREFIX)]
            found += [part for part in (parts.path.strip("/"), parts.query) if len(part) >= 16]
        return found
