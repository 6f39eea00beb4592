"""Who may come in, and who may change something: the guard, the login and its cookies."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exact_sync.server_settings import ServerSettings
from exact_sync.web.origins import is_from_our_pages, is_ours, local_path, neighbourhood
from exact_sync.web.problems import PROBLEM
from tests.deployment import Deployment
from tests.web.browser import HASHED, PASSWORD, WHO, log_in, token_in
from tests.web.pages.markup import read
from tests.web.served import a_server, metrics_of, source_of

A_COOKIE = re.compile(r"(__Host-)?exact_sync_(session|visit)_[0-9a-f]{8}=([^;]*); (.*)")

Opens = Callable[..., httpx.Client]


async def change(request: Request) -> Response:
    form = await request.form()
    return PlainTextResponse(f"changed {form.get('what', '')}")


async def breaks(request: Request) -> Response:
    raise RuntimeError("a mistake of ours")


ROUTES = [
    WHO,
    Route("/change", change, methods=["POST", "PUT", "PATCH", "DELETE"]),
    Route("/breaks", breaks),
    Route("/webhooks/exact/topic", change, methods=["POST"]),
    Route("/static/a.css", WHO.endpoint),
]


@pytest.fixture
def opens(deployment: Deployment) -> Iterator[Opens]:
    """A browser at a server with these settings."""
    opened: list[AbstractContextManager[httpx.Client]] = []

    def open_(key: str = "a secret key", **settings: Any) -> httpx.Client:
        settings.setdefault("host", "127.0.0.1")
        metrics, sources = metrics_of(deployment), [source_of(deployment)]
        opened.append(a_server(metrics, sources, ServerSettings(**settings), ROUTES, key))
        return opened[-1].__enter__()

    yield open_
    for each in opened:
        each.__exit__(None, None, None)


def cookies(answer: httpx.Response) -> dict[str, str]:
    """Kind of each cookie that is set, with its attributes."""
    found = [A_COOKIE.fullmatch(line) for line in answer.headers.get_list("set-cookie")]
    return {f"{match[1] or ''}{match[2]}": match[4] for match in found if match}


def test_on_loopback_everybody_may_change_something_from_our_own_pages(opens: Opens) -> None:
    client = opens()
    page = client.get("/who")
    assert page.text.startswith("|True|")
    assert cookies(page) == {"visit": "Path=/; HttpOnly; SameSite=Lax; Max-Age=2678400"}
    token = token_in(page.text)
    assert client.post("/change", data={"csrf": token, "what": "this"}).text == "changed this"
    assert client.post("/change", headers={"X-CSRF-Token": token}).text == "changed "
    assert cookies(client.get("/who")) == {}  # it stays
    assert client.get("/login").headers["location"] == "/"


def test_no_change_without_the_right_token(opens: Opens) -> None:
    client, other = opens(), opens(key="another deployment")
    token, stranger = token_in(client.get("/who").text), token_in(other.get("/who").text)
    without_cookie = httpx.Client(base_url=client.base_url)
    for method in ("POST", "PUT", "PATCH", "DELETE", "PURGE", "TRACE"):
        assert client.request(method, "/change").status_code == 403
        for sent in ("", "x", "é", token[:-1], token + "x", stranger):
            answer = client.request(method, "/change", headers={"X-CSRF-Token": sent.encode()})
            assert (answer.status_code, "token" in answer.text) == (403, True), sent
            form = client.request(method, "/change", data={"csrf": sent})
            assert (form.status_code, "changed" in form.text) == (403, False), sent
        headers = {"X-CSRF-Token": token}
        assert without_cookie.request(method, "/change", headers=headers).status_code == 403
    without_cookie.close()


def test_what_another_site_sends_is_refused_even_with_a_token(opens: Opens) -> None:
    client = opens(public_url="https://sync.example.com")
    token = {"X-CSRF-Token": token_in(client.get("/who").text)}
    own = str(client.base_url)
    for headers, status in (
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": own}, 403),
        ({"Origin": own}, 200),
        ({"Origin": "https://sync.example.com"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
    ):
        answer = client.post("/change", headers=token | headers)
        assert answer.status_code == status, headers


def test_a_page_elsewhere_can_not_take_our_address_for_its_own(opens: Opens) -> None:
    client = opens(public_url="https://sync.example.com")
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "a b", "10.0.0.1"):
        for path in ("/who", "/login", "/metrics", "/api/v1/status"):
            assert client.get(path, headers={"Host": host}).status_code == 421
        assert client.get("/livez", headers={"Host": host}).status_code == 200
    for ours in ("localhost", "LOCALHOST:8480", "127.0.0.1:1", "[::1]:8480"):
        assert client.get("/who", headers={"Host": ours}).status_code == 200


def test_a_tunnel_for_webhooks_brings_in_nobody_else(opens: Opens) -> None:
    """It ends on this machine, so that whoever comes through it comes from loopback."""
    public = {"public_url": "https://sync.example.com"}
    named, forwarded = {"Host": "sync.example.com"}, {"X-Forwarded-For": "203.0.113.5"}
    through = (
        named, forwarded, {**named, **forwarded, "X-Forwarded-Proto": "https"},
        {"X-Forwarded-Host": "localhost"}, {"Forwarded": "for=203.0.113.5"},
    )  # fmt: skip
    client = opens(**public)
    token = token_in(client.get("/who").text)
    for headers in through:
        for path in ("/who", "/login", "/metrics", "/static/a.css", "/api/v1/status"):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, "server.password_hash" in answer.text) == (403, True), (path, headers)
        changed = client.post("/change", data={"csrf": token}, headers=headers)
        assert (changed.status_code, "server.trusted_proxy" in changed.text) == (403, True), headers
        assert client.get("/livez", headers=headers).status_code == 200
        assert client.post("/webhooks/exact/topic", headers=headers).text == "changed "
    assert client.post("/change", data={"csrf": token}).status_code == 200
    proxied = opens(**public, trusted_proxy=["127.0.0.1"])
    assert proxied.get("/who", headers=through[2]).text.startswith("|True|")
    guarded = opens(**public, password_hash=HASHED)
    assert guarded.get("/who", headers=through[2]).headers["location"] == "/login?next=/who"
    elsewhere = opens(**public, trusted_proxy=["10.0.0.0/8"])
    assert elsewhere.get("/who", headers=through[2]).status_code == 403
    assert elsewhere.get("/who").status_code == 200


def test_with_a_password_nobody_sees_anything_before_signing_in(opens: Opens) -> None:
    client = opens(host="0.0.0.0", password_hash=HASHED, public_url="https://sync.example.com")
    for path, target in (
        ("/", "/login"),
        ("/who", "/login?next=/who"),
        ("/runs?division=1", "/login?next=/runs%3Fdivision%3D1"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, target)
    refused = client.get("/api/v1/status")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert refused.headers["content-type"] == "application/problem+json"
    assert client.post("/change", data={"csrf": "x"}).status_code == 403
    for path in ("/livez", "/readyz", "/metrics", "/static/a.css"):
        assert client.get(path).status_code == 200
    assert client.post("/webhooks/exact/topic").text == "changed "
    # A visit is no session: its token is only good for the login form.
    token = token_in(client.get("/login").text)
    assert client.post("/change", data={"csrf": token}).status_code == 403


def test_signing_in_and_out(opens: Opens) -> None:
    client = opens(host="0.0.0.0", password_hash=HASHED)
    wrong = log_in(client, "hunter2hunter2")
    assert wrong.status_code == 403
    assert "not the password" in wrong.text
    assert cookies(wrong) == {}
    right = log_in(client, next="/runs?division=1")
    assert (right.status_code, right.headers["location"]) == (303, "/runs?division=1")
    assert cookies(right) == {"session": "Path=/; HttpOnly; SameSite=Lax; Max-Age=43200"}
    page = client.get("/who")
    assert page.text.startswith("operator|True|")
    assert client.post("/change", data={"csrf": token_in(page.text)}).status_code == 200
    assert client.get("/login?next=//evil.example").headers["location"] == "/"
    copied = dict(client.cookies)
    out = client.post("/logout", data={"csrf": token_in(page.text)})
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert cookies(out) == {"session": "Path=/; HttpOnly; SameSite=Lax; Max-Age=0"}
    client.cookies.update(copied)
    assert client.get("/who").status_code == 303  # a copy of the cookie has ended too


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def link_of(answer: httpx.Response) -> str:
    """Where the page of a refusal leads on."""
    page = read(answer.text)
    assert page.faults() == []
    [link] = [each for each in page.all("a") if each.attributes.get("class") == "button"]
    return link.attributes["href"]


def test_a_button_that_is_pressed_after_the_session_ended_leads_to_the_password(opens: Opens) -> None:
    client = opens(password_hash=HASHED)
    log_in(client)
    token = token_in(client.get("/who").text)
    client.cookies.clear()
    own, form = str(client.base_url), {"csrf": token}
    for referer, target in (
        (f"{own}/runs?division=1", "/login?next=/runs%3Fdivision%3D1"),
        ("https://evil.example/runs", "/login"),
        ("http://[", "/login"),
        ("", "/login"),
    ):
        answer = client.post("/change", data=form, headers=BROWSER | {"Referer": referer})
        assert (answer.status_code, answer.headers["location"]) == (303, target), referer
    plain = client.post("/change", data=form)
    assert (plain.status_code, plain.text) == (403, "sign in first\n")
    out = client.get("/logout", headers=BROWSER)
    assert out.headers["location"] == "/login?next=/logout"
    inside = log_in(client, next="/logout")
    assert inside.headers["location"] == "/logout"
    assert client.get("/logout").headers["location"] == "/"
    assert client.get("/who").text.startswith("operator|")  # nothing is changed by an address


def test_a_form_that_is_too_old_leads_back_to_its_page(opens: Opens) -> None:
    client = opens()
    client.get("/who")
    headers = BROWSER | {"Referer": f"{client.base_url}/runs?division=1", "Accept-Language": "nl"}
    stale = client.post("/change", data={"csrf": "x"}, headers=headers)
    assert (stale.status_code, link_of(stale)) == (403, "/runs?division=1")
    assert "laad de pagina opnieuw" in stale.text
    sent = client.post("/change", data={"csrf": "x"}, headers=headers | {"Origin": "https://evil.example"})
    assert (sent.status_code, link_of(sent)) == (403, "/runs?division=1")
    assert client.post("/api/v1/sync", headers=BROWSER).headers["content-type"] == PROBLEM


def test_what_there_is_not_is_said_as_each_can_read_it(opens: Opens) -> None:
    client = opens()
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("GET", "/change", 405),
        ("GET", "/static/x", 404),
    ):
        answer = client.request(method, path, headers=BROWSER)
        assert (answer.status_code, link_of(answer)) == (status, "/"), path
        assert client.request(method, path).headers["content-type"].startswith("text/plain")
    for path in ("/api/v1", "/api/v1/", "/api/v1/nothing"):
        answer = client.get(path, headers=BROWSER)
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM), path


def test_no_session_is_taken_from_outside(opens: Opens, deployment: Deployment) -> None:
    """Fixation, tampering, expiry, another password, another key: each is nobody's session."""
    settings = {"host": "0.0.0.0", "password_hash": HASHED}
    client = opens(**settings)
    log_in(client)
    [first] = [value for name, value in client.cookies.items() if "session" in name]
    token = token_in(client.get("/who").text)
    again = client.post("/login", data={"csrf": token, "password": PASSWORD})
    assert again.status_code == 303
    assert first not in again.headers["set-cookie"]  # a new one each time

    def status(cookie: str, at: httpx.Client = client) -> int:
        """Under the name that this server's own cookie has."""
        visit = httpx.get(f"{at.base_url}/login").headers["set-cookie"].partition("=")[0]
        sent = f"{visit.replace('visit', 'session')}={cookie}"
        return httpx.get(f"{at.base_url}/who", headers={"Cookie": sent.encode()}).status_code

    assert status(first) == 200
    value, stamp, signature = first.split(".")
    changed = "A" if value[0] != "A" else "B"
    for forged in (
        "", "x", value, f"{value}.{stamp}", f"{changed}{value[1:]}.{stamp}.{signature}",
        f"{value}.{stamp}.{signature[:-2]}", f"{value}.zzzzzz.{signature}", "é",
    ):  # fmt: skip
        assert status(forged) == 303, forged
    other = {"host": "0.0.0.0", "password_hash": PasswordHasher(1, 8, 1).hash(PASSWORD)}
    assert status(first, opens(**other)) == 303
    assert status(first, opens(key="another key", **settings)) == 303
    deployment.clock.advance(hours=12)
    assert status(first) == 200
    deployment.clock.advance(seconds=1)
    assert status(first) == 303


def test_a_password_can_not_be_guessed_at_will(opens: Opens) -> None:
    """The clock of these tests moves on by a second with each look at it."""
    client = opens(host="0.0.0.0", password_hash=HASHED)
    assert [log_in(client, f"guess number {n}").status_code for n in range(5)] == [403] * 5
    late = log_in(client)
    assert (late.status_code, "Too many" in late.text) == (429, True)
    assert 1 <= int(late.headers["Retry-After"]) <= 60
    for _ in range(60):
        if (answer := log_in(client)).status_code == 303:
            break
    assert answer.status_code == 303


def test_behind_a_proxy_nobody_else_may_come(opens: Opens) -> None:
    client = opens(host="0.0.0.0", trusted_proxy=["127.0.0.0/8"])
    page = client.get("/who", headers={"Host": "anything.example", "X-Forwarded-Proto": "https"})
    assert page.text.startswith("|True|")
    assert cookies(page) == {"__Host-visit": "Path=/; HttpOnly; SameSite=Lax; Max-Age=2678400; Secure"}
    stranger = opens(host="0.0.0.0", trusted_proxy=["10.0.0.0/8"])
    answer = stranger.get("/who", headers={"X-Forwarded-For": "10.0.0.1"})
    assert (answer.status_code, answer.text) == (403, "come through the proxy\n")
    assert stranger.get("/livez").status_code == 200
    assert stranger.get("/api/v1/status").status_code == 401
    known = opens(host="0.0.0.0", trusted_proxy=["10.0.0.0/8"], password_hash=HASHED)
    assert known.get("/who").headers["location"] == "/login?next=/who"
    assert log_in(known).status_code == 303


def test_a_password_is_asked_for_also_where_any_proxy_is_trusted(opens: Opens) -> None:
    client = opens(host="0.0.0.0", trusted_proxy=True, password_hash=HASHED)
    assert client.get("/who").headers["location"] == "/login?next=/who"
    client.headers["X-Forwarded-Proto"] = "https"
    page = client.get("/login")
    assert cookies(page) == {"__Host-visit": "Path=/; HttpOnly; SameSite=Lax; Max-Age=2678400; Secure"}


def test_bodies_are_short(opens: Opens) -> None:
    client = opens()
    token = {"X-CSRF-Token": token_in(client.get("/who").text)}
    assert client.post("/change", content=b"x" * 65536, headers=token).status_code == 200
    assert client.post("/change", content=b"x" * 65537, headers=token).status_code == 413
    assert client.post("/change", content=iter([b"x" * 65536, b"x"]), headers=token).status_code == 413


def test_every_answer_has_strict_headers(opens: Opens) -> None:
    asked = [
        client.request(method, path, headers=headers)
        for client in (opens(), opens(password_hash=HASHED))
        for method in ("GET", "POST", "OPTIONS")
        for path in ("/who", "/login", "/nothing", "/change", "/static/a.css", "/api/v1/x")
        for headers in ({}, {"Authorization": "Bearer x"}, {"Host": "evil.example"})
    ]
    asked.append(opens().get("/breaks"))
    assert {answer.status_code for answer in asked} == {200, 303, 401, 403, 404, 405, 421, 500}
    for answer in asked:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert {"base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Server" not in answer.headers
        assert "mistake" not in answer.text


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [("/", "/"), ("/runs?a=b&c=%2F", "/runs?a=b&c=%2F")]
    + [
        (wanted, "/")
        for wanted in (
            "", "runs", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", " /",
            "https://evil.example", "javascript:alert(1)", "/ä", "/" + "x" * 500, "/a b", "\\\\evil",
        )
    ],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(wanted: str, goes_to: str) -> None:
    assert local_path(wanted) == goes_to


def test_one_person_is_one_peer() -> None:
    assert neighbourhood("192.0.2.1") == neighbourhood("::ffff:192.0.2.1")
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1")
    assert neighbourhood("2001:db8::1") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood("nonsense") == neighbourhood(None)


def test_names() -> None:
    assert is_ours("[::1]", None)
    assert not is_ours("", None)
    assert not is_ours("[::1", None)
    assert is_from_our_pages(httpx.Headers({}), set())  # type: ignore[arg-type]
