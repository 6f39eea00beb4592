"""JSON as Exact's server lays it out, which is how Microsoft's WCF Data Services write verbose JSON.

A line for each brace and bracket, a space behind each comma and colon (and before that of ``d``), the
slashes of dates and every character beyond ASCII escaped. What is read of it is the same; who looks at the
bytes must be ready for it.
"""

import re
from collections.abc import Sequence

import msgspec

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]')
_SPACED = {
    b"{": b"{\r\n", b"[": b"[\r\n", b"}": b"\r\n}", b"]": b"\r\n]", b",": b", ", b":": b": ",
}  # fmt: skip
_ODD = re.compile(r"[^\x00-\x7f]")
_METADATA_END = b'"},'


def laid_out(compact: bytes) -> bytes:
    """The same values as this compact JSON."""
    text = _TOKENS.sub(lambda token: _SPACED.get(token[0], token[0]), compact)
    return _escaped(text)


def record(compact: bytes) -> bytes:
    """A record: what is said about it, then what it says."""
    about, end, data = compact.partition(_METADATA_END)
    is_in_text = about.count(b'"') % 2 == 0  # what looks like the end
    if not end or is_in_text or b"\\" in about:
        return laid_out(compact)
    return laid_out(about + end) + _data(data)


def _data(compact: bytes) -> bytes:
    """A record behind its metadata. It goes quicker where it has no object, list or brace in it."""
    try:
        spaced = msgspec.json.format(b"{" + compact, indent=0)
    except msgspec.DecodeError:  # NaN, where a fault is at work
        return laid_out(compact)
    if spaced.count(b"{") > 1 or spaced.count(b"}") > 1 or b"[" in spaced:
        return laid_out(compact)
    return _escaped(spaced[1:-1] + b"\r\n}")


def page(
    records: Sequence[bytes], before: bytes = b"", behind: bytes = b"", *, is_list: bool = False
) -> bytes:
    """A page of records that are laid out. ``before`` and ``behind``: of the results, laid out as well."""
    results = b"[\r\n" + b", ".join(records) + b"\r\n]"
    if not is_list:
        results = b"{\r\n" + before + b'"results": ' + results + behind + b"\r\n}"
    return answer(results)


def answer(d: bytes) -> bytes:
    return b'{\r\n"d" : ' + d + b"\r\n}"


def _escaped(text: bytes) -> bytes:
    # A slash may be escaped anywhere, so nothing is said by one at the end of another text.
    text = text.replace(b'"/Date(', b'"\\/Date(').replace(b')/"', b')\\/"')
    return text if text.isascii() else _ODD.sub(_escape, text.decode()).encode()


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
