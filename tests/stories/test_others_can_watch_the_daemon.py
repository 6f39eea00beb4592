"""`run` answers over HTTP: whether it lives, whether it can work, what it has done (issue 5)."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.postgres import Server
from tests.processes import Here, Machine, one_clear_line, until
from tests.several import Several, several
from tests.web.served import series

EVERY_SECOND = {"INTERVAL": "1s", "SNAPSHOT_INTERVAL": "1s"}


def reds(address: str) -> dict[str, str]:
    """The checks that are red, each with the reason; the status agrees with them."""
    answer = httpx.get(f"{address}/readyz")
    red = {check["check"]: check["why"] for check in answer.json()["checks"] if not check["ok"]}
    assert answer.status_code == (503 if red else 200)
    assert answer.json()["ready"] is not red
    assert httpx.get(f"{address}/livez").status_code == 200
    return red


def turns(address: str, expected: Callable[[dict[str, str]], Any]) -> dict[str, str]:
    """Wait until the checks are so; those that are red."""
    seen: list[dict[str, str]] = []

    def turned() -> Any:
        seen.append(reds(address))
        return expected(seen[-1])

    until(turned, "another light")
    return seen[-1]


def test_readyz_turns_red_for_each_trouble_and_green_by_itself(
    shaky_machine: Machine, another_server: Server
) -> None:
    machine, deployment = shaky_machine, shaky_machine.deployment
    deployment.service.database.close()
    another_server.stop()
    daemon = machine.fork("run", **EVERY_SECOND)
    address = daemon.address()  # before there is a database
    red = reds(address)
    assert red["database"].startswith("the database can't be used now")
    assert red["schema"] == red["sign_in"] == "not known without the database"
    metrics = series(httpx.get(f"{address}/metrics").text)
    assert metrics["exact_sync_database_up"] == {(): 0}

    another_server.start()
    turns(address, lambda red: not red)
    another_server.stop()
    turns(address, lambda red: "database" in red)
    another_server.start()
    turns(address, lambda red: not red)

    deployment.service.database.close()
    machine.nobody_is_signed_in()
    assert turns(address, lambda red: red) == {"sign_in": "nobody is signed in at Exact yet"}
    deployment.sign_in()
    turns(address, lambda red: not red)
    machine.query("UPDATE exact_sync.sign_in SET needed_because = 'the consent was withdrawn'")
    assert turns(address, lambda red: red) == {"sign_in": "the consent was withdrawn"}
    deployment.sign_in()
    turns(address, lambda red: not red)

    [(newest,)] = machine.query("SELECT version_num FROM exact_sync.alembic_version")
    machine.query("UPDATE exact_sync.alembic_version SET version_num = '0001'")
    red = turns(address, lambda red: red)
    assert red["schema"] == "the schema is behind; run: exact-sync db upgrade"
    machine.query("UPDATE exact_sync.alembic_version SET version_num = %s", newest)
    turns(address, lambda red: not red)

    done = ("default", "ok", "customers")
    until(lambda: series(httpx.get(f"{address}/metrics").text)["exact_sync_runs_total"].get(done, 0) > 1)
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0, daemon
    assert "Traceback" not in daemon.err


@pytest.fixture
def three(machine: Machine) -> Iterator[Several]:
    with several(machine) as three:
        yield three


def test_every_request_is_counted_by_its_status(machine: Machine) -> None:
    """Also those for tokens, and with the log of requests switched off."""
    machine.simulator.faults.add("status", path="/Journals", status=503, times=1)
    daemon = machine.fork("run", REQUEST_LOG_DAYS="0")
    address = daemon.address()

    def counted() -> dict[tuple[str, ...], float]:
        return series(httpx.get(f"{address}/metrics").text).get("exact_sync_http_requests_total", {})

    until(lambda: counted().get(("default", "503")), "a 503")
    assert counted()["default", "200"] > 0


def test_one_server_speaks_for_all_connections(three: Several) -> None:
    held = three.service("de")
    held.ready()
    held.crew.take_over()
    daemon = three.machine.fork("run", **three.environment, LOG_FORMAT="json")
    address = daemon.address()
    daemon.says("de: another run holds the work")
    assert daemon.err.count("the server listens") == 1

    def reasons() -> dict[tuple[str, str], str]:
        checks = httpx.get(f"{address}/readyz").json()["checks"]
        assert {check["connection"] for check in checks} == {"default", "be", "de"}
        return {(c["connection"], c["check"]): c["why"] for c in checks if not c["ok"]}

    until(lambda: ("de", "daemon") in reasons(), "the end of one daemon")
    red = reasons()
    assert red["be", "sign_in"] == "nobody is signed in at Exact yet"
    assert "another run holds the work" in red["de", "daemon"]
    assert not any(connection == "default" for connection, _ in red)
    assert httpx.get(f"{address}/livez").status_code == 200
    found = until(lambda: series(httpx.get(f"{address}/metrics").text))
    assert found["exact_sync_sign_in_needed"] == {("default",): 0, ("be",): 1, ("de",): 1}
    until(
        lambda: (
            ("default", "ok", "journals")
            in series(httpx.get(f"{address}/metrics").text).get("exact_sync_runs_total", {})
        )
    )
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0, daemon
    held.crew.lock.free()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "example.org"])
def test_nobody_else_may_come_without_a_password(here: Here, host: str) -> None:
    here.machine.simulator.stats.reset()
    code, _, err = here.run("run", SERVER__HOST=host)
    assert code == 2
    line = one_clear_line(err)
    assert "without a password" in line
    assert "exact-sync server password" in line
    assert here.machine.simulator.stats.calls() == []


def test_with_a_password_or_a_proxy_others_may_come(machine: Machine) -> None:
    hasher = machine.start("server", "password")
    hasher.type("correct horse battery staple")
    assert hasher.ends() == 0, hasher
    line = re.fullmatch(r'password_hash = "(\$argon2id\$[^"]+)"\n', hasher.out)
    assert line is not None
    assert "correct horse" not in hasher.out + hasher.err
    for more in ({"SERVER__PASSWORD_HASH": line[1]}, {"SERVER__TRUSTED_PROXY": "10.0.0.0/8,192.168.0.0/16"}):
        daemon = machine.fork("run", SERVER__HOST="0.0.0.0", **more)
        port = daemon.address().rpartition(":")[2]
        assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
        daemon.signal(signal.SIGTERM)
        assert daemon.ends() == 0, daemon
        assert line[1] not in daemon.err


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SERVER__PASSWORD_HASH", "hunter2-itself", "is no argon2 hash"),
        ("SERVER__TRUSTED_PROXY", "everybody", "trusted_proxy"),
        ("SERVER__PORT", "99999", "less than or equal to 65535"),
        ("SERVER", '{"prot": 1}', "did you mean server.port?"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(here: Here, variable: str, value: str, said: str) -> None:
    code, _, err = here.run("run", **{variable: value})
    assert (code, said in one_clear_line(err)) == (2, True), err
    assert "hunter2" not in err


def test_a_short_password_is_refused(machine: Machine) -> None:
    process = machine.fork("server", "password")
    assert process.ends() == 2
    assert "fewer than 8 characters" in one_clear_line(process.err)


def test_where_the_port_is_taken_the_work_goes_on_and_the_server_comes_when_it_is_free(
    machine: Machine,
) -> None:
    """A second daemon finds it taken by the first one: that the work is held is what it says then."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        daemon = machine.fork("run", SERVER__PORT=str(port))
        daemon.says(f"the server can't listen on 127.0.0.1:{port}")
        daemon.says("the daemon has started")
        second = machine.fork("run", SERVER__PORT=str(port))
        assert second.ends() == 4, second
    daemon.says("the server listens")
    assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0, daemon


def test_without_a_server_nothing_listens(machine: Machine) -> None:
    daemon = machine.fork("run", SERVER__ENABLED="false", SERVER__HOST="0.0.0.0")
    daemon.says("the daemon has started")
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0, daemon
    assert "the server listens" not in daemon.err


def test_only_the_daemon_pays_for_the_server() -> None:
    code = (
        "import sys, exact_sync.cli.work, exact_sync.cli.status\n"
        "paid = {'starlette', 'fastapi', 'uvicorn', 'itsdangerous', 'prometheus_client', 'argon2'}\n"
        "print(*paid & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.split() == []
