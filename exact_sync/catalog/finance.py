"""The books: payments, entries, accounts, journals."""

from exact_sync.catalog.entry import entry
from exact_sync.catalog.reference import feed
from exact_sync.catalog.resource import Bulk, Resource, Strategy, columns

PAYMENTS = Resource(
    name="payments",
    endpoint="cashflow/Payments",
    key="ID",
    strategy=Strategy.MODIFIED,
    bulk=Bulk("bulk/Cashflow/Payments", filters_modified=False),
    columns=columns("""
        ID:Guid Account:Guid AccountBankAccountID:Guid AccountBankAccountNumber AccountCode
        AccountContact:Guid AccountContactName AccountName AmountDC:Double AmountDiscountDC:Double
        AmountDiscountFC:Double AmountFC:Double BankAccountID:Guid BankAccountNumber
        CashflowTransactionBatchCode Created:DateTime Creator:Guid CreatorFullName Currency Description
        DiscountDueDate:DateTime Division:Int32 Document:Guid DocumentNumber:Int32 DocumentSubject
        DueDate:DateTime EndDate:DateTime EndPeriod:Int16 EndYear:Int16 EntryDate:DateTime EntryID:Guid
        EntryNumber:Int32 GLAccount:Guid GLAccountCode GLAccountDescription InvoiceDate:DateTime
        InvoiceNumber:Int32 IsBatchBooking:Byte Journal JournalDescription Modified:DateTime Modifier:Guid
        ModifierFullName PaymentBatchNumber:Int32 PaymentCondition PaymentConditionDescription
        PaymentDays:Int32 PaymentDaysDiscount:Int32 PaymentDiscountPercentage:Double PaymentMethod
        PaymentReference PaymentSelected:DateTime PaymentSelector:Guid PaymentSelectorFullName
        RateFC:Double Source:Int32 Status:Int16 TransactionAmountDC:Double TransactionAmountFC:Double
        TransactionDueDate:DateTime TransactionEntryID:Guid TransactionID:Guid
        TransactionIsReversal:Boolean TransactionReportingPeriod:Int16 TransactionReportingYear:Int16
        TransactionStatus:Int16 TransactionType:Int32 YourRef
    """),
)

FINANCIAL_TRANSACTIONS = Resource(
    name="financial_transactions",
    endpoint="financialtransaction/Transactions",
    key="EntryID",
    strategy=Strategy.DATE_WINDOWS,
    date="Date",
    columns=columns("""
        EntryID:Guid ClosingBalanceFC:Double Created:DateTime Date:DateTime Description Division:Int32
        Document:Guid DocumentNumber:Int32 DocumentSubject EntryNumber:Int32 ExternalLinkDescription
        ExternalLinkReference FinancialPeriod:Int16 FinancialYear:Int16 IsExtraDuty:Boolean JournalCode
        JournalDescription Modified:DateTime OpeningBalanceFC:Double PaymentConditionCode
        PaymentConditionDescription PaymentReference Status:Int16 StatusDescription Type:Int32
        TypeDescription
    """),
)

_GL_ACCOUNTS = columns("""
    ID:Guid AllowCostsInSales:Byte AssimilatedVATBox:Int16 BalanceSide BalanceType BelcotaxType:Int32
    Code Compress:Boolean Costcenter CostcenterDescription Costunit CostunitDescription
    Created:DateTime Creator:Guid CreatorFullName CustomField Description DescriptionTermID:Int32
    Division:Int32 ExcludeVATListing:Byte ExpenseNonDeductiblePercentage:Double IsBlocked:Boolean
    Matching:Boolean Modified:DateTime Modifier:Guid ModifierFullName PrivateGLAccount:Guid
    PrivatePercentage:Double ReportingCode RevalueCurrency:Boolean SearchCode Type:Int32
    TypeDescription UseCostcenter:Byte UseCostunit:Byte VATCode VATDescription VATGLAccountType
    VATNonDeductibleGLAccount:Guid VATNonDeductiblePercentage:Double VATSystem
    YearEndCostGLAccount:Guid YearEndReflectionGLAccount:Guid
""")

GL_ACCOUNTS = Resource(
    name="gl_accounts",
    endpoint="financial/GLAccounts",
    key="ID",
    strategy=Strategy.SNAPSHOT,
    bulk=Bulk("bulk/Financial/GLAccounts"),
    columns=_GL_ACCOUNTS,
    feed=feed("sync/Financial/GLAccounts", _GL_ACCOUNTS),
    entity_type=7,
)

JOURNALS = Resource(
    name="journals",
    endpoint="financial/Journals",
    key="ID",
    strategy=Strategy.SNAPSHOT,
    columns=columns("""
        ID:Guid AllowVAT:Boolean AllowVariableCurrency:Boolean AllowVariableExchangeRate:Boolean
        AutoSave:Boolean Bank:Guid BankAccountBICCode BankAccountCountry BankAccountDescription
        BankAccountIBAN BankAccountID:Guid BankAccountIncludingMask BankAccountUseSEPA:Boolean
        BankAccountUseSepaDirectDebit:Boolean BankName Code Created:DateTime Creator:Guid CreatorFullName
        Currency CurrencyDescription CustomField Description Division:Int32 GLAccount:Guid GLAccountCode
        GLAccountDescription GLAccountType:Int32 IsBlocked:Boolean Modified:DateTime Modifier:Guid
        ModifierFullName PaymentInTransitAccount:Guid PaymentServiceAccountIdentifier
        PaymentServiceProvider:Int32 PaymentServiceProviderName Type:Int32
    """),
)

TRANSACTION_LINES = entry(
    "transaction_lines",
    "financialtransaction/TransactionLines",
    bulk="bulk/Financial/TransactionLines",
    sync="sync/Financial/TransactionLines",
    entity_type=1,
    date="Date",
    strategy=Strategy.ROW_VERSION,
    default=True,
)
PURCHASE_ENTRIES = entry("purchase_entries", "purchaseentry/PurchaseEntries", default=True)
RECEIVABLES = entry(
    "receivables", "cashflow/Receivables", bulk=Bulk("bulk/Cashflow/Receivables", False), default=True
)
VAT_CODES = entry("vat_codes", "vat/VATCodes", strategy=Strategy.SNAPSHOT, default=True)
FINANCIAL_PERIODS = entry(
    "financial_periods", "financial/FinancialPeriods", strategy=Strategy.SNAPSHOT, default=True
)
GL_CLASSIFICATIONS = entry(
    "gl_classifications",
    "financial/GLClassifications",
    bulk="bulk/Financial/GLClassifications",
    sync="sync/Financial/GLClassifications",
    entity_type=18,
    strategy=Strategy.SNAPSHOT,
    default=True,
)
GL_ACCOUNT_CLASSIFICATION_MAPPINGS = entry(
    "gl_account_classification_mappings", "financial/GLAccountClassificationMappings", default=True
)
REPORTING_BALANCE = entry("reporting_balance", "financial/ReportingBalance", default=True, daily=True)
