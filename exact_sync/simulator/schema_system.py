"""Divisions, and the one row about the user who asks."""

from __future__ import annotations

from exact_sync.simulator.entity import CODE, Entity, properties

DIVISIONS = Entity(
    path="system/Divisions",
    type_name="Exact.Web.Api.Models.System.Division",
    key="Code",
    properties=properties(
        """
        Code:Int32 AddressLine1:String AddressLine2:String AddressLine3:String ArchiveDate:DateTime
        BlockingStatus:Int32 BusinessTypeCode:String BusinessTypeDescription:String
        ChamberOfCommerceEstablishment:String ChamberOfCommerceNumber:String City:String Class_01:Complex
        Class_02:Complex Class_03:Complex Class_04:Complex Class_05:Complex CompanySizeCode:String
        CompanySizeDescription:String Country:String Created:DateTime Creator:Guid CreatorFullName:String
        Currency:String Current:Boolean Customer:Guid CustomerCode:String CustomerName:String
        DatevAccountantNumber:String DatevClientNumber:String Description:String
        DivisionHRLinkUnlinkDate:DateTime DivisionMoveDate:DateTime Email:String Fax:String Hid:Int64
        IsDossierDivision:Boolean IsHRDivision:Boolean IsMainDivision:Boolean IsPracticeDivision:Boolean
        Legislation:String Modified:DateTime Modifier:Guid ModifierFullName:String OBNumber:String
        Phone:String Postcode:String SbiCode:String SbiDescription:String SectorCode:String
        SectorDescription:String ShareCapital:Double SiretNumber:String StartDate:DateTime State:String
        Status:Int32 SubsectorCode:String SubsectorDescription:String TaxOfficeNumber:String
        TaxReferenceNumber:String TemplateCode:String VATNumber:String Website:String
        """,
    ),
    padding={"Country": 3, "Legislation": 3, "CustomerCode": CODE},
    select_required=False,
    shared=True,
)

ME = Entity(
    path="current/Me",
    type_name="Exact.Web.Api.Models.System.Me",
    key="UserID",
    properties=properties(
        """
        UserID:Guid AccountingDivision:Int32 CurrentDivision:Int32 CustomerCode:String DivisionCustomer:Guid
        DivisionCustomerCode:String DivisionCustomerName:String DivisionCustomerSiretNumber:String
        DivisionCustomerVatNumber:String DossierDivision:Int32 Email:String EmployeeID:Guid FirstName:String
        FullName:String Gender:String Initials:String IsClientUser:Boolean IsEmployeeSelfServiceUser:Boolean
        IsMyFirmLiteUser:Boolean IsMyFirmPortalUser:Boolean IsOEIMigrationMandatory:Boolean
        IsStarterUser:Boolean Language:String LanguageCode:String LastName:String Legislation:Int64
        MiddleName:String Mobile:String Nationality:String PackageCode:String Phone:String
        PhoneExtension:String PictureUrl:String ServerTime:String ServerUtcOffset:Double
        ThumbnailPicture:Binary ThumbnailPictureFormat:String Title:String UserName:String
        """,
    ),
    padding={"DivisionCustomerCode": CODE, "CustomerCode": CODE},
    zero_guids=frozenset({"EmployeeID"}),
    select_required=False,
    shared=True,
)
