"""Rows per second of the whole path, beside what PostgreSQL and decoding alone can do, in one run.

make bench            # 20,000 customers with all their columns
python -m bench 80000
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bench.recorded import DIVISION, record, served
from exact_sync.catalog import RESOURCES
from exact_sync.config import Settings
from exact_sync.credentials import Tokens
from exact_sync.exact.odata import Query, read_answer
from exact_sync.service import Service
from exact_sync.store.writer import Writer
from exact_sync.sync.rows import Shaper

CUSTOMERS = RESOURCES["customers"]


class Quiet:
    """An audience that says nothing."""

    def begins(self, division: int, resource: str) -> None: ...

    def page(self, division: int, resource: str, records: int) -> None: ...

    def ends(self, outcome: object) -> None: ...


def main(rows: int) -> None:
    assert CUSTOMERS.bulk is not None
    query = Query(CUSTOMERS.bulk.endpoint, [column.property for column in CUSTOMERS.columns])
    pages = record(query, rows)
    megabytes = sum(map(len, pages)) / 1e6
    print(f"{rows:,} customers, {len(CUSTOMERS.columns)} columns: {len(pages)} pages, {megabytes:.0f} MB\n")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(pages) as url,
        _service(url, Path(folder)) as service,
    ):
        service.upgrade()
        now = datetime.now(UTC)
        service.sign_in.sign_in(Tokens("bench", "bench", now + timedelta(hours=1), now))
        service.sign_in.describe("bench", DIVISION)
        crew = service.crew

        def whole_path() -> None:
            outcome = crew._runner.run(CUSTOMERS, DIVISION, full=True)
            assert outcome.status == "ok", outcome
            assert outcome.tally.records == rows, outcome

        results = {"first load": _timed(whole_path), "re-read, nothing changed": _timed(whole_path)}
        shaped = []
        decoding = _timed(lambda: [read_answer(page) for page in pages])

        def shape() -> None:
            shaper = Shaper(CUSTOMERS)
            shaped.extend(shaper.batch(DIVISION, read_answer(page).records).rows for page in pages)

        results["decode and convert only"] = _timed(shape)
        results["decode only"] = decoding
        with service.database.begin() as connection:
            connection.exec_driver_sql("TRUNCATE exact.customers")
        writer = Writer(CUSTOMERS)

        def write() -> None:
            for batch in shaped:
                with service.database.begin() as connection:
                    writer.stage(connection, batch)
                    writer.merge(connection)

        results["limit: COPY and merge of rows at hand"] = _timed(write)
    limit = results["limit: COPY and merge of rows at hand"][0]
    print(f"{'what':<40}{'rows/s':>10}{'of limit':>10}{'CPU s':>8}")
    for name, (wall, cpu) in results.items():
        print(f"{name:<40}{rows / wall:>10,.0f}{limit / wall:>10.2f}{cpu:>8.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of this process: {peak:,.0f} MB (it holds the recorded pages and all rows as well)")


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _service(url: str, folder: Path) -> Service:
    return Service(
        Settings(data_dir=folder, base_url=url, client_id="bench", client_secret=SecretStr("bench-secret"))
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
