"""Tables say what they are, and which columns are ours, where psql and BI tools show it.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ENDPOINTS = {
    "divisions": "system/Divisions",
    "deletions": "sync/Deleted",
    "gl_accounts": "financial/GLAccounts",
    "gl_classifications": "financial/GLClassifications",
    "gl_account_classification_mappings": "financial/GLAccountClassificationMappings",
    "journals": "financial/Journals",
    "vat_codes": "vat/VATCodes",
    "financial_periods": "financial/FinancialPeriods",
    "users": "system/Users",
    "item_groups": "logistics/ItemGroups",
    "customers": "crm/Accounts",
    "contacts": "crm/Contacts",
    "items": "logistics/Items",
    "sales_orders": "salesorder/SalesOrders",
    "sales_invoices": "salesinvoice/SalesInvoices",
    "sales_invoice_lines": "salesinvoice/SalesInvoiceLines",
    "purchase_entries": "purchaseentry/PurchaseEntries",
    "payments": "cashflow/Payments",
    "receivables": "cashflow/Receivables",
    "financial_transactions": "financialtransaction/Transactions",
    "transaction_lines": "financialtransaction/TransactionLines",
    "reporting_balance": "financial/ReportingBalance",
    "documents": "documents/Documents",
    "document_attachments": "documents/DocumentAttachments",
}

_MEANINGS = {
    "_synced_at": "when this row last changed here; an unchanged row keeps its time",
    "_deleted_at": "empty, or when the row was found to be gone at Exact",
    "_version": "Exact's row version, where the row came through the Sync API",
    "_fingerprint": "by which the record is known when it comes again; nothing for reports",
}


def upgrade() -> None:
    for table, column, comment in _comments():
        if comment is not None:  # a person's own words stay
            continue
        if column is None:
            op.create_table_comment(table, f"a copy of {_ENDPOINTS[table]} at Exact Online", schema="exact")
        else:
            op.alter_column(table, column, comment=_MEANINGS[column], schema="exact")


def downgrade() -> None:
    for table, column, _ in _comments():
        if column is None:
            op.drop_table_comment(table, schema="exact")
        else:
            op.alter_column(table, column, comment=None, schema="exact")


def _comments() -> list[tuple[str, str | None, str | None]]:
    """Of each table, and of each of its columns that is ours."""
    query = sa.text("""
        WITH tables AS (
            SELECT oid, relname::text FROM pg_class WHERE relname = ANY(:names) AND relnamespace = (
                SELECT relnamespace FROM pg_class WHERE oid = CAST('exact.divisions' AS regclass)
            )
        )
        SELECT relname, NULL, obj_description(oid, 'pg_class') FROM tables
        UNION ALL
        SELECT relname, attname::text, col_description(oid, attnum)
        FROM tables JOIN pg_attribute ON attrelid = oid WHERE attname = ANY(:columns) AND NOT attisdropped
    """)
    values = {"names": list(_ENDPOINTS), "columns": list(_MEANINGS)}
    return [tuple(row) for row in op.get_bind().execute(query, values)]
