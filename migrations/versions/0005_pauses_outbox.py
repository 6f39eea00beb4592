"""What people pause and accept, and what is owed to those who hear of changes.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pause",
        sa.Column("division", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("division", "resource"),
        schema="exact_sync",
        comment="resources that are not read until a person resumes them; division 0: in all divisions",
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "uid",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="what receivers know",
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("division", sa.Integer(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="exact_sync",
        comment="what changed, for those who want to be told",
    )
    op.create_index(
        "outbox_open",
        "outbox",
        ["run"],
        schema="exact_sync",
        postgresql_where=sa.text("open_until IS NOT NULL"),
    )
    op.create_table(
        "delivery",
        sa.Column("target", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("message", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("target", "message"),
        schema="exact_sync",
        comment="how far each target is with each message of the outbox",
    )
    op.create_index(
        "delivery_waiting",
        "delivery",
        ["target", "message"],
        schema="exact_sync",
        postgresql_where=sa.text("delivered_at IS NULL AND given_up_at IS NULL"),
    )
    # "paused" is a word for what people do from now on, and for nothing else.
    op.execute("UPDATE exact_sync.run SET outcome = 'waits' WHERE outcome = 'paused'")
    op.execute("UPDATE exact_sync.checkpoint SET outcome = 'waits' WHERE outcome = 'paused'")
    op.add_column(
        "quarantine",
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        schema="exact_sync",
    )


def downgrade() -> None:
    op.execute("UPDATE exact_sync.run SET outcome = 'paused' WHERE outcome = 'waits'")
    op.execute("UPDATE exact_sync.checkpoint SET outcome = 'paused' WHERE outcome = 'waits'")
    op.drop_column("quarantine", "accepted_at", schema="exact_sync")
    op.drop_table("delivery", schema="exact_sync")
    op.drop_table("outbox", schema="exact_sync")
    op.drop_table("pause", schema="exact_sync")
