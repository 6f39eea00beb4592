"""Subscriptions to webhooks: the one thing here that a program may write, and what each topic is about."""

from __future__ import annotations

from exact_sync.simulator.entity import Entity, properties

SUBSCRIPTIONS = Entity(
    path="webhooks/WebhookSubscriptions",
    type_name="Exact.Web.Api.Models.Webhooks.WebhookSubscription",
    key="ID",
    properties=properties(
        """
        ID:Guid CallbackURL:String ClientID:Guid Created:DateTime Creator:Guid CreatorFullName:String
        Description:String Division:Int32 IsInstant:Boolean Topic:String UserID:Guid
        """,
    ),
)

_LEDGER = ("financialtransaction/Transactions", "financialtransaction/TransactionLines")
LEDGER_TOPICS = {
    (20, 20): "SalesEntries",
    (21, 20): "SalesEntries",
    (30, 22): "PurchaseEntries",
    (31, 22): "PurchaseEntries",
    (40, 10): "CashEntries",
    (40, 12): "BankEntries",
}
"""Type of a transaction and of its journal -> the topic that tells of it; others: GeneralJournalEntries."""

TOPICS: dict[str, tuple[str, ...]] = {
    "Accounts": ("crm/Accounts",),
    "BankAccounts": ("crm/BankAccounts",),
    "BankEntries": ("financialtransaction/BankEntries", "financialtransaction/BankEntryLines", *_LEDGER),
    "CashEntries": ("financialtransaction/CashEntries", "financialtransaction/CashEntryLines", *_LEDGER),
    "Contacts": ("crm/Contacts",),
    "CostTransactions": ("project/CostTransactions",),
    "DocumentAttachments": ("documents/DocumentAttachments",),
    "Documents": ("documents/Documents",),
    "FinancialTransactions": _LEDGER,
    "GLAccounts": ("financial/GLAccounts",),
    "GeneralJournalEntries": (
        "generaljournalentry/GeneralJournalEntries",
        "generaljournalentry/GeneralJournalEntryLines",
        *_LEDGER,
    ),
    "GoodsDeliveries": ("salesorder/GoodsDeliveries", "salesorder/GoodsDeliveryLines"),
    "HostingOpportunities": (),
    "Items": ("logistics/Items",),
    "JournalStatusList": (),
    "MailMessageAttachments": (),
    "MailMessagesSent": (),
    "Opportunities": ("crm/Opportunities",),
    "ProjectPlanning": ("project/ProjectPlanning",),
    "PurchaseEntries": ("purchaseentry/PurchaseEntries", "purchaseentry/PurchaseEntryLines", *_LEDGER),
    "PurchaseOrders": ("purchaseorder/PurchaseOrders", "purchaseorder/PurchaseOrderLines"),
    "Quotations": ("crm/Quotations", "crm/QuotationLines"),
    "SalesEntries": ("salesentry/SalesEntries", "salesentry/SalesEntryLines", *_LEDGER),
    "SalesInvoices": ("salesinvoice/SalesInvoices", "salesinvoice/SalesInvoiceLines"),
    "SalesOrders": ("salesorder/SalesOrders", "salesorder/SalesOrderLines"),
    "StockPositions": ("sync/Inventory/StockPositions",),
    "Subscriptions": ("subscription/Subscriptions", "subscription/SubscriptionLines"),
    "TimeTransactions": ("project/TimeTransactions",),
}
"""Topic -> the paths whose rows it tells of, headers and lines alike; the simulator keeps no rows of some."""
