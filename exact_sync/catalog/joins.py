"""By which properties people join and filter: each has an index of its own, together with the division.

Few, because each is paid for with every row that comes (docs/performance.md, "Indexes"). Nothing of ours
asks by them; whoever needs another one makes it, and it stays.
"""

JOINED: dict[str, tuple[str, ...]] = {
    "contacts": ("Account",),
    "sales_invoices": ("InvoiceDate", "InvoiceTo"),
    "sales_invoice_lines": ("InvoiceID",),
    "payments": ("Account",),
    "receivables": ("Account",),
    "transaction_lines": ("EntryID", "GLAccount"),
}
