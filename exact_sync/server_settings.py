"""The section [server] of the settings: where it listens, and who may come."""

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, IPvAnyNetwork, SecretStr, field_validator

from exact_sync.errors import BadConfiguration
from exact_sync.urls import parts_of

_HASH = re.compile(r"\$argon2(id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TOKEN_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")


def is_token_name(name: str) -> bool:
    return _TOKEN_NAME.fullmatch(name) is not None


def is_loopback_name(host: str) -> bool:
    """A name or an address, brackets or not, by which a machine means itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _proxies(value: Any) -> Any:
    """true, false, or networks: a list, or a text with commas as a variable has it."""
    if isinstance(value, str) and value.strip().lower() not in ("true", "false"):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list):
        try:
            return [ipaddress.ip_network(str(part)) for part in value]
        except ValueError:
            raise ValueError("is neither true nor false nor networks, such as 10.0.0.0/8") from None
    return value


class TokenSettings(BaseModel):
    """What can be set for one machine that uses the API, in [server.tokens.NAME]."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    hash: SecretStr
    access: Literal["read", "full"] = "read"

    @field_validator("hash")
    @classmethod
    def _is_a_digest(cls, value: SecretStr) -> SecretStr:
        """Who writes the token itself there must learn of it now."""
        if not _DIGEST.fullmatch(value.get_secret_value()):
            raise ValueError("is no hash of a token; make both with: exact-sync server token NAME")
        return value


class ServerSettings(BaseModel):
    """What can be set for the server inside ``run``, in [server]."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=8480, ge=0, le=65535)
    """0: any free one."""
    metrics_division_label: bool = True
    language: Literal["auto", "en", "nl"] = "auto"
    """Of the page; auto: what the browser asks for."""
    password_hash: SecretStr | None = None
    trusted_proxy: Annotated[bool | list[IPvAnyNetwork], BeforeValidator(_proxies)] = False
    """Somebody in front of us asks for a password: whoever comes, or comes from these networks.

    With a password of our own, ``true`` only says whose X-Forwarded headers are believed: it can't tell
    the proxy from somebody who goes around it.
    """
    public_url: str | None = None
    """Under which others reach us, without a slash at the end."""
    session_hours: int = Field(default=12, ge=1, le=24 * 31)
    tokens: dict[str, TokenSettings] = Field(default_factory=dict)
    """By the name of the machine that has it."""

    @field_validator("password_hash")
    @classmethod
    def _is_a_hash(cls, value: SecretStr | None) -> SecretStr | None:
        """Who writes the password itself there must learn of it now."""
        if value is not None and not _HASH.fullmatch(value.get_secret_value()):
            raise ValueError("is no argon2 hash; make one with: exact-sync server password")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_a_site(cls, value: str | None) -> str | None:
        """Plain http only to this machine itself: sessions and webhooks travel there."""
        if value is None:
            return None
        parts = parts_of(value)
        host = parts.hostname or ""
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback_name(host))
        if not (is_safe and host) or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise ValueError("is no URL of a site, such as https://sync.example.com")
        return value.rstrip("/")

    @field_validator("tokens")
    @classmethod
    def _have_names(cls, value: dict[str, TokenSettings]) -> dict[str, TokenSettings]:
        for name in value:
            if not is_token_name(name):
                raise ValueError(
                    f"{name!r} can't be the name of a token; use up to 41 small letters, digits, - and _"
                )
        return value

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach it."""
        return is_loopback_name(self.host)

    def check(self) -> None:
        """Raises BadConfiguration where others could come and nobody would ask for a password."""
        if not self.is_loopback and self.password_hash is None and not self.trusted_proxy:
            raise BadConfiguration(
                f"the server would listen on {self.host or 'every address'} without a password",
                "set server.password_hash to what this prints: exact-sync server password; or "
                "server.trusted_proxy where a proxy asks for one; or server.host to 127.0.0.1",
            )
