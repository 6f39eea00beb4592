"""The product's own state: schema ``exact_sync``."""

from collections.abc import Iterable

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from exact_sync.store.tables import metadata

SCHEMA = "exact_sync"


def _moment(name: str, *, required: bool = False) -> Column[object]:
    default = text("now()") if required else None
    return Column(name, DateTime(timezone=True), nullable=not required, server_default=default)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def _key(name: str, kind: type[Integer | BigInteger | Text | Date]) -> Column[object]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def among(column: Column[int], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether it is one of these. What people ask for may be more than the column can hold, which
    PostgreSQL would refuse to compare.
    """
    bound = 2 ** (63 if isinstance(column.type, BigInteger) else 31)
    return column.in_([number for number in numbers if -bound <= number < bound])


sign_in = Table(
    "sign_in",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("access_token", Text, comment="encrypted"),
    Column("refresh_token", Text, comment="encrypted"),
    _moment("access_expires_at"),
    _moment("obtained_at"),
    _moment("signed_in_at"),
    Column("needed_because", Text),
    _moment("needed_since"),
    Column("user_name", Text),
    Column("home_division", Integer),
    CheckConstraint("id = 1", name="sign_in_one_row"),
    schema=SCHEMA,
)

refresh_attempt = Table(
    "refresh_attempt",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", Text, nullable=False),
    _moment("began_at", required=True),
    schema=SCHEMA,
    comment="a refresh token that was sent and whose answer is not stored yet",
)

checkpoint = Table(
    "checkpoint",
    metadata,
    _key("division", Integer),
    _key("resource", Text),
    Column("cursor", Text, comment="highest Modified (Exact's wall clock) or row version taken over"),
    Column("cursor_of", Text, comment="the strategy that the cursor belongs to"),
    Column("resume", JSONB, comment="where an unfinished reading goes on"),
    Column("quirks", JSONB, nullable=False, server_default=text("'{}'")),
    Column("strategy", Text),
    Column("outcome", Text),
    Column("message", Text),
    Column("hint", Text),
    _moment("attempted_at"),
    _moment("succeeded_at"),
    _moment("complete_at"),
    _moment("retry_at"),
    Column("suspect_rows", BigInteger, comment="what Exact returned in a suspect run"),
    Column("accepted_rows", BigInteger, comment="what a person accepted"),
    Column("sweep", JSONB, comment="where an unfinished comparison of all keys goes on"),
    _moment("swept_at"),
    Column("sweep_wanted", Boolean, nullable=False, server_default=text("false")),
    Column("progress", JSONB, comment="how far a first load has come, and how much there is"),
    Column("rows", BigInteger, comment="rows in the table, deleted ones included; empty: to be counted"),
    schema=SCHEMA,
)

seen = Table(
    "seen",
    metadata,
    _key("division", Integer),
    _key("resource", Text),
    Column("page", BigInteger, Identity(always=True), primary_key=True),
    Column("keys", ARRAY(Text), nullable=False),
    schema=SCHEMA,
    comment="keys that came while everything, or every key, is being read; a row for each page",
)

learned = Table(
    "learned",
    metadata,
    _key("resource", Text),
    Column("endpoint", Text, nullable=False),
    Column("columns", JSONB, nullable=False, comment="property to type; null: never had a value"),
    schema=SCHEMA,
    comment="columns of endpoints that no reference knows",
)

window = Table(
    "window",
    metadata,
    _key("division", Integer),
    _key("resource", Text),
    _key("starts", Date),
    Column("resume", JSONB),
    _moment("done_at"),
    schema=SCHEMA,
    comment="history cut into months, each with its own checkpoint",
)

run = Table(
    "run",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("division", Integer, nullable=False),
    Column("resource", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("full_read", Boolean, nullable=False),
    _moment("started_at", required=True),
    _moment("finished_at"),
    Column("outcome", Text, nullable=False, server_default=text("'running'")),
    Column("message", Text),
    Column("hint", Text),
    *map(_count, ("calls", "records", "inserted", "updated", "deleted", "quarantined")),
    schema=SCHEMA,
)
Index("run_division_resource", run.c.division, run.c.resource, run.c.id.desc())
Index("run_started_at", run.c.started_at)
# Holds only what is under way: whoever begins looks for what the killed left open.
Index("run_running", run.c.division, postgresql_where=run.c.outcome == "running")
# Holds only what did not go well: who looks for that should not meet all that did.
Index(
    "run_outcome",
    run.c.outcome,
    run.c.id,
    postgresql_where=text("outcome <> 'ok' AND outcome <> 'running'"),
)
Index(
    "run_verified",
    run.c.outcome,
    run.c.division,
    run.c.resource,
    run.c.id,
    postgresql_where=text("strategy = 'verify'"),
)

quarantine = Table(
    "quarantine",
    metadata,
    _key("division", Integer),
    _key("resource", Text),
    _key("key", Text),
    Column("reason", Text, nullable=False),
    Column("record", Text, nullable=False, comment="the raw record as ASCII JSON"),
    _moment("first_seen_at", required=True),
    _moment("last_seen_at", required=True),
    _moment("accepted_at"),
    Column("id", BigInteger, Identity(), nullable=False, comment="in the order in which they came"),
    schema=SCHEMA,
)
Index("quarantine_id", quarantine.c.id, unique=True)

pause = Table(
    "pause",
    metadata,
    _key("division", Integer),
    _key("resource", Text),
    _moment("since", required=True),
    schema=SCHEMA,
    comment="resources that are not read until a person resumes them; division 0: in all divisions",
)

division = Table(
    "division",
    metadata,
    _key("division", Integer),
    Column("suspended_because", Text),
    _moment("suspended_since"),
    _moment("retry_at"),
    Column("budget", JSONB),
    schema=SCHEMA,
    comment="what we know of a division's access and call limits",
)

connection = Table(
    "connection",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", Text, comment="whose schema this is"),
    Column("day", Date, comment="the day (UTC) that calls counts"),
    Column("calls", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("id = 1", name="connection_one_row"),
    schema=SCHEMA,
    comment="the connection to Exact, and the calls of all its divisions together",
)

request = Table(
    "request",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _moment("at", required=True),
    Column("division", Integer),
    Column("resource", Text),
    Column("endpoint", Text, nullable=False),
    Column("query", Text, comment="what was asked, without secrets"),
    Column("status", SmallInteger, comment="of HTTP; empty where no answer came"),
    Column("trouble", Text, comment="why an answer was no good, in words"),
    Column("milliseconds", Integer, nullable=False),
    Column("rows", Integer),
    Column("minute_left", Integer),
    Column("day_left", Integer),
    schema=SCHEMA,
    comment="every call to Exact, for some days",
)
Index("request_at", request.c.at)
# For lists of what is rare: without them a page of it would look through all there is.
Index("request_division_at", request.c.division, request.c.at)
Index("request_resource_at", request.c.resource, request.c.at)
Index("request_status_at", request.c.status, request.c.at, postgresql_where=request.c.status != text("200"))
Index("request_trouble_at", request.c.at, postgresql_where=request.c.trouble.is_not(None))

incident = Table(
    "incident",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="what it is about: a division, a resource of one"),
    Column("message", Text, nullable=False),
    Column("hint", Text),
    _moment("opened_at", required=True),
    _moment("closed_at"),
    _moment("due_at"),
    _moment("told_at"),
    _moment("told_over_at"),
    Column("told_to", JSONB, nullable=False, server_default=text("'[]'"), comment="targets that know of it"),
    Column("told_over_to", JSONB, nullable=False, server_default=text("'[]'")),
    schema=SCHEMA,
    comment="what people are told of: once when it begins, once when it is over",
)
Index(
    "incident_open",
    incident.c.kind,
    incident.c.subject,
    unique=True,
    postgresql_where=incident.c.closed_at.is_(None),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column(
        "uid", Uuid, nullable=False, server_default=text("gen_random_uuid()"), comment="what receivers know"
    ),
    _moment("at", required=True),
    Column("run", BigInteger, nullable=False),
    Column("division", Integer, nullable=False),
    Column("resource", Text, nullable=False),
    _moment("open_until"),
    Column("message", JSONB, nullable=False),
    schema=SCHEMA,
    comment="what changed, for those who want to be told",
)
Index("outbox_open", outbox.c.run, postgresql_where=outbox.c.open_until.is_not(None))

delivery = Table(
    "delivery",
    metadata,
    _key("target", Text),
    _key("message", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _moment("retry_at"),
    _moment("delivered_at"),
    _moment("given_up_at"),
    Column("trouble", Text),
    schema=SCHEMA,
    comment="how far each target is with each message of the outbox",
)
IS_WAITING = delivery.c.delivered_at.is_(None) & delivery.c.given_up_at.is_(None)
"""Its target is still to have it."""
Index("delivery_waiting", delivery.c.target, delivery.c.message, postgresql_where=IS_WAITING)
