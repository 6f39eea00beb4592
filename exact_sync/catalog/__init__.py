"""What is mirrored: data, no behaviour."""

from dataclasses import replace

from exact_sync.catalog.crm import CONTACTS, CUSTOMERS
from exact_sync.catalog.documents import DOCUMENT_ATTACHMENTS, DOCUMENTS
from exact_sync.catalog.finance import (
    FINANCIAL_PERIODS,
    FINANCIAL_TRANSACTIONS,
    GL_ACCOUNT_CLASSIFICATION_MAPPINGS,
    GL_ACCOUNTS,
    GL_CLASSIFICATIONS,
    JOURNALS,
    PAYMENTS,
    PURCHASE_ENTRIES,
    RECEIVABLES,
    REPORTING_BALANCE,
    TRANSACTION_LINES,
    VAT_CODES,
)
from exact_sync.catalog.joins import JOINED
from exact_sync.catalog.logistics import ITEM_GROUPS, ITEMS
from exact_sync.catalog.optional import OPTIONAL
from exact_sync.catalog.resource import Bulk, Column, Edm, Feed, Resource, Strategy
from exact_sync.catalog.sales import SALES_INVOICE_LINES, SALES_INVOICES, SALES_ORDERS
from exact_sync.catalog.system import DELETIONS, DIVISIONS, USERS

__all__ = ["DELETIONS", "DIVISIONS", "RESOURCES", "Bulk", "Column", "Edm", "Feed", "Resource", "Strategy"]

RESOURCES: dict[str, Resource] = {
    resource.name: replace(resource, joined_by=JOINED[resource.name]) if resource.name in JOINED else resource
    for resource in (
        DIVISIONS,
        DELETIONS,
        GL_ACCOUNTS,
        GL_CLASSIFICATIONS,
        GL_ACCOUNT_CLASSIFICATION_MAPPINGS,
        JOURNALS,
        VAT_CODES,
        FINANCIAL_PERIODS,
        USERS,
        ITEM_GROUPS,
        CUSTOMERS,
        CONTACTS,
        ITEMS,
        SALES_ORDERS,
        SALES_INVOICES,
        SALES_INVOICE_LINES,
        PURCHASE_ENTRIES,
        PAYMENTS,
        RECEIVABLES,
        FINANCIAL_TRANSACTIONS,
        TRANSACTION_LINES,
        REPORTING_BALANCE,
        DOCUMENTS,
        DOCUMENT_ATTACHMENTS,
        *OPTIONAL,
    )
}
"""Every resource by name, in the order in which a run reads them: what was deleted, then small
reference lists, then the rest.
"""
