"""Relations and the people who work there."""

from exact_sync.catalog.reference import feed
from exact_sync.catalog.resource import Bulk, Resource, Strategy, columns

_CONTACTS = columns("""
    ID:Guid Account:Guid AccountIsCustomer:Boolean AccountIsSupplier:Boolean AccountMainContact:Guid
    AccountName AddressLine2 AddressStreet AddressStreetNumber AddressStreetNumberSuffix
    AllowMailing:Int32 BirthDate:DateTime BirthName BirthNamePrefix BirthPlace BusinessEmail
    BusinessFax BusinessMobile BusinessPhone BusinessPhoneExtension City Code Country Created:DateTime
    Creator:Guid CreatorFullName CustomField Division:Int32 Email EndDate:DateTime FirstName FullName
    Gender HID:Int32 IdentificationDate:DateTime IdentificationDocument:Guid IdentificationUser:Guid
    Initials IsAnonymised:Byte IsMailingExcluded:Boolean IsMainContact:Boolean JobTitleDescription
    Language LastName LeadPurpose:Guid LeadSource:Guid MarketingNotes MiddleName Mobile
    Modified:DateTime Modifier:Guid ModifierFullName Nationality Notes PartnerName PartnerNamePrefix
    Person:Guid Phone PhoneExtension PictureName PictureThumbnailUrl PictureUrl Postcode
    SocialSecurityNumber StartDate:DateTime State Title TitleAbbreviation TitleDescription
""")

CONTACTS = Resource(
    name="contacts",
    endpoint="crm/Contacts",
    key="ID",
    strategy=Strategy.MODIFIED,
    bulk=Bulk("bulk/CRM/Contacts", filters_modified=False),
    columns=_CONTACTS,
    feed=feed("sync/CRM/Contacts", _CONTACTS),
    entity_type=5,
)

_CUSTOMERS = columns("""
    ID:Guid AccountManager:Guid AccountManagerFullName AccountManagerHID:Int32 Accountant:Guid
    ActivitySector:Guid ActivitySubSector:Guid AddressLine1 AddressLine2 AddressLine3
    AutomaticProcessProposedEntry:Byte BRIN:Guid BSN Blocked:Boolean BusinessType:Guid
    CanDropShip:Boolean ChamberOfCommerce City Classification Classification1:Guid
    Classification2:Guid Classification3:Guid Classification4:Guid Classification5:Guid
    Classification6:Guid Classification7:Guid Classification8:Guid ClassificationDescription Code
    CodeAtSupplier CompanySize:Guid ConsolidationScenario:Byte ControlledDate:DateTime CostPaid:Byte
    Costcenter CostcenterDescription Country CountryName Created:DateTime Creator:Guid CreatorFullName
    CreditLinePurchase:Double CreditLineSales:Double Currency CustomField CustomerSince:DateTime
    DatevCreditorCode DatevDebtorCode DeliveryAdvice:Byte DiscountPurchase:Double DiscountSales:Double
    Division:Int32 Document:Guid DunsNumber EORINumber Email EnableSalesPaymentLink:Boolean
    EndDate:DateTime EstablishedDate:DateTime Fax GLAP:Guid GLAR:Guid GLAccountPurchase:Guid
    GLAccountSales:Guid GlnNumber HasWithholdingTaxSales:Boolean IgnoreDatevWarningMessage:Boolean
    IncotermAddressPurchase IncotermAddressSales IncotermCodePurchase IncotermCodeSales
    IncotermVersionPurchase:Int16 IncotermVersionSales:Int16 IntraStatArea IntraStatDeliveryTerm
    IntraStatSystem IntraStatTransactionA IntraStatTransactionB IntraStatTransportMethod
    InvoiceAccount:Guid InvoiceAccountCode InvoiceAccountName InvoiceAttachmentType:Int32
    InvoicingMethod:Int32 IsAccountant:Byte IsAgency:Byte IsAnonymised:Byte IsBank:Boolean
    IsCompetitor:Byte IsExtraDuty:Boolean IsMailing:Byte IsMember:Boolean IsPilot:Boolean
    IsPurchase:Boolean IsReseller:Boolean IsSales:Boolean IsSupplier:Boolean Language
    LanguageDescription Latitude:Double LeadPurpose:Guid LeadSource:Guid LogoFileName LogoThumbnailUrl
    LogoUrl Longitude:Double MainContact:Guid Modified:DateTime Modifier:Guid ModifierFullName Name
    OINNumber Parent:Guid PayAsYouEarn PaymentConditionPurchase PaymentConditionPurchaseDescription
    PaymentConditionSales PaymentConditionSalesDescription PeppolIdentifier PeppolIdentifierType:Int32
    Phone PhoneExtension Postcode PriceList:Guid PurchaseCurrency PurchaseCurrencyDescription
    PurchaseLeadDays:Int32 PurchaseVATCode PurchaseVATCodeDescription RSIN
    RecepientOfCommissions:Boolean Remarks Reseller:Guid ResellerCode ResellerName SalesCurrency
    SalesCurrencyDescription SalesTaxSchedule:Guid SalesTaxScheduleCode SalesTaxScheduleDescription
    SalesVATCode SalesVATCodeDescription SearchCode SecurityLevel:Int32 SeparateInvPerProject:Byte
    SeparateInvPerSubscription:Byte ShippingLeadDays:Int32 ShippingMethod:Guid
    ShowRemarkForSales:Boolean StartDate:DateTime State StateName Status StatusSince:DateTime
    TradeName Type UniqueTaxpayerReference VATLiability VATNumber Website
""")

CUSTOMERS = Resource(
    name="customers",
    endpoint="crm/Accounts",
    key="ID",
    strategy=Strategy.MODIFIED,
    bulk=Bulk("bulk/CRM/Accounts"),
    columns=_CUSTOMERS,
    feed=feed("sync/CRM/Accounts", _CUSTOMERS),
    entity_type=2,
)
