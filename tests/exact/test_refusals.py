"""What Exact refuses: sorted by what happens next, and never asked for ten times an hour."""

import pytest

from exact_sync.errors import DivisionLost, ExactAway, ExactSyncError, Refused, Unavailable
from exact_sync.exact.breaker import ERRORS_AN_HOUR
from tests.exact.line import Made
from tests.exact.scripted import Answer, data, error, page, token

REFUSED: list[tuple[Answer, type[ExactSyncError], str]] = [
    (error(400, "The field 'Colour' is unknown"), Refused, "Colour"),
    (error(401), ExactAway, "access token"),
    (error(404), Unavailable, "does not have this"),
    (error(403, "Application Scope Violated"), Unavailable, "Scope Violated"),
    (error(403, Reason="Whatever"), Unavailable, "Whatever"),
    (error(403, Reason="NoDivisionAccess"), DivisionLost, "NoDivisionAccess"),
    (error(403, Reason="DivisionBlocked"), DivisionLost, "DivisionBlocked"),
    (error(403, Reason="BlockedUser"), DivisionLost, "BlockedUser"),
    (error(403, Reason="LicenseExpired"), DivisionLost, "LicenseExpired"),
    (error(403, Reason="InactiveUser"), DivisionLost, "InactiveUser"),
    (error(403, Reason="BlockedCustomer"), DivisionLost, "BlockedCustomer"),
    (page(403), Unavailable, "no reason given"),
]


@pytest.mark.parametrize(("answer", "kind", "says"), REFUSED)
def test_a_refusal_is_not_tried_again_and_says_why(
    line: Made, answer: Answer, kind: type[ExactSyncError], says: str
) -> None:
    calls = 3 if answer.status == 401 else 1
    with line(*([answer, token("another-token", "refresh-2")] if calls == 3 else []), answer) as ours:
        with pytest.raises(kind, match=says):
            ours.get()
        assert len(ours.served.asked) == calls
        assert ours.clock.slept == []


@pytest.mark.parametrize(("answer", "kind", "says"), REFUSED)
def test_a_refusal_of_what_belongs_to_no_division_is_not_tried_again_either(
    line: Made, answer: Answer, kind: type[ExactSyncError], says: str
) -> None:
    if answer.status in (403, 404):
        kind, says = Unavailable, f"^current/Me: HTTP {answer.status}: "
    with line(*([answer, token("access-2", "refresh-2")] if answer.status == 401 else []), answer) as ours:
        with pytest.raises(kind, match=says):
            ours.get(None, endpoint="current/Me")
        assert ours.served.script.paths.count("/x") == (2 if answer.status == 401 else 1)
        assert ours.clock.slept == []


@pytest.mark.parametrize("division", [7, None])
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_errors_stop_an_endpoint_well_before_exact_blocks_the_app(
    line: Made, status: int, division: int | None
) -> None:
    too_early = Answer(400, b'{"error":"access_denied","error_description":"not expired"}')

    def answer() -> Answer:
        return too_early if ours.served.script.paths[-1].endswith("token") else error(status)

    with line(answer) as ours:
        for _ in range(20):
            with pytest.raises(ExactSyncError):
                ours.get(division)
        asked = ours.served.script.paths.count("/x")
        assert ERRORS_AN_HOUR <= asked <= ERRORS_AN_HOUR + 1 < 10
        ours.clock.advance(hours=1, seconds=1)
        with pytest.raises(ExactSyncError):
            ours.get(division)
        assert ours.served.script.paths.count("/x") > asked


def test_a_401_that_a_new_token_heals_counts_as_a_call_and_as_nothing_to_mend(line: Made) -> None:
    with line(error(401), token("another-token", "refresh-2"), data([{"ID": 1}])) as ours:
        assert ours.get() == [1]
        budget = ours.transport.budget(7)
        assert budget.calls == 2
        known = budget.as_json()
        assert {what: len(moments) for what, moments in known["overcome"].items()} == {"x": 1}
        assert known["errors"] == {}


def test_a_401_that_a_new_token_does_not_heal_counts_as_two_errors(line: Made) -> None:
    with line(error(401), token("another-token", "refresh-2"), error(401)) as ours:
        with pytest.raises(ExactSyncError):
            ours.get()
        known = ours.transport.budget(7).as_json()
        assert {what: len(moments) for what, moments in known["errors"].items()} == {"x": 2}
        assert known["overcome"] == {}
