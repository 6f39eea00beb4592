"""The SQL that merges staged rows into a table, and says which of two versions of a row is newer."""

from collections.abc import Sequence
from functools import partial

from exact_sync.catalog import Resource
from exact_sync.catalog.resource import RULES
from exact_sync.store.tables import FINGERPRINT, POSTGRES, VERSION, data_columns, row_columns


def quote(name: str) -> str:
    return str(POSTGRES.identifier_preparer.quote(name))


def bury_sql(resource: Resource, table: str) -> str:
    """The beginning of a statement that buries rows ``t``: marks them, or removes them."""
    if resource.hard_deletes:
        return f"DELETE FROM {table} AS t"  # noqa: S608
    return f"UPDATE {table} AS t SET _deleted_at = now(), _synced_at = now()"  # noqa: S608


def merge_sql(
    resource: Resource, table: str, *, is_unique: bool, takes_older: bool = False, spares_seen: bool = True
) -> str:
    """A statement that takes of ``{stage}`` what is new or has changed, and tells how many were
    ``inserted`` and ``updated``.

    ``is_unique``: no two staged rows have the same key. Otherwise the newest of them is taken.
    ``takes_older``: rows that were last written before ``{read_since}`` may be replaced even by an older
    version, but for those that were seen since then (where ``spares_seen``).
    """
    welcome = partial(_is_welcome, resource, takes_older=takes_older, spares_seen=spares_seen)
    keys = resource.primary_key
    columns = ", ".join(map(quote, row_columns(resource)))
    key = ", ".join(map(quote, keys))
    others = [quote(name) for name in data_columns(resource) if name not in keys]
    settings = [f"{name} = excluded.{name}" for name in others]
    if resource.is_versioned:
        settings.append(f"{VERSION} = coalesce(excluded.{VERSION}, t.{VERSION})")
    if resource.is_fingerprinted:
        settings.append(f"{FINGERPRINT} = excluded.{FINGERPRINT}")
    # Version and fingerprint may change without the data; then the row keeps its time.
    differs = _differs(others, "excluded")
    settings.append(f"_synced_at = CASE WHEN {differs} THEN now() ELSE t._synced_at END")
    staged = "{stage}"
    if not is_unique:
        staged = (
            f"(SELECT DISTINCT ON ({key}) {columns} FROM {{stage}} "  # noqa: S608
            f"ORDER BY {key}, {_newest_first(resource)}_ordinal DESC)"
        )
    match = " AND ".join(f"t.{quote(name)} = s.{quote(name)}" for name in keys)
    # What is unchanged is left out beforehand: ON CONFLICT locks each row it meets, and a lock is a write.
    # OFFSET keeps it a look at the key's index for each row; a join might read the whole table.
    return f"""
        WITH merged AS (
            INSERT INTO {table} AS t ({columns})
            SELECT {columns} FROM {staged} s
            WHERE NOT EXISTS (
                SELECT FROM {table} t
                WHERE {match} AND ({_is_news(resource, others, "s")} AND {welcome("s")}) IS NOT TRUE OFFSET 0
            )
            ORDER BY {key}
            ON CONFLICT ({key}) DO UPDATE
            SET {", ".join(settings)}, _deleted_at = NULL
            WHERE {welcome("excluded")}
            RETURNING xmax = 0 AS fresh, _synced_at = now() AS changed
        )
        SELECT count(*) FILTER (WHERE fresh) AS inserted,
               count(*) FILTER (WHERE changed AND NOT fresh) AS updated
        FROM merged
    """  # noqa: S608 - identifiers come from the catalog, quoted


def _differs(columns: Sequence[str], row: str) -> str:
    # With ours among them there is always one: of a resource may be known no more than its key.
    ours = ", ".join(["t._deleted_at", *(f"t.{name}" for name in columns)])
    theirs = ", ".join(["NULL", *(f"{row}.{name}" for name in columns)])
    return f"(({ours}) IS DISTINCT FROM ({theirs}))"


def _is_news(resource: Resource, columns: Sequence[str], row: str) -> str:
    """Whether a row says other things than ``t`` does."""
    news = _differs(columns, row)
    if resource.is_versioned:
        news = f"({news} OR {row}.{VERSION} <> coalesce(t.{VERSION}, -1))"
    if resource.is_fingerprinted:
        # One that was made by other rules tells nothing any more. Others stay: a record that is written
        # differently each time must not have its row written each time.
        rules = f"({row}.{FINGERPRINT} # coalesce(t.{FINGERPRINT}, ~{row}.{FINGERPRINT})) & {RULES}"
        news = f"({news} OR {rules} <> 0)"
    return news


def _is_welcome(resource: Resource, row: str, *, takes_older: bool, spares_seen: bool) -> str:
    """Whether a row is not older than ``t``, or may replace it all the same."""
    newer = _newer(resource, row, "t")
    if not newer or not takes_older:
        return newer or "true"
    if not spares_seen:
        return f"({newer} OR t._synced_at < {{read_since}})"
    key = quote(resource.key_column.name)
    place = f"t.division, t.{key}::text" if resource.per_division else f"0, t.{key}::text"
    # What was seen may have moved on to a page that is older than the one on which it came. Looked for only
    # where a row is older; all that was seen is then read once for each statement.
    seen = f"SELECT division, unnest(keys) FROM exact_sync.seen WHERE resource = '{resource.name}'"  # noqa: S608
    return (
        f"({newer} OR (t._synced_at < {{read_since}} "
        f"AND (t._deleted_at IS NOT NULL OR ({place}) NOT IN ({seen}))))"
    )


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
