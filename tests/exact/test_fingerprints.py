"""Fingerprints tell records apart by the bytes of their data, wherever on a page they stand."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from exact_sync.exact import fingerprints as fingerprints_of
from exact_sync.exact.fingerprints import fingerprints, seed
from exact_sync.exact.odata import read_answer

LINK = "http://127.0.0.1/api/v1/7/x/Things?$skiptoken=guid'00000000-0000-0000-0000-000000000001'"
SCALARS = (
    st.text('a"},{]', max_size=3)
    | st.sampled_from(['"', "\\", "{", "}", "},", "}]", '{"__metadata":{', ',"__next":"x"', "]}}", "\\\\"])
    | st.integers(-5, 5)
    | st.booleans()
    | st.none()
)
DEFERRED = st.just({"__deferred": {"uri": "http://x/Lines"}})
DATA = st.dictionaries(st.sampled_from(["ID", "a", "}"]), SCALARS | DEFERRED, min_size=1, max_size=4)
METADATA = st.fixed_dictionaries({"uri": st.sampled_from(["http://a/x(1)", "http://b/},{x"])})


def written(metadata: dict[str, Any], data: dict[str, Any]) -> str:
    return json.dumps({"__metadata": metadata} | data, ensure_ascii=False, separators=(",", ":"))


def page(records: list[str], link: str | None = None, *, is_list: bool = False) -> bytes:
    results = f"[{','.join(records)}]"
    end = f',"__next":"{link}"' if link else ""
    return f'{{"d":{results if is_list else f"""{{"results":{results}{end}}}"""}}}'.encode("utf-8", "replace")


ONE = written({"uri": "http://a"}, {"ID": "1", "Name": "a"})
OTHER = written({"uri": "http://a"}, {"ID": "2", "Name": "b"})


@settings(max_examples=300)
@given(
    records=st.lists(st.tuples(METADATA, DATA), min_size=1, max_size=5), link=st.sampled_from([None, LINK])
)
def test_records_that_say_the_same_and_only_they_have_the_same(
    records: list[tuple[dict[str, Any], dict[str, Any]]], link: str | None
) -> None:
    body = page([written(*each) for each in records], link)
    found = fingerprints(body, len(records), 0)
    assert found is not None
    for one, its in zip(records, found, strict=True):
        alone = fingerprints(page([written(*one), ONE]), 2, 0)
        assert alone is not None
        assert its == alone[0]
        for other, theirs in zip(records, found, strict=True):
            if its == theirs:
                assert one[1] == other[1]


def test_a_record_keeps_its_fingerprint_wherever_it_stands() -> None:
    places = [
        (page([ONE, OTHER], LINK), 0),
        (page([OTHER, ONE], LINK), 1),
        (page([OTHER, ONE]), 1),
        (page([OTHER, ONE], is_list=True), 1),
        (page([ONE]) + b"\n", 0),
    ]
    found = [fingerprints(body, 2 if b'"2"' in body else 1, 0) for body, _ in places]
    assert len({prints[place] for prints, (_, place) in zip(found, places, strict=True) if prints}) == 1
    assert all(found)


def test_where_the_site_is_does_not_matter() -> None:
    moved = ONE.replace("http://a", "https://start.exactonline.nl")
    assert fingerprints(page([ONE]), 1, 0) == fingerprints(page([moved]), 1, 0)


@pytest.mark.parametrize(
    "changed",
    ['"Name":"b"', '"Name":"a "', '"Name":null', '"Nam":"a"', '"Name":"a","More":1', '"Name":"a}"'],
)
def test_each_change_changes_it(changed: str) -> None:
    other = ONE.replace('"Name":"a"', changed)
    assert other != ONE
    assert read_answer(page([other]))
    for link in (None, LINK):
        assert fingerprints(page([ONE, OTHER], link), 2, 0) != fingerprints(page([other, OTHER], link), 2, 0)
        assert fingerprints(page([OTHER, ONE], link), 2, 0) != fingerprints(page([OTHER, other], link), 2, 0)


def test_another_seed_makes_others() -> None:
    assert seed(1, "a") == seed(1, "a")
    assert len({seed(1, "a"), seed(2, "a"), seed(1, "b"), seed(1)}) == 4
    assert fingerprints(page([ONE]), 1, seed(1)) != fingerprints(page([ONE]), 1, seed(2))


@pytest.mark.parametrize("rules", [0, 1, 0x1FF, 2**64 - 1])
def test_the_last_bits_tell_by_which_rules_it_was_made(rules: int) -> None:
    found = fingerprints(page([ONE, OTHER]), 2, rules) or []
    assert {each & 0xFF for each in found} == {rules & 0xFF}
    assert all(-(2**63) <= each < 2**63 for each in found)
    assert len(set(found)) == 2


@pytest.mark.parametrize(
    "record",
    [
        '{"__metadata":{"uri":"x"},"ID":"1","Line":{"__metadata":{"uri":"y"},"ID":"2"},"Text":"a"}',
        '{"__metadata":{"uri":"x"},"Lines":{"results":[],"__next":"http://x/Lines"},"Text":"a"}',
        '{"__metadata":{"uri":"x"},"Lines":[{"ID":"2"},{"__metadata":{"uri":"y"},"ID":"3"}],"Text":"a"}',
        '{"__metadata":{"x":[{},{"__metadata":{}}]},"Text":"a"}',
        '{"__metadata":{"uri":"x"},"Tags":[1],"__next":"x","Text":"a"}',
        '{"__metadata":{"uri":"x"},"Text":"a{"}',
    ],
)
@pytest.mark.parametrize("link", [None, LINK])
def test_a_record_of_another_shape_is_told_apart_too(record: str, link: str | None) -> None:
    changed = record.replace('"a', '"b')
    assert read_answer(page([record]))
    alone = fingerprints(page([record], link), 1, 0)
    assert alone
    assert alone != fingerprints(page([changed], link), 1, 0)
    for records, place in (([ONE, record], 1), ([record, ONE], 0), ([record, ONE, record], 2)):
        found = fingerprints(page(records, link), len(records), 0) or []
        assert found[place] == alone[0]
    # That one has no metadata where the other has two makes their number right, and tells nothing.
    assert fingerprints(page([record, '{"ID":"9"}'], link), 2, 0) is None


@pytest.mark.parametrize(
    "text",
    ["", "a{", "{}", '{"Regio":"Noord","Route":12}', '[{"a":{"b":"{"}}]', '},{"__metadata":', "{ }", "a:{b"],
)
def test_braces_in_a_text_do_not_make_it_slow(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints_of, "pieces", lambda body: pytest.fail("took the slow way"))
    record = {"__metadata": {"uri": "x", "type": "y"}, "ID": "1", "CustomField": text}
    d = {"results": [record] * 3, "__next": LINK}
    for write in (compact, as_exact_lays_it_out):
        found = fingerprints(write({"d": d}).encode(), 3, 0)
        assert found
        assert len({*found}) == 1


@pytest.mark.parametrize(
    "record",
    [
        '{"ID":"1","__metadata":{"uri":"x"}}',
        '{"__metadata":null,"ID":"1","Lines":{"a":1},"Name":"b"}',
        '{"ID":"1"}',
    ],
)
def test_none_are_found_where_records_can_not_be_told_apart(record: str) -> None:
    assert read_answer(page([record]))
    assert fingerprints(page([record]), 1, 0) is None
    assert fingerprints(page([ONE, record]), 2, 0) is None


@pytest.mark.parametrize(
    "body", [f'{{"d":{ONE}}}'.encode(), page([ONE]).replace(b"}]", b"},7]"), b"[" * 100_000, b""]
)
def test_nor_on_a_page_of_another_shape(body: bytes) -> None:
    assert fingerprints(body, 1, 0) is None


# Against one that reads the page character by character.

NAMES = st.sampled_from(["ID", "a", "}", "__next", "results", "Lines"])
VALUES = st.recursive(
    SCALARS | st.sampled_from(["]}}", '}],"__next":"x"}}', "}]}", '},{"__metadata":{', "é"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=3)
        | st.builds(
            lambda data: {"__metadata": {"uri": "u"}} | data, st.dictionaries(NAMES, inner, max_size=2)
        )
    ),
    max_leaves=6,
)
ANY_METADATA = METADATA | st.none() | st.fixed_dictionaries({"a": VALUES})
ANY_RECORD = st.builds(
    lambda metadata, data, is_first: (
        {"__metadata": metadata} | data if is_first else data | {"__metadata": metadata}
    ),
    ANY_METADATA,
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.sampled_from([True, True, True, False]),
) | st.dictionaries(NAMES, VALUES, max_size=3)
BEHIND = st.sampled_from(["", f',"__next":"{LINK}"', ',"__next":null', ',"__next":"a\\/b"', ',"__count":"3"'])
SPACES = st.sampled_from(["", "", " ", " ", "\r\n"])


def spans(body: bytes) -> list[str]:
    """The text of each record."""
    text = body.decode()
    at = text.index("[") + 1
    found = []
    while True:
        while text[at] in " \r\n,":
            at += 1
        if text[at] == "]":
            return found
        _, end = json.JSONDecoder().raw_decode(text, at)
        found.append(text[at:end])
        at = end


def data_of(record: str) -> bytes | None:
    """What of a record its fingerprint is made of: never less than all behind the metadata."""
    mark = re.match(r'\{\s*"__metadata"\s*:\s*(?=\{)', record)
    if not mark:
        return None
    _, end = json.JSONDecoder().raw_decode(record, mark.end())
    begins = record.index("}")
    assert begins < end
    return record[begins:].encode()


def as_exact_lays_it_out(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)}: {as_exact_lays_it_out(each)}" for key, each in value.items())
        return f"{{\r\n{inner}\r\n}}"
    if isinstance(value, list):
        return f"[\r\n{', '.join(map(as_exact_lays_it_out, value))}\r\n]"
    return json.dumps(value)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@settings(max_examples=300, deadline=None)
@given(
    records=st.lists(ANY_RECORD, min_size=1, max_size=4),
    behind=BEHIND,
    is_list=st.booleans(),
    write=st.sampled_from([as_exact_lays_it_out, compact]),
    space=SPACES,
    ending=SPACES,
)
def test_any_records_are_told_apart_exactly(
    records: list[dict[str, Any]],
    behind: str,
    is_list: bool,
    write: Callable[[Any], str],
    space: str,
    ending: str,
) -> None:
    texts = [write(each) for each in records]
    results = f"[{space}{f',{space}'.join(texts)}{space}]"
    d = results if is_list else f'{{{ending}"results":{space}{results}{behind}{space}}}'
    body = f'{{"d" : {d}{ending}}}{ending}'.encode()
    assert read_answer(body).records == records
    assert spans(body) == texts
    data = [data_of(text) for text in texts]
    want = [(xxhash.xxh3_64_intdigest(each, 256) & ~0xFF) - 2**63 for each in data if each is not None]
    assert fingerprints(body, len(records), 256) == (want if len(want) == len(records) else None)
