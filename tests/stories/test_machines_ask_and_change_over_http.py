"""What another program does with a token, against a daemon that runs (issue 5)."""

import json
import signal
import tomllib

import httpx

from tests.deployment import DIVISION
from tests.mirror import DEFAULTS
from tests.processes import Here, Machine, one_clear_line, until
from tests.web.browser import HASHED

FEW = json.dumps({name: {"enabled": name in ("divisions", "items", "customers")} for name in DEFAULTS})


def token(machine: Machine, *options: str) -> tuple[str, str]:
    """A new token and its hash, as the command prints them."""
    made = machine.fork("server", "token", *options)
    assert made.ends() == 0, made
    secret, _, lines = made.out.partition("\n")
    [section] = tomllib.loads(lines)["server"]["tokens"].values()
    assert section["access"] == ("full" if "--full" in options else "read")
    assert secret.startswith("exs_")
    assert secret not in made.err + lines
    return secret, section["hash"]


def test_a_token_opens_the_api_and_nothing_else(machine: Machine) -> None:
    full, full_hash = token(machine, "robot", "--full")
    read, read_hash = token(machine, "dashboard")
    daemon = machine.fork(
        "run",
        SERVER__HOST="0.0.0.0",
        SERVER__PASSWORD_HASH=HASHED,
        SERVER__TOKENS__ROBOT__HASH=full_hash,
        SERVER__TOKENS__ROBOT__ACCESS="full",
        SERVER__TOKENS__DASHBOARD__HASH=read_hash,
        LOG_LEVEL="debug",
        RESOURCES=FEW,
    )
    port = daemon.address().rpartition(":")[2]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.get("/api/v1/status").status_code == 401
        client.headers["Authorization"] = f"Bearer {read}"

        def all_read() -> bool:
            lines = client.get("/api/v1/resources").json()
            return len(lines) == 3 and {line["outcome"] for line in lines} == {"ok"}

        until(all_read, "the first cycle")
        told = machine.fork("status", "--json", RESOURCES=FEW)
        assert told.ends() == 0, told

        def standing(text: str) -> dict[str, object]:
            facts = json.loads(text)
            for line in facts["resources"]:
                del line["lag_seconds"]  # time passes
            for line in facts["divisions"]:
                del line["minute_left"], line["day_resets_at"]
            return dict(facts)

        assert standing(client.get("/api/v1/status").text) == standing(told.out)
        assert client.post("/api/v1/sync").status_code == 403
        assert client.get("/", follow_redirects=False).headers["location"] == "/login"
        client.headers["Authorization"] = f"Bearer {full}"
        items = machine.deployment.table("logistics/Items")
        machine.deployment.edit(1)
        before = client.get("/api/v1/runs?resource=items").json()["items"][0]["id"]
        asked = client.post(f"/api/v1/resources/items/sync?division={DIVISION}")
        assert (asked.status_code, asked.json()) == (202, {"connection": "default", "count": 1})

        def read_again() -> bool:
            newest = client.get("/api/v1/runs?resource=items").json()["items"][0]
            return bool(newest["id"] > before and newest["outcome"] == "ok")

        until(read_again, "what was asked for")
        [line] = client.get(f"/api/v1/resources?resource=items&division={DIVISION}").json()
        assert line["rows"] == len(items.rows)
        for what, paused in (("pause", True), ("resume", False)):
            answer = client.post(f"/api/v1/resources/items/{what}")
            assert answer.json() == {"connection": "default", "count": 1}
            [line] = client.get(f"/api/v1/resources?resource=items&division={DIVISION}").json()
            assert (line["paused_since"] is not None) == paused
        unknown = client.post("/api/v1/resources/itemz/accept")
        assert (unknown.status_code, "did you mean items?" in unknown.text) == (404, True)
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0, daemon
    for secret in (full, read, full_hash, read_hash, HASHED):
        assert secret not in daemon.out + daemon.err


def test_a_token_needs_a_name(here: Here) -> None:
    code, _, err = here.run("server", "token", "My Robot")
    assert code == 2
    assert "can't be the name of a token" in one_clear_line(err)
