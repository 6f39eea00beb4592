"""The section [alerts] of the settings: who is told of what, and when."""

import json
import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from exact_sync.sections import Duration

Kind = Literal[
    "sign_in", "token", "division", "lag", "quota", "suspect", "quarantine", "difference", "delivery"
]  # fmt: skip

_URL = re.compile(r"[A-Za-z0-9+.-]+://\S+")
_BETWEEN_URLS = re.compile(r"[,\s]+(?=[A-Za-z0-9+.-]+://)")
_QUIET = re.compile(r"\s*(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)\s*")


def _urls(value: object) -> object:
    """A list, also as JSON or with commas. A comma inside a URL stays: only one before a URL divides."""
    if isinstance(value, str):
        text = value.strip()
        value = _from_json(text) if text.startswith("[") else _BETWEEN_URLS.split(text) if text else []
    if isinstance(value, list):
        for number, url in enumerate(value, 1):
            plain = url.get_secret_value() if isinstance(url, SecretStr) else url
            if not isinstance(plain, str) or not _URL.fullmatch(plain.strip(" ,")):
                raise ValueError(f"number {number} is no URL such as slack://… or mailto://…")
        return [url.strip(" ,") if isinstance(url, str) else url for url in value]
    return value


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError("is no JSON list of URLs") from None


def _kinds(value: object) -> object:
    if value == "all":
        return value
    return [kind.strip() for kind in value.split(",") if kind.strip()] if isinstance(value, str) else value


class AlertSettings(BaseModel):
    """What can be set in [alerts]."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    urls: Annotated[list[SecretStr], NoDecode, BeforeValidator(_urls)] = []
    kinds: Annotated[list[Kind] | Literal["all"], NoDecode, BeforeValidator(_kinds)] = "all"
    lag: Duration = timedelta(days=1)
    token_days: Annotated[int, Field(ge=1, le=29)] = 5
    quiet_hours: str | None = None
    quiet_zone: str = "Europe/Amsterdam"
    remind: Duration | None = None

    @field_validator("kinds", mode="after")
    @classmethod
    def _all(cls, value: list[Kind] | Literal["all"]) -> list[Kind] | Literal["all"]:
        return value or "all"

    @field_validator("quiet_hours")
    @classmethod
    def _from_until(cls, value: str | None) -> str | None:
        if not value:
            return None
        _bounds(value)
        return value

    @field_validator("quiet_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone, such as Europe/Amsterdam") from None
        return value

    def has(self, kind: str) -> bool:
        """People want to be told of this kind."""
        return self.kinds == "all" or kind in self.kinds

    def is_quiet(self, now: datetime) -> bool:
        """``now``: with its time zone."""
        if self.quiet_hours is None:
            return False
        begins, ends = _bounds(self.quiet_hours)
        clock = now.astimezone(ZoneInfo(self.quiet_zone)).time()
        return begins <= clock < ends if begins < ends else clock >= begins or clock < ends


def _bounds(text: str) -> tuple[time, time]:
    match = _QUIET.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        begins, ends = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    except ValueError:
        raise ValueError("is no time of day, such as 22:00-07:00") from None
    if begins == ends:
        raise ValueError("begins when it ends")
    return begins, ends
