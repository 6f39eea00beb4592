"""Links that go round, lead elsewhere or bring somebody else's rows: F19, F43, F48; twice the same: F20."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exact_sync.simulator import Simulator
from exact_sync.sync.once import exit_code
from tests.deployment import TINY, Deployment, SharedClock
from tests.facts import checkpoint, only, sql

COUNTS = TINY | {"crm/Accounts": 200, "documents/DocumentAttachments": 200, "documents/Documents": 200}
PAGED = ("customers", "document_attachments", "financial_transactions")
"""Four pages of each strategy, where bulk is refused."""
PATHS = ("crm/Accounts", "documents/DocumentAttachments", "Transactions")


@pytest.fixture
def paged(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> Iterator[Deployment]:
    with Deployment(simulator, database_url, clock, tmp_path, counts=COUNTS) as deployment:
        simulator.faults.add("refuse_bulk", times=None)
        yield deployment


@pytest.fixture
def elsewhere() -> Iterator[Simulator]:
    """Another host, which must never hear of us."""
    with Simulator() as other:
        yield other
        assert other.stats.calls() == []


@pytest.mark.parametrize(("kind", "after"), [("next_loop", 0), ("next_loop", 2), ("next_repeat_page", 1)])
def test_pages_that_go_round_in_circles_are_stopped_and_reported(
    paged: Deployment, kind: str, after: int
) -> None:
    """F19: exit 1, few calls, no row lost or doubled, and all is well afterwards."""
    paged.sync_well("divisions")
    paged.simulator.stats.reset()
    for path in PATHS:
        paged.simulator.faults.add(kind, path=path, query="$select=", after=after, times=None)
    outcomes = paged.sync(*PAGED)
    assert exit_code(outcomes) == 1
    reported = [outcome for outcome in outcomes if "round in circles" in str(outcome.message)]
    assert len(reported) >= 2
    assert paged.calls() < 30
    assert {o.status for o in outcomes} <= {"failed", "ok"}
    paged.simulator.faults.clear()
    paged.sync_well(*PAGED)
    assert paged.differences(*PAGED) == []
    assert paged.violations() == {}


def test_pages_that_go_round_move_no_checkpoint(paged: Deployment) -> None:
    """F19 in a second run: the cursor stays, and nothing is deleted."""
    paged.sync_well(*PAGED)
    before = [checkpoint(paged, name)["cursor"] for name in PAGED]
    paged.clock.advance(hours=8)
    for path in PATHS:
        paged.simulator.faults.add("next_loop", path=path, query="$select=", times=None)
    assert exit_code(paged.sync(*PAGED)) == 1
    assert [checkpoint(paged, name)["cursor"] for name in PAGED] == before
    assert paged.differences(*PAGED) == []


@pytest.mark.parametrize("kind", ["next_other_host", "next_http"])
def test_a_link_to_another_host_is_refused(paged: Deployment, elsewhere: Simulator, kind: str) -> None:
    """F43: neither the token nor any request goes there."""
    host = elsewhere.base_url.removeprefix("http://")
    for path in PATHS:
        paged.simulator.faults.add(kind, path=path, query="$select=", after=1, times=None, host=host)
    outcomes = paged.sync(*PAGED)
    assert exit_code(outcomes) == 1
    assert "another host" in str(only(outcomes, "customers").message)
    assert only(outcomes, "customers").status == "failed"
    paged.simulator.faults.clear()
    paged.sync_well(*PAGED)
    assert paged.differences(*PAGED) == []


@pytest.mark.parametrize("odd", ["\0", "\n", "é"])
def test_a_link_with_characters_that_none_has_is_asked_for_again(paged: Deployment, odd: str) -> None:
    """F17: once, and nobody notices; for as long as it comes, the page is as good as unreadable."""
    for path in PATHS:
        paged.simulator.faults.add("next_odd", path=path, query="$select=", text=odd)
    paged.sync_well(*PAGED)
    assert paged.differences(*PAGED) == []
    paged.simulator.faults.clear()
    paged.clock.advance(hours=7)
    for path in PATHS:
        paged.simulator.faults.add("next_odd", path=path, query="$select=", text=odd, times=None)
    outcomes = paged.sync(*PAGED, full=True)
    assert exit_code(outcomes) == 4
    assert all("characters that no link has" in str(only(outcomes, name).message) for name in PAGED)
    paged.simulator.faults.clear()
    paged.sync_well(*PAGED)
    assert paged.differences(*PAGED) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(
    deployment: Deployment, elsewhere: Simulator, status: int
) -> None:
    """F43: not for data, not for tokens."""
    deployment.clock.advance(hours=1)
    for path in ("Journals", "oauth2/token"):
        deployment.simulator.faults.add("redirect", path=path, to=f"{elsewhere.base_url}/x", status=status)
    deployment.sync_well("journals")
    assert deployment.differences("journals") == []


def test_a_stored_link_of_the_sites_former_address_starts_the_reading_again(
    paged: Deployment,
) -> None:
    """F43's other side: the base URL was changed (a proxy, another port) in mid-reading."""
    paged.sync_well("divisions")
    paged.simulator.faults.add("status", path="crm/Accounts", after=2, times=None, status=503)
    paged.simulator.faults.add("status", path="Transactions", after=5, times=None, status=503)
    assert exit_code(paged.sync("customers", "financial_transactions")) == 4
    assert checkpoint(paged, "customers")["resume"]["link"].startswith(paged.simulator.base_url)
    for table in ("checkpoint", "window"):
        moved = "replace(resume::text, '127.0.0.1', 'old.example')::jsonb"
        sql(paged, f"UPDATE exact_sync.{table} SET resume = {moved}")
    paged.simulator.faults.clear()
    paged.sync_well("customers", "financial_transactions")
    assert paged.differences("customers", "financial_transactions") == []
    assert paged.violations() == {}


@pytest.mark.parametrize(("name", "path"), [("journals", "Journals"), ("customers", "Accounts"),
                                             ("financial_transactions", "Transactions")])  # fmt: skip
def test_a_page_with_a_row_of_another_division_is_refused_whole(
    deployment: Deployment, name: str, path: str
) -> None:
    """F48."""
    deployment.sync_well("divisions")
    deployment.simulator.faults.add(
        "wrong_division", path=path, query="Division", other=99, index=-1, times=None
    )
    outcome = only(deployment.sync(name), name)
    assert outcome.exit_code == 1
    assert "asked for division 124132" in str(outcome.message)
    assert "99" in str(outcome.message)
    assert sql(deployment, f"SELECT count(*) FROM exact.{name}") == [(0,)]
    deployment.simulator.faults.clear()
    deployment.sync_well(name)
    assert deployment.differences(name) == []


@pytest.mark.parametrize("kind", ["duplicate_in_page", "duplicate_across_pages"])
def test_a_record_that_comes_twice_is_one_row_the_newest(paged: Deployment, kind: str) -> None:
    """F20: the older version comes last, and still doesn't win."""
    names = ("customers", "documents", "financial_transactions")
    paged.sync_well("divisions")
    for path in ("crm/Accounts", "documents/Documents", "Transactions"):
        paged.simulator.faults.add(kind, path=path, query="Created", times=1)
    outcomes = paged.sync_well(*names)
    for name in names:
        (count,) = sql(paged, f"SELECT count(*) FROM exact.{name}")[0]
        assert only(outcomes, name).tally.inserted == count
        assert only(outcomes, name).tally.records == count + 1
    assert paged.differences(*names) == []
    assert paged.violations() == {}


@pytest.mark.parametrize("kind", ["duplicate_in_page", "duplicate_across_pages"])
@pytest.mark.parametrize("is_known", [False, True])
def test_so_it_is_where_everything_is_read_again(paged: Deployment, kind: str, is_known: bool) -> None:
    """An older version replaces what was here before, but nothing that this reading has seen."""
    name, path = "customers", "crm/Accounts"
    paged.sync_well("divisions", name)
    if not is_known:
        sql(paged, f"UPDATE exact.{name} SET _fingerprint = NULL")
    for page in range(4):
        paged.simulator.faults.add(kind, path=path, query="Created", after=page, times=2)
        paged.sync_well(name, full=True)
        assert paged.differences(name) == [], page
        paged.simulator.faults.clear()
        paged.simulator.faults.add("refuse_bulk", times=None)


def test_a_record_that_comes_twice_in_a_snapshot_is_one_row_the_newest(deployment: Deployment) -> None:
    """F20 for the snapshots, whose pages wait aside until the last one."""
    for path in ("Journals", "GLAccounts", "ItemGroups"):
        deployment.simulator.faults.add("duplicate_in_page", path=path, times=None)
    names = ("journals", "gl_accounts", "item_groups")
    for _ in range(2):
        deployment.sync_well(*names)
        assert deployment.differences(*names) == []
