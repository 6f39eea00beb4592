"""CPU to fetch pages, by httpx's own way and by ours, by turns: python -m bench.wire

Nothing else is done with them: plain ones with a length, then the same compressed and in chunks. No TLS,
which takes both of them longer.
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
    print(f"{'µs of CPU a row':24}{'least':>8}{'median':>8}{'packed: least':>16}{'median':>8}")
    for subject in SUBJECTS.values():
        pages = recorded.pages(recorded.record(subject, _RECORDS), _RECORDS)
        print(subject.name)
        plain, packed = _measured(pages, packed=False), _measured(pages, packed=True)
        for name in plain:
            figures = [*plain[name], *packed[name]]
            print(f"  {name:22}{figures[0]:8.2f}{figures[1]:8.2f}{figures[2]:16.2f}{figures[3]:8.2f}")


def _measured(pages: list[bytes], *, packed: bool) -> dict[str, tuple[float, float]]:
    """The least and the median of each client, in microseconds a row."""
    found: dict[str, list[float]] = defaultdict(list)
    with (
        served(pages, packed=packed) as base_url,
        httpx.Client() as theirs,
        http_client(SystemClock(), {}, 1) as ours,
    ):
        for _ in range(_ROUNDS):
            for name, http in (("httpx's own", theirs), ("ours", ours)):
                found[name].append(_fetches(http, base_url) / _RECORDS * 1e6)
    return {name: (min(took), statistics.median(took)) for name, took in found.items()}


def _fetches(http: httpx.Client, url: str) -> float:
    """Seconds for a page, as the product takes it from a client."""
    began = time.process_time()
    for _ in range(_FETCHES):
        with http.stream("GET", url) as answer:
            b"".join(answer.iter_bytes())
    return (time.process_time() - began) / _FETCHES


if __name__ == "__main__":
    main()
