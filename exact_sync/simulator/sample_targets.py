"""Which property of a plain endpoint refers to which rows."""

from __future__ import annotations

from exact_sync.simulator.entity import Entity
from exact_sync.simulator.schema import TABLES

LABELS = ("Code", "Name", "Description", "FullName", "Subject")
"""AccountName stands beside Account, ItemDescription beside Item, …"""

_BY_GUID = {
    "crm/Accounts": "Account Customer DeliverTo DeliveryAccount InvoiceAccount InvoiceTo OrderAccount"
    " OrderedBy ProjectAccount Reseller SubscriptionAccount Supplier",
    "crm/Contacts": "AccountContact Contact ContactPerson DeliverToContactPerson DeliveryAccountContact"
    " DeliveryContact InvoiceAccountContact InvoiceToContactPerson OrderAccountContact"
    " OrderedByContactPerson SupplierContact",
    "crm/Addresses": "DeliveryAddress InvoiceAddress SupplierAddress",
    "crm/Opportunities": "Opportunity",
    "crm/Quotations": "QuotationID SourceQuotation",
    "documents/Documents": "BankStatementDocument Document",
    "financial/GLAccounts": "GLAccount GLAccountAssets GLAccountDepreciationBS GLAccountDepreciationPL"
    " GLAccountRevaluationBS GLDiscountPurchase GLDiscountSales GLToClaim GLToPay OffsetGLInventory",
    "financialtransaction/TransactionLines": "GLTransactionLine",
    "logistics/ItemGroups": "ItemGroup",
    "logistics/Items": "DefaultItem FixedPriceItem Item ItemId PartItem PrepaidItem",
    "inventory/StorageLocations": "DefaultStorageLocation StorageLocation",
    "inventory/Warehouses": "Warehouse WarehouseFrom WarehouseID WarehouseTo",
    "assets/Assets": "Asset",
    "assets/AssetGroups": "AssetGroup",
    "manufacturing/ShopOrders": "ShopOrder ShopOrderMain ShopOrderParent",
    "payroll/Employees": "Employee",
    "payroll/Employments": "Employment",
    "project/Projects": "Project",
    "purchaseorder/PurchaseOrders": "PurchaseOrder PurchaseOrderID",
    "purchaseorder/PurchaseOrderLines": "PurchaseOrderLine PurchaseOrderLineID",
    "purchaseorder/GoodsReceipts": "GoodsReceiptID",
    "sales/SalesChannels": "SalesChannel",
    "sales/ShippingMethods": "ShippingMethod",
    "salesorder/SalesOrders": "OrderID SalesOrder",
    "salesorder/SalesOrderLines": "SalesOrderLine SalesOrderLineID",
    "subscription/Subscriptions": "Subscription",
    "subscription/SubscriptionTypes": "SubscriptionType",
    "cashflow/DirectDebitMandates": "DirectDebitMandate",
    "vat/VATCodes": "VATCodeID",
}
_BY_CODE = {
    "cashflow/PaymentConditions": "PaymentCondition",
    "financial/Journals": "Journal",
    "general/Currencies": "Currency SourceCurrency TargetCurrency",
    "hrm/Costcenters": "CostCenter Costcenter",
    "hrm/Costunits": "CostUnit Costunit",
    "logistics/Units": "ItemUnit Unit",
    "vat/VATCodes": "VATCode PurchaseVATCode",
}
_GUIDS = {name: path for path, names in _BY_GUID.items() for name in names.split()}
_CODES = {name: path for path, names in _BY_CODE.items() for name in names.split()}
_HEADERS = {
    "salesentry/SalesEntryLines": "salesentry/SalesEntries",
    "salesorder/GoodsDeliveryLines": "salesorder/GoodsDeliveries",
    "subscription/SubscriptionLines": "subscription/Subscriptions",
    "purchaseentry/PurchaseEntryLines": "purchaseentry/PurchaseEntries",
    "financialtransaction/BankEntryLines": "financialtransaction/BankEntries",
    "financialtransaction/CashEntryLines": "financialtransaction/CashEntries",
    "generaljournalentry/GeneralJournalEntryLines": "generaljournalentry/GeneralJournalEntries",
}
"""Whose EntryID is meant."""


def target(path: str, name: str, edm: str) -> tuple[str, str] | None:
    """Where a property's values come from: a path and a property there."""
    aim: str | None = None
    if edm == "Guid":
        aim = _HEADERS.get(path) if name == "EntryID" else _GUIDS.get(name)
    elif edm == "String" and name in _CODES:
        return _CODES[name], "Code"
    if aim is None:
        return None
    entity: Entity = TABLES[aim]
    return aim, entity.key
