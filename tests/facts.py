"""What stories ask a deployment: rows by SQL, a checkpoint, a line of the status, one outcome."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from exact_sync.cli import main
from exact_sync.service import Service
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.status import DivisionStatus, ResourceStatus
from tests.deployment import DIVISION, Deployment
from tests.founding import found

OTHER = 124229
"""A second division, where a story needs one."""


def sql(deployment: Deployment, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement, in a transaction of its own; none for one that returns none."""
    with deployment.service.database.begin() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def checkpoint(deployment: Deployment, name: str, division: int = DIVISION) -> dict[str, Any]:
    """The stored checkpoint, all of its columns."""
    query = "SELECT * FROM exact_sync.checkpoint WHERE division = :division AND resource = :name"
    with deployment.service.database.begin() as connection:
        row = connection.execute(text(query), {"division": division, "name": name}).mappings().one()
        return dict(row)


def cursor(deployment: Deployment, name: str, division: int = DIVISION) -> datetime | None:
    """The cursor: Exact's wall clock."""
    value = checkpoint(deployment, name, division)["cursor"]
    return datetime.fromisoformat(value) if value else None


def line(deployment: Deployment, name: str, division: int | None = DIVISION) -> ResourceStatus:
    """What ``status`` says of a resource."""
    lines = deployment.service.status([name]).resources
    return next(line for line in lines if (line.resource, line.division) == (name, division))


def division_line(deployment: Deployment, division: int = DIVISION) -> DivisionStatus:
    """What ``status`` says of a division."""
    lines = deployment.service.status(["divisions"]).divisions
    return next(line for line in lines if line.division == division)


def quarantined(deployment: Deployment, name: str) -> dict[str, str]:
    """Key -> reason of what a resource has in quarantine."""
    query = "SELECT key, reason FROM exact_sync.quarantine WHERE resource = :name ORDER BY key"
    return dict(sql(deployment, query, name=name))  # type: ignore[arg-type]


def only(outcomes: Sequence[Outcome], name: str, division: int = DIVISION) -> Outcome:
    """The outcome of one resource in one division."""
    return next(o for o in outcomes if (o.resource, o.division) == (name, division))


def found_other(deployment: Deployment, counts: dict[str, int] | None = None) -> None:
    """Put a second company into the books, in division OTHER."""
    found(deployment.books, OTHER, deployment.clock.now().date(), seed=2, counts=counts)


def restart(deployment: Deployment, **changed: Any) -> None:
    """Go on with a new service, as the next cron job does: nothing is left in memory."""
    before = deployment.service
    before.close()
    deployment.settings = deployment.settings.model_copy(update=changed)
    deployment.service = Service(deployment.settings, deployment.clock, patience=before._patience)


def command(deployment: Deployment, *arguments: str) -> int:
    """Run ``exact-sync`` with these arguments in this process, on the deployment's database."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    settings = deployment.settings
    values = {
        "DATABASE_URL": settings.database_url, "CLIENT_SECRET": settings.client_secret,
        "SECRET_KEY": settings.secret_key,
        "DATA_DIR": settings.data_dir, "BASE_URL": settings.base_url, "CLIENT_ID": settings.client_id,
    }  # fmt: skip
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in values.items():
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                if plain is not None:
                    patch.setenv(f"EXACT_SYNC_{name}", str(plain))
            return main(arguments)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
