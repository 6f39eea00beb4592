"""What Exact's webhooks are about: which resources to look at when a topic speaks.

Left out are resources that are read once a day: many pages, and no way to ask for what is new.
"""

from collections.abc import Collection

_LEDGER = ("transaction_lines", "financial_transactions")

TOPICS: dict[str, tuple[str, ...]] = {
    "Accounts": ("customers",),
    "BankAccounts": ("bank_accounts",),
    "BankEntries": (*_LEDGER, "payments", "receivables", "payment_terms", "bank_entries", "bank_entry_lines"),
    "CashEntries": (*_LEDGER, "payments", "receivables", "payment_terms", "cash_entries", "cash_entry_lines"),
    "Contacts": ("contacts",),
    "CostTransactions": ("cost_transactions",),
    "DocumentAttachments": ("document_attachments",),
    "Documents": ("documents",),
    "FinancialTransactions": _LEDGER,
    "GLAccounts": ("gl_accounts",),
    "GeneralJournalEntries": (*_LEDGER, "general_journal_entries", "general_journal_entry_lines"),
    "GoodsDeliveries": ("goods_deliveries", "goods_delivery_lines"),
    "Items": ("items",),
    "Opportunities": ("opportunities",),
    "ProjectPlanning": ("project_planning",),
    "PurchaseEntries": (*_LEDGER, "purchase_entries", "payments", "payment_terms"),
    "PurchaseOrders": ("purchase_orders", "purchase_order_lines"),
    "Quotations": ("quotations", "quotation_lines"),
    "SalesEntries": (*_LEDGER, "sales_entries", "receivables", "payment_terms"),
    "SalesInvoices": ("sales_invoices", "sales_invoice_lines"),
    "SalesOrders": ("sales_orders", "sales_order_lines"),
    "StockPositions": ("stock_positions",),
    "Subscriptions": ("subscriptions", "subscription_lines"),
    "TimeTransactions": ("time_transactions",),
}
"""Exact publishes no complete list; these are named in its reference or known to work."""

UNDERSTOOD_ONLY = frozenset({"FinancialTransactions"})
"""An older topic: five others tell the same, so nobody subscribes to it unless asked to."""


def concerned(on: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Each topic that tells of some of these resources, and which."""
    found = {topic: tuple(name for name in names if name in on) for topic, names in TOPICS.items()}
    return {topic: names for topic, names in found.items() if names}
