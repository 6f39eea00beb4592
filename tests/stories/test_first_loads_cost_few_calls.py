"""What a first load of a hundred thousand rows costs through a twin with a thousand a page."""

import os
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from exact_sync.simulator import Simulator
from tests.deployment import DIVISION, Deployment, SharedClock
from tests.facts import only

ROWS = 100_000 if os.environ.get("EXACT_SYNC_LARGE") else 10_000
"""The whole hundred thousand take half a minute: EXACT_SYNC_LARGE=1."""


@pytest.mark.parametrize(
    ("name", "path", "twin"),
    [
        ("stock_positions", "sync/Inventory/StockPositions", "sync/Inventory/StockPositions"),
        ("document_attachments", "documents/DocumentAttachments", "bulk/Documents/DocumentAttachments"),
    ],
)
def test_a_first_load_costs_a_call_for_a_thousand_rows(
    simulator: Simulator,
    database_url: str,
    clock: SharedClock,
    tmp_path: Path,
    name: str,
    path: str,
    twin: str,
) -> None:
    with Deployment(simulator, database_url, clock, tmp_path, resources={name: {}}) as deployment:
        deployment.sync_well("divisions")
        table = deployment.table(path)
        table.clear()
        key, moment = table.entity.key, datetime(2025, 1, 1)
        stamp = "Modified" in table.entity.properties
        table.load(
            {key: uuid.UUID(int=number + 1)}
            | ({"Modified": moment + timedelta(seconds=number)} if stamp else {})
            for number in range(ROWS)
        )
        simulator.stats.reset()
        outcome = only(deployment.sync_well(name), name)
        assert outcome.tally.inserted == ROWS
        assert outcome.tally.calls <= ROWS / 1000 + 2
        counted = len(
            [call for call in simulator.stats.calls(DIVISION, path) if call.path == path and path != twin]
        )
        assert counted <= 1, "for the progress, where that takes many pages"
        assert deployment.calls(twin) == outcome.tally.calls - counted
        with deployment.service.database.begin() as connection:
            query = f"SELECT count(DISTINCT id) FROM exact.{name} WHERE division = {DIVISION}"
            assert connection.execute(text(query)).scalar_one() == ROWS
        assert deployment.violations() == {}
