"""Every entity the simulator serves, by path and by the path of its bulk twin."""

from __future__ import annotations

from exact_sync.simulator.endpoints import ENDPOINTS
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
from exact_sync.simulator.schema_webhooks import SUBSCRIPTIONS

__all__ = ["BULK", "ENTITIES", "KNOWN", "ME", "REPORTS", "TABLES", "Entity"]

KNOWN: dict[str, Entity] = {
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
"""Those whose rows `company` invents one by one, so that they hang together."""

TABLES: dict[str, Entity] = (
    KNOWN
    | {path: endpoint.entity for path, endpoint in ENDPOINTS.items()}
    | {SUBSCRIPTIONS.path: SUBSCRIPTIONS}
)
"""All that have rows of their own, also those that only the Sync API shows."""

ENTITIES: dict[str, Entity] = {
    path: entity for path, entity in TABLES.items() if path not in ENDPOINTS or not ENDPOINTS[path].only_feed
}

BULK: dict[str, Entity] = {entity.bulk: entity for entity in KNOWN.values() if entity.bulk} | {
    twin.bulk: twin for endpoint in ENDPOINTS.values() if (twin := endpoint.bulk) and twin.bulk
}
"""A twin has the path of its entity, and may have fewer properties."""

REPORTS: dict[str, Entity] = {REPORTING_BALANCE.path: REPORTING_BALANCE}
"""What is derived from other entities' rows, and never written."""
