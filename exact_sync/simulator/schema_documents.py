"""Documents and the files attached to them."""

from __future__ import annotations

from exact_sync.simulator.entity import CODE, Entity, properties

DOCUMENTS = Entity(
    path="documents/Documents",
    type_name="Exact.Web.Api.Models.Document",
    key="ID",
    properties=properties(
        """
        ID:Guid Account:Guid AccountCode:String AccountName:String ActionRegenerateEntryProposal:Boolean
        AmountFC:Double Body:String Category:Guid CategoryDescription:String Contact:Guid
        ContactFullName:String ContractID:Guid ContractNumber:String Created:DateTime Creator:Guid
        CreatorFullName:String Currency:String Division:Int32 DocumentDate:DateTime DocumentFolder:Guid
        DocumentFolderCode:String DocumentFolderDescription:String DocumentViewUrl:String
        EntryStatusDescription:String ExpiryDate:DateTime FinancialTransactionEntryID:Guid HID:Int32
        HasEmptyBody:Boolean InheritShare:Boolean Item:Guid ItemCode:String ItemDescription:String
        Language:String Modified:DateTime Modifier:Guid ModifierFullName:String Opportunity:Guid
        Project:Guid ProjectCode:String ProjectDescription:String ProposedEntryStatus:Int16
        SalesInvoiceNumber:Int32 SalesOrderNumber:Int32 SendMethod:Int32 ShopOrderNumber:Int32
        Subject:String TeamsMeetingId:String Type:Int32 TypeDescription:String
        """,
    ),
    bulk="bulk/Documents/Documents",
    padding={"AccountCode": CODE, "Language": 10},
    bulk_select_required=False,
)

DOCUMENT_ATTACHMENTS = Entity(
    path="documents/DocumentAttachments",
    type_name="Exact.Web.Api.Models.DocumentAttachment",
    key="ID",
    properties=properties(
        """
        ID:Guid Attachment:Binary Document:Guid FileName:String FileSize:Double Url:String
        """,
    ),
    bulk="bulk/Documents/DocumentAttachments",
    bulk_select_required=False,
    bulk_unfilterable=frozenset({"Modified"}),
)
