"""The catalog is data: names, types and keys as the contract promises them."""

import re

import pytest

from exact_sync.catalog import RESOURCES, Column, Edm, Resource, Strategy
from exact_sync.catalog.resource import columns

CONTRACT = {
    "divisions": ("system/Divisions", "code", Strategy.SNAPSHOT),
    "contacts": ("crm/Contacts", "id", Strategy.MODIFIED),
    "customers": ("crm/Accounts", "id", Strategy.MODIFIED),
    "sales_invoices": ("salesinvoice/SalesInvoices", "invoice_id", Strategy.MODIFIED),
    "items": ("logistics/Items", "id", Strategy.MODIFIED),
    "documents": ("documents/Documents", "id", Strategy.MODIFIED),
    "payments": ("cashflow/Payments", "id", Strategy.MODIFIED),
    "financial_transactions": ("financialtransaction/Transactions", "entry_id", Strategy.DATE_WINDOWS),
    "gl_accounts": ("financial/GLAccounts", "id", Strategy.SNAPSHOT),
    "journals": ("financial/Journals", "id", Strategy.SNAPSHOT),
    "item_groups": ("logistics/ItemGroups", "id", Strategy.SNAPSHOT),
    "document_attachments": ("documents/DocumentAttachments", "id", Strategy.SNAPSHOT),
}

BINARY = {"Picture", "Logo", "Attachment"}


@pytest.mark.parametrize("name", CONTRACT)
def test_endpoint_key_and_strategy_are_those_of_the_contract(name: str) -> None:
    resource = RESOURCES[name]
    assert (resource.endpoint, resource.key_column.name, resource.strategy) == CONTRACT[name]
    assert resource.name == name
    own = (resource.key_column.name,)
    assert resource.primary_key == (own if name == "divisions" else ("division", *own))


@pytest.mark.parametrize(
    ("prop", "name"),
    [
        ("ID", "id"),
        ("EntryID", "entry_id"),
        ("GLAccountCode", "gl_account_code"),
        ("AmountDC", "amount_dc"),
        ("AmountFCExclVat", "amount_fc_excl_vat"),
        ("VATAmountDC", "vat_amount_dc"),
        ("Class_01", "class_01"),
        ("FreeDateField_01", "free_date_field_01"),
        ("AddressLine1", "address_line1"),
        ("GAccountAmountFC", "g_account_amount_fc"),
        ("YourRef", "your_ref"),
        ("IsHRDivision", "is_hr_division"),
        ("DivisionHRLinkUnlinkDate", "division_hr_link_unlink_date"),
        ("BankAccountUseSEPA", "bank_account_use_sepa"),
        ("EORINumber", "eori_number"),
        ("Hid", "hid"),
        ("HID", "hid"),
        ("BankAccountBICCode", "bank_account_bic_code"),
        ("GLPurchasePriceDifferenceDescr", "gl_purchase_price_difference_descr"),
    ],
)
def test_a_column_is_the_property_in_snake_case(prop: str, name: str) -> None:
    assert Column(prop, Edm.STRING).name == name


@pytest.mark.parametrize(
    ("prop", "is_date"),
    [
        ("EndDate", True),
        ("Date", True),
        ("BirthDate", True),
        ("CustomerSince", True),
        ("StatusSince", True),
        ("FreeDateField_05", True),
        ("Created", False),
        ("Modified", False),
        ("StartTime", False),
        ("PaymentSelected", False),
        ("DeletedDate", False),
        ("DivisionMoveDate", False),
        ("DivisionHRLinkUnlinkDate", True),
        ("DateOfBirth", False),
        ("FreeMoment_01", False),
    ],
)
def test_dates_and_moments_are_told_apart_by_name(prop: str, is_date: bool) -> None:
    assert Column(prop, Edm.DATETIME).is_date is is_date
    assert not Column(prop, Edm.STRING).is_date


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_an_entry_does_not_contradict_itself(resource: Resource) -> None:
    properties = [column.property for column in resource.columns]
    names = [column.name for column in resource.columns]
    assert len(set(properties)) == len(set(names)) == len(names)
    assert properties[0] == resource.key
    assert not BINARY & {column.property for column in resource.columns if column.edm is not Edm.GUID}
    assert ("Modified" in properties) == resource.has_modified
    assert resource.has_modified or resource.bulk is None or not resource.bulk.filters_modified
    if resource.strategy is Strategy.MODIFIED:
        assert resource.by_property["Modified"].edm is Edm.DATETIME
    if resource.strategy is Strategy.DATE_WINDOWS:
        assert resource.by_property[str(resource.date)].is_date
    if "Division" in properties:
        assert resource.by_property["Division"].edm is Edm.INT32


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_every_name_is_a_plain_identifier(resource: Resource) -> None:
    for name in (resource.name, *(column.name for column in resource.columns)):
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name)
    for column in resource.columns:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", column.property)


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_a_question_for_all_columns_fits_into_a_url(resource: Resource) -> None:
    """Exact takes 6,000 characters; a link with a skiptoken is longer than the first question."""
    assert len(",".join(column.property for column in resource.columns)) < 5000


def test_columns_are_written_as_words_with_a_type_where_it_is_no_text() -> None:
    assert columns("ID:Guid\n  Name Amount:Double") == (
        Column("ID", Edm.GUID),
        Column("Name", Edm.STRING),
        Column("Amount", Edm.DOUBLE),
    )
    with pytest.raises(ValueError, match="Colour"):
        columns("ID:Colour")
