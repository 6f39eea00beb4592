"""Exact's consent page and token endpoint."""

from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from exact_sync.credentials import Tokens
from exact_sync.errors import BadConfiguration, ExactAway, SignInNeeded
from exact_sync.exact.oauth import (
    App,
    OldTokenUsed,
    TokenEndpoint,
    authorize_url,
    loopback_address,
    new_state,
    read_redirect,
)
from exact_sync.logs import clean
from tests.deployment import SharedClock
from tests.exact.scripted import Answer, Served, page, refusal, serve, token

APP = App("client", "client-secret", "http://localhost:8471/callback")
STATE = "the-state"
SITE = "http://localhost:8471/callback"


def endpoint(served: Served, clock: SharedClock) -> TokenEndpoint:
    return TokenEndpoint(served.http, served.url, APP, clock)


def held(clock: SharedClock) -> Tokens:
    return Tokens("access-0", "refresh-0", clock.now(), clock.now())


def test_the_consent_page_is_asked_for_a_code_tied_to_this_sign_in() -> None:
    parts = urlsplit(authorize_url("https://start.exactonline.nl", APP, STATE))
    assert parts.path == "/api/oauth2/auth"
    assert dict(parse_qsl(parts.query)) == {
        "client_id": "client",
        "redirect_uri": SITE,
        "response_type": "code",
        "state": STATE,
        "force_login": "0",
    }


def test_no_two_states_are_alike() -> None:
    states = {new_state() for _ in range(100)}
    assert len(states) == 100
    assert min(map(len, states)) >= 24


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        (f"{SITE}?code=stampNL001.abc%21def&state={STATE}", "stampNL001.abc!def"),
        (f"  {SITE}?state={STATE}&code=abc \n", "abc"),
        (f"{SITE}?code=abc&state={STATE}#top", "abc"),
        (f"code=abc&state={STATE}", "abc"),
        (f"?code=abc&state={STATE}", "abc"),
        (f"/callback?code=abc&state={STATE}", "abc"),
        ("stampNL001.abc%21def", "stampNL001.abc!def"),
        ("stampNL001.abc!def\n", "stampNL001.abc!def"),
        ("abc%2Fdef", "abc/def"),
    ],
)
def test_the_code_is_found_in_what_is_pasted(pasted: str, code: str) -> None:
    assert read_redirect(pasted, STATE) == code


@pytest.mark.parametrize(
    ("pasted", "why"),
    [
        (f"{SITE}?code=abc&state=other", "does not belong to this sign-in"),
        (f"{SITE}?code=abc", "does not belong to this sign-in"),
        (f"{SITE}?code=abc&state=", "does not belong to this sign-in"),
        (f"{SITE}?code=abc&state={STATE}x", "does not belong to this sign-in"),
        (f"{SITE}?code=abc&state=é", "does not belong to this sign-in"),
        (f"{SITE}?error=access_denied&state=other", "does not belong to this sign-in"),
        (f"{SITE}?error=access_denied&state={STATE}", "did not give consent: access_denied"),
        (f"{SITE}?error=access_denied", "did not give consent: access_denied"),
        (f"{SITE}?state={STATE}", "carries no code"),
        (f"{SITE}", "does not belong to this sign-in"),
        ("", "no code was given"),
        ("  \n", "no code was given"),
    ],
)
def test_a_redirect_that_is_not_ours_or_carries_no_consent_is_refused(pasted: str, why: str) -> None:
    with pytest.raises(SignInNeeded, match=why):
        read_redirect(pasted, STATE)


def test_a_code_is_exchanged_for_tokens_with_the_redirect_uri_it_was_given_for(clock: SharedClock) -> None:
    with serve(token("access-1", "refresh-1")) as served:
        tokens = endpoint(served, clock).exchange("abc!def")
        (asked,) = served.asked
    assert (asked.method, asked.path) == ("POST", "/api/oauth2/token")
    assert {name: values[0] for name, values in parse_qs(asked.body).items()} == {
        "grant_type": "authorization_code",
        "code": "abc!def",
        "redirect_uri": SITE,
        "client_id": "client",
        "client_secret": "client-secret",
    }
    assert tokens == Tokens("access-1", "refresh-1", clock.now() + timedelta(minutes=10), clock.now())


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "invalid_grant", "Token is not allowed, because of invalid or empty chainId"),
        refusal(401, "unauthorized_client", "Old refresh token used."),
        refusal(400, "access_denied", "Rate limit exceeded: access_token not expired"),
    ],
)
def test_a_used_code_is_refused_and_not_offered_again(clock: SharedClock, answer: Answer) -> None:
    with serve(answer) as served:
        with pytest.raises(SignInNeeded):
            endpoint(served, clock).exchange("abc")
        assert len(served.asked) == 1


@pytest.mark.parametrize("bad", [page(), page(502), Answer(200, b""), Answer(hangs_up=True)])
def test_a_code_is_offered_once_only(clock: SharedClock, bad: Answer) -> None:
    with serve(bad) as served:
        with pytest.raises(ExactAway):
            endpoint(served, clock).exchange("abc")
        assert len(served.asked) == 1


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [("600", 600), (600, 600), ("900", 900), (None, 600), ("soon", 600), (-5, 600), ("nan", 600), (1e9, 600)],
)
def test_an_odd_lifetime_counts_as_ten_minutes(clock: SharedClock, expires_in: object, seconds: int) -> None:
    with serve(token("access-1", "refresh-1", expires_in)) as served:
        tokens = endpoint(served, clock).refresh(held(clock))
    assert tokens.expires_at - clock.now() == timedelta(seconds=seconds)


@pytest.mark.parametrize(("took", "counted"), [(4, 4), (50, 20)])
def test_the_life_of_a_token_counts_from_its_answer_unless_that_took_long(
    clock: SharedClock, took: int, counted: int
) -> None:
    """It may have been made when it was asked for, and must not be used when it has ended."""
    asked_at = clock.now()

    def late() -> Answer:
        clock.advance(seconds=took)
        return token("access-1", "refresh-1")

    with serve(late) as served:
        tokens = endpoint(served, clock).refresh(held(clock))
    assert tokens.expires_at - asked_at == timedelta(seconds=600 + counted)
    assert tokens.obtained_at == asked_at


def test_the_token_endpoint_is_not_followed_to_another_place(clock: SharedClock) -> None:
    with serve(token("stolen", "stolen")) as elsewhere:
        moved = Answer(307, b"", {"Location": f"{elsewhere.url}/api/oauth2/token"})
        with serve(moved) as served, pytest.raises(ExactAway, match="HTTP 307"):
            endpoint(served, clock).refresh(held(clock))
        assert elsewhere.asked == []


def test_a_refresh_refused_after_an_unanswered_one_says_so(clock: SharedClock) -> None:
    old = refusal(401, "unauthorized_client", "Old refresh token used.")
    for answers, unanswered in (((old,), False), ((Answer(200, b""), old), True)):
        with serve(*answers) as served, pytest.raises(OldTokenUsed) as caught:
            endpoint(served, clock).refresh(held(clock))
        assert caught.value.unanswered_before is unanswered


@pytest.mark.parametrize(
    "answer",
    [
        refusal(401, "invalid_client", "unknown"),
        refusal(401, "unauthorized_client", "unknown"),
        refusal(400, "invalid_request", ""),
    ],
)
def test_an_unknown_app_is_a_matter_of_configuration(clock: SharedClock, answer: Answer) -> None:
    with serve(answer) as served, pytest.raises(BadConfiguration) as caught:
        endpoint(served, clock).refresh(held(clock))
    assert "EXACT_SYNC_CLIENT_SECRET" in caught.value.hint


@pytest.mark.parametrize(
    "answer", [refusal(400, "invalid_grant", ""), refusal(401, "unauthorized_client", "Token was revoked")]
)
def test_a_refused_sign_in_is_not_taken_for_an_unknown_app(clock: SharedClock, answer: Answer) -> None:
    with serve(answer) as served, pytest.raises(SignInNeeded):
        endpoint(served, clock).refresh(held(clock))


def test_no_error_tells_a_secret(clock: SharedClock) -> None:
    for answer in (page(503), refusal(400, "invalid_request", "gone"), Answer(hangs_up=True)):
        with serve(answer) as served, pytest.raises((ExactAway, SignInNeeded)) as caught:
            endpoint(served, clock).refresh(held(clock))
        shown = f"{caught.value} {caught.value!r}"
        assert not any(secret in shown for secret in ("client-secret", "refresh-0", "access-0"))


def test_tokens_that_were_just_given_are_hidden_from_the_log(clock: SharedClock) -> None:
    """Before anybody has kept them; and for as long as they are good, however many connections there are."""
    others = [token("access-canary", f"refresh-{number}-of-others") for number in range(100)]
    with serve(token("access-canary", "refresh-canary"), *others) as served:
        endpoint(served, clock).exchange("abc")
        for _ in others:
            endpoint(served, clock).refresh(held(clock))
    assert "canary" not in clean("access-canary refresh-canary")


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("http://localhost:8471/callback", ("localhost", 8471, "/callback")),
        ("http://127.0.0.1:9000", ("127.0.0.1", 9000, "/")),
        ("http://localhost/x", ("localhost", 80, "/x")),
        ("https://localhost:8471/callback", None),
        ("https://example.com/callback", None),
        ("http://localhost.example.com/", None),
    ],
)
def test_only_a_loopback_redirect_is_listened_for(uri: str, address: tuple[str, int, str] | None) -> None:
    assert loopback_address(uri) == address


def test_a_redirect_uri_that_is_no_url_is_bad_configuration() -> None:
    with pytest.raises(BadConfiguration):
        loopback_address("http://localhost:many/")
