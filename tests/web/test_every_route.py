"""Every route that ``exact-sync run`` serves, whoever brought it: nobody forgets to ask who comes."""

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from exact_sync import serving
from exact_sync.config import Settings
from exact_sync.web import app as module
from tests.deployment import Deployment, Silent
from tests.web.browser import HASHED

PUBLIC = re.compile(r"/(livez|readyz|metrics|login|static/.*|webhooks/exact/.*)")
SAFE = {"GET", "HEAD", "OPTIONS"}


class Everybody:
    """Who hears of runs: nobody."""

    def of(self, connection: str | None) -> Silent:
        return Silent()


def flat(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Paths, with something for their parameters, and methods."""
    for route in routes:
        if isinstance(route, Mount):
            yield from flat(route.routes, prefix + route.path)
        elif isinstance(route, Route):
            yield prefix + re.sub(r"\{[^}]*\}", "items", route.path), set(route.methods or ())


@pytest.mark.parametrize("password", [None, HASHED], ids=["open", "with a password"])
def test_nothing_is_changed_without_a_token_nor_shown_without_the_password(
    deployment: Deployment,
    password: str | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    built: list[Starlette] = []
    make = module.app

    def noting(*arguments: Any) -> Starlette:
        built.append(make(*arguments))
        return built[-1]

    monkeypatch.setattr(module, "app", noting)
    server = {"port": 0, "password_hash": password}
    settings = Settings(**deployment.settings.model_dump() | {"server": server})
    caplog.set_level(logging.INFO)
    services = [deployment.service]
    with serving.served(services, Everybody(), settings, deployment.clock, lambda: None):
        [address] = [record.address for record in caplog.records if hasattr(record, "address")]
        [application] = built
        routes = sorted(flat(application.routes))
        assert {path for path, _ in routes} >= {"/livez", "/login", "/logout", "/api/v1/sync"}
        with httpx.Client(base_url=address) as client:
            for path, methods in routes:
                is_hook = path.startswith("/webhooks/exact/")
                for method in sorted(methods - SAFE if not is_hook else ()):
                    assert client.request(method, path).status_code in (401, 403), path
                    forged = {"X-CSRF-Token": "forged"}
                    assert client.request(method, path, headers=forged).status_code in (401, 403), path
                    read = {"Authorization": "Bearer exs_forged"}
                    assert client.request(method, path, headers=read).status_code in (401, 403), path
                if "GET" in methods and password is not None and not PUBLIC.fullmatch(path):
                    answer = client.get(path)
                    is_api = path.startswith("/api/")
                    assert answer.status_code == (401 if is_api else 303), path
                    assert is_api or answer.headers["location"].startswith("/login"), path
