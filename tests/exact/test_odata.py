"""Questions and answers in Exact's dialect; numbers are never touched by a binary float."""

import json
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.exact.odata import (
    Answer,
    Query,
    UnreadableAnswer,
    read_answer,
    read_error,
    same_origin,
)

BASE = "https://start.exactonline.nl"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"d":[{"ID":1}]}', Answer([{"ID": 1}], None)),
        ('{"d":[]}', Answer([], None)),
        ('{"d":{"results":[{"ID":1}],"__next":"https://x/y"}}', Answer([{"ID": 1}], "https://x/y")),
        ('{"d":{"results":[],"__count":"0"}}', Answer([], None)),
        ('{"d":{"results":[],"__next":""}}', Answer([], None)),
        ('{"d":{"ID":1}}', Answer([{"ID": 1}], None)),
        ('\ufeff{"d":[]}', Answer([], None)),
    ],
)
def test_all_shapes_of_d_are_read(body: str, expected: Answer) -> None:
    assert read_answer(body.encode()) == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"results":[]}',
        '{"d":null}',
        '{"d":5}',
        '{"d":"rows"}',
        '{"d":[1]}',
        '{"d":[null]}',
        '{"d":{"results":null}}',
        '{"d":{"results":{}}}',
        '{"d":{"results":[],"__next":5}}',
        r'{"d":{"results":[],"__next":"https://x/y\ud800"}}',
        r'{"d":{"results":[],"__next":"https://x/y\u0000"}}',
        r'{"d":{"results":[],"__next":"https://x/y\n"}}',
        '{"d":{"results":[],"__next":"https://x/é"}}',
        '{"d":{"results":[{"ID":1},{"ID":',
        '{"d":[]} trailing',
        "<html>Maintenance</html>",
        '{"error":{"message":{"value":"no"}}}',
        '{"d":' + "[" * 100_000,
    ],
)
def test_a_body_without_data_is_an_error_and_never_no_rows(body: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read_answer(body.encode())


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_no_body_brings_any_other_error(body: bytes) -> None:
    try:
        answer = read_answer(body)
    except UnreadableAnswer:
        answer = Answer([], None)
    assert isinstance(answer.records, list)


def number(digits: str) -> object:
    return read_answer(f'{{"d":[{{"a":{digits}}}]}}'.encode()).records[0]["a"]


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,60})(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,9})?", fullmatch=True))
def test_a_number_keeps_every_digit(digits: str) -> None:
    found = number(digits)
    assert isinstance(found, int | Decimal)
    assert found == Decimal(digits)
    if isinstance(found, Decimal):
        assert found.as_tuple() == Decimal(digits).as_tuple()


@given(st.integers())
def test_a_whole_number_stays_whole(value: int) -> None:
    found = number(str(value))
    assert type(found) is int
    assert found == value


@pytest.mark.parametrize("digits", ["1" * 5000, "-" + "9" * 5000])
def test_a_number_of_thousands_of_digits_does_not_break_the_page(digits: str) -> None:
    assert number(digits) == Decimal(digits)


@pytest.mark.parametrize("digits", ["NaN", "Infinity", "-Infinity", "1e99999999999999999999"])
def test_what_is_no_number_is_a_text_that_no_number_column_takes(digits: str) -> None:
    found = number(digits)
    assert isinstance(found, str)
    assert not isinstance(found, float)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            '{"error":{"code":"","message":{"lang":"","value":"Please add a $select"}}}',
            "Please add a $select",
        ),
        ('{"error":{"message":{"value":"two\\r\\n  lines\\t"}}}', "two lines"),
        ('{"error":{"message":{"value":null}}}', ""),
        ('{"error":{"message":"text"}}', ""),
        ('{"error":"access_denied","error_description":"not yet"}', "not yet"),
        ('{"error":{"message":{"value":"a\\u0000b\\ud800\\u001b[31m"}}}', "a?b??[31m"),
        ('{"error":{"message":{"value":"' + "x" * 9999 + '"}}}', "x" * 500),
        ("<html>", ""),
        ("[]", ""),
        ("5", ""),
        ("", ""),
    ],
)
def test_exacts_own_words_are_found_on_one_printable_line(body: str, expected: str) -> None:
    assert read_error(body.encode()) == expected


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda x: (
            st.dictionaries(st.sampled_from(["error", "message", "value", "error_description"]), x)
            | st.lists(x)
        ),
    )
)
def test_any_error_body_comes_to_a_line_that_can_be_stored(content: object) -> None:
    said = read_error(json.dumps(content).encode())
    assert said.isprintable()
    said.encode()
    assert len(said) <= 500


@pytest.mark.parametrize(
    ("url", "same"),
    [
        (f"{BASE}/api/v1/7/x?$skiptoken=guid'1'", True),
        (f"{BASE}:443/x", True),
        ("HTTPS://START.exactonline.NL/x", True),
        ("http://start.exactonline.nl/x", False),
        (f"{BASE}:8443/x", False),
        ("http://start.exactonline.nl:443/x", False),
        ("https://start.exactonline.be/x", False),
        ("https://start.exactonline.nl.evil.example/x", False),
        ("https://start.exactonline.nl@evil.example/x", False),
        ("https://evil.example/start.exactonline.nl", False),
        ("https://evil.example\\@start.exactonline.nl.evil.example/", False),
        ("//start.exactonline.nl/x", False),
        ("/api/v1/7/x", False),
        ("ftp://start.exactonline.nl/", False),
        ("https://[", False),
        ("https://start.exactonline.nl:99999999/", False),
        ("", False),
    ],
)
def test_only_the_very_site_counts_as_the_same_origin(url: str, same: bool) -> None:
    assert same_origin(url, BASE) is same


def test_a_question_becomes_a_url_that_says_the_same() -> None:
    query = Query("crm/Accounts", ["ID", "Name"], "Modified ge datetime'2026-06-25T12:00:00'", "Date asc", 1)
    parts = urlsplit(query.url(BASE, 124132))
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{BASE}/api/v1/124132/crm/Accounts"
    assert dict(parse_qsl(parts.query)) == {
        "$select": "ID,Name",
        "$filter": "Modified ge datetime'2026-06-25T12:00:00'",
        "$orderby": "Date asc",
        "$top": "1",
    }
    assert " " not in parts.query
    assert "+" not in parts.query


def test_a_question_leaves_out_what_it_does_not_ask() -> None:
    assert Query("x/Y", ["ID"]).url(BASE, 7) == f"{BASE}/api/v1/7/x/Y?$select=ID"
    assert Query("x/Y", ["ID"], top=0).url(BASE, 7) == f"{BASE}/api/v1/7/x/Y?$select=ID&$top=0"


def test_counting_asks_for_the_bare_number() -> None:
    assert Query("x/Y", ["ID"]).count_url(BASE, 7) == f"{BASE}/api/v1/7/x/Y/$count"
    assert (
        Query("x/Y", ["ID"], "A eq 1").count_url(BASE, 7) == f"{BASE}/api/v1/7/x/Y/$count?$filter=A%20eq%201"
    )


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_filter_arrives_as_it_was_meant_whatever_is_in_it(text: str) -> None:
    parts = urlsplit(Query("x/Y", ["ID"], text).url(BASE, 7))
    assert dict(parse_qsl(parts.query, keep_blank_values=True))["$filter"] == text
    assert parts.fragment == ""
