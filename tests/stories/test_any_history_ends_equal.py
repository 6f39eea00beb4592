"""Random histories: edits, trouble, time that passes, runs that break off; then one good run."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from exact_sync.simulator.edits import new_record
from tests.deployment import DIVISION, Deployment

NAMES = ("customers", "contacts", "payments", "financial_transactions", "gl_accounts", "document_attachments")
PATHS = (
    "crm/Accounts", "crm/Contacts", "cashflow/Payments", "financialtransaction/Transactions",
    "financial/GLAccounts", "documents/DocumentAttachments",
)  # fmt: skip
REMOVALS_SEEN = ("financial_transactions", "gl_accounts", "document_attachments")

TROUBLE = ("cut_json", "html", "reset", "wrong_length", "empty_body", "no_d", "minute_429", "lying_429")


@pytest.mark.parametrize("seed", range(5))
def test_after_any_history_one_good_cycle_makes_all_equal(deployment: Deployment, seed: int) -> None:
    dice = random.Random(seed)
    actions: list[Callable[[], object]] = [
        lambda: deployment.edit(dice.randrange(10**6), share=dice.choice((0.03, 0.1)), paths=PATHS),
        lambda: deployment.clock.advance(minutes=dice.choice((1, 20, 70, 400, 24 * 60, 9 * 24 * 60))),
        lambda: deployment.sync(*dice.sample(NAMES, 3)),
        lambda: deployment.sync(dice.choice(NAMES), full=True),
        lambda: _trouble(deployment, dice),
        lambda: _late_commit(deployment, dice),
    ]
    for _ in range(8):
        dice.choice(actions)()
    deployment.simulator.faults.clear()
    deployment.clock.advance(hours=7)
    deployment.sync_well(*NAMES)
    assert deployment.differences(*NAMES, deleted=False) == []
    assert deployment.differences(*REMOVALS_SEEN) == []
    assert deployment.violations() == {}


def _trouble(deployment: Deployment, dice: random.Random) -> None:
    """Some of the next answers are spoiled, and a run meets them."""
    for _ in range(3):
        deployment.simulator.faults.add(
            dice.choice(TROUBLE), after=dice.randrange(12), times=dice.choice((1, 9))
        )
    deployment.edit(dice.randrange(10**6), share=0.05, paths=PATHS)
    deployment.sync(*NAMES)
    deployment.simulator.faults.clear()


def _late_commit(deployment: Deployment, dice: random.Random) -> None:
    """A row becomes visible ten minutes after the time it carries."""
    path = dice.choice(("crm/Accounts", "crm/Contacts"))
    moment = deployment.clock.theirs.wall() - timedelta(minutes=10)
    record = new_record(deployment.books, DIVISION, path, dice)
    deployment.table(path).insert(record, created=moment, modified=moment)
