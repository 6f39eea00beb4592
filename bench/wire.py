"""CPU to fetch pages, by httpx's own way and by ours, by turns: python -m bench.wire

Nothing else is done with them. No TLS, which takes both of them longer.
"""

import statistics
import time
from collections import defaultdict

import httpx

import bench.lean  # noqa: F401
from bench import recorded
from bench.server import served
from bench.subjects import SUBJECTS
from exact_sync import process
from exact_sync.clock import SystemClock
from exact_sync.exact.wire import http_client

_ROUNDS, _FETCHES, _RECORDS = 15, 10, 1_000


def main() -> None:
    process.share()
    process.imported()  # as the command line does
    print(f"{'µs of CPU a row':24}{'least':>8}{'median':>8}")
    for subject in SUBJECTS.values():
        page = recorded.pages(recorded.record(subject, _RECORDS), _RECORDS)
        with served(page) as base_url, httpx.Client() as theirs, http_client(SystemClock(), {}, 1) as ours:
            found: dict[str, list[float]] = defaultdict(list)
            for _ in range(_ROUNDS):
                for name, http in (("httpx's own", theirs), ("ours", ours)):
                    found[name].append(_fetches(http, base_url))
        print(subject.name)
        for name, seconds in found.items():
            least, median = (each(seconds) / _RECORDS * 1e6 for each in (min, statistics.median))
            print(f"  {name:22}{least:8.2f}{median:8.2f}")


def _fetches(http: httpx.Client, url: str) -> float:
    """Seconds for a page, as the product takes it from a client."""
    began = time.process_time()
    for _ in range(_FETCHES):
        with http.stream("GET", url) as answer:
            b"".join(answer.iter_bytes())
    return (time.process_time() - began) / _FETCHES


if __name__ == "__main__":
    main()
