"""Sales invoices and their lines."""

from __future__ import annotations

from exact_sync.simulator.entity import Entity, names, properties

SALES_INVOICES = Entity(
    path="salesinvoice/SalesInvoices",
    type_name="Exact.Web.Api.Models.SalesInvoice",
    key="InvoiceID",
    properties=properties(
        """
        InvoiceID:Guid AmountDC:Double AmountDiscount:Double AmountDiscountExclVat:Double AmountFC:Double
        AmountFCExclVat:Double Created:DateTime Creator:Guid CreatorFullName:String Currency:String
        DeliverTo:Guid DeliverToAddress:Guid DeliverToContactPerson:Guid
        DeliverToContactPersonFullName:String DeliverToName:String Description:String Discount:Double
        DiscountType:Int16 Division:Int32 Document:Guid DocumentNumber:Int32 DocumentSubject:String
        DueDate:DateTime ExtraDutyAmountFC:Double GAccountAmountFC:Double IncotermAddress:String
        IncotermCode:String IncotermVersion:Int16 InvoiceDate:DateTime InvoiceNumber:Int32 InvoiceTo:Guid
        InvoiceToContactPerson:Guid InvoiceToContactPersonFullName:String InvoiceToName:String
        IsExtraDuty:Boolean Journal:String JournalDescription:String Modified:DateTime Modifier:Guid
        ModifierFullName:String OrderDate:DateTime OrderNumber:Int32 OrderedBy:Guid
        OrderedByContactPerson:Guid OrderedByContactPersonFullName:String OrderedByName:String
        PaymentCondition:String PaymentConditionDescription:String PaymentReference:String Remarks:String
        SalesChannel:Guid SalesChannelCode:String SalesChannelDescription:String Salesperson:Guid
        SalespersonFullName:String SelectionCode:Guid SelectionCodeCode:String
        SelectionCodeDescription:String ShippingMethod:Guid ShippingMethodCode:String
        ShippingMethodDescription:String StarterSalesInvoiceStatus:Int16
        StarterSalesInvoiceStatusDescription:String Status:Int16 StatusDescription:String TaxSchedule:Guid
        TaxScheduleCode:String TaxScheduleDescription:String Type:Int32 TypeDescription:String
        VATAmountDC:Double VATAmountFC:Double Warehouse:Guid WithholdingTaxAmountFC:Double
        WithholdingTaxBaseAmount:Double WithholdingTaxPercentage:Double YourRef:String
        """,
    ),
    bulk="bulk/SalesInvoice/SalesInvoices",
    filterable=names(
        """
        InvoiceID Created DeliverTo DeliverToAddress DeliverToContactPerson Description Document
        InvoiceDate InvoiceNumber InvoiceTo InvoiceToContactPerson Journal Modified OrderNumber OrderedBy
        OrderedByContactPerson PaymentReference Salesperson SelectionCode Status TaxSchedule Type
        Warehouse YourRef
        """
    ),
    short_list=False,
    navigations={
        "SalesInvoiceLines": ("salesinvoice/SalesInvoiceLines", "InvoiceID"),
        "SalesInvoiceOrderChargeLines": ("", "InvoiceID"),
    },
)

SALES_INVOICE_LINES = Entity(
    path="salesinvoice/SalesInvoiceLines",
    type_name="Exact.Web.Api.Models.SalesInvoiceLine",
    key="ID",
    properties=properties(
        """
        ID:Guid AmountDC:Double AmountFC:Double CostCenter:String CostCenterDescription:String
        CostUnit:String CostUnitDescription:String CustomField:String CustomerItemCode:String
        DeliveryDate:DateTime Description:String Discount:Double Division:Int32 Employee:Guid
        EmployeeFullName:String EndTime:DateTime ExtraDutyAmountFC:Double ExtraDutyPercentage:Double
        GLAccount:Guid GLAccountDescription:String InvoiceID:Guid Item:Guid ItemCode:String
        ItemDescription:String LineNumber:Int32 NetPrice:Double Notes:String Pricelist:Guid
        PricelistDescription:String Project:Guid ProjectDescription:String ProjectWBS:Guid
        ProjectWBSDescription:String Quantity:Double SalesOrder:Guid SalesOrderLine:Guid
        SalesOrderLineNumber:Int32 SalesOrderNumber:Int32 StartTime:DateTime Subscription:Guid
        SubscriptionDescription:String TaxSchedule:Guid TaxScheduleCode:String TaxScheduleDescription:String
        UnitCode:String UnitDescription:String UnitPrice:Double VATAmountDC:Double VATAmountFC:Double
        VATCode:String VATCodeDescription:String VATPercentage:Double
        """,
    ),
    bulk="bulk/SalesInvoice/SalesInvoiceLines",
    filterable=names(
        """
        ID CostCenter CostUnit Description Employee GLAccount InvoiceID Item LineNumber Pricelist Project
        SalesOrder SalesOrderLine Subscription TaxSchedule VATCode
        """
    ),
    padding={"VATCode": 3},
)
