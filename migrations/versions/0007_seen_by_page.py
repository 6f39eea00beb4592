"""The keys that a reading has met stand in one row for each page, a tenth of what a row for each key took.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What a reading that is under way has met must not be forgotten: the rows would look gone.
    op.execute(
        "CREATE TEMPORARY TABLE seen_before AS "
        "SELECT division, resource, array_agg(key) AS keys FROM exact_sync.seen GROUP BY division, resource"
    )
    op.drop_table("seen", schema="exact_sync")
    op.create_table(
        "seen",
        sa.Column("division", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("page", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("keys", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("division", "resource", "page"),
        schema="exact_sync",
        comment="keys that came while everything, or every key, is being read; a row for each page",
    )
    op.execute(
        "INSERT INTO exact_sync.seen (division, resource, keys) "
        "SELECT division, resource, keys FROM seen_before"
    )
    op.execute("DROP TABLE seen_before")


def downgrade() -> None:
    op.execute(
        "CREATE TEMPORARY TABLE seen_before AS "
        "SELECT DISTINCT division, resource, unnest(keys) AS key FROM exact_sync.seen"
    )
    op.drop_table("seen", schema="exact_sync")
    op.create_table(
        "seen",
        sa.Column("division", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("division", "resource", "key"),
        schema="exact_sync",
        comment="keys that came while everything, or every key, is being read",
    )
    op.execute(
        "INSERT INTO exact_sync.seen (division, resource, key) SELECT division, resource, key FROM seen_before"
    )
    op.execute("DROP TABLE seen_before")
