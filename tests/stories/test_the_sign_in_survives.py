"""The token chain under everything Exact does to it: F06, F07, F08, F09, F14."""

from contextlib import suppress
from typing import Any

import httpx
import pytest

from exact_sync.errors import BadConfiguration, SignInNeeded
from exact_sync.exact import oauth
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, Deployment
from tests.facts import only, restart

TOKEN = "oauth2/token"


def token_calls(deployment: Deployment) -> int:
    return deployment.calls(TOKEN)


@pytest.mark.parametrize("kind", ["early_400", "early_401"])
def test_a_refresh_refused_as_too_early_is_no_error(deployment: Deployment, kind: str) -> None:
    """F06: the token in hand goes on; the refresh comes when Exact allows it."""
    deployment.simulator.faults.add(kind, path=TOKEN)
    deployment.clock.advance(seconds=575)
    deployment.simulator.stats.reset()
    deployment.sync_well("journals", "item_groups", "customers")
    assert token_calls(deployment) == 1
    deployment.clock.advance(seconds=60)
    deployment.sync_well("journals", "item_groups", "customers")
    assert token_calls(deployment) == 2
    assert deployment.differences("journals", "item_groups", "customers") == []
    assert deployment.violations() == {}


SILENT: list[dict[str, Any]] = [
    {"kind": "empty_body"},
    {"kind": "html"},
    {"kind": "html", "status": 503},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "body": ""},
    {"kind": "reset"},
    {"kind": "timeout"},
    {"kind": "redirect"},
]


@pytest.mark.parametrize("fault", SILENT, ids=lambda fault: "-".join(map(str, fault.values())))
def test_a_token_endpoint_that_stumbles_is_asked_again_with_the_same_refresh_token(
    deployment: Deployment, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F07."""
    if fault["kind"] == "timeout":
        monkeypatch.setattr(oauth, "_TIMEOUT", httpx.Timeout(0.3))
    deployment.clock.advance(hours=1)
    deployment.simulator.stats.reset()
    deployment.simulator.faults.add(path=TOKEN, times=3, fault=fault["kind"], **without_kind(fault))
    deployment.sync_well("journals")
    assert token_calls(deployment) == 4
    assert deployment.differences("journals") == []
    assert deployment.violations() == {}


@pytest.mark.parametrize("fault", SILENT[:4], ids=lambda fault: "-".join(map(str, fault.values())))
def test_a_token_endpoint_that_is_away_costs_a_few_tries_and_not_the_refresh_token(
    deployment: Deployment, fault: dict[str, Any]
) -> None:
    """F07 for an hour: exit 4, the chain lives."""
    deployment.clock.advance(hours=1)
    deployment.simulator.stats.reset()
    rule = deployment.simulator.faults.add(path=TOKEN, times=None, fault=fault["kind"], **without_kind(fault))
    assert exit_code(deployment.sync("journals")) == 4
    assert token_calls(deployment) == oauth.TRIES
    deployment.simulator.faults.remove(rule)
    restart(deployment)
    deployment.sync_well("journals")
    assert deployment.differences("journals") == []
    assert deployment.violations() == {}


def without_kind(fault: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fault.items() if name != "kind"}


def needs_signing_in(deployment: Deployment, said: str) -> None:
    """The state is final: exit 3 now and next time, and nobody asks Exact again."""
    outcomes = deployment.sync("journals", "customers")
    assert exit_code(outcomes) == 3
    assert said in str(only(outcomes, "journals").message)
    assert only(outcomes, "customers").status == "skipped"
    asked = deployment.calls()
    for _ in range(3):
        restart(deployment)
        deployment.clock.advance(hours=1)
        with pytest.raises(SignInNeeded, match=said):
            deployment.sync("journals", "customers")
    assert deployment.calls() == asked
    status = deployment.service.status()
    assert not status.signed_in
    assert said in str(status.sign_in_message)


def works_after_signing_in(deployment: Deployment) -> None:
    deployment.sign_in()
    deployment.sync_well("journals", "customers")
    assert deployment.differences("journals", "customers") == []


@pytest.mark.parametrize("wrong", ["client_id", "client_secret"])
def test_a_wrong_setting_costs_no_sign_in(deployment: Deployment, wrong: str) -> None:
    right = getattr(deployment.settings, wrong)
    kind = type(right)
    deployment.clock.advance(hours=1)
    for value, status in ((kind("wrong"), 2), (kind(""), 2), (right, 0)):
        restart(deployment, **{wrong: value})
        with suppress(BadConfiguration):
            assert exit_code(deployment.sync("journals")) == status
    assert deployment.differences("journals") == []


def test_an_expired_refresh_token_needs_a_person_once(deployment: Deployment) -> None:
    """F08: 30 idle days."""
    deployment.sync_well("journals")
    deployment.clock.advance(days=30, minutes=1)
    needs_signing_in(deployment, "refresh token expired")
    works_after_signing_in(deployment)
    assert deployment.violations() == {}


def test_a_revoked_consent_needs_a_person_once(deployment: Deployment) -> None:
    """F08: between two runs."""
    deployment.sync_well("journals")
    deployment.simulator.oauth.revoke()
    deployment.clock.advance(hours=1)
    needs_signing_in(deployment, "no longer accepts the sign-in")
    works_after_signing_in(deployment)
    assert deployment.violations() == {}


def test_a_consent_revoked_in_mid_run_ends_the_run_and_keeps_what_was_read(deployment: Deployment) -> None:
    """F08: with a token that was good until then."""
    deployment.sync_well("divisions")
    deployment.simulator.faults.add("revoke_consent", path="/Accounts")
    outcomes = deployment.sync("journals", "customers", "contacts")
    assert only(outcomes, "journals").status == "ok"
    assert only(outcomes, "customers").exit_code == 3
    assert only(outcomes, "contacts").status == "skipped"
    assert exit_code(outcomes) == 1
    assert deployment.differences("journals") == []
    with pytest.raises(SignInNeeded):
        deployment.sync("journals")
    works_after_signing_in(deployment)


def test_a_token_that_another_program_rotated_is_told_as_such(deployment: Deployment) -> None:
    """F09."""
    deployment.sync_well("journals")
    deployment.clock.advance(hours=1)
    deployment.simulator.oauth.steal()
    needs_signing_in(deployment, "another program")
    works_after_signing_in(deployment)
    assert deployment.violations() == {"replayed_refreshes": 1}


def test_an_answer_lost_on_its_way_is_not_blamed_on_another_program(deployment: Deployment) -> None:
    """F07 and F03: Exact rotated the token, and we never heard of it."""
    deployment.sync_well("journals")
    deployment.clock.advance(hours=1)
    deployment.simulator.faults.add("lost_answer", path=TOKEN)
    needs_signing_in(deployment, "interrupted before its answer could be stored")
    works_after_signing_in(deployment)


def test_a_401_in_mid_run_costs_one_refresh_and_the_same_page_again(deployment: Deployment) -> None:
    """F14: with a token old enough to be refreshed."""
    deployment.sync_well("divisions")
    deployment.clock.advance(seconds=571)
    deployment.simulator.faults.add("status", path="SalesInvoices", status=401)
    deployment.simulator.stats.reset()
    outcomes = deployment.sync_well("journals", "sales_invoices", "customers")
    assert token_calls(deployment) == 1
    invoices = deployment.simulator.stats.calls(DIVISION, "SalesInvoices")
    assert [call.status for call in invoices] == [401, 200]
    assert invoices[0].query == invoices[1].query
    tally = only(outcomes, "sales_invoices").tally
    assert tally.inserted == tally.records == len(deployment.table("salesinvoice/SalesInvoices"))
    assert deployment.differences("journals", "sales_invoices", "customers") == []
    assert deployment.violations() == {}


def test_a_401_for_a_young_token_is_asked_again_with_the_same_one(deployment: Deployment) -> None:
    """F14 and F06 at once: the refresh is refused as too early, and that is no error either."""
    deployment.simulator.faults.add("status", path="Journals", status=401)
    deployment.sync_well("journals", "customers")
    assert deployment.differences("journals", "customers") == []
    assert deployment.violations() == {"early_refreshes": 1}


def test_401s_without_end_never_get_the_app_blocked(deployment: Deployment) -> None:
    """F14 for an hour, a run every four minutes: below ten errors an hour."""
    deployment.sync_well("journals")
    deployment.simulator.faults.add("status", path="Journals", status=401, times=None)
    for _ in range(15):
        deployment.clock.advance(minutes=4)
        assert exit_code(deployment.sync("journals")) != 0
    assert deployment.violations().get("error_blocked", 0) == 0
    deployment.simulator.faults.clear()
    deployment.clock.advance(hours=1)
    deployment.sync_well("journals")
    assert deployment.differences("journals") == []


def test_the_chain_lives_through_rare_runs(deployment: Deployment) -> None:
    """A run every 29 days: each renews the refresh token."""
    for _ in range(3):
        deployment.clock.advance(days=29)
        restart(deployment)
        deployment.sync_well("journals")
    assert deployment.differences("journals") == []
    assert deployment.violations() == {}
