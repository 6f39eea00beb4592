"""This product's whole path, in a process of its own: python -m bench.ours JSON.

From the socket to the committed page: session, budget, request log, checkpoint and run record included.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

import bench.lean  # noqa: F401
from bench.stopwatch import job, measured
from bench.subjects import DIVISION, SUBJECTS
from exact_sync import process
from exact_sync.config import Settings
from exact_sync.credentials import Tokens
from exact_sync.service import Service


def main(wanted: dict[str, Any]) -> None:
    """``name``: prepare makes the tables and signs in. ``rows``: so many must come. ``full``: as
    `sync --full` reads, all keys noted.
    """
    resource = SUBJECTS[wanted["subject"]].resource
    with service(wanted["base_url"], wanted["database_url"], Path(wanted["folder"])) as product:
        vars(product)["mirrored"] = {resource.name: resource}  # nothing else is read
        product.ready()
        if wanted["name"] == "prepare":
            sign_in(product)
            return
        runner = product.crew._runner
        process.imported()  # as the command line does
        with measured(wanted["name"], wanted["rows"], wanted["postmaster"]):
            outcome = runner.run(resource, DIVISION, full=wanted.get("full", False))
            product.request_log.flush()
        assert outcome.status == "ok", outcome
        assert outcome.tally.records == wanted["rows"], outcome


def sign_in(product: Service) -> None:
    """A token that nobody asks for."""
    now = datetime.now(UTC)
    product.sign_in.sign_in(Tokens("bench", "bench", now + timedelta(days=1), now))
    product.sign_in.describe("bench", DIVISION)


def service(base_url: str, database_url: str, folder: Path) -> Service:
    return Service(
        Settings(
            data_dir=folder,
            database_url=SecretStr(database_url),
            base_url=base_url,
            client_id="bench",
            client_secret=SecretStr("bench-secret"),
        )
    )


if __name__ == "__main__":
    main(job())
