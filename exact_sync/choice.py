"""Which resources are mirrored, and how: the catalog, as the settings want it."""

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from exact_sync.catalog import RESOURCES, Edm, Resource, Strategy
from exact_sync.catalog.custom import custom
from exact_sync.config import Settings
from exact_sync.errors import BadConfiguration, Unknown, did_you_mean
from exact_sync.sections import ResourceSettings

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")


def known_names() -> Collection[str]:
    """Every resource of the catalog."""
    return RESOURCES.keys()


def chosen(settings: Settings) -> dict[str, Resource]:
    """Every resource that is on. Raises BadConfiguration with the line that is wrong."""
    result: dict[str, Resource] = {}
    for name, resource in RESOURCES.items():
        section = settings.resources.get(name)
        if resource.default if section is None else section.enabled:
            result[name] = _as_wanted(resource, section or ResourceSettings())
    for name, section in settings.resources.items():
        if name not in RESOURCES and section.enabled:
            result[name] = _own(name, section)
    return result


def calls_an_hour(settings: Settings, resources: Iterable[Resource]) -> float:
    """About how many calls an hour small reads need in one division: first loads leave those to them."""
    total = 0.0
    for resource in resources:
        if resource.per_division:
            is_whole = resource.strategy is Strategy.SNAPSHOT
            calls = 2 if is_whole or resource.strategy is Strategy.DATE_WINDOWS else 1
            total += calls * (timedelta(hours=1) / how_often(settings, resource))
    return total


def how_often(settings: Settings, resource: Resource) -> timedelta:
    """The interval of a resource; one with a cron expression counts as if it had none."""
    is_whole = resource.strategy is Strategy.SNAPSHOT
    every = settings.resource(resource.name).every
    every = every or (settings.snapshot_interval if is_whole else settings.interval)
    return max(every, timedelta(days=1)) if resource.daily else every


def follows_interval(settings: Settings, resource: Resource) -> bool:
    """The setting ``interval`` decides how often it is read, and nothing else."""
    section = settings.resource(resource.name)
    has_own = section.every is not None or section.cron is not None or resource.daily
    return not has_own and resource.strategy is not Strategy.SNAPSHOT


def check_names(names: Iterable[str], on: Collection[str]) -> None:
    """Raises Unknown for a name that is no resource, or one that is not on."""
    for name in names:
        if name in RESOURCES and name not in on:
            raise Unknown(f"{name} is switched off", f"set enabled = true in [resources.{name}]")
        if name not in on:
            hint = did_you_mean(name, {*on, *RESOURCES}, "exact-sync resources lists them")
            raise Unknown(f"there is no resource {name}; {hint}")


def _as_wanted(resource: Resource, section: ResourceSettings) -> Resource:
    if section.date is not None and section.start_date is not None and resource.date is None:
        resource = _bound_by(resource, section.date)
        section = section.model_copy(update={"date": None})
    for field in ("endpoint", "key", "date"):
        if getattr(section, field) is not None:
            raise BadConfiguration(
                f"setting resources.{resource.name}.{field}: the catalog defines this resource",
                "give a resource of your own another name",
            )
    return _with(resource, section)


def _with(resource: Resource, section: ResourceSettings) -> Resource:
    strategy = Strategy(section.strategy) if section.strategy else resource.strategy
    if strategy not in resource.strategies:
        possible = ", ".join(resource.strategies)
        raise BadConfiguration(
            f"setting resources.{resource.name}.strategy: {resource.name} can't be read by {strategy}",
            f"it can be read by: {possible}",
        )
    if section.deletes == "hard" and not resource.per_division:
        raise BadConfiguration(
            f"setting resources.{resource.name}.deletes: its rows are only ever marked", 'set it to "soft"'
        )
    if section.start_date is not None and resource.dated_by is None:
        dates = [column.property for column in resource.columns if column.edm is Edm.DATETIME]
        raise BadConfiguration(
            f"setting resources.{resource.name}.start_date: by which date?",
            f"set date to one of: {', '.join(dates)}" if dates else "its records have no date",
        )
    return replace(
        resource, strategy=strategy, hard_deletes=section.deletes == "hard", start_date=section.start_date
    )


def _bound_by(resource: Resource, name: str) -> Resource:
    """The resource, with a property by which old records can be left out."""
    column = resource.by_property.get(name)
    if column is None or column.edm is not Edm.DATETIME or not resource.per_division:
        raise BadConfiguration(
            f"setting resources.{resource.name}.date: {name} is no date of {resource.endpoint}",
            "docs/tables.md lists its columns",
        )
    return replace(resource, bound_by=name)


def _own(name: str, section: ResourceSettings) -> Resource:
    """A resource that the settings define."""
    if not _NAME.fullmatch(name):
        raise BadConfiguration(
            f"setting resources.{name}: a table can't have this name",
            "use small letters, digits and underscores, and begin with a letter",
        )
    try:
        resource = custom(name, str(section.endpoint), section.key, section.date)
    except ValueError as error:
        raise BadConfiguration(f"setting resources.{name}: {error}") from None
    if section.strategy == "date_windows" and section.date is None:
        raise BadConfiguration(
            f"setting resources.{name}.strategy: date_windows needs a date",
            'set, for instance: date = "Date"',
        )
    return _with(resource, section)
