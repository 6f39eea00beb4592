"""Answers are laid out as Exact's server does it, whichever way is quicker."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.simulator import layout

PAGE = (
    '{\r\n"d" : {\r\n"results": [\r\n'
    '{\r\n"__metadata": {\r\n"uri": "http://x/Items(1)", "type": "Item"\r\n}, "ID": "1", '
    '"Name": "caf\\u00e9 \\ud83d\\ude00", "Created": "\\/Date(1731320070997)\\/", "Price": 1E-7\r\n}, '
    '{\r\n"__metadata": {\r\n"uri": "http://x/Items(2)", "type": "Item"\r\n}, "ID": "2", "Name": null\r\n}'
    '\r\n], "__next": "http://x/2"\r\n}\r\n}'
)
METADATA = {"uri": "http://x/Items(1)", "type": "Item"}


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def test_a_page_is_laid_out_to_the_byte() -> None:
    one = compact({"__metadata": METADATA, "ID": "1", "Name": "café 😀", "Created": "/Date(1731320070997)/"})
    one = one[:-1] + b',"Price":1E-7}'
    two = compact({"__metadata": METADATA | {"uri": "http://x/Items(2)"}, "ID": "2", "Name": None})
    records = [layout.record(one), layout.record(two)]
    assert layout.page(records, behind=b', "__next": "http://x/2"').decode() == PAGE
    whole = b'{"d":{"results":[%b,%b],"__next":"http://x/2"}}' % (one, two)
    assert layout.laid_out(whole).decode() == PAGE.replace('"d" :', '"d":')


TEXTS = st.text('a"{}[]:,\\ é😀/Date()\n', max_size=6) | st.sampled_from(
    ['"}, ', '"},', "},", "/Date(1)/", "\ud7ff"]
)
VALUES = st.none() | st.booleans() | st.integers() | TEXTS
DATA = st.dictionaries(
    TEXTS, VALUES | st.lists(VALUES, max_size=2) | st.dictionaries(TEXTS, VALUES, max_size=2)
)


@given(data=DATA, metadata=st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=2) | st.none())
def test_nothing_else_is_said_and_both_ways_write_the_same(
    data: dict[str, Any], metadata: dict[str, str] | None
) -> None:
    record = {"__metadata": metadata} | data
    written = layout.record(compact(record))
    assert json.loads(written) == record
    assert written == layout.laid_out(compact(record))
    assert written.isascii()


@pytest.mark.parametrize("raw", ["NaN", "-Infinity", "1e99999999"])
def test_what_a_fault_puts_in_is_sent_as_it_is(raw: str) -> None:
    record = b'{"__metadata":{"uri":"x"},"ID":1,"Amount":%b}' % raw.encode()
    assert raw in layout.record(record).decode()
