"""The quick way makes the same rows as the careful one, to the bit, or leaves the page to it."""

import hashlib
import json
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from exact_sync.catalog import Column, Edm, Feed, Resource, Strategy
from exact_sync.exact.odata import Answer, Shaped, UnreadableAnswer, read_answer
from exact_sync.store.database import Database
from exact_sync.store.merging import quote
from exact_sync.store.tables import row_columns
from exact_sync.store.writer import Writer
from exact_sync.sync import columns
from exact_sync.sync.columns import Columns
from exact_sync.sync.cursors import highest_modified
from exact_sync.sync.rows import Batch, Shaper, read_version

DIVISION = 7
KEY = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
NIL = "00000000-0000-0000-0000-000000000000"

KINDS = {
    "Text": Edm.STRING,
    "Other": Edm.GUID,
    "Flag": Edm.BOOLEAN,
    "Small": Edm.BYTE,
    "Short": Edm.INT16,
    "Number": Edm.INT32,
    "Long": Edm.INT64,
    "Amount": Edm.DOUBLE,
    "EndDate": Edm.DATETIME,
    "Modified": Edm.DATETIME,
    "Division": Edm.INT32,
}
PROBE = Resource(
    "probe",
    "x/Probe",
    "ID",
    (Column("ID", Edm.GUID), *(Column(name, edm) for name, edm in KINDS.items())),
    Strategy.SNAPSHOT,
    feed=Feed("sync/x/Probe"),
    default=False,
)
WRITER = Writer(PROBE)

# What a value looks like in the body of an answer: first what comes, then what may come one day.
MOMENTS = st.integers(0, 4_102_444_800_000).map(lambda ms: f'"/Date({ms})/"')
NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,25})?([eE]([+-][0-9]{1,2}|[0-9]{1,3}))?", fullmatch=True
)
WRITTEN = partial(json.dumps, ensure_ascii=False)
PLAIN: dict[str, st.SearchStrategy[str]] = {
    "Text": st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(WRITTEN)
    | st.sampled_from(['"   6547784"', '"NL "', '""', '" "', r'"\\N"', r'"a\tb"', r'"\u001f"'])
    | st.sampled_from([r'"\u0000 a "', r'"\\."']),
    "Other": st.uuids().map(lambda guid: f'"{guid}"') | st.sampled_from([f'"{NIL}"', f'"{KEY.upper()}"']),
    "Flag": st.sampled_from(["true", "false"]),
    "Small": st.integers(0, 255).map(str),
    "Short": st.integers(-(2**15), 2**15 - 1).map(str),
    "Number": st.integers(-(2**31), 2**31 - 1).map(str),
    "Long": st.integers(0, 2**63 - 1).map(lambda number: f'"{number}"')
    | st.integers(-(2**63), 2**63 - 1).map(str),
    "Amount": NUMBERS,
    "EndDate": MOMENTS,
    "Modified": MOMENTS,
    "Division": st.just(str(DIVISION)),
    "Timestamp": st.integers(1, 2**63 - 1).map(lambda number: f'"{number}"'),
}  # fmt: skip
ODD_TEXTS = [
    "1e5", "-0", "-0.0", "1E400", "1e99999999", "NaN", "-Infinity", "12.0", "1.5", "256", "-1", "9" * 40,
    "1E-7", "5.55111512312578e-17", "1E+15", "-0e0", "1e-0999", "1." + "5" * 15_990 + "E-99",
    "7" * 15_990 + "e999",
    '"12"', '"12.0"', '"1_000"', '" 12"', '"-5"', '"0007"', '"many"', '"12,5"', '""', '"٣"', "true", "7",
    "8", "[1]", "{}", r'"\ud800"', '"x"', f'"{{{KEY}}}"', f'"{KEY[:-1]}"', f'"{KEY}\\t{KEY}"',
    f'"{KEY[:-1]}é"', '"2026-06-25T12:00:00"', '"20260625T120000"', '"Date(1)/"', '"/Date(1)"',
    '"/Date(1)/\\t/Date(2)/"', '"/Date()/"', '"/Date(1e3)/"', '"/Date(-1)/"', '"/Date(-62135596800000)/"',
    '"/Date(1782388800123+0200)/"', '"/Date(253402300799999)/"', '"/Date(253402300800000)/"',
    '"/Date(1761440400000)/"', '"/Date(1743300000000)/"', '"/Date(01)/"', '"/Date(1-2)/"', '"/Date(-)/"',
    '"/Date(1,2)/"', '"/Date(99999999999999)/"', '"/Date(100000000000000)/"', '"/Date( 1)/"',
    '"-Date(1)/"', '"/Date(1)-"',
]  # fmt: skip
ODD = st.sampled_from(ODD_TEXTS)
NAMES = st.sampled_from(["ID", "Timestamp", *KINDS])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A page, with nothing odd in it or with one or two things."""
    records = []
    for guid in draw(st.lists(st.uuids(), max_size=5)):
        record = {"ID": f'"{guid}"', "Timestamp": draw(PLAIN["Timestamp"])}
        for name, values in PLAIN.items():
            record[name] = draw(values | st.just("null")) if name != "Timestamp" else record[name]
        records.append(record)
    for record in records and draw(st.lists(st.sampled_from(records), max_size=2)):
        record[draw(NAMES | st.just("Unknown"))] = draw(ODD | st.just("null"))
    texts = [",".join(f'"{name}":{value}' for name, value in record.items()) for record in records]
    link = draw(st.sampled_from(["", ',"__next":"http://x/2"', ',"__next":""', ',"__count":"5"']))
    return f'{{"d":{{"results":[{",".join(f"{{{text}}}" for text in texts)}]{link}}}}}'.encode(
        "utf-8", "surrogatepass"
    )


def staged(connection: Connection) -> list[str]:
    """What is staged, as PostgreSQL writes it."""
    columns = ", ".join(map(quote, row_columns(PROBE)))
    query = f"SELECT ROW({columns})::text FROM pg_temp.{WRITER._stage(False)} s ORDER BY _ordinal"
    return list(connection.execute(text(query)).scalars())


@given(body=bodies())
@example(body=b'{"d":[{"ID":"%s","__metadata":{"uri":"x"},"Text":"a"}]}' % KEY.encode())
@example(body=b'{"d":{"ID":"%s"}}' % KEY.encode())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_rows_are_the_same_to_the_bit_whichever_way_they_are_made(database: Database, body: bytes) -> None:
    same_to_the_bit(database, body)


@pytest.mark.parametrize(("key", "is_quick"), [("a b", True), ("a\\b", False), ("a\tb", False)])
def test_a_key_that_a_line_holds_otherwise_is_left_to_the_careful_way(key: str, is_quick: bool) -> None:
    """Keys that came are held against PostgreSQL's texts: a row of another one would count as gone."""
    keyed = Resource("keyed", "x/Keyed", "Code", (Column("Code", Edm.STRING),), Strategy.SNAPSHOT)
    body = json.dumps({"d": [{"Code": key}]}).encode()
    assert isinstance(Columns(keyed, DIVISION).read(body), Shaped) is is_quick


@pytest.mark.parametrize("edm", [Edm.STRING, Edm.DOUBLE])
@pytest.mark.parametrize(("length", "is_quick"), [(9, True), (600, True), (700, False), (9_000, False)])
def test_a_page_with_a_long_key_is_left_to_the_careful_way(edm: Edm, length: int, is_quick: bool) -> None:
    keyed = Resource("keyed", "x/Keyed", "Code", (Column("Code", edm),), Strategy.SNAPSHOT)
    key = "7" * length
    body = f'{{"d":[{{"Code":{key if edm is Edm.DOUBLE else json.dumps(key)}}}]}}'.encode()
    assert isinstance(Columns(keyed, DIVISION).read(body), Shaped) is is_quick


def test_a_number_with_an_exponent_is_no_quick_key() -> None:
    """Keys are held against what PostgreSQL writes, which has none."""
    keyed = Columns(
        Resource("keyed", "x/Keyed", "ID", (Column("ID", Edm.DOUBLE),), Strategy.SNAPSHOT), DIVISION
    )
    for number, is_quick in (("15.0", True), ("1.50E+1", False), ("1e-5", False)):
        body = f'{{"d":{{"results":[{{"__metadata":{{"uri":"x"}},"ID":{number}}}]}}}}'.encode()
        assert isinstance(keyed.read(body), Shaped) is is_quick
        assert (keyed.glance(body) is not None) is is_quick


@pytest.mark.parametrize("odd", [r"\ud800", r"\u0000", r"\n", "é"])
def test_a_link_that_is_none_is_refused_by_both(odd: str) -> None:
    body = f'{{"d":{{"results":[{{"ID":"{KEY}"}}],"__next":"http://x/y{odd}"}}}}'.encode()
    with pytest.raises(UnreadableAnswer, match="no link has"):
        Columns(PROBE, DIVISION).read(body)
    assert Columns(PROBE, DIVISION).glance(body) is None


def same_to_the_bit(database: Database, body: bytes) -> None:
    try:
        careful = read_answer(body)
    except UnreadableAnswer:
        with pytest.raises(UnreadableAnswer):
            Columns(PROBE, DIVISION).read(body)
        return
    quick = Columns(PROBE, DIVISION).read(body)
    assert (quick.next_link, quick.count) == (careful.next_link, careful.count)
    if isinstance(quick, Answer):
        assert quick == careful
        return
    ours, theirs = quick.batch, Shaper(PROBE).batch(DIVISION, careful.records)
    assert (theirs.rejects, theirs.replaced_surrogates, theirs.unknown) == ([], 0, set())
    assert ours.keys == list(map(str, theirs.keys))
    assert ours.highest == highest_modified(careful.records)
    assert [v for v in ours.versions if v] == [v for r in careful.records if (v := read_version(r))]
    with database.begin() as connection:
        WRITER.stage_lines(connection, [ours.lines])
        lines = staged(connection)
        connection.execute(text(f"TRUNCATE pg_temp.{WRITER._stage(False)}"))
        WRITER.stage(connection, theirs.rows)
        assert lines == staged(connection)


@pytest.mark.parametrize("name", ["EndDate", "Modified"])
def test_each_odd_date_is_what_the_careful_way_makes_of_it(database: Database, name: str) -> None:
    for odd in (each for each in ODD_TEXTS if "Date(" in each):
        record = f'{{"ID":"{KEY}","{name}":{odd}}}'
        same_to_the_bit(database, f'{{"d":[{record}]}}'.encode())


@pytest.mark.parametrize("name", ["Long", "Timestamp", "Amount"])
def test_each_odd_number_is_what_the_careful_way_makes_of_it(database: Database, name: str) -> None:
    for odd in (*(each for each in ODD_TEXTS if "Date(" not in each), '"5,6"', f'"{2**63}"'):
        texts = {"1": '"5"', "2": odd}
        plain, record = (f'{{"ID":"{KEY[:-1]}{end}","{name}":{value}}}' for end, value in texts.items())
        for records in (record, f"{record},{plain}"):
            same_to_the_bit(database, f'{{"d":[{records}]}}'.encode())


def shaped(*records: str, division: int = DIVISION) -> Answer | Shaped:
    return Columns(PROBE, division).read(f'{{"d":[{",".join(records)}]}}'.encode())


@given(
    st.lists(
        st.fixed_dictionaries({"ID": st.uuids().map(lambda guid: f'"{guid}"'), **PLAIN}),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=40)
def test_what_exact_usually_sends_is_read_quickly(records: list[dict[str, str]]) -> None:
    records = [record | {"Long": "5"} for record in records]
    texts = [",".join(f'"{name}":{value}' for name, value in record.items()) for record in records]
    assert isinstance(shaped(*(f"{{{text}}}" for text in texts)), Shaped)


def test_the_last_day_that_there_is_keeps_no_page_from_the_quick_way() -> None:
    """Some put it for `no end`."""
    texts = batch_of(shaped(f'{{"ID":"{KEY}","EndDate":"/Date(253402214400000)/"}}')).lines.text
    assert texts == f"{DIVISION}\t{KEY}\t9999-12-31\n".encode()


@pytest.mark.parametrize(
    "odd",
    [
        '{"ID":null}',
        "{}",
        f'{{"ID":"{NIL}"}}',
        f'{{"ID":"{KEY}","Division":8}}',
        f'{{"ID":"{KEY}","Unknown":1}}',
        f'{{"ID":"{KEY}","Amount":"1.5"}}',
        f'{{"ID":"{KEY}","Amount":1e0005}}',
        f'{{"ID":"{KEY}","Amount":1E-100}}',
        f'{{"ID":"{KEY}","Timestamp":"0"}}',
        f'{{"ID":"{KEY}","Text":5}}',
        f'{{"ID":"{KEY[:-1]}"}}',
        f'{{"ID":"{KEY}","Other":"{KEY[:-1]}g"}}',
        f'{{"ID":"{KEY}","Other":"{KEY}\\t{KEY}"}}',
        f'{{"ID":"{KEY}","EndDate":"/Date(1)"}}',
        f'{{"ID":"{KEY}","EndDate":"tomorrow"}}',
        f'{{"ID":"{KEY}","Modified":"2026-06-25T12:00:00"}}',
        f'{{"ID":"{KEY}","Text":"\\udc00"}}',
        f'{{"ID":"{KEY}","Amount":{"1" * 20_000}}}',
        *(f'{{"ID":"{KEY}","Small":{number}}}' for number in (-1, 256)),
        *(f'{{"ID":"{KEY}","Short":{number}}}' for number in (-(2**15) - 1, 2**15)),
        *(f'{{"ID":"{KEY}","Number":{number}}}' for number in (-(2**31) - 1, 2**31)),
        *(f'{{"ID":"{KEY}","Long":{number}}}' for number in (-(2**63) - 1, 2**63)),
        "",
    ],
)
def test_a_page_with_anything_odd_is_left_to_the_careful_way(odd: str) -> None:
    plain = f'{{"ID":"{KEY}","Amount":1.50}}'
    assert isinstance(shaped(plain), Shaped)
    if odd:
        assert isinstance(shaped(plain, odd), Answer)
    else:
        assert isinstance(shaped(), Answer)


def test_columns_without_any_value_are_left_out() -> None:
    columns = Columns(PROBE, DIVISION)
    bodies = [
        f'{{"d":[{{"ID":"{KEY}","{name}":{value},"Flag":null}}]}}'
        for name, value in (("Amount", "null"), ("Number", "0"))
    ]
    first, second = (columns.read(body.encode()) for body in bodies)
    assert [batch_of(answer).lines.columns for answer in (first, second)] == [
        ("division", "id"),
        ("division", "id", "number"),
    ]
    assert batch_of(second).lines.text == f"7\t{KEY}\t0\n".encode()


def batch_of(answer: Answer | Shaped) -> Any:
    assert isinstance(answer, Shaped)
    batch: Batch = answer.batch
    return batch


def test_moments_are_true_instants_also_when_the_clock_is_put_back_or_forward() -> None:
    """Every half hour of the days around both changes of 2025, and one day long ago."""
    for day in (datetime(2025, 3, 30), datetime(2025, 10, 26), datetime(1971, 1, 1)):
        begin = int((day - datetime(1970, 1, 1)).total_seconds()) * 1000
        for moment in range(begin - 7_200_000, begin + 90_000_000, 1_800_000):
            record = f'{{"ID":"{KEY}","Modified":"/Date({moment + 123})/"}}'
            told = batch_of(shaped(record)).lines.text.decode().strip().split("\t")[2]
            (row,) = Shaper(PROBE).batch(DIVISION, json.loads(f"[{record}]")).rows
            assert datetime.fromisoformat(told) == row[10 + 1]


SAMPLE = """{"d":[{"ID":"%s","Timestamp":"5","Text":" a\\u0000\\tb\\\\","Other":"%s","Flag":true,"Small":0,
"Short":-5,"Number":7,"Long":"12","Amount":-12.50,"EndDate":"/Date(1782388800123)/",
"Modified":"/Date(1761440400007)/","Division":7},{"ID":"%s","Timestamp":6,"Text":"","Other":"%s","Flag":false,
"Amount":0.10,"Long":-3,"EndDate":"/Date(-5000)/","Modified":"/Date(1743300000000)/"}]}"""


def test_what_records_become_has_a_number() -> None:
    """Rows are known by their records for as long as the same rows are made of them."""
    page = (SAMPLE % (KEY, KEY.upper(), KEY[:-1] + "2", NIL)).encode()
    assert isinstance(Columns(PROBE, DIVISION).read(page), Shaped)
    rows = Shaper(PROBE).batch(DIVISION, read_answer(page).records).rows
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()[:16]
    assert (columns.READING, digest) == (1, "6d20ca99716ab48a"), (
        "other rows are made of records now: raise READING"
    )


def test_modified_itself_may_be_the_key() -> None:
    kinds = (Column("Modified", Edm.DATETIME), Column("Text", Edm.STRING))
    reading = Columns(Resource("stamps", "x/Stamps", "Modified", kinds, Strategy.SNAPSHOT), DIVISION)
    body = b'{"d":{"results":[{"__metadata":{"uri":"x"},"Modified":"/Date(1782388800000)/","Text":"a"}]}}'
    glance = reading.glance(body)
    assert glance is not None
    assert glance.keys == ["2026-06-25T10:00:00Z"]
    assert glance.batch.highest == datetime(2026, 6, 25, 12)
