"""The token on a request: renewed after a 401, and sent nowhere else."""

from datetime import timedelta

import httpx
import pytest

from exact_sync.credentials import Tokens
from exact_sync.errors import ExactAway
from exact_sync.exact.session import Session
from tests.exact.company import Found
from tests.exact.scripted import Answer, data, token


def get(session: Session, url: str) -> httpx.Response:
    with httpx.Client(trust_env=False, auth=session) as http:
        return http.get(url)


def test_a_401_in_mid_run_is_answered_with_one_refresh_and_the_same_request(company: Found) -> None:
    answers = [Answer(401), token("access-1", "refresh-1"), data([]), Answer(401), Answer(401)]
    with company(*answers) as ours:
        session = ours.process()
        assert get(session, f"{ours.endpoint.url}/api/v1/7/x").status_code == 200
        asked = ours.endpoint.asked
        assert [one.path for one in asked] == ["/api/v1/7/x", "/api/oauth2/token", "/api/v1/7/x"]
        assert [asked[0].headers["Authorization"], asked[2].headers["Authorization"]] == [
            "Bearer access-0",
            "Bearer access-1",
        ]


def test_a_token_that_another_process_renewed_is_used_after_a_401_without_a_refresh(company: Found) -> None:
    with company(Answer(401), data([])) as ours:
        session = ours.process()
        session.tokens()
        renewed = Tokens("access-9", "refresh-9", ours.clock.now() + timedelta(minutes=10), ours.clock.now())
        ours.store.sign_in(renewed)
        assert get(session, f"{ours.endpoint.url}/api/v1/7/x").status_code == 200
        assert [one.headers["Authorization"] for one in ours.endpoint.asked][-1] == "Bearer access-9"


@pytest.mark.parametrize("scheme", ["http://127.0.0.2:1", "https://127.0.0.1:1", "http://127.0.0.1:1"])
def test_the_token_is_sent_to_no_other_host_port_or_scheme(company: Found, scheme: str) -> None:
    with company(data([])) as ours, pytest.raises(ExactAway, match="refused to send the token"):
        get(ours.process(), f"{scheme}/api/v1/7/x")
