"""A connection with its calls, and how far first loads have come.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "connection",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=True, comment="whose schema this is"),
        sa.Column("day", sa.Date(), nullable=True, comment="the day (UTC) that calls counts"),
        sa.Column("calls", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("id = 1", name="connection_one_row"),
        sa.PrimaryKeyConstraint("id"),
        schema="exact_sync",
        comment="the connection to Exact, and the calls of all its divisions together",
    )
    op.add_column(
        "checkpoint",
        sa.Column(
            "progress",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="how far a first load has come, and how much there is",
        ),
        schema="exact_sync",
    )


def downgrade() -> None:
    op.drop_column("checkpoint", "progress", schema="exact_sync")
    op.drop_table("connection", schema="exact_sync")
