"""The section [telemetry] of the settings: where OpenTelemetry's collector is, and what it gets."""

import json
import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from exact_sync.sections import Duration
from exact_sync.urls import parts_of

Signal = Literal["traces", "metrics", "logs"]

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def _headers(value: object) -> object:
    """A table, also as JSON or as OpenTelemetry's own variable has it: name=value,name=value."""
    if isinstance(value, str):
        if value.lstrip().startswith("{"):
            try:
                value = json.loads(value)
            except ValueError:
                raise ValueError("is no JSON object") from None
        else:
            parts = [part.partition("=") for part in value.split(",") if part.strip()]
            if not all(sign for _, sign, _ in parts):
                raise ValueError("is no list of headers, such as name=value,name=value")
            value = {name.strip(): text.strip() for name, _, text in parts}
    if isinstance(value, dict):
        for name, text in value.items():
            plain = text.get_secret_value() if isinstance(text, SecretStr) else text
            if not isinstance(plain, str) or not plain.isprintable() or not _HEADER.fullmatch(str(name)):
                raise ValueError('is no table of headers, such as { Authorization = "Bearer …" }')
    return value


def _signals(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class TelemetrySettings(BaseModel):
    """What can be set in [telemetry]."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    endpoint: str | None = None
    """Of the collector, for OTLP over HTTP; None: nothing is sent."""
    headers: Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(_headers)] = {}
    signals: Annotated[list[Signal], NoDecode, BeforeValidator(_signals)] = ["traces", "metrics", "logs"]
    service_name: str = "exact-sync"
    sample_ratio: float = Field(default=1.0, ge=0, le=1)
    """The share of runs whose spans are sent."""
    metrics_interval: Duration = timedelta(minutes=1)

    @field_validator("endpoint")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = parts_of(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError("is no URL such as http://collector:4318")
        if parts.username is not None or parts.password is not None:
            raise ValueError("can't have a user or password in it; use headers")
        return value.rstrip("/")
