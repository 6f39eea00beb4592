"""One request, insisted on until data comes back, or a clear reason why it does not."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from exact_sync.errors import (
    BadData,
    BudgetSpent,
    ExactAway,
    SignInNeeded,
    Stopped,
    Unclear,
)
from exact_sync.exact.odata import read_answer
from tests.deployment import START, SharedClock
from tests.exact.line import PATIENCE, Line, Made
from tests.exact.scripted import Answer, data, epoch_ms, error, page, serve, token, zipped

GOOD = data([{"ID": 1}])


def minute_over(remaining: int = 0) -> Answer:
    headers = {"X-RateLimit-Minutely-Remaining": str(remaining), "X-RateLimit-Minutely-Limit": "60"}
    reset = epoch_ms(START.replace(second=40))
    return Answer(429, b"", headers | {"X-RateLimit-Minutely-Reset": reset, "Date": http_date(START)})


def http_date(moment: datetime) -> str:
    return f"{moment:%a, %d %b %Y %H:%M:%S} GMT"


def test_a_request_carries_the_token_and_asks_for_json(line: Made) -> None:
    with line(GOOD) as ours:
        assert ours.get() == [1]
        (asked,) = ours.served.asked
    assert asked.headers["Authorization"] == "Bearer the-access-token"
    assert asked.headers["Accept"] == "application/json"


BROKEN = {
    "408": error(408),
    "500": error(500, "An error occurred"),
    "502": page(502),
    "503": page(503),
    "504": page(504),
    "hangs up": Answer(hangs_up=True),
    "maintenance page": page(),
    "web page as json": replace(page(), headers={"Content-Type": "application/json"}),
    "json cut": replace(GOOD, body=GOOD.body[:-3]),
    "longer than sent": replace(GOOD, length=len(GOOD.body) + 9),
    "shorter than sent": replace(GOOD, length=len(GOOD.body) - 2),
    "gzip cut": zipped(data([{"ID": n} for n in range(999)]), upto=-500),
    "gzip that is none": replace(GOOD, headers={"Content-Encoding": "gzip"}),
    "without d": Answer(200, b"{}"),
    "empty": Answer(200, b""),
    "redirect": Answer(302, b"", {"Location": "/elsewhere"}),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_thrown_away_whole_and_the_same_page_asked_again(
    line: Made, broken: Answer
) -> None:
    with line(broken, broken, zipped(GOOD)) as ours:
        assert ours.get() == [1]
        assert ours.served.script.paths == ["/x"] * 3
        first, second = ours.clock.slept
        assert 1.0 <= first <= 1.5
        assert 2.0 <= second <= 3.0


def test_it_gives_up_after_growing_waits_and_says_that_nothing_is_lost(line: Made) -> None:
    with line(page(503), patience=replace(PATIENCE, tries=9, longest_wait=30.0)) as ours:
        with pytest.raises(ExactAway, match="HTTP 503") as caught:
            ours.get()
        assert caught.value.exit_code == 4
        assert len(ours.served.asked) == 9
        for wait, least in zip(ours.clock.slept, (1, 2, 4, 8, 16, 30, 30, 30), strict=True):
            assert least <= wait <= 1.5 * least


@pytest.mark.parametrize("answer", [page(), replace(page(), headers={}), replace(page(), body=b"Back soon!")])
def test_a_maintenance_page_is_called_what_it_is(line: Made, answer: Answer) -> None:
    patience = replace(PATIENCE, tries=1)
    with line(answer, patience=patience) as ours, pytest.raises(ExactAway, match="maintenance"):
        ours.get()


def test_nobody_listening_is_temporary(line: Made) -> None:
    with line(GOOD, patience=replace(PATIENCE, tries=2)) as ours:
        with serve(GOOD) as gone:
            pass
        ours.session._base_url = gone.url
        with pytest.raises(ExactAway, match="no connection"):
            ours.transport.get(7, "x/X", f"{gone.url}/x", read_answer)


def test_a_body_that_drips_is_cut_off(clock: SharedClock) -> None:
    class Impatient(SharedClock):
        def monotonic(self) -> float:
            self.advance(seconds=200)
            return super().monotonic()

    with serve(GOOD) as served:
        ours = Line(served, Impatient(), replace(PATIENCE, tries=2, whole_answer=100.0))
        with pytest.raises(ExactAway, match="takes too long"):
            ours.get()


def test_an_answer_larger_than_any_of_exacts_is_not_read_on(
    line: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exact_sync.exact.sending._LARGEST_ANSWER", 1000)
    bomb, patience = zipped(Answer(200, b" " * 100_000)), replace(PATIENCE, tries=1)
    with line(bomb, patience=patience) as ours, pytest.raises(ExactAway, match="connection broke"):
        ours.get()


def test_after_a_429_nothing_is_asked_before_the_minute_is_over(line: Made) -> None:
    moments: list[datetime] = []

    def good() -> Answer:
        moments.append(ours.clock.now())
        return GOOD

    with line(minute_over(), good) as ours:
        assert ours.get() == [1]
        assert moments[0] > START.replace(second=40)
        assert ours.transport.budget(7).calls == 2


def test_a_minute_that_never_ends_is_given_up(line: Made) -> None:
    with line(Answer(429, b"", {"Retry-After": "1"}), patience=replace(PATIENCE, minute_waits=3)) as ours:
        with pytest.raises(BudgetSpent):
            ours.get()
        assert len(ours.served.asked) == 4


def test_a_day_that_is_used_up_parks_this_division_and_no_other(line: Made) -> None:
    with line(Answer(429), GOOD) as ours:
        for _ in range(3):
            with pytest.raises(BudgetSpent):
                ours.get()
        assert len(ours.served.asked) == 1
        assert ours.get(division=8) == [1]


def test_a_redirect_takes_the_token_nowhere(line: Made) -> None:
    with serve(GOOD) as elsewhere:
        moved = Answer(301, b"", {"Location": f"{elsewhere.url}/x"})
        with (
            line(moved, patience=replace(PATIENCE, tries=2)) as ours,
            pytest.raises(ExactAway, match="redirect"),
        ):
            ours.get()
        assert elsewhere.asked == []


def test_a_link_that_is_no_url_is_bad_data(line: Made) -> None:
    for path in ("/x\ny", "/" + "x" * 70_000):
        with line(GOOD) as ours, pytest.raises(BadData, match="no URL"):
            ours.get(path=path)


def test_requests_of_one_division_never_overlap(line: Made) -> None:
    """From before it is asked until its answer is read, a division's lock is held; no other's is."""
    held: list[tuple[bool, ...]] = []

    def look() -> None:
        held.append(tuple(ours.transport.budget(code).one_at_a_time.locked() for code in (7, 8)))

    def answer() -> Answer:
        look()
        return GOOD

    with line(page(503), answer) as ours:
        ours.transport.get(7, "x/X", f"{ours.served.url}/x", lambda body: look())
        ours.transport.change(7, "DELETE", "x/X", f"{ours.served.url}/x")
        look()
    assert held == [(True, False), (True, False), (True, False), (False, False)]


def test_a_process_that_is_to_stop_asks_nothing_more(line: Made) -> None:
    with line(GOOD) as ours:

        def stop(seconds: float) -> None:
            raise Stopped("asked to stop")

        ours.clock.sleep = stop  # type: ignore[method-assign]
        with pytest.raises(Stopped):
            ours.get()
        assert ours.served.asked == []


def test_the_token_is_fetched_after_waiting_and_not_before(line: Made) -> None:
    with line(minute_over(), token("fresh", "fresh"), GOOD) as ours:
        tokens = ours.session._store.tokens
        ours.session._store.tokens = replace(tokens, expires_at=START + timedelta(seconds=60))
        assert ours.get() == [1]
        assert ours.served.asked[-1].headers["Authorization"] == "Bearer fresh"


def test_a_division_that_was_given_back_is_known_anew_where_another_process_called(line: Made) -> None:
    with line(GOOD) as ours:
        known = ours.transport.budget(7)
        state = known.as_json()
        ours.transport.release(7)
        assert ours.transport.budget(7, state) is known, "nobody else has called"
        assert ours.transport.budget(7) is known, "and nobody can any more"
        ours.transport.release(7)
        spent = {"limit": 5000, "remaining": 1, "resets_at": None}
        other = ours.transport.budget(7, state | {"day": spent})
        assert (other is known, other.day.remaining) == (False, 1)
        assert ours.transport.budget(7, state) is other, "it is ours, so we know best"


def test_a_429_that_could_not_be_stored_is_heeded_all_the_same(line: Made) -> None:
    """The database went away after it: what it has is older than what this process knows."""
    with line(Answer(429), GOOD) as ours:
        stored = ours.transport.budget(7).as_json()
        with pytest.raises(BudgetSpent):
            ours.get()
        ours.transport.budget(7).as_json()  # in a transaction that fails
        ours.transport.release(7)
        ours.transport.budget(7, stored)
        with pytest.raises(BudgetSpent):
            ours.get()
        assert len(ours.served.asked) == 1


def test_a_call_outside_all_divisions_counts_against_none(line: Made) -> None:
    """So a limit is none that could be waited out: it is asked again like what stumbles."""
    with line(Answer(429), GOOD) as ours:
        assert ours.get(division=None) == [1]
        assert ours.transport.budget(7).calls == 0


def test_signing_in_needed_is_passed_on(line: Made) -> None:
    with line(GOOD) as ours:

        def nobody(refused: object = None) -> None:
            raise SignInNeeded("nobody")

        ours.session.tokens = nobody  # type: ignore[method-assign,assignment]
        with pytest.raises(SignInNeeded):
            ours.get()


def test_a_change_is_asked_for_again_only_where_nothing_was_done(line: Made) -> None:
    made = Answer(201, b'{"d": {"ID": "1"}}')
    with line(minute_over(), Answer(401), token("access-2", "again"), made) as ours:
        ours.transport.change(7, "POST", "x/X", f"{ours.served.url}/x", b'{"Topic": "Items"}')
        asked = [(each.method, each.body, each.headers["Content-Type"]) for each in ours.served.asked]
        del asked[2]  # for a token
        assert asked == [("POST", '{"Topic": "Items"}', "application/json")] * 3
        assert ours.clock.now() > START.replace(second=40)
        assert ours.transport.budget(7).calls == 3


@pytest.mark.parametrize("broken", [error(500, "Oops"), page(503), page(), Answer(hangs_up=True)], ids=str)
def test_where_nobody_knows_whether_a_change_was_made_it_is_not_repeated(line: Made, broken: Answer) -> None:
    with line(broken, Answer(201)) as ours:
        with pytest.raises(Unclear, match="x/X of division 7"):
            ours.transport.change(7, "DELETE", "x/X", f"{ours.served.url}/x")
        assert [each.method for each in ours.served.asked] == ["DELETE"]


def test_what_was_deleted_has_no_answer(line: Made) -> None:
    with line(Answer(204)) as ours:
        ours.transport.change(7, "DELETE", "x/X", f"{ours.served.url}/x")
        with pytest.raises(Unclear, match="not JSON"):
            ours.transport.change(7, "POST", "x/X", f"{ours.served.url}/x", b"{}")
