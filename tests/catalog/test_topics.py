"""What Exact tells of, and what is looked at then."""

from exact_sync.catalog import RESOURCES
from exact_sync.catalog.topics import TOPICS, UNDERSTOOD_ONLY, concerned
from exact_sync.simulator.schema_webhooks import TOPICS as THEIRS
from tests.mirror import DEFAULTS

SILENT = {
    "divisions", "deletions", "gl_classifications", "gl_account_classification_mappings", "journals",
    "vat_codes", "financial_periods", "users", "item_groups", "reporting_balance",
}  # fmt: skip
"""Those of the default that no topic tells of."""


def test_every_topic_tells_of_resources_that_there_are() -> None:
    told = {name for names in TOPICS.values() for name in names}
    assert told <= set(RESOURCES)
    assert DEFAULTS - told == SILENT
    assert set(TOPICS) > UNDERSTOOD_ONLY
    assert set(TOPICS) <= set(THEIRS)


def test_nothing_is_read_again_and_again_that_is_read_once_a_day() -> None:
    assert [name for names in TOPICS.values() for name in names if RESOURCES[name].daily] == []


def test_only_what_is_mirrored_concerns() -> None:
    assert concerned(["payments", "items"]) == {
        "BankEntries": ("payments",),
        "CashEntries": ("payments",),
        "Items": ("items",),
        "PurchaseEntries": ("payments",),
    }
    assert concerned([]) == {}
