"""The number of rows stands in the checkpoint; indexes for deleted rows, for joins, for what runs.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DELETED = [
    "contacts",
    "customers",
    "deletions",
    "divisions",
    "document_attachments",
    "documents",
    "financial_periods",
    "financial_transactions",
    "gl_account_classification_mappings",
    "gl_accounts",
    "gl_classifications",
    "item_groups",
    "items",
    "journals",
    "payments",
    "purchase_entries",
    "receivables",
    "reporting_balance",
    "sales_invoice_lines",
    "sales_invoices",
    "sales_orders",
    "transaction_lines",
    "users",
    "vat_codes",
]


_JOINED = [
    ("contacts", "account"),
    ("sales_invoices", "invoice_date"),
    ("sales_invoices", "invoice_to"),
    ("sales_invoice_lines", "invoice_id"),
    ("payments", "account"),
    ("receivables", "account"),
    ("transaction_lines", "entry_id"),
    ("transaction_lines", "gl_account"),
]


def upgrade() -> None:
    # Whoever has large tables may have made them beforehand, with CONCURRENTLY.
    for table, column in _JOINED:
        op.create_index(
            f"{table}_division_{column}", table, ["division", column], schema="exact", if_not_exists=True
        )
    op.create_index(
        "run_running",
        "run",
        ["division"],
        schema="exact_sync",
        if_not_exists=True,
        postgresql_where=sa.text("outcome = 'running'"),
    )
    for table in _DELETED:
        op.create_index(
            f"{table}_deleted",
            table,
            ["code" if table == "divisions" else "division"],
            schema="exact",
            if_not_exists=True,
            postgresql_where=sa.text("_deleted_at IS NOT NULL"),
        )
    # Last: from here on the readers of checkpoints wait, and not for the indexes.
    op.add_column(
        "checkpoint",
        sa.Column(
            "rows",
            sa.BigInteger(),
            nullable=True,
            comment="rows in the table, deleted ones included; empty: to be counted",
        ),
        schema="exact_sync",
    )


def downgrade() -> None:
    for table, column in _JOINED:
        op.drop_index(f"{table}_division_{column}", table, schema="exact")
    for table in _DELETED:
        op.drop_index(f"{table}_deleted", table, schema="exact")
    op.drop_index("run_running", "run", schema="exact_sync")
    op.drop_column("checkpoint", "rows", schema="exact_sync")
