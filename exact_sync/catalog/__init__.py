"""What is mirrored: data, no behaviour."""

from exact_sync.catalog.crm import CONTACTS, CUSTOMERS
from exact_sync.catalog.documents import DOCUMENT_ATTACHMENTS, DOCUMENTS
from exact_sync.catalog.finance import FINANCIAL_TRANSACTIONS, GL_ACCOUNTS, JOURNALS, PAYMENTS
from exact_sync.catalog.logistics import ITEM_GROUPS, ITEMS
from exact_sync.catalog.resource import Bulk, Column, Edm, Resource, Strategy
from exact_sync.catalog.sales import SALES_INVOICES
from exact_sync.catalog.system import DIVISIONS

__all__ = ["DIVISIONS", "RESOURCES", "Bulk", "Column", "Edm", "Resource", "Strategy"]

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        DIVISIONS,
        GL_ACCOUNTS,
        JOURNALS,
        ITEM_GROUPS,
        CUSTOMERS,
        CONTACTS,
        ITEMS,
        SALES_INVOICES,
        PAYMENTS,
        FINANCIAL_TRANSACTIONS,
        DOCUMENTS,
        DOCUMENT_ATTACHMENTS,
    )
}
"""Every resource by name, in the order in which a run reads them: small reference lists first."""
