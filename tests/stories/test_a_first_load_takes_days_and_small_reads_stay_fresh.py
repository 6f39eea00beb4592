"""A day's calls are shared: small reads come first, a first load takes what is left, day after day."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

from exact_sync.simulator import Simulator
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.facts import checkpoint, only, restart
from tests.mirror import DEFAULTS

SMALL = ("gl_accounts", "journals", "items", "contacts")
LARGE = ("customers", "financial_transactions", "document_attachments")
ONLY_THESE = {name: {"enabled": False} for name in DEFAULTS - {*SMALL, *LARGE, "divisions", "deletions"}}
COUNTS = TINY | {
    "crm/Accounts": 4000,
    "financialtransaction/Transactions": 3000,
    "documents/DocumentAttachments": 700,
}
CYCLE = timedelta(hours=6)


def test_a_first_load_of_days_reads_nothing_twice_and_small_reads_stay_fresh(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """With very few calls a day, and a process of its own for each cycle."""
    simulator.limits.day_limit = 100
    with Deployment(
        simulator, database_url, clock, tmp_path, counts=COUNTS, resources=ONLY_THESE, interval="6h"
    ) as deployment:
        simulator.faults.add("refuse_bulk", times=None)
        days = set()
        for _ in range(40):
            outcomes = deployment.sync()
            days.add(clock.now().date())
            for name in ("deletions", *SMALL):
                assert only(outcomes, name).status == "ok", only(outcomes, name)
            assert simulator.limits.used(DIVISION)[1] <= 90  # a tenth is left for people
            if exit_code(outcomes) == 0:
                break
            assert exit_code(outcomes) == 4
            restart(deployment)
            clock.advance(seconds=CYCLE.total_seconds())
        assert exit_code(outcomes) == 0
        assert 3 <= len(days) <= 8
        assert deployment.differences() == []
        assert deployment.violations() == {}
        calls = simulator.stats.calls(DIVISION)
        assert not [call for call in calls if call.status == 429]
        asked = Counter(
            (call.path, call.query)
            for call in calls
            if "$skiptoken" in call.query
            and call.path in ("crm/Accounts", "financialtransaction/Transactions")
        )
        assert asked, "nothing had a second page"
        assert [question for question, times in asked.items() if times > 1] == []
        for name in LARGE:
            assert checkpoint(deployment, name)["progress"] is None


def test_a_list_that_is_too_long_for_a_day_is_read_in_parts_again_and_again(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """Else it would use up each day's calls, and begin anew on the next one."""
    simulator.limits.day_limit, name = 24, "document_attachments"
    counts = TINY | {"documents/DocumentAttachments": 1500}
    with Deployment(
        simulator, database_url, clock, tmp_path, counts=counts, resources=ONLY_THESE
    ) as deployment:
        simulator.faults.add("refuse_bulk", times=None)
        table = deployment.table("documents/DocumentAttachments")
        for _ in range(2):
            for _ in range(8):
                outcome = only(deployment.sync(name), name)
                assert simulator.limits.used(DIVISION)[1] <= 12, "the others need theirs"
                clock.advance(days=1)
                if outcome.status == "ok":
                    break
            assert outcome.status == "ok"
            assert deployment.differences(name) == []
            table.delete(max(table.rows))
        for _ in range(2):
            simulator.stats.reset()
            assert only(deployment.sync(name, full=True), name).status == "later"
            clock.advance(days=1)
        assert "$skiptoken" not in simulator.stats.calls(path="Attachments")[0].query, "it begins anew"
