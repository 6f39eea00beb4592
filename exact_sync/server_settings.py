"""The section [server] of the settings: where it listens, and who may come."""

import ipaddress
import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, IPvAnyNetwork, SecretStr, field_validator

from exact_sync.errors import BadConfiguration

_HASH = re.compile(r"\$argon2(id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")


def is_loopback_name(host: str) -> bool:
    """A name or an address, brackets or not, by which a machine means itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _proxies(value: Any) -> Any:
    """true, false, or networks: a list, or a text with commas as a variable has it."""
    if isinstance(value, str) and value.strip().lower() not in ("true", "false"):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


class ServerSettings(BaseModel):
    """What can be set for the server inside ``run``, in [server]."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=8480, ge=0, le=65535)
    """0: any free one."""
    metrics_division_label: bool = True
    password_hash: SecretStr | None = None
    trusted_proxy: Annotated[bool | list[IPvAnyNetwork], BeforeValidator(_proxies)] = False
    """Somebody in front of us asks for a password: whoever comes, or comes from these networks."""
    public_url: str | None = None
    """Under which others reach us, without a slash at the end."""

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
        parts = urlsplit(value)
        host = parts.hostname or ""
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback_name(host))
        if not (is_safe and host) or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise ValueError("is no URL of a site, such as https://sync.example.com")
        return value.rstrip("/")

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
