"""Items and item groups."""

from __future__ import annotations

from exact_sync.simulator.entity import Entity, names, properties

ITEMS = Entity(
    path="logistics/Items",
    type_name="Exact.Web.Api.Models.Item",
    key="ID",
    properties=properties(
        """
        ID:Guid AverageCost:Double Barcode:String Class_01:String Class_02:String Class_03:String
        Class_04:String Class_05:String Class_06:String Class_07:String Class_08:String Class_09:String
        Class_10:String Code:String CopyRemarks:Byte CostPriceCurrency:String CostPriceNew:Double
        CostPriceStandard:Double Created:DateTime Creator:Guid CreatorFullName:String CustomField:String
        Description:String Division:Int32 EndDate:DateTime ExtraDescription:String FreeBoolField_01:Boolean
        FreeBoolField_02:Boolean FreeBoolField_03:Boolean FreeBoolField_04:Boolean FreeBoolField_05:Boolean
        FreeDateField_01:DateTime FreeDateField_02:DateTime FreeDateField_03:DateTime
        FreeDateField_04:DateTime FreeDateField_05:DateTime FreeNumberField_01:Double
        FreeNumberField_02:Double FreeNumberField_03:Double FreeNumberField_04:Double
        FreeNumberField_05:Double FreeNumberField_06:Double FreeNumberField_07:Double
        FreeNumberField_08:Double FreeTextField_01:String FreeTextField_02:String FreeTextField_03:String
        FreeTextField_04:String FreeTextField_05:String FreeTextField_06:String FreeTextField_07:String
        FreeTextField_08:String FreeTextField_09:String FreeTextField_10:String GLCosts:Guid
        GLCostsCode:String GLCostsDescription:String GLRevenue:Guid GLRevenueCode:String
        GLRevenueDescription:String GLStock:Guid GLStockCode:String GLStockDescription:String
        GrossWeight:Double IsBatchItem:Byte IsBatchNumberItem:Byte IsFractionAllowedItem:Boolean
        IsMakeItem:Byte IsNewContract:Byte IsOnDemandItem:Byte IsPackageItem:Boolean IsPurchaseItem:Boolean
        IsRegistrationCodeItem:Byte IsSalesItem:Boolean IsSerialItem:Boolean IsSerialNumberItem:Boolean
        IsStockItem:Boolean IsSubcontractedItem:Boolean IsTaxableItem:Byte IsTime:Byte IsWebshopItem:Byte
        ItemGroup:Guid ItemGroupCode:String ItemGroupDescription:String Modified:DateTime Modifier:Guid
        ModifierFullName:String NetWeight:Double NetWeightUnit:String Notes:String Picture:Binary
        PictureName:String PictureThumbnailUrl:String PictureUrl:String SalesVatCode:String
        SalesVatCodeDescription:String SearchCode:String SecurityLevel:Int32 StandardSalesPrice:Double
        StartDate:DateTime StatisticalCode:String StatisticalNetWeight:Double StatisticalUnits:Double
        StatisticalValue:Double Stock:Double Unit:String UnitDescription:String UnitType:String
        """,
    ),
    bulk="bulk/Logistics/Items",
    filterable=names(
        """
        ID Barcode Class_01 Class_02 Class_03 Class_04 Class_05 Class_06 Class_07 Class_08 Class_09
        Class_10 Code CostPriceNew Created Description EndDate ExtraDescription FreeBoolField_01
        FreeBoolField_02 FreeBoolField_03 FreeBoolField_04 FreeBoolField_05 FreeDateField_01
        FreeDateField_02 FreeDateField_03 FreeDateField_04 FreeDateField_05 FreeNumberField_01
        FreeNumberField_02 FreeNumberField_03 FreeNumberField_04 FreeNumberField_05 FreeNumberField_06
        FreeNumberField_07 FreeNumberField_08 FreeTextField_01 FreeTextField_02 FreeTextField_03
        FreeTextField_04 FreeTextField_05 FreeTextField_06 FreeTextField_07 FreeTextField_08
        FreeTextField_09 FreeTextField_10 GLCosts GLRevenue GLStock IsBatchItem IsFractionAllowedItem
        IsMakeItem IsPurchaseItem IsSalesItem IsSerialItem IsStockItem IsSubcontractedItem IsTime
        IsWebshopItem ItemGroup ItemGroupCode Modified NetWeightUnit SalesVatCode SearchCode StartDate
        Unit
        """
    ),
    padding={"SalesVatCode": 3, "Unit": 8},
)

ITEM_GROUPS = Entity(
    path="logistics/ItemGroups",
    type_name="Exact.Web.Api.Models.ItemGroup",
    key="ID",
    properties=properties(
        """
        ID:Guid Code:String Created:DateTime Creator:Guid CreatorFullName:String Description:String
        Division:Int32 GLCosts:Guid GLCostsCode:String GLCostsDescription:String GLPurchaseAccount:Guid
        GLPurchaseAccountCode:String GLPurchaseAccountDescription:String GLPurchasePriceDifference:Guid
        GLPurchasePriceDifferenceCode:String GLPurchasePriceDifferenceDescr:String GLRevenue:Guid
        GLRevenueCode:String GLRevenueDescription:String GLStock:Guid GLStockCode:String
        GLStockDescription:String GLStockVariance:Guid GLStockVarianceCode:String
        GLStockVarianceDescription:String IsDefault:Byte Modified:DateTime Modifier:Guid
        ModifierFullName:String Notes:String
        """,
    ),
)
