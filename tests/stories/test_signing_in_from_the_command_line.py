"""`auth login`, by pasting and by listening, `auth status` and `auth logout` (F46)."""

import json
import socket
from urllib.parse import urlsplit

import httpx

from tests.facts import sql
from tests.processes import Here, Machine, one_clear_line


def test_pasting_the_url_signs_in_and_the_status_says_so(machine: Machine, here: Here) -> None:
    machine.nobody_is_signed_in()
    login = machine.start("auth", "login", "--paste")
    url = login.first_line()
    assert url.startswith(f"{machine.simulator.base_url}/api/oauth2/auth?")
    login.type(machine.consent(url))
    assert login.ends() == 0, login
    assert login.out.splitlines()[1:] == [f"Signed in as {machine.simulator.books.user_name}."]

    code, out, err = here.run("auth", "status", "--json")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert facts["signed_in"] is True
    assert facts["user"] == machine.simulator.books.user_name
    assert facts["sign_in_needed_because"] is None
    assert facts["signed_in_at"] < facts["access_token_ends"] < facts["refresh_token_ends"]
    assert facts["sign_in_needed_since"] is None
    assert f"Consent given: {facts['signed_in_at'][:10]}" in here.run("auth", "status")[1]
    machine.deployment.sync_well()
    assert machine.deployment.differences() == []


def test_a_bare_code_may_be_pasted_too(machine: Machine) -> None:
    machine.nobody_is_signed_in()
    login = machine.fork("auth", "login", "--paste", is_typed_to=True)
    place = machine.consent(login.first_line())
    login.type(httpx.URL(place).params["code"])
    assert login.ends() == 0, login


def test_an_answer_to_another_sign_in_is_refused(machine: Machine) -> None:
    machine.nobody_is_signed_in()
    machine.simulator.stats.reset()
    login = machine.fork("auth", "login", "--paste", is_typed_to=True)
    place = httpx.URL(machine.consent(login.first_line()))
    login.type(str(place.copy_set_param("state", "forged")))
    assert login.ends() == 3, login
    text = login.err.partition("\n")[2].partition("\n")[2]  # after what it asked for
    assert "does not belong to this sign-in" in one_clear_line(text)
    assert place.params["code"] not in login.err + login.out
    assert machine.deployment.calls("oauth2/token") == 0


def test_a_code_that_was_used_before_is_refused(machine: Machine, here: Here) -> None:
    machine.nobody_is_signed_in()
    settings = machine.deployment.settings
    login = machine.fork("auth", "login", "--paste", is_typed_to=True)
    place = httpx.URL(machine.consent(login.first_line()))
    form = {
        "grant_type": "authorization_code",
        "code": place.params["code"],
        "redirect_uri": settings.redirect_uri,
        "client_id": machine.simulator.client_id,
        "client_secret": machine.simulator.client_secret,
    }
    assert httpx.post(f"{settings.site}/api/oauth2/token", data=form).status_code == 200
    login.type(str(place))
    assert login.ends() == 3, login
    assert "Exact refuses the code, which works once" in login.err
    assert place.params["code"] not in login.err + login.out

    needed = "Signing in is needed: nobody is signed in yet\n  → run: exact-sync auth login\n"
    assert here.run("auth", "status") == (3, needed, "")
    row = "(id, needed_because, needed_since) VALUES (1, 'it was withdrawn', '2026-06-01 12:00+00')"
    sql(machine.deployment, f"INSERT INTO exact_sync.sign_in {row}")
    out = here.run("auth", "status")[1]
    assert "Signing in is needed: it was withdrawn (since 2026-06-01 12:00:00 UTC)\n" in out


def test_the_listener_waits_for_the_right_answer_and_for_nothing_else(machine: Machine) -> None:
    machine.nobody_is_signed_in()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    redirect = f"http://127.0.0.1:{port}/callback"
    login = machine.fork("auth", "login", REDIRECT_URI=redirect)
    url = login.first_line()
    place = httpx.URL(machine.consent(url))
    assert str(place).startswith(redirect)

    # Neither another state nor another place ends the waiting, and it redirects nowhere.
    forged = httpx.get(place.copy_set_param("state", "forged"))
    assert (forged.status_code, forged.headers.get("Location")) == (400, None)
    elsewhere = httpx.get(f"http://127.0.0.1:{port}//evil.example/?next=https://evil.example")
    assert (elsewhere.status_code, elsewhere.headers.get("Location")) == (404, None)
    assert login.running

    answer = httpx.get(place)
    assert answer.status_code == 200
    assert place.params["code"] not in answer.text
    assert login.ends() == 0, login
    assert urlsplit(url).query.count("state=") == 1
    assert place.params["code"] not in login.err + login.out
    assert machine.deployment.service.sign_in.read().tokens is not None


def test_who_signs_out_is_forgotten_and_nothing_is_asked_in_his_name_any_more(
    machine: Machine, here: Here
) -> None:
    machine.deployment.sync_well("divisions", "journals")
    machine.simulator.stats.reset()
    code, out, err = here.run("auth", "logout")
    user, site = machine.simulator.books.user_name, machine.simulator.base_url
    assert (code, out) == (0, f"Signed out: {user}, at {site}.\n")
    assert "the consent stays on record at Exact" in err
    kept = "SELECT access_token, refresh_token, user_name FROM exact_sync.sign_in"
    assert machine.query(kept) == [(None, None, None)]

    code, _, err = here.run("sync")
    assert (code, err) == (3, "error: nobody is signed in at Exact yet\n  → run: exact-sync auth login\n")
    assert machine.simulator.stats.calls() == []
    assert here.run("auth", "logout") == (0, "Nobody is signed in.\n", "")
    machine.deployment.sign_in()
    machine.deployment.clock.advance(hours=1)
    assert here.run("sync", "journals")[0] == 0
