"""Kinds of settings, and the sections that a settings file may have."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from exact_sync import patterns
from exact_sync.errors import BadConfiguration
from exact_sync.patterns import Pattern
from exact_sync.urls import THIS_MACHINE, parts_of

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


_LONGEST = timedelta(days=3660)
"""Ten years: a date that far away still is one."""


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"\s*(\d+)\s*([smhd])\s*", str(value), re.ASCII)
    if match is None or not match[1].strip("0"):
        raise ValueError("is no duration; write 30s, 15m, 1h or 1d")
    unit = timedelta(**{_UNITS[match[2]]: 1})
    if len(match[1]) > 18 or int(match[1]) > _LONGEST // unit:
        raise ValueError(f"is too long; {_LONGEST.days}d is the most")
    return int(match[1]) * unit


Duration = Annotated[timedelta, BeforeValidator(_duration)]

Region = Literal["nl", "be", "de", "fr", "uk", "es", "com"]


def _site_url(value: str) -> str:
    parts = parts_of(value)
    is_more = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or is_more:
        raise ValueError("is no URL of a site, such as https://start.exactonline.nl")
    if "@" in parts.netloc:
        raise ValueError("can't have a user or password in it")
    return f"{parts.scheme}://{parts.netloc}"


SiteUrl = Annotated[str, AfterValidator(_site_url)]


def _callback_url(value: str) -> str:
    """Plain http only to this machine itself, as a simulator or a tunnel may want it."""
    parts = parts_of(value)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)
    if not (is_safe and parts.hostname) or parts.fragment or "@" in parts.netloc:
        raise ValueError(
            "is no URL that Exact could call, such as https://sync.example.com/webhooks/exact/be"
        )
    return value


CallbackUrl = Annotated[str, AfterValidator(_callback_url)]


def _included(value: object) -> object:
    """Nothing, as an empty variable says it, means all."""
    if isinstance(value, str) and value.strip(" ,").lower() in ("", "all"):
        return "all"
    chosen = patterns.divisions(value)
    if not chosen:
        raise ValueError(f"names no division; {patterns.FORMS}, or all")
    return chosen


Included = Annotated[list[int | Pattern] | Literal["all"], NoDecode, BeforeValidator(_included)]
Excluded = Annotated[list[int | Pattern], NoDecode, BeforeValidator(patterns.divisions)]

REDIRECT_URI = "http://localhost:8471/callback"


def _redirect_uri(value: str) -> str:
    """Nothing, as an empty variable says it, is the one that we listen at ourselves."""
    if not value.strip():
        return REDIRECT_URI
    parts = parts_of(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"is no URL to come back to from Exact's page, such as {REDIRECT_URI}")
    return value


RedirectUri = Annotated[str, AfterValidator(_redirect_uri)]


def _day(value: object) -> object:
    """A number would be taken for seconds since 1970."""
    if isinstance(value, date) or (isinstance(value, str) and _DATE.fullmatch(value.strip())):
        return value.strip() if isinstance(value, str) else value
    raise ValueError("is no date; write 2024-01-31")


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
Day = Annotated[date, BeforeValidator(_day)]


class ResourceSettings(BaseModel):
    """What can be set for one resource, in [resources.NAME]."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    every: Duration | None = None
    cron: str | None = None
    strategy: Literal["modified", "date_windows", "snapshot", "row_version"] | None = None
    deletes: Literal["soft", "hard"] = "soft"
    endpoint: str | None = None
    key: str | None = None
    date: str | None = None
    start_date: Day | None = None

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, value: str | None) -> str | None:
        if value is not None and len(value.split()) != 5:
            raise ValueError('is no cron expression with five fields, such as "15 6 * * *"')
        return value

    @model_validator(mode="after")
    def _one_schedule(self) -> "ResourceSettings":
        if self.every is not None and self.cron is not None:
            raise ValueError("has both every and cron; set one of them")
        return self


class ConnectionSettings(BaseModel):
    """What can be set for one connection, in [connections.NAME]; all else is shared."""

    model_config = ConfigDict(extra="forbid", validate_by_alias=True, validate_by_name=True)

    region: Region = "nl"
    base_url: SiteUrl | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    redirect_uri: RedirectUri = REDIRECT_URI
    webhook_secret: SecretStr | None = None
    webhook_url: CallbackUrl | None = None
    divisions: Included = "all"
    exclude_divisions: Excluded = []
    schema_name: Annotated[str | None, Field(alias="schema")] = None
    start_date: Day | None = None
    connection_day_limit: Annotated[int | None, Field(ge=1)] = None

    def as_settings(self) -> dict[str, Any]:
        """Those of them that a connection at the top level has too."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "schema_name"}


def text_of(file: Path) -> str:
    """What stands in a file of settings. Raises BadConfiguration where it can't be read."""
    try:
        return file.read_text(encoding="utf-8-sig")  # Windows may have put a mark at the beginning
    except FileNotFoundError:
        is_link = file.is_symlink()
        said = f"{file} is a link to nothing" if is_link else f"there is no configuration file {file}"
        raise BadConfiguration(said) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise BadConfiguration(f"{file} can't be read: {reason}") from None
