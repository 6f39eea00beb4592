"""Accounts (customers, suppliers and other relations) and their contacts."""

from __future__ import annotations

from exact_sync.simulator.entity import CODE, Entity, names, properties

ACCOUNTS = Entity(
    path="crm/Accounts",
    type_name="Exact.Web.Api.Models.Account",
    key="ID",
    properties=properties(
        """
        ID:Guid AccountManager:Guid AccountManagerFullName:String AccountManagerHID:Int32 Accountant:Guid
        ActivitySector:Guid ActivitySubSector:Guid AddressLine1:String AddressLine2:String
        AddressLine3:String AutomaticProcessProposedEntry:Byte BRIN:Guid BSN:String Blocked:Boolean
        BusinessType:Guid CanDropShip:Boolean ChamberOfCommerce:String City:String Classification:String
        Classification1:Guid Classification2:Guid Classification3:Guid Classification4:Guid
        Classification5:Guid Classification6:Guid Classification7:Guid Classification8:Guid
        ClassificationDescription:String Code:String CodeAtSupplier:String CompanySize:Guid
        ConsolidationScenario:Byte ControlledDate:DateTime CostPaid:Byte Costcenter:String
        CostcenterDescription:String Country:String CountryName:String Created:DateTime Creator:Guid
        CreatorFullName:String CreditLinePurchase:Double CreditLineSales:Double Currency:String
        CustomField:String CustomerSince:DateTime DatevCreditorCode:String DatevDebtorCode:String
        DeliveryAdvice:Byte DiscountPurchase:Double DiscountSales:Double Division:Int32 Document:Guid
        DunsNumber:String EORINumber:String Email:String EnableSalesPaymentLink:Boolean EndDate:DateTime
        EstablishedDate:DateTime Fax:String GLAP:Guid GLAR:Guid GLAccountPurchase:Guid GLAccountSales:Guid
        GlnNumber:String HasWithholdingTaxSales:Boolean IgnoreDatevWarningMessage:Boolean
        IncotermAddressPurchase:String IncotermAddressSales:String IncotermCodePurchase:String
        IncotermCodeSales:String IncotermVersionPurchase:Int16 IncotermVersionSales:Int16
        IntraStatArea:String IntraStatDeliveryTerm:String IntraStatSystem:String
        IntraStatTransactionA:String IntraStatTransactionB:String IntraStatTransportMethod:String
        InvoiceAccount:Guid InvoiceAccountCode:String InvoiceAccountName:String InvoiceAttachmentType:Int32
        InvoicingMethod:Int32 IsAccountant:Byte IsAgency:Byte IsAnonymised:Byte IsBank:Boolean
        IsCompetitor:Byte IsExtraDuty:Boolean IsMailing:Byte IsMember:Boolean IsPilot:Boolean
        IsPurchase:Boolean IsReseller:Boolean IsSales:Boolean IsSupplier:Boolean Language:String
        LanguageDescription:String Latitude:Double LeadPurpose:Guid LeadSource:Guid Logo:Binary
        LogoFileName:String LogoThumbnailUrl:String LogoUrl:String Longitude:Double MainContact:Guid
        Modified:DateTime Modifier:Guid ModifierFullName:String Name:String OINNumber:String Parent:Guid
        PayAsYouEarn:String PaymentConditionPurchase:String PaymentConditionPurchaseDescription:String
        PaymentConditionSales:String PaymentConditionSalesDescription:String PeppolIdentifier:String
        PeppolIdentifierType:Int32 Phone:String PhoneExtension:String Postcode:String PriceList:Guid
        PurchaseCurrency:String PurchaseCurrencyDescription:String PurchaseLeadDays:Int32
        PurchaseVATCode:String PurchaseVATCodeDescription:String RSIN:String RecepientOfCommissions:Boolean
        Remarks:String Reseller:Guid ResellerCode:String ResellerName:String SalesCurrency:String
        SalesCurrencyDescription:String SalesTaxSchedule:Guid SalesTaxScheduleCode:String
        SalesTaxScheduleDescription:String SalesVATCode:String SalesVATCodeDescription:String
        SearchCode:String SecurityLevel:Int32 SeparateInvPerProject:Byte SeparateInvPerSubscription:Byte
        ShippingLeadDays:Int32 ShippingMethod:Guid ShowRemarkForSales:Boolean StartDate:DateTime
        State:String StateName:String Status:String StatusSince:DateTime TradeName:String Type:String
        UniqueTaxpayerReference:String VATLiability:String VATNumber:String Website:String
        """,
    ),
    bulk="bulk/CRM/Accounts",
    filterable=names(
        """
        ID AccountManager Accountant AddressLine1 AddressLine2 AddressLine3 BRIN BSN Blocked
        ChamberOfCommerce City Classification Classification1 Classification2 Classification3
        Classification4 Classification5 Classification6 Classification7 Classification8 Code
        CodeAtSupplier Country Created EORINumber Email EndDate Fax InvoiceAccount IsAccountant IsReseller
        IsSales IsSupplier MainContact Modified Name Parent Phone Postcode PriceList RSIN Reseller
        SearchCode StartDate Status Type VATNumber
        """
    ),
    navigations={"BankAccounts": ("", "Account")},
    padding={
        "Code": CODE,
        "InvoiceAccountCode": CODE,
        "ResellerCode": CODE,
        "Country": 3,
        "Language": 10,
        "PurchaseVATCode": 3,
        "SalesVATCode": 3,
    },
)

CONTACTS = Entity(
    path="crm/Contacts",
    type_name="Exact.Web.Api.Models.Contact",
    key="ID",
    properties=properties(
        """
        ID:Guid Account:Guid AccountIsCustomer:Boolean AccountIsSupplier:Boolean AccountMainContact:Guid
        AccountName:String AddressLine2:String AddressStreet:String AddressStreetNumber:String
        AddressStreetNumberSuffix:String AllowMailing:Int32 BirthDate:DateTime BirthName:String
        BirthNamePrefix:String BirthPlace:String BusinessEmail:String BusinessFax:String
        BusinessMobile:String BusinessPhone:String BusinessPhoneExtension:String City:String Code:String
        Country:String Created:DateTime Creator:Guid CreatorFullName:String CustomField:String
        Division:Int32 Email:String EndDate:DateTime FirstName:String FullName:String Gender:String
        HID:Int32 IdentificationDate:DateTime IdentificationDocument:Guid IdentificationUser:Guid
        Initials:String IsAnonymised:Byte IsMailingExcluded:Boolean IsMainContact:Boolean
        JobTitleDescription:String Language:String LastName:String LeadPurpose:Guid LeadSource:Guid
        MarketingNotes:String MiddleName:String Mobile:String Modified:DateTime Modifier:Guid
        ModifierFullName:String Nationality:String Notes:String PartnerName:String PartnerNamePrefix:String
        Person:Guid Phone:String PhoneExtension:String Picture:Binary PictureName:String
        PictureThumbnailUrl:String PictureUrl:String Postcode:String SocialSecurityNumber:String
        StartDate:DateTime State:String Title:String TitleAbbreviation:String TitleDescription:String
        """,
    ),
    bulk="bulk/CRM/Contacts",
    padding={"Code": CODE, "Country": 3, "Language": 10, "Nationality": 3},
    bulk_unfilterable=frozenset({"Modified"}),
)
