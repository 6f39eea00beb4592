"""A valid token on every request, and a token chain that we never break."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from exact_sync.credentials import Cipher, Tokens
from exact_sync.errors import BadConfiguration, ExactAway, ExactSyncError, SignInNeeded
from exact_sync.exact.oauth import TRIES
from exact_sync.exact.session import FIRST_REST
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from exact_sync.store.unsaved import Unsaved
from tests.deployment import SharedClock
from tests.exact.company import Company, Found
from tests.exact.scripted import Answer, page, refusal, serve, token

OLD_USED = refusal(401, "unauthorized_client", "Old refresh token used.")
TOO_EARLY = "Rate limit exceeded: access_token not expired"


def test_a_token_is_used_until_its_last_half_minute(company: Found) -> None:
    with company(token("access-1", "refresh-1")) as ours:
        session = ours.process()
        ours.clock.advance(minutes=9, seconds=31)
        assert session.tokens().access == "access-0"
        assert ours.offered == []
        ours.clock.advance(seconds=1)
        assert session.tokens().access == "access-1"
        assert ours.store.read().tokens == session.tokens()
        assert ours.offered == ["refresh-0"]


def test_a_stored_token_is_used_by_the_next_process_without_a_second_refresh(company: Found) -> None:
    with company(token("access-1", "refresh-1"), OLD_USED) as ours:
        ours.clock.advance(minutes=10)
        ours.process().tokens()
        assert ours.process().tokens().access == "access-1"
        assert ours.offered == ["refresh-0"]


def test_a_refused_token_that_somebody_has_replaced_meanwhile_costs_no_refresh(company: Found) -> None:
    with company(token("access-2", "refresh-2")) as ours:
        session, now = ours.process(), ours.clock.now()
        refused = session.tokens()
        ours.store.sign_in(Tokens("access-1", "refresh-1", now + timedelta(minutes=10), now))
        assert session.tokens(refused=refused).access == "access-1"
        assert ours.offered == []


@pytest.mark.parametrize("processes", [2, 50])
def test_of_many_processes_exactly_one_refreshes(
    database_url: str, clock: SharedClock, tmp_path: Path, processes: int
) -> None:
    databases = [Database(database_url, clock, connections=2) for _ in range(processes)]
    with serve(token("access-1", "refresh-1"), OLD_USED) as endpoint:
        companies = [Company(database, clock, tmp_path, endpoint) for database in databases]
        clock.advance(minutes=10)
        together = threading.Barrier(processes)

        def ask(ours: Company) -> str:
            session = ours.process()
            together.wait(30)
            return session.tokens().access

        with ThreadPoolExecutor(processes) as threads:
            assert set(threads.map(ask, companies)) == {"access-1"}
        assert len(endpoint.asked) == 1
    for database in databases:
        database.close()


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "access_denied", TOO_EARLY, Reason="TooEarlyToRefreshTokens"),
        refusal(400, "access_denied", TOO_EARLY),
        refusal(401, "unauthorized_client", "Access Token not expired"),
        refusal(400, "access_denied", "", Reason="TooEarlyToRefreshTokens"),
        Answer(400, headers={"Reason": "TooEarlyToRefreshTokens"}),
        Answer(401, b"<html>Unauthorized</html>", {"Reason": "Access Token not expired"}),
    ],
)
def test_a_refresh_refused_as_too_early_means_go_on_with_the_token_in_hand(
    company: Found, answer: Answer
) -> None:
    with company(answer, token("access-1", "refresh-1")) as ours:
        ours.clock.advance(minutes=10)
        session = ours.process()
        assert session.tokens().access == session.tokens().access == "access-0"
        assert ours.offered == ["refresh-0"]
        assert ours.store.read().unfinished_refresh is None
        ours.clock.advance(seconds=61)
        assert session.tokens().access == "access-1"


def test_a_refresh_that_was_too_early_is_tried_again_when_the_token_ends_and_not_before(
    company: Found,
) -> None:
    with company(refusal(400, "access_denied", TOO_EARLY), token("access-1", "refresh-1")) as ours:
        session = ours.process()
        for seconds in (585, 10):
            ours.clock.advance(seconds=seconds)
            assert session.tokens().access == "access-0"
        assert ours.offered == ["refresh-0"]
        ours.clock.advance(seconds=5)
        assert session.tokens().access == "access-1"


class Strict:
    """Answers as Exact does, now and then slowly: no token before the last one's last 30 seconds."""

    def __init__(self, clock: SharedClock, *ways: float) -> None:
        self._clock = clock
        self._ways = itertools.cycle(ways)
        self.made = {"access-0": clock.now()}
        self.refused = 0

    def __call__(self) -> Answer:
        self._clock.advance(seconds=next(self._ways))
        if self.is_valid(list(self.made)[-1], seconds=570):
            self.refused += 1
            return refusal(400, "access_denied", TOO_EARLY)
        number = len(self.made)
        self.made[f"access-{number}"] = self._clock.now()
        return token(f"access-{number}", f"refresh-{number}")

    def is_valid(self, access: str, seconds: float = 600) -> bool:
        return self._clock.now() < self.made[access] + timedelta(seconds=seconds)


@pytest.mark.parametrize("ways", [(0,), (5, 0), (8, 0, 0), (19, 1)])
def test_a_token_is_neither_used_after_its_end_nor_refreshed_too_early(
    company: Found, clock: SharedClock, ways: tuple[float, ...]
) -> None:
    exact = Strict(clock, *ways)
    with company(exact) as ours:
        session = ours.process()
        for _ in range(3600):
            access = session.tokens().access
            assert exact.is_valid(access), f"{access} is used beyond its end"
            ours.clock.advance(seconds=1)
        assert (exact.refused, len(ours.offered)) == (0, 6)


@pytest.mark.parametrize("seconds", [5, 3600])
def test_a_token_that_exact_finds_younger_than_we_do_is_trusted_to_its_end_at_most(
    company: Found, clock: SharedClock, seconds: float
) -> None:
    """Our clock has jumped by so much."""
    exact = Strict(clock, 0)
    with company(exact) as ours:
        session = ours.process()
        session.tokens()
        exact.made["access-0"] += timedelta(seconds=seconds)
        ours.clock.advance(seconds=seconds)
        for _ in range(700):
            access = session.tokens().access
            assert exact.is_valid(access)
            ours.clock.advance(seconds=1)
        assert exact.refused <= 21
        assert access == "access-1"


@pytest.mark.parametrize(
    "bad",
    [
        Answer(200, b""),
        page(),
        page(400),
        page(503),
        Answer(401, b""),
        Answer(hangs_up=True),
        Answer(200, b"{}"),
        Answer(200, b'{"access_token": "half", "expires_in": "600"}'),
    ],
)
def test_a_broken_answer_is_asked_for_again_with_the_same_refresh_token(company: Found, bad: Answer) -> None:
    with company(bad, bad, token("access-1", "refresh-1")) as ours:
        ours.clock.advance(minutes=10)
        assert ours.process().tokens().access == "access-1"
        assert ours.offered == ["refresh-0"] * 3
        assert len(ours.clock.slept) == 2


def test_a_token_endpoint_that_stays_broken_never_costs_the_refresh_token(company: Found) -> None:
    with company(*[page(503)] * TRIES, token("access-1", "refresh-1")) as ours:
        ours.clock.advance(minutes=10)
        with pytest.raises(ExactAway):
            ours.process().tokens()
        assert ours.offered == ["refresh-0"] * TRIES
        kept = ours.store.read()
        assert (kept.tokens.refresh, kept.needed_because) == ("refresh-0", None)
        assert ours.process().tokens().access == "access-1"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(page(503), ExactAway), (refusal(401, "invalid_client", "no such client"), BadConfiguration)],
)
def test_a_token_endpoint_that_is_away_is_left_alone_ever_longer(
    company: Found, answer: Answer, kind: type[ExactSyncError]
) -> None:
    """Whoever asks: it may be asked 200 times a day."""
    with company(lambda: answers[0]) as ours:
        answers = [answer]
        ours.clock.advance(minutes=10)
        session, began = ours.process(), ours.clock.now()
        seen = set()
        while ours.clock.now() - began < timedelta(hours=24):
            with pytest.raises(kind) as caught:
                session.tokens()
            seen.add(caught.value.message)
            ours.clock.advance(minutes=5)
        assert 96 <= len(ours.offered) <= 110
        assert len(seen) == 1
        answers = [token("access-1", "refresh-1")]
        ours.clock.advance(minutes=15)
        assert session.tokens().access == "access-1"
        answers = [answer]
        ours.clock.advance(minutes=10)
        with pytest.raises(kind):
            session.tokens()
        answers = [token("access-2", "refresh-2")]
        ours.clock.advance(seconds=15)
        assert session.tokens().access == "access-2", "a success begins with short waits again"


def test_while_the_token_endpoint_is_left_alone_a_token_from_elsewhere_is_used(company: Found) -> None:
    """Of another process, or of a person who signs in."""
    with company(*[page(503)] * TRIES, token("access-2", "refresh-2")) as ours:
        ours.clock.advance(minutes=10)
        session = ours.process()
        with pytest.raises(ExactAway) as caught:
            session.tokens()
        assert caught.value.until == ours.clock.now() + FIRST_REST
        now = ours.clock.now()
        ours.store.sign_in(Tokens("access-1", "refresh-1", now + timedelta(seconds=38), now))
        assert session.tokens().access == "access-1"
        ours.clock.advance(seconds=11)
        assert session.tokens().access == "access-2"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refusal(400, "invalid_request", "The refresh token expired at 1 and it is now 2"), "expired"),
        (
            refusal(400, "invalid_grant", "Token is not allowed, because of invalid or empty chainId"),
            "chainId",
        ),
        (OLD_USED, "another program"),
    ],
)
def test_a_dead_refresh_token_means_signing_in_once_and_no_loop(
    company: Found, answer: Answer, reason: str
) -> None:
    with company(answer) as ours:
        ours.clock.advance(days=31)
        first, second = ours.process(), ours.process()
        for session in (first, first, second):
            with pytest.raises(SignInNeeded, match=reason) as caught:
                session.tokens()
            assert caught.value.exit_code == 3
        assert ours.offered == ["refresh-0"]
        assert reason in (ours.store.read().needed_because or "")


def test_a_wrong_client_secret_is_not_the_end_of_the_sign_in(company: Found) -> None:
    with company(refusal(401, "invalid_client", "no such client"), token("access-1", "refresh-1")) as ours:
        ours.clock.advance(minutes=10)
        with pytest.raises(BadConfiguration):
            ours.process().tokens()
        assert ours.store.read().needed_because is None
        assert ours.process().tokens().access == "access-1"


def test_after_a_crash_before_storing_the_old_token_is_tried_once_and_the_reason_is_named(
    company: Found,
) -> None:
    with company(OLD_USED) as ours:
        ours.clock.advance(minutes=10)
        with ours.store.locked() as slot:
            slot.refresh_begins(ours.store.read().tokens)
        session = ours.process()
        for _ in range(2):
            with pytest.raises(SignInNeeded, match="interrupted before its answer could be stored"):
                session.tokens()
        assert ours.offered == ["refresh-0"]


def test_an_unanswered_refresh_followed_by_old_token_used_is_not_blamed_on_others(company: Found) -> None:
    with company(Answer(200, b""), OLD_USED) as ours:
        ours.clock.advance(minutes=10)
        with pytest.raises(SignInNeeded, match="interrupted"):
            ours.process().tokens()


def test_an_old_token_is_no_reason_to_sign_in_where_its_successor_has_been_put_aside(
    company: Found, database: Database, tmp_path: Path
) -> None:
    """The row's lock was lost while another process refreshed, and so was that one's database."""

    def answer() -> Answer:
        stored = ours.store.read().tokens
        fresh = Tokens("access-1", "refresh-1", ours.clock.now() + timedelta(minutes=10), ours.clock.now())
        Unsaved(tmp_path / "unsaved-tokens", Cipher("key")).keep(stored, fresh)
        return OLD_USED

    with company(answer) as ours:
        ours.clock.advance(minutes=10)
        assert ours.process().tokens().access == "access-1"
        kept = ours.store.read()
        assert (kept.tokens.refresh, kept.needed_because, kept.unfinished_refresh) == (
            "refresh-1",
            None,
            None,
        )
        assert ours.offered == ["refresh-0"]


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_jumps_a_day_never_costs_the_sign_in(company: Found, hours: int) -> None:
    too_early = refusal(400, "access_denied", TOO_EARLY)
    with company(too_early, token("access-1", "refresh-1")) as ours:
        session = ours.process()
        session.tokens()
        ours.clock.advance(hours=hours)
        assert session.tokens().access == "access-0"
        ours.clock.advance(minutes=2)
        assert session.tokens().access == "access-1"
        assert ours.store.read().needed_because is None


def test_an_idle_sign_in_is_kept_alive_every_few_days(company: Found) -> None:
    with company(token("access-1", "refresh-1")) as ours:
        session = ours.process()
        ours.clock.advance(days=2)
        session.keep_alive()
        assert ours.offered == []
        ours.clock.advance(days=1, minutes=1)
        session.keep_alive()
        session.keep_alive()
        assert ours.offered == ["refresh-0"]


def test_nobody_signed_in_is_said_so(company: Found, database: Database, tmp_path: Path) -> None:
    with company(token("access-1", "refresh-1")) as ours:
        ours.store = StoredSignIn(database, Cipher("key"), tmp_path)
        with database.begin() as connection:
            connection.exec_driver_sql("DELETE FROM exact_sync.sign_in")
        with pytest.raises(SignInNeeded, match="nobody is signed in"):
            ours.process().tokens()


def test_a_refresh_is_on_record_before_exact_is_asked(company: Found) -> None:
    """Should this process die before it can store the answer, the next one knows why."""

    def answer() -> Answer:
        on_record.append(ours.store.read().unfinished_refresh)
        return token("access-1", "refresh-1")

    on_record: list[str | None] = []
    with company(answer) as ours:
        fingerprint = ours.process().tokens().fingerprint
        ours.clock.advance(minutes=10)
        ours.process().tokens()
        assert on_record == [fingerprint]
        assert ours.store.read().unfinished_refresh is None
