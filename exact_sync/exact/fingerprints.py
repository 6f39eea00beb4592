"""Fingerprints of records: of the bytes that came, so that a record need not be read to be known again.

Equal bytes say the same. What says the same in other bytes has another fingerprint, and is read. One is only
ever held against that of the same key, so 56 bits are enough: one change in 10**16 would go unseen. Another
eight tell by which rules it was made.
"""

import re
import struct
from collections.abc import Sequence

import xxhash

from exact_sync.catalog.resource import RULES
from exact_sync.exact.typed import pieces

_RECORD = rb'\{\s*"__metadata"\s*:\s*\{'
_BEGINS = re.compile(_RECORD)
"""Each record begins so; a text can't hold it, because in a text the quotes would be escaped."""
_FIRST = re.compile(rb'\s*\{\s*"d"\s*:\s*(?:\{\s*"results"\s*:\s*)?\[\s*(' + _RECORD + rb")")
"""All there is before the data of an ordinary page's first record."""
_LINK = rb',\s*"__next"\s*:\s*"[^"\\]*"\s*'
_ENDS = re.compile(rb"\}(?=\s*\]\s*(?:\}|" + _LINK + rb"\})?\s*\}\s*\Z)")
"""The end of its last one, and behind that nothing but the link."""

_BEFORE = b":,[ \t\r\n"
_WITHIN = b'"} \t\r\n'
"""What stands before and behind a brace that opens an object; one without that is in a text."""

_LESS_HALF = bytes(byte ^ 0x80 for byte in range(256))
"""Of the highest byte: turns a number without a sign into one that is less by 2**63."""


def seed(*what: object) -> int:
    """A seed that is another one wherever any of this is."""
    return xxhash.xxh3_64_intdigest(repr(what).encode())


def fingerprints(body: bytes, count: int, seed: int) -> list[int] | None:
    """The fingerprint of each record of a valid page, a signed number of 64 bits; None where the records
    can't be told apart. ``seed``: what the fingerprints depend on besides; its last eight bits are theirs.

    Metadata don't count: they name the site's address.
    """
    digests = _ordinary(body, seed)
    if digests is None:
        digests = _any(body, seed)
    if digests is None or len(digests) != count:
        return None
    # Eight bytes each, the highest first: made numbers together, at a third of what it takes one by one.
    together = bytearray(b"".join(digests))
    together[7::8] = bytes([seed & RULES]) * count
    together[::8] = together[::8].translate(_LESS_HALF)
    return list(struct.unpack(f">{count}q", together))


def _ordinary(body: bytes, seed: int) -> Sequence[bytes] | None:
    """The digest of each record of a page that has no other objects than its records and their metadata: so
    each brace that opens begins one of these, or stands in a text. None for other pages, and where that is
    not to be told at a look.
    """
    first = _FIRST.match(body)
    if first is None:
        return None
    begins: bytes = first[1]
    spaced, tight, length = b"}, " + begins, b"}," + begins, len(begins)  # Exact writes the first
    found: list[bytes] = []
    # One character at a time: to look for more takes three times as long. Slices, as methods take longer.
    find, digest, begin, end = body.find, xxhash.xxh3_64_digest, ord("{"), ord("}")
    at = first.end()
    # There the metadata end, or at worst earlier; nowhere later the data begin.
    data = find(end, at)
    while (at := find(begin, at)) >= 0:
        if body[at - 3 : at + length] == spaced:
            found.append(digest(body[data : at - 2], seed))
        elif body[at - 2 : at + length] == tight:
            found.append(digest(body[data : at - 1], seed))
        elif body[at - 1] in _BEFORE and body[at + 1] in _WITHIN:
            # An object within the record: the first of a list has no other one before it.
            return None
        else:
            at += 1
            continue
        at += length
        data = find(end, at)
    last = _ENDS.search(body, data)
    if last is None:
        return None
    found.append(digest(body[data : last.end()], seed))
    return found


def _any(body: bytes, seed: int) -> Sequence[bytes] | None:
    """The same for any page of records that begin with their metadata: takes twice as long."""
    records = pieces(body)
    if records is None:
        return None
    begun = [_BEGINS.match(record) for record in records]
    if not all(begun):
        return None
    data = [each.string[each.string.find(b"}", each.end()) :] for each in begun if each]
    return [xxhash.xxh3_64_digest(each, seed) for each in data]
