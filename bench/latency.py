"""What a first load loses where every call takes its time: nothing but the calls should take any."""

from dataclasses import dataclass
from math import ceil

from bench.contenders import OURS
from bench.jobs import run
from bench.material import Material
from bench.postgres import Server

LATENCY = 0.2
_PAGES = 60
"""Pages that are read; more only take longer."""


@dataclass(frozen=True)
class Loaded:
    """A first load with a latency."""

    size: int
    """Records on a page."""
    calls: int
    seconds: float

    @property
    def ratio(self) -> float:
        """Of what the latency allows."""
        return self.calls * LATENCY / self.seconds


def measured(server: Server, material: Material) -> list[Loaded]:
    """With pages of a thousand, and of sixty."""
    found = []
    for size in (1000, 60):
        rows = min(len(material.records), size * _PAGES)
        with (
            server.database(f"latency_{size}") as url,
            material.served("first", size, LATENCY, rows) as base_url,
        ):
            job = material.job(server, url, "first", base_url) | {"rows": rows}
            run(OURS.module, job | {"name": "prepare"})
            [figures] = run(OURS.module, job)
        # Of a long reading Exact is asked once how much there is.
        calls = ceil(rows / size) + (1 if rows > 3 * size else 0)
        found.append(Loaded(size, calls, figures.seconds))
    return found
