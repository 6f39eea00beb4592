"""Every call to Exact for some days, and what people are told of.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("division", sa.Integer(), nullable=True),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=True, comment="what was asked, without secrets"),
        sa.Column("status", sa.SmallInteger(), nullable=True, comment="of HTTP; empty where no answer came"),
        sa.Column("trouble", sa.Text(), nullable=True, comment="why an answer was no good, in words"),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("minute_left", sa.Integer(), nullable=True),
        sa.Column("day_left", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="exact_sync",
        comment="every call to Exact, for some days",
    )
    op.create_index("request_at", "request", ["at"], unique=False, schema="exact_sync")
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "subject", sa.Text(), nullable=False, comment="what it is about: a division, a resource of one"
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="exact_sync",
        comment="what people are told of: once when it begins, once when it is over",
    )
    op.create_index(
        "incident_open",
        "incident",
        ["kind", "subject"],
        unique=True,
        schema="exact_sync",
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("incident", schema="exact_sync")
    op.drop_table("request", schema="exact_sync")
