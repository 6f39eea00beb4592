"""Who is measured, and how each is run in a process of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from bench.jobs import VENVS, Failed, Figures, medians, run
from bench.material import Material
from bench.postgres import Server, rows_written

_numbers = count(1)


@dataclass(frozen=True)
class Contender:
    """A way to get the records into PostgreSQL."""

    name: str
    module: str
    venv: str | None = None
    """Where it is installed, if not with us."""
    schema: str = "peer"

    @property
    def python(self) -> Path | None:
        return VENVS / self.venv / "bin" / "python" if self.venv else None

    @property
    def is_installed(self) -> bool:
        return self.python is None or (self.python.parent.parent / ".installed").exists()


OURS = Contender("exact-sync", "bench.ours", schema="exact")
LOOP = Contender("SQLAlchemy loop", "bench.loop", schema="exact")
PEERS = (
    Contender("dlt, Arrow by hand", "bench.peers.dlt_arrow", "dlt"),
    Contender("dlt rest_api, tuned", "bench.peers.dlt_rest", "dlt"),
    Contender("Singer pair", "bench.peers.singer_pair", "singer"),
)


@dataclass(frozen=True)
class Writes:
    """What a scenario wrote: bytes of the write-ahead log, and rows of the table and of all others."""

    wal: int
    rows: int
    others: int


def limits(server: Server, material: Material, times: int) -> dict[str, Figures]:
    """COPY and upsert of encoded rows, per scenario, and decoding alone."""
    with _database(server) as url:
        job = material.job(server, url, "", "") | material.files() | {"times": times}
        return medians(run("bench.limits", job))


def ours(
    server: Server,
    material: Material,
    times: int,
    scenarios: Sequence[str] = ("first", "unchanged", "full", "changed"),
) -> tuple[dict[str, Figures], dict[str, Writes]]:
    """The product, each time on a new database; ``full``: unchanged, read as `sync --full` does."""
    figures: list[Figures] = []
    writes: dict[str, Writes] = {}
    for _ in range(times):
        with _database(server) as url:
            run(OURS.module, material.job(server, url, "prepare", "http://127.0.0.1:9"))
            for name in scenarios:
                server.settle(url)
                before, wal = rows_written(url, "exact", _table(OURS, material)), server.wal()
                with material.served("unchanged" if name == "full" else name) as base_url:
                    job = material.job(server, url, name, base_url)
                    figures += run(OURS.module, job | {"full": name == "full"})
                after = rows_written(url, "exact", _table(OURS, material))
                writes[name] = Writes(server.wal() - wal, after[0] - before[0], after[1] - before[1])
            _check(url, OURS, material)
    return medians(figures), writes


def other(
    server: Server, contender: Contender, material: Material, scenarios: Sequence[str]
) -> dict[str, Figures]:
    """Somebody else, once. What an empty answer costs is not counted: their start is no matter here."""
    found: dict[str, Figures] = {}
    with _database(server) as url:
        for name in ("empty", "empty", *scenarios):  # the first one makes the tables
            server.settle(url)
            rows = 0 if name == "empty" else None
            with material.served(name, rows=rows) as base_url:
                job = material.job(server, url, name, base_url)
                [found[name]] = run(contender.module, job, contender.python)
        _check(url, contender, material)
    start = found.pop("empty")
    return {name: figures.less(start) for name, figures in found.items()}


@contextmanager
def _database(server: Server) -> Iterator[str]:
    with server.database(f"bench_{next(_numbers)}") as url:
        yield url


def _table(contender: Contender, material: Material) -> str:
    return f"bench_{material.subject.name}" if contender.schema == "exact" else material.subject.name


def _check(url: str, contender: Contender, material: Material) -> None:
    """All records must be there, and each once."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            f"SELECT count(*) FROM {contender.schema}.{_table(contender, material)}"
        ).fetchone()
    if row is None or row[0] != len(material.records):
        raise Failed(f"{contender.name} brought {row and row[0]} rows of {len(material.records)}")
