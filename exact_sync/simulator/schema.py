"""Every entity the simulator serves, by path and by the path of its bulk twin."""

from __future__ import annotations

from exact_sync.simulator.entity import Entity
from exact_sync.simulator.schema_crm import ACCOUNTS, CONTACTS
from exact_sync.simulator.schema_documents import DOCUMENT_ATTACHMENTS, DOCUMENTS
from exact_sync.simulator.schema_finance import (
    GL_ACCOUNTS,
    JOURNALS,
    PAYMENTS,
    REPORTING_BALANCE,
    TRANSACTION_LINES,
    TRANSACTIONS,
)
from exact_sync.simulator.schema_logistics import ITEM_GROUPS, ITEMS
from exact_sync.simulator.schema_sales import SALES_INVOICE_LINES, SALES_INVOICES
from exact_sync.simulator.schema_system import DIVISIONS, ME

__all__ = ["BULK", "ENTITIES", "ME", "REPORTS", "Entity"]

ENTITIES: dict[str, Entity] = {
    entity.path: entity
    for entity in (
        DIVISIONS,
        ACCOUNTS,
        CONTACTS,
        SALES_INVOICES,
        SALES_INVOICE_LINES,
        ITEMS,
        ITEM_GROUPS,
        DOCUMENTS,
        DOCUMENT_ATTACHMENTS,
        GL_ACCOUNTS,
        JOURNALS,
        TRANSACTIONS,
        TRANSACTION_LINES,
        PAYMENTS,
    )
}

BULK: dict[str, Entity] = {entity.bulk: entity for entity in ENTITIES.values() if entity.bulk}

REPORTS: dict[str, Entity] = {REPORTING_BALANCE.path: REPORTING_BALANCE}
"""What is derived from other entities' rows, and never written."""
