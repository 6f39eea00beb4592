"""What belongs to the whole connection."""

from exact_sync.catalog.entry import entry
from exact_sync.catalog.resource import Resource, Strategy, columns

DIVISIONS = Resource(
    name="divisions",
    endpoint="system/Divisions",
    key="Code",
    strategy=Strategy.SNAPSHOT,
    per_division=False,
    columns=columns("""
        Code:Int32 AddressLine1 AddressLine2 AddressLine3 ArchiveDate:DateTime BlockingStatus:Int32
        BusinessTypeCode BusinessTypeDescription ChamberOfCommerceEstablishment ChamberOfCommerceNumber
        City CompanySizeCode CompanySizeDescription Country Created:DateTime Creator:Guid CreatorFullName
        Currency Current:Boolean Customer:Guid CustomerCode CustomerName DatevAccountantNumber
        DatevClientNumber Description DivisionHRLinkUnlinkDate:DateTime DivisionMoveDate:DateTime Email
        Fax Hid:Int64 IsDossierDivision:Boolean IsHRDivision:Boolean IsMainDivision:Boolean
        IsPracticeDivision:Boolean Legislation Modified:DateTime Modifier:Guid ModifierFullName OBNumber
        Phone Postcode SbiCode SbiDescription SectorCode SectorDescription ShareCapital:Double SiretNumber
        StartDate:DateTime State Status:Int32 SubsectorCode SubsectorDescription TaxOfficeNumber
        TaxReferenceNumber TemplateCode VATNumber Website
    """),
)

DELETIONS = entry("deletions", "sync/Deleted", default=True, is_log=True)
USERS = entry("users", "system/Users", strategy=Strategy.SNAPSHOT, default=True)
