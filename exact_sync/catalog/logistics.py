"""What is bought and sold."""

from exact_sync.catalog.reference import feed
from exact_sync.catalog.resource import Bulk, Resource, Strategy, columns

_ITEMS = columns("""
    ID:Guid AverageCost:Double Barcode Class_01 Class_02 Class_03 Class_04 Class_05 Class_06 Class_07
    Class_08 Class_09 Class_10 Code CopyRemarks:Byte CostPriceCurrency CostPriceNew:Double
    CostPriceStandard:Double Created:DateTime Creator:Guid CreatorFullName CustomField Description
    Division:Int32 EndDate:DateTime ExtraDescription FreeBoolField_01:Boolean FreeBoolField_02:Boolean
    FreeBoolField_03:Boolean FreeBoolField_04:Boolean FreeBoolField_05:Boolean
    FreeDateField_01:DateTime FreeDateField_02:DateTime FreeDateField_03:DateTime
    FreeDateField_04:DateTime FreeDateField_05:DateTime FreeNumberField_01:Double
    FreeNumberField_02:Double FreeNumberField_03:Double FreeNumberField_04:Double
    FreeNumberField_05:Double FreeNumberField_06:Double FreeNumberField_07:Double
    FreeNumberField_08:Double FreeTextField_01 FreeTextField_02 FreeTextField_03 FreeTextField_04
    FreeTextField_05 FreeTextField_06 FreeTextField_07 FreeTextField_08 FreeTextField_09
    FreeTextField_10 GLCosts:Guid GLCostsCode GLCostsDescription GLRevenue:Guid GLRevenueCode
    GLRevenueDescription GLStock:Guid GLStockCode GLStockDescription GrossWeight:Double
    IsBatchItem:Byte IsBatchNumberItem:Byte IsFractionAllowedItem:Boolean IsMakeItem:Byte
    IsNewContract:Byte IsOnDemandItem:Byte IsPackageItem:Boolean IsPurchaseItem:Boolean
    IsRegistrationCodeItem:Byte IsSalesItem:Boolean IsSerialItem:Boolean IsSerialNumberItem:Boolean
    IsStockItem:Boolean IsSubcontractedItem:Boolean IsTaxableItem:Byte IsTime:Byte IsWebshopItem:Byte
    ItemGroup:Guid ItemGroupCode ItemGroupDescription Modified:DateTime Modifier:Guid ModifierFullName
    NetWeight:Double NetWeightUnit Notes PictureName PictureThumbnailUrl PictureUrl SalesVatCode
    SalesVatCodeDescription SearchCode SecurityLevel:Int32 StandardSalesPrice:Double
    StartDate:DateTime StatisticalCode StatisticalNetWeight:Double StatisticalUnits:Double
    StatisticalValue:Double Stock:Double Unit UnitDescription UnitType
""")

ITEMS = Resource(
    name="items",
    endpoint="logistics/Items",
    key="ID",
    strategy=Strategy.MODIFIED,
    bulk=Bulk("bulk/Logistics/Items"),
    columns=_ITEMS,
    feed=feed("sync/Logistics/Items", _ITEMS),
    entity_type=9,
)

ITEM_GROUPS = Resource(
    name="item_groups",
    endpoint="logistics/ItemGroups",
    key="ID",
    strategy=Strategy.SNAPSHOT,
    columns=columns("""
        ID:Guid Code Created:DateTime Creator:Guid CreatorFullName Description Division:Int32 GLCosts:Guid
        GLCostsCode GLCostsDescription GLPurchaseAccount:Guid GLPurchaseAccountCode
        GLPurchaseAccountDescription GLPurchasePriceDifference:Guid GLPurchasePriceDifferenceCode
        GLPurchasePriceDifferenceDescr GLRevenue:Guid GLRevenueCode GLRevenueDescription GLStock:Guid
        GLStockCode GLStockDescription GLStockVariance:Guid GLStockVarianceCode GLStockVarianceDescription
        IsDefault:Byte Modified:DateTime Modifier:Guid ModifierFullName Notes
    """),
)
