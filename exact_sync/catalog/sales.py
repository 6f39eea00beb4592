"""What was invoiced."""

from exact_sync.catalog.entry import entry
from exact_sync.catalog.resource import Bulk, Resource, Strategy, columns

SALES_INVOICES = Resource(
    name="sales_invoices",
    endpoint="salesinvoice/SalesInvoices",
    key="InvoiceID",
    strategy=Strategy.MODIFIED,
    bulk=Bulk("bulk/SalesInvoice/SalesInvoices"),
    entity_type=13,
    columns=columns("""
        InvoiceID:Guid AmountDC:Double AmountDiscount:Double AmountDiscountExclVat:Double AmountFC:Double
        AmountFCExclVat:Double Created:DateTime Creator:Guid CreatorFullName Currency DeliverTo:Guid
        DeliverToAddress:Guid DeliverToContactPerson:Guid DeliverToContactPersonFullName DeliverToName
        Description Discount:Double DiscountType:Int16 Division:Int32 Document:Guid DocumentNumber:Int32
        DocumentSubject DueDate:DateTime ExtraDutyAmountFC:Double GAccountAmountFC:Double IncotermAddress
        IncotermCode IncotermVersion:Int16 InvoiceDate:DateTime InvoiceNumber:Int32 InvoiceTo:Guid
        InvoiceToContactPerson:Guid InvoiceToContactPersonFullName InvoiceToName IsExtraDuty:Boolean
        Journal JournalDescription Modified:DateTime Modifier:Guid ModifierFullName OrderDate:DateTime
        OrderNumber:Int32 OrderedBy:Guid OrderedByContactPerson:Guid OrderedByContactPersonFullName
        OrderedByName PaymentCondition PaymentConditionDescription PaymentReference Remarks
        SalesChannel:Guid SalesChannelCode SalesChannelDescription Salesperson:Guid SalespersonFullName
        SelectionCode:Guid SelectionCodeCode SelectionCodeDescription ShippingMethod:Guid
        ShippingMethodCode ShippingMethodDescription StarterSalesInvoiceStatus:Int16
        StarterSalesInvoiceStatusDescription Status:Int16 StatusDescription TaxSchedule:Guid
        TaxScheduleCode TaxScheduleDescription Type:Int32 TypeDescription VATAmountDC:Double
        VATAmountFC:Double Warehouse:Guid WithholdingTaxAmountFC:Double WithholdingTaxBaseAmount:Double
        WithholdingTaxPercentage:Double YourRef
    """),
)

SALES_INVOICE_LINES = entry(
    "sales_invoice_lines",
    "salesinvoice/SalesInvoiceLines",
    bulk=Bulk("bulk/SalesInvoice/SalesInvoiceLines", filters_modified=False),
    entity_type=13,
    default=True,
)
SALES_ORDERS = entry(
    "sales_orders",
    "salesorder/SalesOrders",
    bulk="bulk/SalesOrder/SalesOrders",
    sync="sync/SalesOrder/SalesOrderHeaders",
    entity_type=32,
    strategy=Strategy.MODIFIED,
    default=True,
)
