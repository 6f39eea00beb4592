"""Documents and what hangs on them (never the binary contents)."""

from exact_sync.catalog.reference import feed
from exact_sync.catalog.resource import Bulk, Resource, Strategy, columns

_DOCUMENTS = columns("""
    ID:Guid Account:Guid AccountCode AccountName ActionRegenerateEntryProposal:Boolean AmountFC:Double
    Body Category:Guid CategoryDescription Contact:Guid ContactFullName ContractID:Guid ContractNumber
    Created:DateTime Creator:Guid CreatorFullName Currency Division:Int32 DocumentDate:DateTime
    DocumentFolder:Guid DocumentFolderCode DocumentFolderDescription DocumentViewUrl
    EntryStatusDescription ExpiryDate:DateTime FinancialTransactionEntryID:Guid HID:Int32
    HasEmptyBody:Boolean InheritShare:Boolean Item:Guid ItemCode ItemDescription Language
    Modified:DateTime Modifier:Guid ModifierFullName Opportunity:Guid Project:Guid ProjectCode
    ProjectDescription ProposedEntryStatus:Int16 SalesInvoiceNumber:Int32 SalesOrderNumber:Int32
    SendMethod:Int32 ShopOrderNumber:Int32 Subject TeamsMeetingId Type:Int32 TypeDescription
""")

DOCUMENTS = Resource(
    name="documents",
    endpoint="documents/Documents",
    key="ID",
    strategy=Strategy.MODIFIED,
    bulk=Bulk("bulk/Documents/Documents"),
    columns=_DOCUMENTS,
    feed=feed("sync/Documents/Documents", _DOCUMENTS),
    entity_type=6,
)

_DOCUMENT_ATTACHMENTS = columns("""
    ID:Guid Document:Guid FileName FileSize:Double Url
""")

DOCUMENT_ATTACHMENTS = Resource(
    name="document_attachments",
    endpoint="documents/DocumentAttachments",
    key="ID",
    strategy=Strategy.SNAPSHOT,
    bulk=Bulk("bulk/Documents/DocumentAttachments", filters_modified=False),
    columns=_DOCUMENT_ATTACHMENTS,
    feed=feed("sync/Documents/DocumentAttachments", _DOCUMENT_ATTACHMENTS),
    entity_type=4,
)
