"""A message is Exact's if its signature is right, over the text as it came, whatever is in it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.exact.messages import Forged, NoMessage, code_of, read_event

SECRET = b"the webhook secret"
GOOD: dict[str, Any] = {
    "Topic": "Accounts",
    "ClientId": "{7F3C5D1E-52A1-4C11-9D0E-51A101A70000}",
    "Division": 124132,
    "Action": "Update",
    "Key": "k",
    "EventCreatedOn": "2026-06-25T16:13:25.347",
}


def message(content: str, secret: bytes = SECRET, layout: str = '{"Content":%s,"HashCode":"%s"}') -> bytes:
    return (layout % (content, code_of(content.encode(), secret).decode())).encode()


def test_the_signature_is_the_one_that_exact_makes() -> None:
    """Against a value that another program computed: openssl dgst -sha256 -hmac secret."""
    expected = b"9B6A7741D5A703DD5DE6CBF1EFC44114404D3965976F4BBE344100771922D89F"
    assert code_of(b'{"Topic":"Items"}', b"secret") == expected


def test_a_good_one_says_what_changed_where() -> None:
    event = read_event(message(json.dumps(GOOD)), SECRET)
    assert (event.topic, event.division, event.is_deletion) == ("Accounts", 124132, False)
    assert event.created_at == datetime(2026, 6, 25, 16, 13, 25, 347000, UTC)
    assert read_event(message(json.dumps(GOOD | {"Action": "Delete"})), SECRET).is_deletion
    assert read_event(message(json.dumps(GOOD | {"EventCreatedOn": "soon"})), SECRET).created_at is None
    assert read_event(message(json.dumps(GOOD | {"Division": "7"})), SECRET).division == 7


@given(
    extra=st.dictionaries(
        st.text(max_size=8) | st.just("HashCode"),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just('","HashCode":"'),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=4,
    ),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 0, 3]),
    layout=st.sampled_from([
        '{"Content":%s,"HashCode":"%s"}',
        '{ "Content" : %s ,\n "HashCode" :\t"%s" }\r\n',
        '\n{"Content":%s,"HashCode":"%s"}',
    ]),
)  # fmt: skip
def test_the_text_as_it_came_is_what_is_signed(
    extra: dict[str, Any], ascii_only: bool, indent: int | None, layout: str
) -> None:
    """Odd spacing, escapes, any letters, and contents that look like the end of a message."""
    text = json.dumps({**extra, **GOOD}, ensure_ascii=ascii_only, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps({**extra, **GOOD}, indent=indent)
    body = message(text, layout=layout)
    assert read_event(body, SECRET).topic == "Accounts"
    with pytest.raises(Forged):
        read_event(body, b"another secret")
    with pytest.raises(Forged):  # the same values, written in another way
        read_event(body.replace(b'"Update"', b'"Updat\\u0065"'), SECRET)


def test_the_end_of_a_message_may_stand_inside_of_one() -> None:
    inner = '{"a":1,"HashCode":"%s"}' % ("0" * 64)
    text = json.dumps(GOOD)[:-1] + f',"Inner":{inner}}}'
    assert read_event(message(text), SECRET).topic == "Accounts"


FORMLESS = [
    b"{}", b"[]", b"null", b"Content", b'{"Content":"text","HashCode":"' + b"A" * 64 + b'"}',
    b'{"Content":{},"HashCode":"' + b"A" * 63 + b'"}', b'{"HashCode":"' + b"A" * 64 + b'","Content":{}}',
    b'{"Content":{' + b"}" * 60_000, b'{"Content":{' + b"}  , " * 12_000,
    b'{"Content":{},"HashCode":"' + b"A" * 64 + b'"} and more', b"\xff\xfe\x00",
]  # fmt: skip


@pytest.mark.parametrize("body", FORMLESS, ids=lambda body: body[:30].decode("latin-1"))
def test_what_has_not_the_form_is_no_message(body: bytes) -> None:
    with pytest.raises(NoMessage):
        read_event(body, SECRET)


SIGNED_NONSENSE = [
    "{}", '{"Topic":1,"Division":1}', '{"Topic":"Items","Division":null}', "{not json}",
    '{"Topic":"Items","Division":0}', '{"Topic":"Items","Division":1e400}', '{"Topic":"Items","Division":-7}',
    '{"Topic":"Items","Division":99999999999}', '{"a":' + "[" * 20_000 + "}",
    '{"Topic":"Items","Division":"%s"}' % ("9" * 5_000),
]  # fmt: skip


@pytest.mark.parametrize("content", SIGNED_NONSENSE, ids=lambda content: content[:40])
def test_signed_nonsense_is_no_message_either(content: str) -> None:
    with pytest.raises(NoMessage):
        read_event(message(content), SECRET)
