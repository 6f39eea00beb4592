"""The paths under sync/: which entity each one shows, and where its properties differ from it.

Taken from Exact's reference (state of December 2025), which lists them in alphabetical order
behind Timestamp, and names Timestamp the key; the row's own key is that of the entity all the
same: ID mostly.
"""

from __future__ import annotations

from dataclasses import dataclass

from exact_sync.simulator.endpoints import ENDPOINTS
from exact_sync.simulator.entity import Entity, properties
from exact_sync.simulator.schema_crm import ACCOUNTS, CONTACTS
from exact_sync.simulator.schema_documents import DOCUMENT_ATTACHMENTS, DOCUMENTS
from exact_sync.simulator.schema_finance import GL_ACCOUNTS, TRANSACTION_LINES
from exact_sync.simulator.schema_logistics import ITEMS
from exact_sync.simulator.schema_sales import SALES_INVOICE_LINES, SALES_INVOICES


@dataclass(frozen=True)
class Twin:
    """One path under sync/."""

    entity: Entity
    source: str | None
    """The path of the entity whose rows it shows; None: it has rows of its own."""
    mixed: bool = False
    """Whether it shows headers and lines in one stream (see `invoice_rows`)."""
    key_as_id: str = ""
    """The source's key, where the twin shows it as ID too and the source has no ID."""


def _twin(path: str, *sources: Entity, without: str = "", also: dict[str, str] | None = None) -> Twin:
    """A twin of one entity, or of headers and their lines."""
    first = sources[0]
    merged: dict[str, str] = {**(also or {})}
    for source in sources:
        merged |= {name: edm for name, edm in source.properties.items() if name not in without.split()}
    padding: dict[str, int] = {}
    for source in sources:
        padding |= {name: width for name, width in source.padding.items() if name in merged}
    name = path.rsplit("/", 1)[1]
    entity = Entity(
        path=path,
        type_name=f"Exact.Web.Api.Models.Sync.{name}",
        key="Timestamp",
        permanent_key="ID",
        properties={"Timestamp": "Int64", **dict(sorted(merged.items()))},
        padding=padding,
        zero_guids=frozenset().union(*(source.zero_guids for source in sources)) & merged.keys(),
        navigations=first.navigations if first in (ACCOUNTS, GL_ACCOUNTS) else {},
        page_size=1000,
    )
    return Twin(entity, first.path, mixed=len(sources) > 1)


DELETED = Twin(
    Entity(
        path="sync/Deleted",
        type_name="Exact.Web.Api.Models.Sync.Deleted",
        key="Timestamp",
        permanent_key="ID",
        properties=properties(
            """
            Timestamp:Int64 DeletedBy:Guid DeletedDate:DateTime Division:Int32 EntityKey:Guid
            EntityType:Int32 ID:Guid
            """,
        ),
        page_size=1000,
    ),
    source=None,
)

TWINS: dict[str, Twin] = {
    twin.entity.path: twin
    for twin in (
        _twin("sync/CRM/Accounts", ACCOUNTS),
        _twin("sync/CRM/Contacts", CONTACTS),
        _twin(
            "sync/Logistics/Items", ITEMS, without="IsBatchNumberItem IsSerialNumberItem StandardSalesPrice"
        ),
        _twin(
            "sync/Documents/Documents", DOCUMENTS, also={"ItemMaterial": "Guid", "ItemRoutingStep": "Guid"}
        ),
        _twin("sync/Documents/DocumentAttachments", DOCUMENT_ATTACHMENTS),
        _twin("sync/Financial/GLAccounts", GL_ACCOUNTS),
        _twin("sync/Financial/TransactionLines", TRANSACTION_LINES, without="ShopOrder"),
        _twin(
            "sync/SalesInvoice/SalesInvoices",
            SALES_INVOICES,
            SALES_INVOICE_LINES,
            without="SelectionCode SelectionCodeCode SelectionCodeDescription "
            "ShippingMethod ShippingMethodCode ShippingMethodDescription",
        ),
        DELETED,
    )
} | {
    endpoint.feed.path: Twin(
        endpoint.feed,
        path,
        key_as_id=""
        if "ID" in endpoint.entity.properties or "ID" not in endpoint.feed.properties
        else endpoint.entity.key,
    )
    for path, endpoint in ENDPOINTS.items()
    if endpoint.feed
}

SYNC_TIMESTAMP = Entity(
    path="read/sync/Sync/SyncTimestamp",
    type_name="Exact.Web.Api.Models.Sync.SyncTimestamp",
    key="Modified",
    properties=properties("Modified:DateTime API:String TimeStampAsBigInt:Int64"),
    select_required=False,
)

_ENDPOINTS = """
QuotationHeaders QuotationLines TransactionLines ItemStorageLocations ShopOrders
ShopOrderMaterialPlans ShopOrderRoutingStepPlans ShopOrderPurchasePlanning ShopOrderSubOrders
MaterialIssues BillOfMaterialVersions BillOfMaterialMaterials PurchaseOrders Projects
ProjectPlanning ProjectWBS TimeCostTransactions SalesInvoices GoodsDeliveries
GoodsDeliveryLines SalesOrderHeaders SalesOrderLines Subscriptions SubscriptionLines
"""
SYNC_TIMESTAMP_ENDPOINTS = frozenset(_ENDPOINTS.split())
"""What `endPoint` may name; those that are not in `TWINS` have no rows here."""
