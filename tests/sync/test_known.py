"""What is here already is not read again, and nobody can tell from what is here afterwards."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from exact_sync.catalog import Column, Edm, Feed, Resource, Strategy
from exact_sync.errors import ExactAway
from exact_sync.exact.odata import Answer
from exact_sync.store import provision
from exact_sync.store.database import Database
from exact_sync.store.fingerprints import Fingerprints
from exact_sync.store.tables import row_columns
from exact_sync.store.writer import Writer, Written
from exact_sync.sync import columns
from exact_sync.sync.columns import Columns, Glance
from exact_sync.sync.holding import Held, Holding
from exact_sync.sync.known import Known
from exact_sync.sync.rows import Batch, Shaper
from tests.deployment import SharedClock

KINDS = {"ID": Edm.GUID, "Text": Edm.STRING, "Number": Edm.INT32, "Modified": Edm.DATETIME}
PROBE = Resource(
    "known_probe",
    "x/Probe",
    "ID",
    tuple(Column(name, edm) for name, edm in KINDS.items()),
    Strategy.SNAPSHOT,
    feed=Feed("sync/x/Probe"),
    default=False,
)
LIST = Resource(
    "known_list",
    "x/List",
    "ID",
    tuple(Column(name, edm) for name, edm in KINDS.items() if name != "Modified"),
    Strategy.SNAPSHOT,
    default=False,
)
GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c330{}"
WITH, WITHOUT = 7, 8
"""Two divisions that are told the same: one whose rows may be known, one whose rows never are."""


def record(number: int, **values: Any) -> dict[str, Any]:
    given = {"ID": GUID.format(number), "Text": "a", "Number": 1} | values
    return {"__metadata": {"uri": f"http://x/Probe(guid'{GUID.format(number)}')"}} | given


def body(*records: dict[str, Any]) -> bytes:
    return json.dumps({"d": {"results": records}}, separators=(",", ":")).encode()


@dataclass
class Reading:
    """One reading of one division."""

    database: Database
    division: int
    resource: Resource = PROBE
    is_likely: bool = True
    glances: int = 0
    """Pages of which the known rows were not read."""
    read: list[str] = field(default_factory=list)
    """The keys of the records that became rows."""
    written: Written = field(default_factory=lambda: Written(0, 0))
    rejected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._known = Known(
            Columns(self.resource, self.division),
            Fingerprints(self.resource),
            self.database,
            division=self.division,
            is_likely=self.is_likely,
        )
        self._holding = Holding(SharedClock())

    def take(self, page: bytes) -> Batch:
        answer = self._known.read(page)
        if isinstance(answer, Answer):
            batch = self._shape(answer.records, answer.fingerprints)
        elif isinstance(answer.batch, Glance):
            self.glances += 1
            places = self._known.unknown(answer.batch, self._holding, self.settle)
            batch = self._known.rows(answer.batch, places, self._shape)
            assert set(map(str, batch.keys)) | {r.key for r in batch.rejects} == set(answer.batch.keys)
        else:
            batch = answer.batch
        self.read += [str(row[1]) for row in batch.rows] or (batch.keys if batch.lines else [])
        self.rejected += [str(reject.key) for reject in batch.rejects]
        self._holding.add(Held(batch, None, {}))
        return batch

    def settle(self) -> None:
        writer = Writer(self.resource)
        for held in self._holding.take():
            with self.database.begin() as connection:
                if held.batch.lines is not None:
                    written = writer.write_lines(connection, [held.batch.lines], is_unique=False)
                else:
                    writer.stage(connection, held.batch.rows)
                    written = writer.merge(connection)
            total = self.written
            self.written = Written(total.inserted + written.inserted, total.updated + written.updated)

    def _shape(self, records: Sequence[dict[str, Any]], prints: Sequence[int] | None) -> Batch:
        return Shaper(self.resource).batch(self.division, records, prints)

    def rows(self) -> list[Any]:
        names = ", ".join(name for name in row_columns(self.resource)[1:] if name != "_fingerprint")
        query = f"SELECT {names}, _deleted_at IS NULL FROM exact.{self.resource.name} WHERE division = :d"
        with self.database.begin() as connection:
            return list(connection.execute(text(f"{query} ORDER BY id"), {"d": self.division}).all())


@pytest.fixture
def probe(database: Database) -> Database:
    provision.make(database, [PROBE, LIST])
    return database


def brought(database: Database, *pages: bytes, **options: Any) -> Reading:
    reading = Reading(database, WITH, **options)
    for page in pages:
        reading.take(page)
        reading.settle()
    return reading


PAGE = body(*(record(number) for number in range(4)))


def test_the_second_time_nothing_is_read_and_nothing_written(probe: Database) -> None:
    assert brought(probe, PAGE, is_likely=False).written == Written(4, 0)
    again = brought(probe, PAGE)
    assert (again.glances, again.read, again.written) == (1, [], Written(0, 0))


def test_only_what_changed_is_read(probe: Database) -> None:
    brought(probe, PAGE)
    changed = body(record(0), record(1, Text="b"), record(2), record(3))
    again = brought(probe, changed)
    assert (again.glances, again.written) == (1, Written(0, 1))
    assert again.rows()[1].text == "b"
    third = brought(probe, changed)
    assert third.read == []


def test_without_hope_nobody_looks(probe: Database) -> None:
    assert brought(probe, PAGE, PAGE, is_likely=False).glances == 0


def test_where_most_is_unknown_three_times_nobody_looks_any_more(probe: Database) -> None:
    pages = [body(*(record(number, Number=n) for number in range(4))) for n in range(8)]
    assert brought(probe, *pages).glances == 3


@pytest.mark.parametrize("change", ["text = 'mine'", "_deleted_at = now()", "number = NULL"])
def test_what_somebody_changed_by_hand_is_read_and_put_right(probe: Database, change: str) -> None:
    rows = brought(probe, PAGE).rows()
    with probe.begin() as connection:
        statement = f"UPDATE exact.known_probe SET {change} WHERE id = '{GUID.format(2)}'"
        connection.execute(text(statement))
    again = brought(probe, PAGE)
    assert again.written == Written(0, 1)
    assert again.rows() == rows


def test_an_odd_record_is_set_aside_each_time_and_the_others_are_known(probe: Database) -> None:
    """Also where they were made into rows with care, because they came beside something odd."""
    page = body(record(0), record(1, Number="many"), record(2), record(3))
    first = brought(probe, page)
    assert (first.rejected, first.written) == ([GUID.format(1)], Written(3, 0))
    again = brought(probe, page)
    assert (again.glances, again.read, again.rejected) == (1, [], [GUID.format(1)])
    assert brought(probe, body(record(0), record(2))).read == []


NESTED = [
    {"Lines": {"results": [], "__next": "http://x/Lines"}},
    {"Line": {"__metadata": {"uri": "v"}, "X": 1}},
    {"Lines": [{"X": 1}, {"__metadata": {"uri": "v"}, "X": 2}]},
]


@pytest.mark.parametrize("nested", NESTED)
@pytest.mark.parametrize("has_bare", [False, True])
def test_what_stands_behind_nested_records_is_seen_to_change(
    probe: Database, nested: dict[str, Any], has_bare: bool
) -> None:
    bare = record(2)
    if has_bare:
        del bare["__metadata"]  # so that there may be as many metadata as records

    def page(text: str) -> bytes:
        held = {"__metadata": {}, "ID": GUID.format(1), "Number": 1} | nested | {"Text": text}
        return body(record(0), bare, held)

    brought(probe, page("old"), is_likely=False)
    again = brought(probe, page("new"))
    assert [row.text for row in again.rows()] == ["a", "new", "a"]
    assert brought(probe, page("new")).glances == (not has_bare)


def test_another_division_has_rows_of_its_own(probe: Database) -> None:
    brought(probe, PAGE)
    other = Reading(probe, WITHOUT)
    other.take(PAGE)
    other.settle()
    assert other.written == Written(4, 0)


def test_after_another_release_that_makes_other_rows_none_is_known(
    probe: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(probe, PAGE)
    monkeypatch.setattr(columns, "READING", columns.READING + 1)
    again = brought(probe, PAGE)
    assert (len(again.read), again.written) == (4, Written(0, 0))
    assert brought(probe, PAGE).read == []


def test_rows_from_before_there_were_fingerprints_are_read_once(probe: Database) -> None:
    brought(probe, PAGE)
    with probe.begin() as connection:
        connection.execute(text("UPDATE exact.known_probe SET _fingerprint = NULL"))
    again = brought(probe, PAGE)
    assert (len(again.read), again.written) == (4, Written(0, 0))
    assert brought(probe, PAGE).read == []


def test_what_is_no_utf_8_is_no_answer_though_a_glance_passes_over_it(probe: Database) -> None:
    """It is asked for again, like any page that can't be read."""
    brought(probe, PAGE)
    broken = body(record(0, Text="changed")).replace(b"changed", b"chang\xc3(")
    with pytest.raises(ExactAway, match="utf-8"):
        Reading(probe, WITH).take(broken)


def test_of_a_record_that_comes_twice_the_last_one_counts(probe: Database) -> None:
    """Also where that one is here already: on one page, and on two that are written together."""
    one, other = record(0), record(0, Text="b")
    assert brought(probe, body(one, record(1)), resource=LIST).written == Written(2, 0)
    assert brought(probe, body(other, one), resource=LIST).written == Written(0, 0)
    reading = Reading(probe, WITH, LIST)
    reading.take(body(other, record(1)))
    reading.take(body(one, record(1)))
    reading.settle()
    assert [row.text for row in reading.rows()] == ["a", "a"]


RECORDS = st.fixed_dictionaries(
    {
        "number": st.integers(0, 3),
        "Text": st.sampled_from(["a", "b", " a", 5]),
        "Modified": st.sampled_from([None, "/Date(1767261600000)/", "/Date(1767261601000)/"]),
        "Timestamp": st.sampled_from([None, "5", "6"]),
    }
)
READINGS = st.lists(
    st.tuples(st.lists(RECORDS, min_size=1, max_size=4), st.booleans()), min_size=2, max_size=8
)


@pytest.mark.parametrize("resource", [PROBE, LIST], ids=["dated", "list"])
@given(pages=READINGS)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_comes_the_same_is_here_as_if_all_had_been_read(
    probe: Database, resource: Resource, pages: list[tuple[list[dict[str, Any]], bool]]
) -> None:
    with probe.begin() as connection:
        connection.execute(text("TRUNCATE exact.known_probe, exact.known_list"))
    quick, careful = (Reading(probe, division, resource, division == WITH) for division in (WITH, WITHOUT))
    for records, is_written in pages:
        wanted = {column.property for column in resource.columns} | {"number"}
        wanted |= {"Timestamp"} if resource.is_versioned else set()
        page = body(*(record(**{k: v for k, v in each.items() if k in wanted}) for each in records))
        for reading in (quick, careful):
            reading.take(page)
            if is_written:
                reading.settle()
    for reading in (quick, careful):
        reading.settle()
    assert quick.rows() == careful.rows()
    assert quick.written == careful.written
    assert quick.rejected == careful.rejected
