"""Fingerprints of records: of the bytes that came, so that a record need not be read to be known again.

Equal bytes say the same. What says the same in other bytes has another fingerprint, and is read. One is only
ever held against that of the same key, so 56 bits are enough: one change in 10**16 would go unseen. Another
eight tell by which rules it was made.
"""

import xxhash

from exact_sync.catalog.resource import RULES
from exact_sync.exact.odata import Body

_BEGINS = b'{"__metadata":'
"""Each record begins so; a text can't hold it, because in a text the quotes would be escaped."""
_LINK = b',"__next":'


def seed(*what: object) -> int:
    """A seed that is another one wherever any of this is."""
    return xxhash.xxh3_64_intdigest(repr(what).encode())


def fingerprints(body: Body, count: int, seed: int) -> list[int] | None:
    """The fingerprint of each record of a valid page, a signed number of 64 bits; None where the records
    can't be told apart. ``seed``: what the fingerprints depend on besides; its last eight bits are theirs.

    Metadata don't count: they name the site's address.
    """
    found: list[int] = []
    whole = memoryview(body)
    rules = seed & RULES
    # One character at a time: to look for more takes three times as long.
    find, begin, end = body.find, ord("{"), ord("}")
    begins = find(_BEGINS)
    while begins >= 0:
        metadata = begins + len(_BEGINS)
        if body[metadata] != begin:
            return None
        # There the metadata end, or at worst later; nowhere later the data begin.
        data = find(end, metadata)
        begins = find(begin, data)
        while begins >= 0 and not body.startswith(_BEGINS, begins):
            begins = find(begin, begins + 1)
        record = whole[data:begins] if begins >= 0 else _last(body[data:])
        found.append((xxhash.xxh3_64_intdigest(record, seed) & ~RULES | rules) - 2**63)
    return found if len(found) == count else None


def _last(rest: Body) -> bytes:
    """The last record, as it were if another one came after it."""
    return bytes(rest.partition(_LINK)[0]).rstrip(b"]} \t\r\n") + b"},"
