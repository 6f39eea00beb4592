"""Every call to Exact for some days, and what people are told of.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("division", schema="exact_sync")
    op.drop_table("quarantine", schema="exact_sync")
    op.drop_table("learned", schema="exact_sync")
    op.drop_table("checkpoint", schema="exact_sync")
    op.drop_table("seen", schema="exact_sync")
    op.drop_index(op.f("run_division_resource"), table_name="run", schema="exact_sync")
    op.drop_index(op.f("run_started_at"), table_name="run", schema="exact_sync")
    op.drop_table("run", schema="exact_sync")
    op.drop_table("refresh_attempt", schema="exact_sync")
    op.drop_table("connection", schema="exact_sync")
    op.drop_table("sign_in", schema="exact_sync")
    op.drop_table("window", schema="exact_sync")


def downgrade() -> None:
    op.create_table(
        "window",
        sa.Column("division", sa.INTEGER(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column("starts", sa.DATE(), autoincrement=False, nullable=False),
        sa.Column("resume", postgresql.JSONB(astext_type=sa.Text()), autoincrement=False, nullable=True),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("division", "resource", "starts", name=op.f("window_pkey")),
        schema="exact_sync",
        comment="history cut into months, each with its own checkpoint",
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.SMALLINT(), autoincrement=False, nullable=False),
        sa.Column("access_token", sa.TEXT(), autoincrement=False, nullable=True, comment="encrypted"),
        sa.Column("refresh_token", sa.TEXT(), autoincrement=False, nullable=True, comment="encrypted"),
        sa.Column(
            "access_expires_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True
        ),
        sa.Column("obtained_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column("signed_in_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column("needed_because", sa.TEXT(), autoincrement=False, nullable=True),
        sa.Column("needed_since", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column("user_name", sa.TEXT(), autoincrement=False, nullable=True),
        sa.Column("home_division", sa.INTEGER(), autoincrement=False, nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("sign_in_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_in_pkey")),
        schema="exact_sync",
    )
    op.create_table(
        "connection",
        sa.Column("id", sa.SMALLINT(), autoincrement=False, nullable=False),
        sa.Column("name", sa.TEXT(), autoincrement=False, nullable=True, comment="whose schema this is"),
        sa.Column(
            "day", sa.DATE(), autoincrement=False, nullable=True, comment="the day (UTC) that calls counts"
        ),
        sa.Column("calls", sa.BIGINT(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("connection_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("connection_pkey")),
        schema="exact_sync",
        comment="the connection to Exact, and the calls of all its divisions together",
    )
    op.create_table(
        "refresh_attempt",
        sa.Column("id", sa.SMALLINT(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column(
            "began_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("refresh_attempt_pkey")),
        schema="exact_sync",
        comment="a refresh token that was sent and whose answer is not stored yet",
    )
    op.create_table(
        "run",
        sa.Column(
            "id",
            sa.BIGINT(),
            sa.Identity(
                always=False,
                start=1,
                increment=1,
                minvalue=1,
                maxvalue=9223372036854775807,
                cycle=False,
                cache=1,
            ),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("division", sa.INTEGER(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column("strategy", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column("full_read", sa.BOOLEAN(), autoincrement=False, nullable=False),
        sa.Column(
            "started_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column(
            "outcome",
            sa.TEXT(),
            server_default=sa.text("'running'::text"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("message", sa.TEXT(), autoincrement=False, nullable=True),
        sa.Column("hint", sa.TEXT(), autoincrement=False, nullable=True),
        sa.Column("calls", sa.BIGINT(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("records", sa.BIGINT(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("inserted", sa.BIGINT(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("updated", sa.BIGINT(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("deleted", sa.BIGINT(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column(
            "quarantined", sa.BIGINT(), server_default=sa.text("0"), autoincrement=False, nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("run_pkey")),
        schema="exact_sync",
    )
    op.create_index(op.f("run_started_at"), "run", ["started_at"], unique=False, schema="exact_sync")
    op.create_index(
        op.f("run_division_resource"),
        "run",
        ["division", "resource", sa.literal_column("id DESC")],
        unique=False,
        schema="exact_sync",
    )
    op.create_table(
        "seen",
        sa.Column("division", sa.INTEGER(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column("key", sa.TEXT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("division", "resource", "key", name=op.f("seen_pkey")),
        schema="exact_sync",
        comment="keys that came while everything, or every key, is being read",
    )
    op.create_table(
        "checkpoint",
        sa.Column("division", sa.INTEGER(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column(
            "cursor",
            sa.TEXT(),
            autoincrement=False,
            nullable=True,
            comment="highest Modified (Exact's wall clock) or row version taken over",
        ),
        sa.Column(
            "resume",
            postgresql.JSONB(astext_type=sa.Text()),
            autoincrement=False,
            nullable=True,
            comment="where an unfinished reading goes on",
        ),
        sa.Column(
            "quirks",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("strategy", sa.TEXT(), autoincrement=False, nullable=True),
        sa.Column("outcome", sa.TEXT(), autoincrement=False, nullable=True),
        sa.Column("message", sa.TEXT(), autoincrement=False, nullable=True),
        sa.Column("hint", sa.TEXT(), autoincrement=False, nullable=True),
        sa.Column("attempted_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column("succeeded_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column("complete_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column("retry_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column(
            "suspect_rows",
            sa.BIGINT(),
            autoincrement=False,
            nullable=True,
            comment="what Exact returned in a suspect run",
        ),
        sa.Column(
            "accepted_rows", sa.BIGINT(), autoincrement=False, nullable=True, comment="what a person accepted"
        ),
        sa.Column(
            "cursor_of",
            sa.TEXT(),
            autoincrement=False,
            nullable=True,
            comment="the strategy that the cursor belongs to",
        ),
        sa.Column(
            "sweep",
            postgresql.JSONB(astext_type=sa.Text()),
            autoincrement=False,
            nullable=True,
            comment="where an unfinished comparison of all keys goes on",
        ),
        sa.Column("swept_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column(
            "sweep_wanted", sa.BOOLEAN(), server_default=sa.text("false"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "progress",
            postgresql.JSONB(astext_type=sa.Text()),
            autoincrement=False,
            nullable=True,
            comment="how far a first load has come, and how much there is",
        ),
        sa.PrimaryKeyConstraint("division", "resource", name=op.f("checkpoint_pkey")),
        schema="exact_sync",
    )
    op.create_table(
        "learned",
        sa.Column("resource", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column("endpoint", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column(
            "columns",
            postgresql.JSONB(astext_type=sa.Text()),
            autoincrement=False,
            nullable=False,
            comment="property to type; null: never had a value",
        ),
        sa.PrimaryKeyConstraint("resource", name=op.f("learned_pkey")),
        schema="exact_sync",
        comment="columns of endpoints that no reference knows",
    )
    op.create_table(
        "quarantine",
        sa.Column("division", sa.INTEGER(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column("key", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column(
            "record", sa.TEXT(), autoincrement=False, nullable=False, comment="the raw record as ASCII JSON"
        ),
        sa.Column(
            "first_seen_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("division", "resource", "key", name=op.f("quarantine_pkey")),
        schema="exact_sync",
    )
    op.create_table(
        "division",
        sa.Column("division", sa.INTEGER(), autoincrement=False, nullable=False),
        sa.Column("suspended_because", sa.TEXT(), autoincrement=False, nullable=True),
        sa.Column("suspended_since", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column("retry_at", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
        sa.Column("budget", postgresql.JSONB(astext_type=sa.Text()), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("division", name=op.f("division_pkey")),
        schema="exact_sync",
        comment="what we know of a division's access and call limits",
    )
