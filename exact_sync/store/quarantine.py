"""Records that can't become rows: kept raw, with the reason, until they can."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Connection,
    Select,
    Text,
    case,
    cast,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from exact_sync.catalog import Resource
from exact_sync.store.state import among, quarantine, seen
from exact_sync.store.tables import table as table_of

UNREADABLE_KEY = "unreadable key "
"""How the names of records begin whose own key can't be read."""


@dataclass(frozen=True)
class Reject:
    """A record that can't be converted."""

    key: str | None
    reason: str
    record: dict[str, Any]

    @property
    def raw(self) -> str:
        """The record as ASCII JSON, so that PostgreSQL can hold whatever is in it."""
        return json.dumps(self.record, default=str, sort_keys=True)

    @property
    def name(self) -> str:
        """Its key, or a fingerprint where the key itself is unreadable."""
        if self.key is not None:
            return self.key
        return UNREADABLE_KEY + hashlib.sha256(self.raw.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Held:
    """A record in quarantine."""

    id: int
    division: int
    resource: str
    key: str
    reason: str
    record: str
    """As ASCII JSON."""
    first_seen_at: datetime
    last_seen_at: datetime
    accepted_at: datetime | None
    """When a person said that it is known."""


def held(
    connection: Connection,
    resource: str | None,
    divisions: Sequence[int],
    limit: int,
    before: int | None = None,
) -> list[Held]:
    """Records in quarantine, the newest first. ``divisions``: only these; empty: all.

    ``before``: only records with a lower id: the next page of a list.
    """
    query = select(*(quarantine.c[name] for name in Held.__dataclass_fields__))
    if resource is not None:
        query = query.where(quarantine.c.resource == resource)
    if divisions:
        query = query.where(among(quarantine.c.division, divisions))
    if before is not None:
        query = query.where(quarantine.c.id < before)
    return [Held(*row) for row in connection.execute(query.order_by(quarantine.c.id.desc()).limit(limit))]


def numbers(connection: Connection, resources: Collection[str]) -> dict[tuple[int, str], int]:
    """How many records each division and resource has in quarantine; only where there are any."""
    place = (quarantine.c.division, quarantine.c.resource)
    query = select(*place, func.count()).where(quarantine.c.resource.in_(list(resources))).group_by(*place)
    return {(code, resource): number for code, resource, number in connection.execute(query)}


def keep(connection: Connection, division: int, resource: str, rejects: Iterable[Reject]) -> int:
    """Store rejects; the number of those that were not there before."""
    new = 0
    for reject in rejects:
        values = {"reason": reject.reason, "record": reject.raw, "last_seen_at": func.now()}
        statement = (
            insert(quarantine)
            .values(division=division, resource=resource, key=reject.name, **values)
            .on_conflict_do_update(
                index_elements=["division", "resource", "key"],
                # What a person has seen and accepted was this record, not another one.
                set_=values
                | {"accepted_at": case((quarantine.c.record == reject.raw, quarantine.c.accepted_at))},
            )
            .returning(literal_column("xmax = 0", Boolean))
        )
        new += bool(connection.execute(statement).scalar_one())
    return new


def keys(connection: Connection, division: int, resource: str) -> set[str]:
    query = select(quarantine.c.key).where(
        quarantine.c.division == division, quarantine.c.resource == resource
    )
    return set(connection.execute(query).scalars())


def records(
    connection: Connection, division: int, resource: str, names: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Those of some records that are here, by their names."""
    query = select(quarantine.c.key, quarantine.c.record).where(
        quarantine.c.division == division,
        quarantine.c.resource == resource,
        quarantine.c.key.in_(_listed(names)),
    )
    return {name: json.loads(record) for name, record in connection.execute(query)}


def without_row(connection: Connection, division: int, resource: Resource) -> set[str]:
    """Keys of the quarantined records that have no live row of an earlier version either."""
    table = table_of(resource)
    row = select(table.c[resource.key_column.name]).where(
        table.c.division == division,
        table.c._deleted_at.is_(None),
        cast(table.c[resource.key_column.name], Text) == quarantine.c.key,
    )
    query = select(quarantine.c.key).where(
        quarantine.c.division == division, quarantine.c.resource == resource.name, ~row.exists()
    )
    return set(connection.execute(query).scalars())


def release(connection: Connection, division: int, resource: str, names: Iterable[str]) -> None:
    """Forget records that have become rows, or are gone."""
    connection.execute(
        delete(quarantine).where(
            quarantine.c.division == division,
            quarantine.c.resource == resource,
            quarantine.c.key.in_(_listed(names)),
        )
    )


def release_others(connection: Connection, division: int, resource: str, names: Iterable[str]) -> None:
    """After everything was read: forget all but these; the others have become rows, or are gone."""
    connection.execute(
        delete(quarantine).where(
            quarantine.c.division == division,
            quarantine.c.resource == resource,
            quarantine.c.key.not_in(_listed(names)),
        )
    )


def _listed(names: Iterable[str]) -> Select[tuple[str]]:
    # As one array: PostgreSQL takes no more than 65,535 values, and of a list all may be in quarantine.
    return select(func.unnest(cast(list(names), ARRAY(Text))))


def release_unseen(connection: Connection, division: int, resource: str, began: datetime) -> None:
    """After a reading that noted all keys: forget the records that have not come since it began."""
    noted = select(func.unnest(seen.c["keys"])).where(
        seen.c.division == division, seen.c.resource == resource
    )
    connection.execute(
        delete(quarantine).where(
            quarantine.c.division == division,
            quarantine.c.resource == resource,
            quarantine.c.last_seen_at < began,
            quarantine.c.key.not_in(noted),
        )
    )


def accept(
    connection: Connection,
    resource: str,
    divisions: Sequence[int] | None = None,
    records: Sequence[int] = (),
) -> set[int]:
    """A person knows of these records (None: of all divisions); where there were any.

    ``records``: ids, of the only ones that are meant; empty: all.
    """
    conditions = [quarantine.c.resource == resource, quarantine.c.accepted_at.is_(None)]
    if records:
        conditions.append(among(quarantine.c.id, records))
    if divisions is not None:
        conditions.append(among(quarantine.c.division, divisions))
    accepted = update(quarantine).where(*conditions).values(accepted_at=func.now())
    return set(connection.execute(accepted.returning(quarantine.c.division)).scalars())
