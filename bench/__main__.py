"""Rows per second of the whole path, beside other loaders and beside the limit, in one run.

make bench                      # 10,000 rows of three kinds, and 40,000; under ten minutes
python -m bench --markdown      # the same table for docs/performance.md
python -m bench --rows 5000 --times 1 --without-peers --subject contacts
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import contenders, latency, recorded
from bench.contenders import LOOP, OURS, PEERS
from bench.jobs import Failed
from bench.material import SCENARIOS, Material
from bench.postgres import Server, running
from bench.report import Line, Report
from bench.subjects import SUBJECTS, Subject


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--rows", type=int, default=10_000, help="of each kind; and four times as many")
    parser.add_argument("--times", type=int, default=3, help="measurements of which the median counts")
    parser.add_argument("--subject", choices=list(SUBJECTS), nargs="*", default=list(SUBJECTS))
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    given = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="exact-sync-bench-") as name:
        folder = Path(name)
        with running(folder / "server") as server:
            for subject in given.subject:
                report.progress(f"recording {given.rows:,} {subject}")
                records = recorded.record(SUBJECTS[subject], given.rows)
                peers = () if given.without_peers else (LOOP, *PEERS)
                for line in _measured(report, server, SUBJECTS[subject], records, given.times, peers, folder):
                    report.add(line)
                if subject == given.subject[0]:
                    report.progress(f"{subject}: with latency")
                    report.latency(latency.measured(server, Material(SUBJECTS[subject], records, 4, folder)))
    for peer in () if given.without_peers else PEERS:
        if not peer.is_installed:
            report.note(f"{peer.name} is not installed here (make bench-peers)")
    sys.stdout.write(report.markdown() if given.markdown else report.text())


def _measured(
    report: Report,
    server: Server,
    subject: Subject,
    records: list[bytes],
    times: int,
    peers: tuple[contenders.Contender, ...],
    folder: Path,
) -> Iterator[Line]:
    for fold in (1, 4):
        material = Material(subject, records, fold, folder)
        report.progress(f"{subject.name}, {len(material.records):,} rows: the limits")
        limit = contenders.limits(server, material, times)
        report.progress(f"{subject.name}: {OURS.name}")
        figures, writes = contenders.ours(server, material, times)
        for name, each in figures.items():
            known = limit["unchanged" if name == "full" else name]
            yield Line(subject, fold, OURS.name, name, each, known, writes.get(name))
        for name, each in limit.items():
            what = "limit: decode only" if name == "decode" else "limit: COPY and upsert"
            yield Line(subject, fold, what, name, each, limit["first" if name == "decode" else name])
        # Four times as many tell of memory; for that one kind of record is enough.
        is_first = subject is next(iter(SUBJECTS.values()))
        scenarios = SCENARIOS if is_first and fold == 1 else SCENARIOS[:2] if fold == 1 else SCENARIOS[:1]
        for peer in peers if is_first or fold == 1 else ():
            if not peer.is_installed:
                continue
            report.progress(f"{subject.name}: {peer.name}")
            try:
                found = contenders.other(server, peer, material, scenarios)
            except Failed as failed:
                report.note(f"{peer.name}, {subject.name}: {failed}")
                continue
            for name, each in found.items():
                yield Line(subject, fold, peer.name, name, each, limit[name])


if __name__ == "__main__":
    main()
