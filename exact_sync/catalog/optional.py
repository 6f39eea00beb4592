"""Resources that are off unless the settings switch them on, by the rooms of Exact's menu."""

from exact_sync.catalog.entry import entry
from exact_sync.catalog.resource import Bulk, Resource, Strategy


def _short(name: str, endpoint: str) -> Resource:
    """A short list: reading it whole costs a call, and shows what was removed."""
    return entry(name, endpoint, strategy=Strategy.SNAPSHOT)


_RELATIONS = (
    entry(
        "addresses",
        "crm/Addresses",
        bulk=Bulk("bulk/CRM/Addresses", False),
        sync="sync/CRM/Addresses",
        entity_type=3,
    ),
    entry("bank_accounts", "crm/BankAccounts"),
    _short("account_classes", "crm/AccountClasses"),
    _short("account_classifications", "crm/AccountClassifications"),
    entry("opportunities", "crm/Opportunities"),
    entry("tasks", "activities/Tasks"),
    entry("events", "activities/Events"),
    entry("complaints", "activities/Complaints"),
)
# The bulk twins of these lines lack columns that the endpoints have, so they are not used.
_SALES = (
    entry(
        "quotations",
        "crm/Quotations",
        bulk=Bulk("bulk/CRM/Quotations", False),
        sync="sync/CRM/QuotationHeaders",
        entity_type=34,
    ),
    entry(
        "quotation_lines",
        "crm/QuotationLines",
        sync="sync/CRM/QuotationLines",
        entity_type=35,
        strategy=Strategy.ROW_VERSION,
    ),
    entry(
        "sales_order_lines",
        "salesorder/SalesOrderLines",
        sync="sync/SalesOrder/SalesOrderLines",
        entity_type=33,
        strategy=Strategy.ROW_VERSION,
    ),
    entry(
        "goods_deliveries",
        "salesorder/GoodsDeliveries",
        bulk=Bulk("bulk/SalesOrder/GoodsDeliveries", False),
        sync="sync/SalesOrder/GoodsDeliveries",
        entity_type=16,
    ),
    entry(
        "goods_delivery_lines",
        "salesorder/GoodsDeliveryLines",
        sync="sync/SalesOrder/GoodsDeliveryLines",
        entity_type=17,
    ),
    entry("sales_entries", "salesentry/SalesEntries"),
    entry("sales_entry_lines", "salesentry/SalesEntryLines", daily=True),
    _short("sales_channels", "sales/SalesChannels"),
    _short("shipping_methods", "sales/ShippingMethods"),
    entry("sales_price_lists", "sales/SalesPriceLists"),
    entry("sales_price_list_details", "sales/SalesPriceListDetails"),
    entry(
        "sales_price_list_volume_discounts",
        "sales/SalesPriceListVolumeDiscounts",
        sync="sync/Sales/SalesPriceListVolumeDiscounts",
        entity_type=31,
    ),
    entry(
        "subscriptions", "subscription/Subscriptions", sync="sync/Subscription/Subscriptions", entity_type=23
    ),
    entry(
        "subscription_lines",
        "subscription/SubscriptionLines",
        sync="sync/Subscription/SubscriptionLines",
        entity_type=24,
    ),
    _short("subscription_types", "subscription/SubscriptionTypes"),
)
_PURCHASE = (
    entry("purchase_orders", "purchaseorder/PurchaseOrders"),
    entry("purchase_order_lines", "purchaseorder/PurchaseOrderLines", entity_type=22),
    entry("purchase_invoices", "purchase/PurchaseInvoices"),
    entry("purchase_invoice_lines", "purchase/PurchaseInvoiceLines"),
    entry("purchase_entry_lines", "purchaseentry/PurchaseEntryLines", daily=True),
    entry("goods_receipts", "purchaseorder/GoodsReceipts"),
    entry("goods_receipt_lines", "purchaseorder/GoodsReceiptLines"),
    entry("purchase_returns", "purchaseorder/PurchaseReturns"),
)
_GOODS = (
    entry("units", "logistics/Units"),
    entry(
        "sales_item_prices",
        "logistics/SalesItemPrices",
        bulk=Bulk("bulk/Logistics/SalesItemPrices", False),
        sync="sync/Logistics/SalesItemPrices",
        entity_type=8,
    ),
    entry("purchase_item_prices", "sync/Logistics/PurchaseItemPrices"),
    entry("supplier_items", "logistics/SupplierItem", sync="sync/Logistics/SupplierItem", entity_type=30),
    entry("customer_items", "logistics/CustomerItems"),
    _short("warehouses", "inventory/Warehouses"),
    entry("storage_locations", "inventory/StorageLocations"),
    entry(
        "item_warehouses", "inventory/ItemWarehouses", sync="sync/Inventory/ItemWarehouses", entity_type=19
    ),
    entry("stock_positions", "sync/Inventory/StockPositions", entity_type=15),
    entry("storage_location_stock_positions", "sync/Inventory/StorageLocationStockPositions", entity_type=20),
    entry("batch_numbers", "inventory/BatchNumbers"),
    entry("serial_numbers", "inventory/SerialNumbers"),
    entry("stock_counts", "inventory/StockCounts"),
    entry("warehouse_transfers", "inventory/WarehouseTransfers"),
    entry("shop_orders", "manufacturing/ShopOrders", sync="sync/Manufacturing/ShopOrders", entity_type=36),
    entry(
        "bill_of_material_versions",
        "manufacturing/BillOfMaterialVersions",
        sync="sync/Manufacturing/BillOfMaterialVersions",
        entity_type=55,
    ),
    entry(
        "bill_of_material_materials",
        "manufacturing/BillOfMaterialMaterials",
        sync="sync/Manufacturing/BillOfMaterialMaterials",
        entity_type=54,
    ),
)
_PROJECTS = (
    entry("projects", "project/Projects", sync="sync/Project/Projects", entity_type=21),
    entry("project_wbs", "sync/Project/ProjectWBS", entity_type=25),
    entry("project_planning", "project/ProjectPlanning", sync="sync/Project/ProjectPlanning", entity_type=26),
    entry("time_transactions", "project/TimeTransactions", entity_type=14),
    entry("cost_transactions", "project/CostTransactions", entity_type=14),
    entry("invoice_terms", "project/InvoiceTerms"),
    entry("project_hour_budgets", "project/ProjectHourBudgets"),
)
_FINANCE = (
    entry("budgets", "budget/Budgets"),
    entry("exchange_rates", "financial/ExchangeRates"),
    _short("cost_centers", "hrm/Costcenters"),
    _short("cost_units", "hrm/Costunits"),
    entry("bank_entries", "financialtransaction/BankEntries"),
    entry("bank_entry_lines", "financialtransaction/BankEntryLines"),
    entry("cash_entries", "financialtransaction/CashEntries"),
    entry("cash_entry_lines", "financialtransaction/CashEntryLines"),
    entry("general_journal_entries", "generaljournalentry/GeneralJournalEntries"),
    entry("general_journal_entry_lines", "generaljournalentry/GeneralJournalEntryLines"),
    _short("payment_conditions", "cashflow/PaymentConditions"),
    entry("payment_terms", "sync/Cashflow/PaymentTerms", entity_type=10),
    entry("direct_debit_mandates", "cashflow/DirectDebitMandates"),
    _short("banks", "cashflow/Banks"),
    _short("gl_schemes", "financial/GLSchemes"),
    entry("gl_transaction_types", "financial/GLTransactionTypes"),
    _short("vat_percentages", "vat/VatPercentages"),
    _short("currencies", "general/Currencies"),
    entry("assets", "assets/Assets"),
    _short("asset_groups", "assets/AssetGroups"),
)
_PEOPLE = (
    entry("employees", "payroll/Employees", sync="sync/Payroll/Employees", entity_type=42),
    entry("employments", "payroll/Employments", sync="sync/Payroll/Employments", entity_type=43),
    entry(
        "employment_contracts",
        "payroll/EmploymentContracts",
        sync="sync/Payroll/EmploymentContracts",
        entity_type=44,
    ),
    entry(
        "employment_salaries",
        "payroll/EmploymentSalaries",
        sync="sync/Payroll/EmploymentSalaries",
        entity_type=47,
    ),
    _short("departments", "hrm/Departments"),
    _short("job_titles", "hrm/JobTitles"),
    entry(
        "leave_registrations", "hrm/LeaveRegistrations", sync="sync/HRM/LeaveRegistrations", entity_type=56
    ),
)
_PAPERS = (
    _short("document_types", "documents/DocumentTypes"),
    _short("document_folders", "documents/DocumentFolders"),
    _short("document_categories", "documents/DocumentCategories"),
)

OPTIONAL: tuple[Resource, ...] = (
    *_RELATIONS, *_SALES, *_PURCHASE, *_GOODS, *_PROJECTS, *_FINANCE, *_PEOPLE, *_PAPERS,
)  # fmt: skip
