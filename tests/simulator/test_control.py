"""Steering over HTTP, and the simulator as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.simulator.conftest import ARCHIVED, DIVISION, Client, guid


def act(client: Client, method: str, name: str, body: Any = None, status: int = 200, **params: Any) -> Any:
    response = client.http.request(method, f"/_simulator/{name}", json=body, params=params)
    assert response.status_code == status, response.text
    return response.json()


def test_state_and_stats(client: Client) -> None:
    client.get(f"{DIVISION}/crm/Accounts?$top=1")
    state = act(client, "GET", "state")
    assert state["divisions"][str(DIVISION)]["calls_today"] == 1
    assert state["divisions"][str(DIVISION)]["rows"]["crm/Accounts"] == 150
    assert state["divisions"][str(ARCHIVED)]["status"] == 2
    assert state["violations"]["overlapping"] == 0
    (call,) = act(client, "GET", "stats", division=DIVISION, path="crm")["calls"]
    assert (call["path"], call["status"], call["rows"], call["query"]) == ("crm/Accounts", 200, 1, "$top=1")
    act(client, "POST", "reset-stats")
    assert act(client, "GET", "stats")["calls"] == []


def test_looking_at_the_state_makes_no_rows(client: Client) -> None:
    made: list[str] = []
    client.sim.books.load_later(DIVISION, "crm/Addresses", 3, lambda: made.append("Addresses") or [])
    state = act(client, "GET", "state")
    assert state["divisions"][str(DIVISION)]["rows"]["crm/Addresses"] == 3
    assert made == []


@pytest.mark.parametrize("name", ["limits", "clock", "faults", "edits", "move", "rights", "webhooks"])
def test_only_objects_are_taken(client: Client, name: str) -> None:
    assert "object" in act(client, "POST", name, [1], status=400)["error"]


def test_a_moment_out_of_this_world_is_refused(client: Client) -> None:
    act(client, "POST", "clock", {"advance": 1e300}, status=400)
    act(client, "GET", "state")


def test_a_summary_has_counts_alone(client: Client) -> None:
    for query in ("$top=1", "$select=ID", "$select=Nope"):
        client.get(f"{DIVISION}/crm/Accounts?{query}")
    summary = act(client, "GET", "summary")
    assert (summary["calls"], summary["by_status"]) == (3, {"200": 2, "400": 1})
    assert summary["violations"]["overlapping"] == 0
    act(client, "POST", "reset-stats")
    assert act(client, "GET", "summary")["by_status"] == {}


def test_the_limits(client: Client) -> None:
    before = act(client, "GET", "limits")
    assert before == {
        "minute_limit": 60,
        "day_limit": 5000,
        "connection_day_limit": None,
        "error_limit": 10,
        "latency": 0.0,
    }
    after = act(client, "POST", "limits", {"connection_day_limit": 1, "latency": 0.001})
    assert after == {**before, "connection_day_limit": 1, "latency": 0.001}
    assert client.get(f"{DIVISION}/crm/Accounts?$top=1").status_code == 200
    assert client.get("124133/crm/Accounts?$top=1").status_code == 429
    state = act(client, "GET", "state")
    assert (state["calls_today"], state["limits"]) == (1, after)
    assert act(client, "POST", "limits", {"connection_day_limit": None}) == {**before, "latency": 0.001}


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed_limit": 50},
        {"minute_limit": None},
        {"day_limit": -1},
        {"error_limit": True},
        {"latency": "slow"},
        {"latency": -0.1},
    ],
    ids=str,
)
def test_a_wrong_limit_changes_nothing(client: Client, wrong: dict[str, Any]) -> None:
    before = act(client, "GET", "limits")
    error = act(client, "POST", "limits", {"connection_day_limit": 7} | wrong, status=400)["error"]
    assert next(iter(wrong)) in error
    assert act(client, "GET", "limits") == before


def test_faults(client: Client) -> None:
    made = act(client, "POST", "faults", {"kind": "status", "path": "crm", "status": 503, "times": None})
    assert made["parameters"] == {"status": 503}
    assert client.get(f"{DIVISION}/crm/Accounts?$top=1").status_code == 503
    (fault,) = act(client, "GET", "faults")
    assert fault["used"] == 1
    act(client, "DELETE", "faults")
    assert client.get(f"{DIVISION}/crm/Accounts?$top=1").status_code == 200
    assert "explode" in act(client, "POST", "faults", {"kind": "explode"}, status=400)["error"]


def test_the_clock(client: Client) -> None:
    assert act(client, "POST", "clock", {"advance": 60})["now"] == "2026-06-25T14:14:25+00:00"
    set_to = act(client, "POST", "clock", {"set": "2026-10-25T02:30:00+01:00"})
    assert set_to == {"now": "2026-10-25T01:30:00+00:00", "frozen": True}
    assert act(client, "POST", "clock", {"run": True})["frozen"] is False
    assert act(client, "POST", "clock", {"freeze": True})["frozen"] is True
    act(client, "POST", "clock", {"set": "2026-10-25T02:30:00"}, status=400)


def test_the_books(client: Client) -> None:
    books = act(client, "GET", "books", division=DIVISION, path="crm/Accounts")
    assert books["key"] == "ID"
    assert books["types"]["CreditLineSales"] == "Double"
    row = books["rows"][0]
    assert (row["ID"], row["Code"], row["CreditLineSales"]) == (str(guid(1)), "1", "0.25")
    assert row["Modified"] == "2026-01-01T12:00:00"
    assert len(act(client, "GET", "books", path="system/Divisions")["rows"]) == 3
    act(client, "GET", "books", division=1, path="crm/Accounts", status=400)
    act(client, "GET", "nothing", status=404)


def test_edits_and_revoking(client: Client) -> None:
    before = act(client, "GET", "books", division=DIVISION, path="crm/Accounts")["rows"]
    done = act(
        client, "POST", "edits", {"division": DIVISION, "seed": 3, "share": 0.2, "paths": ["crm/Accounts"]}
    )
    assert sum(done["crm/Accounts"].values()) > 0
    assert act(client, "GET", "books", division=DIVISION, path="crm/Accounts")["rows"] != before
    act(client, "POST", "revoke")
    assert client.get("current/Me").status_code == 401


def test_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "exact_sync.simulator", "--port", "0", "--divisions", "1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONWARNINGS": ""}
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().strip() for _ in range(4)]
    settings = dict(line.split("=", 1) for line in lines)
    assert settings.keys() == {
        f"EXACT_SYNC_{name}" for name in ("BASE_URL", "CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URI")
    }
    with httpx.Client(base_url=settings["EXACT_SYNC_BASE_URL"], trust_env=False, verify=False) as http:
        state = http.get("/_simulator/state").json()
        assert any(division["rows"]["crm/Accounts"] > 50 for division in state["divisions"].values())
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    process.stdout.close()
