"""Records as Exact writes them: verbose JSON, or a small Atom feed for who did not ask for JSON.

Int64 is text, a Double has its Decimal's digits, a DateTime is /Date(ms)/ with the wall clock
read as if it were UTC, fixed-width text has its spaces. A dict per row, made in the entity's
own order; msgspec writes it, and ``layout`` puts it as Exact's server does.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from exact_sync.simulator import layout
from exact_sync.simulator.entity import Entity

Record = dict[str, Any]
Row = dict[str, Any]

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock
_MS = timedelta(milliseconds=1)
_ZERO = uuid.UUID(int=0)


@lru_cache(maxsize=100_000)
def date_text(wall: datetime) -> str:
    """Naive wall clock -> /Date(ms)/."""
    return f"/Date({(wall - _EPOCH) // _MS})/"


class Renderer:
    """Turns records of one entity into rows: chosen columns, links of one host and division."""

    def __init__(
        self,
        entity: Entity,
        root: str,
        columns: tuple[str, ...],
        navigations: tuple[str, ...] = (),
        expanded: dict[str, Renderer] | None = None,
    ) -> None:
        """`root`: URL of the collection, "http://host/api/v1/124132/crm/Accounts"."""
        self.entity = entity
        self.root = root
        self.columns = columns
        self.navigations = navigations
        self.expanded = expanded or {}
        types = entity.properties
        self._dates = [name for name in columns if types[name] == "DateTime"]
        self._longs = [name for name in columns if types[name] == "Int64"]
        self._padded = [(name, width) for name, width in entity.padding.items() if name in columns]
        self._zeros = [name for name in columns if name in entity.zero_guids]
        self._everything = columns == tuple(types)
        self._key_form = {"Guid": "(guid'{}')", "Int64": "({}L)", "String": "('{}')"}.get(
            entity.key_type, "({})"
        )

    def uri(self, record: Record) -> str:
        key = record[self.entity.key]
        return self.root + self._key_form.format(key.replace("'", "''") if isinstance(key, str) else key)

    def row(self, record: Record, nested: dict[str, list[Record]] | None = None) -> Row:
        """One record as a dict that encodes to what Exact sends."""
        uri = self.uri(record)
        row: Row = {"__metadata": {"uri": uri, "type": self.entity.type_name}}
        if self._everything and len(record) == len(self.columns):  # a bulk twin may have fewer
            row.update(record)
        else:
            for name in self.columns:
                row[name] = record[name]
        for name in self._dates:
            if (value := row[name]) is not None:
                row[name] = date_text(value)
        for name, width in self._padded:
            if (value := row[name]) is not None:
                row[name] = value.rjust(-width) if width < 0 else value.ljust(width)
        for name in self._longs:
            if (value := row[name]) is not None:
                row[name] = str(value)
        for name in self._zeros:
            if row[name] is None:
                row[name] = _ZERO
        for name in self.navigations:
            inner = self.expanded.get(name)
            if inner is None:
                row[name] = {"__deferred": {"uri": f"{uri}/{name}"}}
            else:
                row[name] = {"results": [inner.row(child) for child in (nested or {}).get(name, [])]}
        return row

    def rows(self, records: Iterable[Record], nested: list[dict[str, list[Record]]]) -> list[Row]:
        if nested:
            return [self.row(record, inner) for record, inner in zip(records, nested, strict=True)]
        return [self.row(record) for record in records]


def json_body(value: Any) -> bytes:
    """Encode an answer. Text with a lone surrogate, which UTF-8 cannot hold, is \\u-escaped."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(_escaped(value))


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _escaped(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        return msgspec.Raw(json.dumps(value).encode("ascii"))
    return value


def error_body(message: str) -> bytes:
    """Exact's error envelope."""
    return layout.laid_out(json_body({"error": {"code": "", "message": {"lang": "", "value": message}}}))


def atom_body(title: str, rows: list[Row], next_url: str | None) -> bytes:
    """A minimal Atom feed: enough to show that JSON was not asked for."""
    parts = [
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
        'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">',
        f"<title>{escape(title)}</title>",
    ]
    for row in rows:
        parts.append(
            f"<entry><id>{escape(row.get('__metadata', {}).get('uri', ''))}</id><content><m:properties>"
        )
        for name, value in row.items():
            if value is None:
                parts.append(f'<d:{name} m:null="true"/>')
            elif not isinstance(value, dict):
                parts.append(f"<d:{name}>{escape(str(value))}</d:{name}>")
        parts.append("</m:properties></content></entry>")
    if next_url:
        parts.append(f'<link rel="next" href="{escape(next_url, {chr(34): "&quot;"})}"/>')
    parts.append("</feed>")
    return "".join(parts).encode("utf-8", "replace")
