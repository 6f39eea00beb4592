"""Every fault does what its name says, to the calls it is meant for, as often as it is told."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx
import pytest

from exact_sync.simulator import Fault, Simulator
from exact_sync.simulator.faults import KINDS, Context
from tests.simulator.conftest import DIVISION, Client, guid

PATH = f"{DIVISION}/crm/Accounts"
SELECT = {"$select": "ID,Code,Name,CreditLineSales,Division,Modified"}


def page(client: Client, kind: str, **parameters: Any) -> Any:
    client.sim.faults.add(kind, **parameters)
    return client.d(PATH, SELECT)


def refused(client: Client, kind: str, **parameters: Any) -> httpx.Response:
    client.sim.faults.add(kind, **parameters)
    return client.get(PATH, SELECT)


def test_which_calls_and_how_often(client: Client) -> None:
    client.sim.faults.add("status", path="crm/Acc", division=DIVISION, after=1, times=2, status=503)
    assert client.get(f"{DIVISION}/crm/Contacts?$top=1").status_code == 200
    assert client.get("124133/crm/Accounts?$top=1").status_code == 200
    assert [client.get(PATH, SELECT).status_code for _ in range(5)] == [200, 503, 503, 200, 200]


def test_rules_come_one_after_the_other(client: Client) -> None:
    client.sim.faults.add(Fault("status", status=500))
    client.sim.faults.add(Fault("status", status=502))
    forever = client.sim.faults.add(Fault("html", times=None, query="$filter"))
    assert [client.get(PATH, SELECT).status_code for _ in range(3)] == [500, 502, 200]
    for _ in range(3):
        assert (
            client.get(PATH, {**SELECT, "$filter": "ID ne null"})
            .headers["content-type"]
            .startswith("text/html")
        )
    assert forever.used == 3
    client.sim.faults.remove(forever)
    assert "results" in client.d(PATH, {**SELECT, "$filter": "ID ne null"})


def test_unknown_kinds() -> None:
    with pytest.raises(ValueError, match="no fault 'explode'"):
        Fault("explode")


def test_a_status_with_everything(client: Client) -> None:
    response = refused(client, "status", status=403, reason="BlockedUser", body="no", headers={"X-A": "b"})
    assert (response.status_code, response.text, response.headers["x-a"]) == (403, "no", "b")
    assert response.headers["reason"] == "BlockedUser"


@pytest.mark.parametrize(
    ("kind", "reset", "expected"),
    [
        ("minute_429", "right", "1782396840000"),
        ("minute_429", "negative", "-1"),
        ("minute_429", "seconds", "35"),
        ("minute_429", "absurd", "99999999999999999"),
        ("minute_429", "soon", "soon"),
        ("minute_429", "absent", None),
        ("lying_429", "right", "1782396840000"),
        ("day_429", "right", None),
        ("bare_429", "right", None),
    ],
)
def test_minute_resets(client: Client, kind: str, reset: str, expected: str | None) -> None:
    response = refused(client, kind, reset=reset, retry_after=-5)
    assert response.status_code == 429
    assert response.headers.get("x-ratelimit-minutely-reset") == expected
    assert response.headers["retry-after"] == "-5"


def test_which_429_has_which_headers(client: Client) -> None:
    lying = refused(client, "lying_429").headers
    assert lying["x-ratelimit-minutely-remaining"] == "49"
    assert lying["x-ratelimit-remaining"] == "4900"
    client.sim.limits.reset()
    day = refused(client, "day_429").headers
    assert (day["x-ratelimit-remaining"], day["x-ratelimit-reset"]) == ("0", "1782432000000")
    client.sim.limits.reset()
    bare = refused(client, "bare_429").headers
    assert not [name for name in bare if "ratelimit" in name]


def test_calls_after_an_injected_429_are_seen(client: Client) -> None:
    refused(client, "minute_429")
    client.sim.clock.advance(34)
    client.get(PATH, SELECT)
    assert client.sim.stats.violations["calls_while_limited"] == 1
    client.sim.clock.advance(1)
    client.get(PATH, SELECT)
    assert client.sim.stats.violations["calls_while_limited"] == 1


def test_answers_that_are_no_data(client: Client) -> None:
    html = refused(client, "html")
    assert (html.status_code, html.headers["content-type"]) == (200, "text/html; charset=utf-8")
    empty = refused(client, "empty_body")
    assert (empty.status_code, empty.content) == (200, b"")
    assert refused(client, "no_d").json() == {}
    moved = refused(client, "redirect")
    assert (moved.status_code, moved.headers["location"]) == (302, "https://elsewhere.invalid/")
    assert not moved.has_redirect_location or moved.next_request is not None


def test_answers_that_never_come(client: Client) -> None:
    client.sim.faults.add("reset")
    with pytest.raises(httpx.ReadError):
        client.get(PATH, SELECT)
    client.sim.faults.add("timeout")
    with pytest.raises(httpx.ReadTimeout):
        client.http.get(f"/api/v1/{PATH}", params=SELECT, headers=client.headers, timeout=0.05)
    client.sim.faults.add("timeout", seconds=0)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(PATH, SELECT)
    assert len(client.d(PATH, SELECT)["results"]) == 60
    assert [call.status for call in client.sim.stats.calls(path="crm")] == [0, 0, 0, 200]
    assert client.sim.stats.violations["overlapping"] == 0


def test_bad_wires(client: Client) -> None:
    cut = refused(client, "cut_json")
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    client.sim.faults.add("wrong_length")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(PATH, SELECT)
    client.sim.faults.add("gzip_cut")
    with pytest.raises((httpx.DecodingError, json.JSONDecodeError)):
        client.get(PATH, SELECT).json()
    client.sim.faults.add("lost_answer")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(PATH, SELECT)
    dripped = refused(client, "drip", delay=0.001, pieces=5)
    assert len(dripped.json()["d"]["results"]) == 60
    client.sim.faults.add("drip", delay=0.2, pieces=5)
    with pytest.raises(httpx.ReadTimeout):
        client.http.get(f"/api/v1/{PATH}", params=SELECT, headers=client.headers, timeout=0.05)


def test_shapes_of_d(client: Client) -> None:
    assert len(page(client, "d_list")) == 60
    assert page(client, "d_object")["Code"].strip() == "1"
    assert page(client, "hidden") == {"results": []}
    assert page(client, "empty_list") == {"results": []}
    shrunk = page(client, "shrunk_list", share=0.7)
    assert len(shrunk["results"]) == 42
    assert "__next" in shrunk


def test_wrong_links(client: Client) -> None:
    assert "$skiptoken" not in page(client, "next_loop")["__next"]
    second = client.d(PATH, SELECT)["__next"]
    client.sim.faults.add("next_loop")
    assert client.d(second)["__next"].endswith(second.rpartition("$skiptoken")[2])
    client.sim.faults.add("next_repeat_page")
    assert "skiptoken" not in client.d(second)["__next"]
    assert page(client, "next_other_host")["__next"].startswith(f"http://elsewhere.invalid/api/v1/{PATH}?")
    assert page(client, "next_http")["__next"].startswith(f"http://127.0.0.1/api/v1/{PATH}?")


def test_duplicates_are_older(client: Client) -> None:
    rows = page(client, "duplicate_in_page")["results"]
    assert rows[0]["ID"] == rows[-1]["ID"]
    assert len(rows) == 61
    assert rows[-1]["Name"] == "Customer 001 (old)"
    assert int(rows[-1]["Modified"][6:-2]) < int(rows[0]["Modified"][6:-2])
    client.sim.faults.add("duplicate_across_pages")
    everything = client.everything(PATH, SELECT)
    assert [row["ID"] for row in everything].count(str(guid(1))) == 2
    assert len(everything) == 151


def test_spoiled_fields(client: Client) -> None:
    first = page(client, "new_field", name="Zodiac", value="[1]")["results"][0]
    assert first["Zodiac"] == [1]
    assert "Name" not in page(client, "missing_field", name="Name")["results"][0]
    renamed = page(client, "renamed_field", name="Name", to="Title")["results"][0]
    assert (renamed["Title"], "Name" in renamed) == ("Customer 001", False)
    assert page(client, "number_as_text", name="CreditLineSales")["results"][0]["CreditLineSales"] == "0.25"
    assert [row["ID"] for row in page(client, "null_key", index=2)["results"]][2] is None
    assert page(client, "wrong_division")["results"][0]["Division"] == DIVISION + 1


@pytest.mark.parametrize("raw", ["NaN", "1e400", '"12,5"', '"\\ud800"', '"\\u0000"', '"/Date(-1)/"', "{}"])
def test_raw_values(client: Client, raw: str) -> None:
    text = refused(client, "value", values={"Name": raw}, key=guid(2)).text
    sent = '"Name": ' + {"{}": "{\r\n\r\n}"}.get(raw, raw.replace("/", r"\/")) + "\r\n}"
    assert text.count(sent) == 1
    assert text.index(str(guid(2))) < text.index(sent) < text.index(str(guid(3)))


def test_refusals_for_a_reason(client: Client) -> None:
    client.sim.faults.add("refuse_modified_filter", path="crm/Accounts", times=None)
    assert client.get(PATH, SELECT).status_code == 200
    modified = {**SELECT, "$filter": "Modified ge datetime'2026-01-01T00:00:00'"}
    assert "'Modified'" in client.get(PATH, modified).json()["error"]["message"]["value"]
    client.sim.faults.clear()
    client.sim.faults.add("mandatory_filter", times=None)
    assert client.get(PATH, SELECT).status_code == 400
    assert client.get(PATH, modified).status_code == 200
    client.sim.faults.clear()
    client.sim.faults.add("refuse_bulk", times=None)
    assert client.get(PATH, SELECT).status_code == 200
    assert client.get(f"{DIVISION}/bulk/CRM/Accounts", SELECT).status_code == 404
    client.sim.faults.clear()
    scope = refused(client, "scope_missing", scope="crm.accounts")
    assert scope.status_code == 403
    assert "Forbidden - Application Scope Violated. Cannot read 'crm.accounts' scope." in scope.text
    assert refused(client, "division_lost").headers["reason"] == "NoDivisionAccess"
    assert refused(client, "revoke_consent").status_code == 401
    assert client.get("current/Me").status_code == 401


def test_hooks_run_before_and_after(client: Client) -> None:
    accounts = client.sim.books.table(DIVISION, "crm/Accounts")
    seen: list[Context] = []

    def rename(context: Context) -> None:
        seen.append(context)
        accounts.change(guid(1), Name=f"call {len(seen)}")

    client.sim.faults.add(Fault("hook", path="crm/Accounts", hook=rename))
    assert client.d(PATH, SELECT)["results"][0]["Name"] == "call 1"
    client.sim.faults.add(Fault("hook", path="crm/Accounts", hook=rename, when="after"))
    assert client.d(PATH, SELECT)["results"][0]["Name"] == "call 1"
    assert accounts.rows[guid(1)]["Name"] == "call 2"
    assert seen[1] == Context(DIVISION, "crm/Accounts", f"$select={SELECT['$select']}")


def refresh(sim: Simulator, token: str) -> httpx.Response:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": sim.client_id,
        "client_secret": sim.client_secret,
    }
    with httpx.Client(trust_env=False, verify=False, timeout=2) as http:
        return http.post(f"{sim.base_url}/api/oauth2/token", data=form)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("empty_body", 200), ("html", 200), ("status", 503), ("early_401", 401), ("early_400", 400)],
)
def test_the_token_endpoint_fails_without_rotating(sim: Simulator, kind: str, status: int) -> None:
    token = sim.oauth.sign_in()["refresh_token"]
    sim.clock.advance(600)
    sim.faults.add("status", status=500)  # means data calls only
    sim.faults.add(kind, path="oauth2/token", **({"status": status} if kind == "status" else {}))
    assert refresh(sim, token).status_code == status
    assert refresh(sim, token).status_code == 200


def test_the_token_answer_gets_lost(sim: Simulator) -> None:
    token = sim.oauth.sign_in()["refresh_token"]
    sim.clock.advance(600)
    sim.faults.add("lost_answer", path="oauth2/token")
    with pytest.raises(httpx.RemoteProtocolError):
        refresh(sim, token)
    assert refresh(sim, token).json()["error_description"] == "Old refresh token used."


def test_a_hanging_call_ends_with_the_simulator(client: Client) -> None:
    client.sim.faults.add("timeout")
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            client.get(PATH, SELECT)
        except httpx.TransportError as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not client.sim.stats.calls(path="crm"):
        pass
    client.sim.stop()
    thread.join(3)
    assert len(failed) == 1


def test_every_kind_is_described() -> None:
    from exact_sync.simulator import faults

    assert [kind for kind in sorted(KINDS) if kind not in (faults.__doc__ or "")] == []
