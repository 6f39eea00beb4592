"""What a measurement reads: the records of a subject, and a server for pages of them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from bench import recorded
from bench.postgres import Server
from bench.server import served
from bench.subjects import Subject

SCENARIOS = ("first", "unchanged", "changed")
"""A first load; the same once more; and once more where a tenth was changed."""


class Material:
    """Records of a subject, some copies of each, and a tenth of them changed."""

    def __init__(self, subject: Subject, records: Sequence[bytes], times: int, folder: Path) -> None:
        self.subject = subject
        self.times = times
        self.records = list(recorded.copies(records, times, subject.whole.key))
        self.changed = recorded.changed(self.records, 10, subject.changing)
        self._folder = folder

    def files(self) -> dict[str, str]:
        """The records, one on each line: none of its texts can hold the line breaks that Exact makes."""
        names = {"records": self.records, "changed": self.changed}
        for name, records in names.items():
            lines = [record.replace(b"\r\n", b"") + b"\n" for record in records]
            (self._folder / name).write_bytes(b"".join(lines))
        return {name: str(self._folder / name) for name in names}

    def served(
        self, scenario: str, size: int = 1000, latency: float = 0.0, rows: int | None = None
    ) -> AbstractContextManager[str]:
        """The URL of pages with so many records each; all records, or the first so many."""
        records = self.changed if scenario == "changed" else self.records
        return served(recorded.pages(records[:rows], size), latency)

    def job(self, server: Server, database_url: str, name: str, base_url: str) -> dict[str, Any]:
        """What a process has to know."""
        return {
            "name": name,
            "subject": self.subject.name,
            "key": self.subject.whole.key,
            "types": {column.property: str(column.edm) for column in self.subject.columns},
            "rows": 0 if name == "empty" else len(self.records),
            "base_url": base_url,
            "database_url": database_url,
            "postmaster": server.postmaster,
            "folder": str(self._folder / database_url.partition("?")[0].rpartition("/")[2]),
        }
