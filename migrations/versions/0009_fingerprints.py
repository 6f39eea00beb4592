"""A row says of which record it was made, so that one that comes again is known without being read.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    "gl_accounts",
    "gl_classifications",
    "gl_account_classification_mappings",
    "journals",
    "vat_codes",
    "financial_periods",
    "users",
    "item_groups",
    "customers",
    "contacts",
    "items",
    "sales_orders",
    "sales_invoices",
    "sales_invoice_lines",
    "purchase_entries",
    "payments",
    "receivables",
    "financial_transactions",
    "transaction_lines",
    "reporting_balance",
    "documents",
    "document_attachments",
)


def upgrade() -> None:
    op.execute(
        "CREATE FUNCTION exact_sync.forget_fingerprint() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW._fingerprint := NULL; RETURN NEW; END $$"
    )
    for table in TABLES:
        op.add_column(table, sa.Column("_fingerprint", sa.BigInteger(), nullable=True), schema="exact")
        op.execute(
            f"CREATE TRIGGER forget_fingerprint BEFORE UPDATE ON exact.{table} FOR EACH ROW "
            "WHEN (NEW._fingerprint = OLD._fingerprint) EXECUTE FUNCTION exact_sync.forget_fingerprint()"
        )


def downgrade() -> None:
    # Tables that the settings ask for have the trigger, too, and TABLES does not name them.
    protected = """
        SELECT format('%I.%I', n.nspname, c.relname) FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE t.tgfoid = CAST('exact_sync.forget_fingerprint()' AS regprocedure) ORDER BY 1
    """
    for table in op.get_bind().execute(sa.text(protected)).scalars().all():
        op.execute(f"DROP TRIGGER forget_fingerprint ON {table}")
        op.execute(f"ALTER TABLE {table} DROP COLUMN _fingerprint")
    op.execute("DROP FUNCTION exact_sync.forget_fingerprint()")
