"""The SQL that merges staged rows into a table, and says which of two versions of a row is newer."""

from sqlalchemy.dialects import postgresql

from exact_sync.catalog import Resource
from exact_sync.store.tables import VERSION, data_columns, row_columns

_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]


def quote(name: str) -> str:
    return str(_POSTGRES.identifier_preparer.quote(name))


def bury_sql(resource: Resource, table: str) -> str:
    """The beginning of a statement that buries rows ``t``: marks them, or removes them."""
    if resource.hard_deletes:
        return f"DELETE FROM {table} AS t"  # noqa: S608
    return f"UPDATE {table} AS t SET _deleted_at = now(), _synced_at = now()"  # noqa: S608


def merge_sql(resource: Resource, table: str) -> str:
    """Merges ``{stage}``; counts what really changed. Takes ``:read_since`` where rows have versions
    or a Modified: rows that were last written before may be replaced even by an older version.
    """
    keys = resource.primary_key
    columns = ", ".join(map(quote, row_columns(resource)))
    key = ", ".join(map(quote, keys))
    others = [quote(name) for name in data_columns(resource) if name not in keys]
    differs = (
        f"(t._deleted_at IS NOT NULL OR ({', '.join(f't.{name}' for name in others)})"
        f" IS DISTINCT FROM ({', '.join(f'excluded.{name}' for name in others)}))"
    )
    settings = [f"{name} = excluded.{name}" for name in others]
    if resource.is_versioned:
        # A version may change without the data; then the row keeps its time.
        settings += [
            f"{VERSION} = coalesce(excluded.{VERSION}, t.{VERSION})",
            f"_synced_at = CASE WHEN {differs} THEN now() ELSE t._synced_at END",
        ]
        is_news = f"({differs} OR excluded.{VERSION} <> coalesce(t.{VERSION}, -1))"
    else:
        settings.append("_synced_at = now()")
        is_news = differs
    guard = _newer(resource, "excluded", "t")
    return f"""
        WITH newest AS (
            SELECT DISTINCT ON ({key}) {columns} FROM {{stage}}
            ORDER BY {key}, {_newest_first(resource)}_ordinal DESC
        ), merged AS (
            INSERT INTO {table} AS t ({columns}) SELECT {columns} FROM newest ORDER BY {key}
            ON CONFLICT ({key}) DO UPDATE
            SET {", ".join(settings)}, _deleted_at = NULL
            WHERE {is_news}
            {f"AND (t._synced_at < :read_since OR {guard})" if guard else ""}
            RETURNING xmax = 0 AS fresh, _synced_at = now() AS changed
        )
        SELECT count(*) FILTER (WHERE fresh) AS inserted,
               count(*) FILTER (WHERE changed AND NOT fresh) AS updated
        FROM merged
    """  # noqa: S608 - identifiers come from the catalog, quoted


def _newer(resource: Resource, one: str, other: str) -> str:
    """True where one row is not older than the other: by row version where both have one, else by
    Modified; '' where a resource has neither."""
    by_modified = "true"
    if resource.has_modified:
        by_modified = (
            f"({modified(f'{one}.modified')} >= {modified(f'{other}.modified')} "
            f"OR {other}.modified IS NULL OR {one}.modified IS NULL)"
        )
    if resource.is_versioned:
        return (
            f"CASE WHEN {one}.{VERSION} IS NOT NULL AND {other}.{VERSION} IS NOT NULL "
            f"THEN {one}.{VERSION} >= {other}.{VERSION} ELSE {by_modified} END"
        )
    return by_modified if resource.has_modified else ""


def _newest_first(resource: Resource) -> str:
    order = f"{VERSION} DESC NULLS LAST, " if resource.is_versioned else ""
    return order + (f"{modified('modified')} DESC NULLS LAST, " if resource.has_modified else "")


def modified(column: str) -> str:
    """Modified as an order of versions: inside the autumn hour that a wall clock shows twice, all
    times count as equal (they are stored as the earlier ones), so the one read last wins."""
    wall = "AT TIME ZONE 'Europe/Amsterdam'"
    return (
        f"(CASE WHEN {column} {wall} = ({column} + interval '1 hour') {wall} "
        f"THEN date_trunc('hour', {column}) ELSE {column} END)"
    )
