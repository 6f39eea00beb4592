"""Lists are read in pages: records in quarantine are numbered, what is rare in others has an index.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "run_outcome",
        "run",
        ["outcome", "id"],
        schema="exact_sync",
        postgresql_where=sa.text("outcome <> 'ok' AND outcome <> 'running'"),
    )
    for column in ("division", "resource"):
        op.create_index(f"request_{column}_at", "request", [column, "at"], schema="exact_sync")
    op.create_index(
        "request_status_at",
        "request",
        ["status", "at"],
        schema="exact_sync",
        postgresql_where=sa.text("status <> 200"),
    )
    op.create_index(
        "request_trouble_at",
        "request",
        ["at"],
        schema="exact_sync",
        postgresql_where=sa.text("trouble IS NOT NULL"),
    )
    number = sa.Column(
        "id", sa.BigInteger(), sa.Identity(), nullable=False, comment="in the order in which they came"
    )
    # Last: from here on the readers of what is in quarantine wait, and not for the indexes of others.
    op.add_column("quarantine", number, schema="exact_sync")
    # That numbers those that are here as they happen to lie: the same numbers are dealt out again.
    op.execute(
        "UPDATE exact_sync.quarantine held SET id = dealt.id FROM (SELECT division, resource, key, "
        "row_number() OVER (ORDER BY first_seen_at, division, resource, key) AS id "
        "FROM exact_sync.quarantine) dealt "
        "WHERE (held.division, held.resource, held.key) = (dealt.division, dealt.resource, dealt.key)"
    )
    op.create_index("quarantine_id", "quarantine", ["id"], unique=True, schema="exact_sync")


def downgrade() -> None:
    for name in ("trouble", "status", "resource", "division"):
        op.drop_index(f"request_{name}_at", "request", schema="exact_sync")
    op.drop_index("run_outcome", "run", schema="exact_sync")
    op.drop_column("quarantine", "id", schema="exact_sync")
