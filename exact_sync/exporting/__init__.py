"""What is done is told to a collector of OpenTelemetry, where the settings name one."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from exact_sync.errors import BadConfiguration
from exact_sync.telemetry_settings import TelemetrySettings

if TYPE_CHECKING:
    from exact_sync.exporting.measures import Measures


def if_wanted(settings: TelemetrySettings) -> "AbstractContextManager[Measures | None]":
    """Meanwhile a collector is told. Raises BadConfiguration where OpenTelemetry is not installed."""
    if settings.endpoint is None:
        return nullcontext()
    try:
        from exact_sync.exporting.collector import exporting
    except ModuleNotFoundError as error:
        raise BadConfiguration(
            f"setting telemetry.endpoint needs OpenTelemetry, and {error.name} is not installed",
            "pip install --require-hashes -r requirements-otel.txt; or: pip install 'exact-sync[otel]'",
        ) from None
    return exporting(settings)
