"""The ledger: accounts, journals, entries with their lines, payments."""

from __future__ import annotations

from exact_sync.simulator.entity import CODE, Entity, names, properties

GL_ACCOUNTS = Entity(
    path="financial/GLAccounts",
    type_name="Exact.Web.Api.Models.GLAccount",
    key="ID",
    properties=properties(
        """
        ID:Guid AllowCostsInSales:Byte AssimilatedVATBox:Int16 BalanceSide:String BalanceType:String
        BelcotaxType:Int32 Code:String Compress:Boolean Costcenter:String CostcenterDescription:String
        Costunit:String CostunitDescription:String Created:DateTime Creator:Guid CreatorFullName:String
        CustomField:String Description:String DescriptionTermID:Int32 Division:Int32 ExcludeVATListing:Byte
        ExpenseNonDeductiblePercentage:Double IsBlocked:Boolean Matching:Boolean Modified:DateTime
        Modifier:Guid ModifierFullName:String PrivateGLAccount:Guid PrivatePercentage:Double
        ReportingCode:String RevalueCurrency:Boolean SearchCode:String Type:Int32 TypeDescription:String
        UseCostcenter:Byte UseCostunit:Byte VATCode:String VATDescription:String VATGLAccountType:String
        VATNonDeductibleGLAccount:Guid VATNonDeductiblePercentage:Double VATSystem:String
        YearEndCostGLAccount:Guid YearEndReflectionGLAccount:Guid
        """,
    ),
    bulk="bulk/Financial/GLAccounts",
    padding={"VATCode": 3},
    navigations={"DeductibilityPercentages": ("", "GLAccount")},
)

JOURNALS = Entity(
    path="financial/Journals",
    type_name="Exact.Web.Api.Models.Financial.Journal",
    key="ID",
    properties=properties(
        """
        ID:Guid AllowVAT:Boolean AllowVariableCurrency:Boolean AllowVariableExchangeRate:Boolean
        AutoSave:Boolean Bank:Guid BankAccountBICCode:String BankAccountCountry:String
        BankAccountDescription:String BankAccountIBAN:String BankAccountID:Guid
        BankAccountIncludingMask:String BankAccountUseSEPA:Boolean BankAccountUseSepaDirectDebit:Boolean
        BankName:String Code:String Created:DateTime Creator:Guid CreatorFullName:String Currency:String
        CurrencyDescription:String CustomField:String Description:String Division:Int32 GLAccount:Guid
        GLAccountCode:String GLAccountDescription:String GLAccountType:Int32 IsBlocked:Boolean
        Modified:DateTime Modifier:Guid ModifierFullName:String PaymentInTransitAccount:Guid
        PaymentServiceAccountIdentifier:String PaymentServiceProvider:Int32
        PaymentServiceProviderName:String Type:Int32
        """,
    ),
    padding={"BankAccountCountry": 3},
    zero_guids=frozenset({"PaymentInTransitAccount"}),
)

TRANSACTIONS = Entity(
    path="financialtransaction/Transactions",
    type_name="Exact.Web.Api.Models.Financial.Transaction",
    key="EntryID",
    properties=properties(
        """
        EntryID:Guid ClosingBalanceFC:Double Created:DateTime Date:DateTime Description:String
        Division:Int32 Document:Guid DocumentNumber:Int32 DocumentSubject:String EntryNumber:Int32
        ExternalLinkDescription:String ExternalLinkReference:String FinancialPeriod:Int16
        FinancialYear:Int16 IsExtraDuty:Boolean JournalCode:String JournalDescription:String
        Modified:DateTime OpeningBalanceFC:Double PaymentConditionCode:String
        PaymentConditionDescription:String PaymentReference:String Status:Int16 StatusDescription:String
        Type:Int32 TypeDescription:String
        """,
    ),
    zero_guids=frozenset({"Document"}),
    navigations={"TransactionLines": ("financialtransaction/TransactionLines", "EntryID")},
)

TRANSACTION_LINES = Entity(
    path="financialtransaction/TransactionLines",
    type_name="Exact.Web.Api.Models.Financial.TransactionLine",
    key="ID",
    properties=properties(
        """
        ID:Guid Account:Guid AccountCode:String AccountName:String AmountDC:Double AmountFC:Double
        AmountVATBaseFC:Double AmountVATFC:Double Asset:Guid AssetCode:String AssetDescription:String
        CostCenter:String CostCenterDescription:String CostUnit:String CostUnitDescription:String
        Created:DateTime Creator:Guid CreatorFullName:String Currency:String CustomField:String
        Date:DateTime Description:String Division:Int32 Document:Guid DocumentNumber:Int32
        DocumentSubject:String DueDate:DateTime EntryID:Guid EntryNumber:Int32 ExchangeRate:Double
        ExternalLinkDescription:String ExternalLinkReference:String ExtraDutyAmountFC:Double
        ExtraDutyPercentage:Double FinancialPeriod:Int16 FinancialYear:Int16 GLAccount:Guid
        GLAccountCode:String GLAccountDescription:String InvoiceNumber:Int32 Item:Guid ItemCode:String
        ItemDescription:String JournalCode:String JournalDescription:String LineNumber:Int32 LineType:Int16
        Modified:DateTime Modifier:Guid ModifierFullName:String Notes:String OffsetID:Guid OrderNumber:Int32
        PaymentDiscountAmount:Double PaymentReference:String Project:Guid ProjectCode:String
        ProjectDescription:String Quantity:Double SerialNumber:String ShopOrder:Guid Status:Int16
        Subscription:Guid SubscriptionDescription:String TrackingNumber:String
        TrackingNumberDescription:String Type:Int32 VATCode:String VATCodeDescription:String
        VATPercentage:Double VATType:String YourRef:String
        """,
    ),
    bulk="bulk/Financial/TransactionLines",
    filterable=names(
        """
        ID Account AccountCode Asset CostCenter CostUnit Date Description Document EntryID EntryNumber
        FinancialPeriod FinancialYear GLAccount GLAccountCode InvoiceNumber Item JournalCode Modified
        OffsetID OrderNumber Project ProjectCode ShopOrder Status Subscription Type VATCode VATType
        YourRef
        """
    ),
    bulk_select_required=False,
    padding={"AccountCode": CODE, "VATCode": 3},
)

PAYMENTS = Entity(
    path="cashflow/Payments",
    type_name="Exact.Web.Api.Models.Cashflow.Payment",
    key="ID",
    properties=properties(
        """
        ID:Guid Account:Guid AccountBankAccountID:Guid AccountBankAccountNumber:String AccountCode:String
        AccountContact:Guid AccountContactName:String AccountName:String AmountDC:Double
        AmountDiscountDC:Double AmountDiscountFC:Double AmountFC:Double BankAccountID:Guid
        BankAccountNumber:String CashflowTransactionBatchCode:String Created:DateTime Creator:Guid
        CreatorFullName:String Currency:String Description:String DiscountDueDate:DateTime Division:Int32
        Document:Guid DocumentNumber:Int32 DocumentSubject:String DueDate:DateTime EndDate:DateTime
        EndPeriod:Int16 EndYear:Int16 EntryDate:DateTime EntryID:Guid EntryNumber:Int32 GLAccount:Guid
        GLAccountCode:String GLAccountDescription:String InvoiceDate:DateTime InvoiceNumber:Int32
        IsBatchBooking:Byte Journal:String JournalDescription:String Modified:DateTime Modifier:Guid
        ModifierFullName:String PaymentBatchNumber:Int32 PaymentCondition:String
        PaymentConditionDescription:String PaymentDays:Int32 PaymentDaysDiscount:Int32
        PaymentDiscountPercentage:Double PaymentMethod:String PaymentReference:String
        PaymentSelected:DateTime PaymentSelector:Guid PaymentSelectorFullName:String RateFC:Double
        Source:Int32 Status:Int16 TransactionAmountDC:Double TransactionAmountFC:Double
        TransactionDueDate:DateTime TransactionEntryID:Guid TransactionID:Guid TransactionIsReversal:Boolean
        TransactionReportingPeriod:Int16 TransactionReportingYear:Int16 TransactionStatus:Int16
        TransactionType:Int32 YourRef:String
        """,
    ),
    bulk="bulk/Cashflow/Payments",
    padding={"AccountCode": CODE},
    zero_guids=frozenset({"PaymentSelector"}),
    bulk_unfilterable=frozenset({"Modified"}),
)

REPORTING_BALANCE = Entity(
    path="financial/ReportingBalance",
    type_name="Exact.Web.Api.Models.Financial.ReportingBalance",
    key="ID",
    properties=properties(
        """
        ID:Int64 Amount:Double AmountCredit:Double AmountDebit:Double BalanceType:String
        CostCenterCode:String CostCenterDescription:String CostUnitCode:String
        CostUnitDescription:String Count:Int32 Division:Int32 GLAccount:Guid GLAccountCode:String
        GLAccountDescription:String ReportingPeriod:Int32 ReportingYear:Int32 Status:Int32 Type:Int32
        """,
    ),
    # No list is published; programs are seen to filter on codes, types, years and periods.
    filterable=frozenset(
        [
            "ID",
            "BalanceType",
            "CostCenterCode",
            "CostUnitCode",
            "Division",
            "GLAccount",
            "GLAccountCode",
            "ReportingPeriod",
            "ReportingYear",
            "Status",
            "Type",
        ]
    ),
)
