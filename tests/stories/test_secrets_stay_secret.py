"""Canary secrets through everything that can go wrong: F45."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exact_sync import logs
from exact_sync.catalog import RESOURCES
from exact_sync.cli.progress import LogLines
from exact_sync.config import load
from exact_sync.errors import ExactSyncError, SignInNeeded
from exact_sync.service import Service
from exact_sync.simulator import Simulator
from exact_sync.sync.run import Runner
from tests.deployment import DIVISION, Deployment, SharedClock
from tests.facts import command, restart, sql
from tests.web.pages.shown import CONNECT, begins, consents, shown
from tests.web.pages.test_pages import PATHS

PASSWORD, SECRET, KEY = "canary-database-word", "canary/client+secret=", "canary-secret-key"
HOOK = "canary-webhook-secret"
TOKEN = "oauth2/token"


class Canaries:
    """A deployment whose secrets are known, and all that it says."""

    def __init__(self, deployment: Deployment, said: io.StringIO) -> None:
        self.deployment = deployment
        self.said = said

    @property
    def secrets(self) -> set[str]:
        oauth = self.deployment.simulator.oauth
        return {PASSWORD, SECRET, KEY, HOOK, *oauth._access, *oauth._refresh, *oauth._codes}

    def in_text(self, text: str) -> list[str]:
        return [secret for secret in self.secrets if secret in text or json.dumps(secret)[1:-1] in text]

    def sync(self, *names: str) -> None:
        """A sync, heard through the daemon's log lines; what it raises is heard too."""
        try:
            for outcome in self.deployment.service.sync(names, (), LogLines()):
                self.said.write(f"{outcome!r}\n")
        except ExactSyncError as error:
            self.said.write(f"{error!r} {error}\n")


@pytest.fixture(params=["json", "text"])
def canaries(
    request: pytest.FixtureRequest, database_url: str, clock: SharedClock, tmp_path: Path
) -> Iterator[Canaries]:
    said = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.set_up("debug", request.param, said)
    url = database_url.replace("postgres:@", f"postgres:{PASSWORD}@")
    assert PASSWORD in url
    try:
        with (
            Simulator(clock=clock.theirs, client_secret=SECRET) as simulator,
            Deployment(
                simulator, url, clock, tmp_path / "data", secret_key=KEY, webhook_secret=HOOK
            ) as deployment,
        ):
            yield Canaries(deployment, said)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


STUMBLES: list[dict[str, Any]] = [
    {"fault": "status", "status": 401},
    {"fault": "status", "status": 400},
    {"fault": "status", "status": 403, "reason": "DivisionBlocked"},
    {"fault": "status", "status": 500},
    {"fault": "redirect"},
    {"fault": "html"},
    {"fault": "reset"},
    {"fault": "next_other_host"},
    {"fault": "cut_json"},
    {"fault": "bare_429"},
]


def test_no_secret_is_in_any_log_error_or_table_whatever_goes_wrong(
    canaries: Canaries, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """At the most talkative level, in both formats, with everything failing that can."""
    deployment = canaries.deployment
    canaries.sync("divisions", "journals", "customers")
    for number, fault in enumerate(STUMBLES):
        deployment.clock.advance(hours=25)
        deployment.simulator.faults.add(path="/Journals", times=8, **fault)
        if number % 2:
            deployment.simulator.faults.add("empty_body", path=TOKEN, times=3)
        canaries.sync("journals")
        deployment.simulator.faults.clear()
    deployment.simulator.faults.add("status", path=TOKEN, status=500, times=None)
    deployment.clock.advance(hours=1)
    canaries.sync("journals")
    deployment.simulator.faults.clear()
    deployment.clock.advance(hours=25)
    deployment.simulator.oauth.steal()
    canaries.sync("journals")
    canaries.sync("journals")
    said = canaries.said.getvalue()
    assert said.count("signing in again is needed") >= 2
    assert len(said) > 5000
    assert canaries.in_text(said) == []

    for arguments in (("status",), ("status", "--json"), ("auth", "status"), ("auth", "status", "--json"),
                      ("resources",), ("sync", "journals"), ("db", "current")):  # fmt: skip
        command(deployment, *arguments)
    shown = capsys.readouterr()
    assert str(DIVISION) in shown.out
    assert canaries.in_text(shown.out + shown.err) == []

    tables = sql(
        deployment,
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname LIKE 'exact%'",
    )
    assert len(tables) > 15
    for (table,) in tables:
        rows = "\n".join(row[0] for row in sql(deployment, f"SELECT t::text FROM {table} t"))
        assert canaries.in_text(rows) == [], table
    activity = "\n".join(map(str, sql(deployment, "SELECT query, application_name FROM pg_stat_activity")))
    assert canaries.in_text(activity) == []
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            assert canaries.in_text(file.read_text(errors="replace")) == [], file


def test_no_page_shows_a_secret(canaries: Canaries) -> None:
    """Signing in there, well and in every wrong way; then every page, and what was said meanwhile."""
    deployment = canaries.deployment
    canaries.sync("divisions", "journals")
    with shown(deployment) as browser:
        for code in ("", "forged"):
            way_back = consents(begins(browser))
            browser.client.get(way_back.replace("code=", f"code={code}"))
            browser.client.get(way_back)
            browser.presses(f"{CONNECT}/paste", address=way_back)
        deployment.service.request_log.flush()
        shown_pages = [browser.client.get(path) for path in (*PATHS, way_back, "/static/live.js")]
        assert {answer.status_code for answer in shown_pages} == {200, 400}
        for answer in shown_pages:
            assert canaries.in_text(f"{answer.text} {answer.headers}") == [], answer.url.path
    assert len(canaries.secrets) > 9
    assert canaries.in_text(canaries.said.getvalue()) == []


def test_a_bug_whose_traceback_holds_a_token_does_not_spill_it(
    canaries: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected error with a token that came from a refresh, not from this process's signing in."""
    deployment = canaries.deployment
    canaries.sync("divisions")
    deployment.clock.advance(hours=1)
    logs._secrets.clear()
    logs._tokens.clear()
    restart(deployment)
    canaries.sync("journals")
    tokens = deployment.service.sign_in.read().tokens
    assert tokens is not None

    def fail(*arguments: object, **more: object) -> None:
        raise RuntimeError(f"a bug: {tokens.access} {tokens.refresh} {SECRET} {PASSWORD} {KEY}")

    logs.hide(SECRET, KEY)  # as load_settings does
    monkeypatch.setattr(Runner, "run", fail)
    before = len(canaries.said.getvalue())
    deployment.service.sync(("journals",), (), LogLines())
    said = canaries.said.getvalue()[before:]
    assert "a bug: ***" in said
    assert "Traceback" in said
    assert canaries.in_text(said) == []


def test_nothing_that_can_be_printed_shows_a_secret(canaries: Canaries) -> None:
    """repr and str of everything that carries one."""
    service = canaries.deployment.service
    tokens = service.sign_in.read().tokens
    things = [service.settings, service.app(), tokens, service.sign_in.read(), service.database.url,
              service.database.engine, service.session, service.client, service.sign_in]  # fmt: skip
    shown = "\n".join(f"{thing!r} {thing}" for thing in things)
    assert canaries.in_text(shown) == []
    assert SECRET not in str(service.settings.model_dump())


WRONG_SETTINGS = [
    {"EXACT_SYNC_DATABASE_URL": f"mysql://u:{PASSWORD}@host/x"},
    {"EXACT_SYNC_DATABASE_URL": f"u:{PASSWORD}@host"},
    {"EXACT_SYNC_DATABASE_URL": f"postgresql://u:{PASSWORD}@127.0.0.1:1/x"},
    {"EXACT_SYNC_DATABASE_URL": f"postgresql://u:{PASSWORD}@127.0.0.1:port/x"},
    {"EXACT_SYNC_DATABASE_URL": f"postgresql://u:pa@{PASSWORD}@127.0.0.1:1/x"},
    {"EXACT_SYNC_DATABASE_URL": f"postgresql://u@127.0.0.1:1/x?password={PASSWORD}"},
    {"EXACT_SYNC_BASE_URL": f"http://u:{PASSWORD}@127.0.0.1:1"},
    {"EXACT_SYNC_CLIENT_SECRET": SECRET, "EXACT_SYNC_REGION": "moon"},
    {"EXACT_SYNC_SECRET_KEY": KEY, "EXACT_SYNC_INTERVAL": "often"},
]


@pytest.mark.parametrize("settings", WRONG_SETTINGS)
def test_wrong_settings_are_told_without_the_secret(
    settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXACT_SYNC_DATA_DIR", str(tmp_path))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ExactSyncError) as caught, Service(load(known_resources=RESOURCES)) as service:
        service.ready()
    said = f"{caught.value} {caught.value!r} {caught.value.__context__}"
    for secret in (PASSWORD, SECRET, KEY):
        assert secret not in said


def test_a_wrong_secret_key_is_told_and_changes_nothing(canaries: Canaries) -> None:
    """Tokens that can't be read are not lost: with the right key all goes on."""
    deployment = canaries.deployment
    canaries.sync("divisions")
    right = deployment.settings.secret_key
    restart(deployment, secret_key=type(right)("another key") if right else None)
    with pytest.raises(ExactSyncError) as caught:
        deployment.sync("journals")
    assert caught.value.exit_code == 2
    assert "another secret key" in str(caught.value)
    restart(deployment, secret_key=right)
    deployment.sync_well("journals")
    with pytest.raises(SignInNeeded):
        deployment.service.sign_in_with_browser(canaries.said.write, lambda: "")
    assert deployment.differences("journals") == []
