"""A few questions that a company asks of its books, as they are asked in SQL."""

from collections.abc import Iterable

QUERIES: dict[str, str] = {
    "Turnover excluding VAT, by quarter, in the company's own currency": """
        SELECT d.description AS company, to_char(i.invoice_date, 'YYYY "Q"Q') AS quarter,
               count(*) AS invoices, round(sum(i.amount_dc - i.vat_amount_dc), 2) AS turnover
        FROM exact.sales_invoices i JOIN exact.divisions d ON d.code = i.division
        WHERE i._deleted_at IS NULL AND i.status = 50
          AND i.invoice_date >= date_trunc('quarter', now()) - interval '9 months'
        GROUP BY 1, 2 ORDER BY 1, 2
    """,
    "The five best customers": """
        SELECT c.name AS customer, c.city, c.country, count(*) AS invoices,
               round(sum(i.amount_dc), 2) AS invoiced
        FROM exact.sales_invoices i
        JOIN exact.customers c ON (c.division, c.id) = (i.division, i.invoice_to)
        WHERE i._deleted_at IS NULL
        GROUP BY 1, 2, 3 ORDER BY invoiced DESC LIMIT 5
    """,
    "The bills that have waited longest to be paid": """
        SELECT p.account_name AS supplier, p.due_date::text AS due, p.currency,
               count(*) AS bills, round(sum(p.amount_dc), 2) AS amount
        FROM exact.payments p
        WHERE p._deleted_at IS NULL AND p.status = 20
        GROUP BY 1, 2, 3 ORDER BY 2 LIMIT 5
    """,
    "Entries in the ledger this year, by journal": """
        SELECT t.journal_code AS journal, t.journal_description AS description, count(*) AS entries,
               max(t.date)::text AS last
        FROM exact.financial_transactions t
        WHERE t._deleted_at IS NULL AND t.financial_year = extract(year FROM now())
        GROUP BY 1, 2 ORDER BY 1
    """,
}
"""Titles and queries; readers will copy them, so they leave out what was deleted at Exact."""


def count_query(tables: Iterable[str]) -> str:
    """Rows per table."""
    parts = (f"SELECT 'exact.{name}' AS table, count(*) AS rows FROM exact.{name}" for name in tables)  # noqa: S608
    return " UNION ALL ".join(parts)
