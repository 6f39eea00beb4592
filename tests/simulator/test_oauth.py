"""Signing in: codes, tokens, and every way in which Exact says no."""

from __future__ import annotations

import atexit
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from exact_sync.simulator import Simulator
from tests.simulator.conftest import Client

HTTP = httpx.Client(trust_env=False, verify=False)
atexit.register(HTTP.close)
REDIRECT = "http://localhost:8080/callback?keep=1"


def ask(sim: Simulator, **changes: str) -> httpx.Response:
    params = {"client_id": sim.client_id, "redirect_uri": REDIRECT, "response_type": "code", "state": "s&1"}
    return HTTP.get(f"{sim.base_url}/api/oauth2/auth", params=params | changes)


def landed(response: httpx.Response) -> dict[str, str]:
    """The parameters with which the browser lands at the redirect URI."""
    assert response.status_code == 302
    assert response.headers["location"].startswith(REDIRECT + "&")
    return {
        name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()
    }


def token(sim: Simulator, *, auth: tuple[str, str] | None = None, **form: str) -> httpx.Response:
    own = {} if auth else {"client_id": sim.client_id, "client_secret": sim.client_secret}
    url = f"{sim.base_url}/api/oauth2/token"
    return HTTP.post(url, data=own | form, auth=auth)  # type: ignore[arg-type]


def redeem(sim: Simulator, code: str, redirect: str = REDIRECT) -> httpx.Response:
    return token(sim, grant_type="authorization_code", code=code, redirect_uri=redirect)


def refresh(sim: Simulator, refresh_token: str, **more: Any) -> httpx.Response:
    return token(sim, grant_type="refresh_token", refresh_token=refresh_token, **more)


def tokens(sim: Simulator) -> dict[str, str]:
    answer: dict[str, str] = redeem(sim, landed(ask(sim))["code"]).json()
    return answer


def test_a_code_gives_tokens(sim: Simulator) -> None:
    response = ask(sim)
    fields = landed(response)
    assert fields["state"] == "s&1"
    assert "!" in fields["code"]
    assert "%21" in response.headers["location"]
    answer = redeem(sim, fields["code"]).json()
    assert answer["expires_in"] == "600"
    assert answer["token_type"] == "bearer"
    assert answer.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}


def test_the_user_is_asked(sim: Simulator) -> None:
    sim.oauth.auto_consent = False
    page = ask(sim)
    assert page.status_code == 200
    assert "Brouwer &amp; Zonen" in page.text
    fields = {
        name: value.replace("&amp;", "&")
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    }
    url = f"{sim.base_url}/api/oauth2/auth"
    allowed = HTTP.post(url, data=fields | {"decision": "allow"})
    assert redeem(sim, landed(allowed)["code"]).status_code == 200
    denied = HTTP.post(url, data=fields | {"decision": "deny"})
    assert landed(denied) == {"keep": "1", "error": "access_denied", "state": "s&1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://localhost.evil.example/"},
        {"redirect_uri": ""},
        {"response_type": "token"},
    ],
)
def test_no_redirect_for_strangers(sim: Simulator, changes: dict[str, str]) -> None:
    response = ask(sim, **changes)
    assert response.status_code == 400
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("text/html")


def test_registered_redirects_are_compared_to_the_letter(sim: Simulator) -> None:
    sim.oauth.redirect_uris = ["https://app.example/callback"]
    assert ask(sim).status_code == 400
    assert ask(sim, redirect_uri="https://app.example/callback/").status_code == 400
    assert ask(sim, redirect_uri="https://app.example/callback").status_code == 302


def test_codes_work_once_for_three_minutes_and_one_redirect(sim: Simulator) -> None:
    code = landed(ask(sim))["code"]
    assert redeem(sim, code.replace("!", "%21")).status_code == 400
    assert redeem(sim, code).status_code == 200
    assert redeem(sim, code).json()["error"] == "invalid_grant"
    assert redeem(sim, landed(ask(sim))["code"], "http://localhost/other").status_code == 400
    late = landed(ask(sim))["code"]
    sim.clock.advance(180)
    assert redeem(sim, late).status_code == 400


def test_the_client_must_be_known(sim: Simulator) -> None:
    first = tokens(sim)["refresh_token"]
    sim.clock.advance(600)
    assert refresh(sim, first, client_secret="wrong").json() == {"error": "invalid_request"}
    assert refresh(sim, first, auth=(sim.client_id, "wrong")).status_code == 400
    assert refresh(sim, first, auth=(sim.client_id, sim.client_secret)).status_code == 200
    assert token(sim, grant_type="password").json() == {"error": "unsupported_grant_type"}
    as_json = HTTP.post(f"{sim.base_url}/api/oauth2/token", json={"grant_type": "refresh_token"})
    assert as_json.status_code == 400


def test_refreshing_too_early(sim: Simulator) -> None:
    first = tokens(sim)["refresh_token"]
    sim.clock.advance(569)
    response = refresh(sim, first)
    assert response.status_code == 400
    said = "TooEarlyToRefreshTokens: Rate limit exceeded: access_token not expired"  # as seen live
    assert response.headers["reason"] == said
    assert response.json() == {
        "error": "access_denied",
        "error_description": "Rate limit exceeded: access_token not expired",
    }
    sim.oauth.early_status = 401
    documented = refresh(sim, first)
    assert (documented.status_code, documented.content) == (401, b"")
    assert documented.headers["reason"] == "Access Token not expired"
    assert sim.stats.violations["early_refreshes"] == 2
    sim.clock.advance(1)
    assert refresh(sim, first).status_code == 200


def test_a_refresh_token_works_once(sim: Simulator) -> None:
    first = tokens(sim)["refresh_token"]
    sim.clock.advance(600)
    second = refresh(sim, first).json()["refresh_token"]
    response = refresh(sim, first)
    assert response.status_code == 401
    assert response.json() == {"error": "unauthorized_client", "error_description": "Old refresh token used."}
    assert refresh(sim, "never-given").status_code == 401
    assert sim.stats.violations["replayed_refreshes"] == 2
    sim.clock.advance(600)
    assert refresh(sim, second).status_code == 200


def test_a_refresh_token_dies_after_thirty_days(sim: Simulator) -> None:
    first = tokens(sim)["refresh_token"]
    sim.clock.advance(30 * 86_400)
    response = refresh(sim, first)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"
    assert re.match("The refresh token expired at .* and it is now ", response.json()["error_description"])


def test_a_new_sign_in_kills_the_former_chain(sim: Simulator) -> None:
    first = tokens(sim)["refresh_token"]
    tokens(sim)
    sim.clock.advance(600)
    assert refresh(sim, first).json()["error"] == "invalid_grant"


def test_two_hundred_token_calls_a_day(sim: Simulator) -> None:
    for _ in range(200):
        assert refresh(sim, "x").status_code == 401
    assert refresh(sim, "x").status_code == 429
    sim.clock.advance(86_400)
    assert refresh(sim, "x").status_code == 401


def test_access_tokens_end(sim: Simulator, client: Client) -> None:
    path = "current/Me?$select=UserID"
    assert client.get(path).status_code == 200
    assert client.get(path, Authorization="").status_code == 401
    assert client.get(path, Authorization="Bearer x").status_code == 401
    assert client.get(path, Authorization=f"Basic {client.tokens['access_token']}").status_code == 401
    token_in_query = {"access_token": client.tokens["access_token"]}
    assert client.get("current/Me", token_in_query, Authorization="").status_code == 401
    sim.clock.advance(599)
    assert client.get(path).status_code == 200
    sim.clock.advance(1)
    assert client.get(path).status_code == 401


def test_a_revoked_consent_is_worth_nothing(sim: Simulator, client: Client) -> None:
    sim.oauth.revoke()
    assert client.get("current/Me").status_code == 401
    sim.clock.advance(600)
    assert refresh(sim, client.tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_another_program_rotates_our_token(sim: Simulator) -> None:
    first = tokens(sim)["refresh_token"]
    sim.oauth.steal()
    sim.clock.advance(600)
    assert refresh(sim, first).json()["error_description"] == "Old refresh token used."


@pytest.mark.parametrize("redirect", ["http://[bad", "http://localhost/\r\nSet-Cookie: a=b"])
def test_what_is_no_url_is_no_redirect_uri(sim: Simulator, redirect: str) -> None:
    response = ask(sim, redirect_uri=redirect)
    assert (response.status_code, "registered" in response.text) == (400, True)


def test_bytes_that_are_no_text_sign_nobody_in(sim: Simulator) -> None:
    assert HTTP.post(f"{sim.base_url}/api/oauth2/auth", content=b"client_id=\xff\xfe").status_code == 400
    headers = {"Authorization": b"Basic \xe9"}
    data = {"grant_type": "refresh_token", "refresh_token": "x"}
    response = HTTP.post(f"{sim.base_url}/api/oauth2/token", data=data, headers=headers)
    assert (response.status_code, response.json()) == (400, {"error": "invalid_request"})
