"""A deployment with three connections: the one of the machine's settings, ``be`` and ``de``."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from exact_sync import deployment
from exact_sync.config import Settings
from exact_sync.service import Service
from exact_sync.simulator import Simulator
from tests.deployment import DIVISION
from tests.founding import found
from tests.mirror import DEFAULTS, differences
from tests.processes import Machine

FEW = ("divisions", "customers", "journals", "financial_transactions", "document_attachments")
"""One for each strategy, so that such stories stay quick."""


class Several:
    """Three sites, each with a company of its own that has the same division number."""

    def __init__(self, machine: Machine, simulators: dict[str, Simulator]) -> None:
        self.machine = machine
        self.simulators = {"default": machine.simulator, **simulators}
        sections = {
            name: {
                "base_url": simulator.base_url,
                "client_id": simulator.client_id,
                "client_secret": simulator.client_secret,
            }
            for name, simulator in simulators.items()
        }
        resources = {name: {"enabled": name in FEW} for name in DEFAULTS}
        self.environment = {"CONNECTIONS": json.dumps(sections), "RESOURCES": json.dumps(resources)}
        own: dict[str, Any] = {"connections": sections, "resources": resources}
        settings = machine.deployment.settings.model_dump() | own
        self.deployment = deployment.Deployment(Settings(**settings), machine.deployment.clock)

    def service(self, name: str) -> Service:
        return next(s for s in self.deployment.services if s.connection.name == name)

    def sign_in(self, name: str) -> None:
        seen: list[str] = []

        def browse() -> str:
            return str(httpx.get(seen[0], follow_redirects=False).headers["Location"])

        self.service(name).sign_in_with_browser(seen.append, browse)

    def differences(self, name: str, *, deleted: bool = True) -> list[str]:
        service = self.service(name)
        books = self.simulators[name].books
        return differences(books, service.database, FEW, ignore_extra=not deleted)


@contextmanager
def several(machine: Machine) -> Iterator[Several]:
    """On the machine's database; its own connection is signed in, the others are not."""
    clock = machine.deployment.clock
    with ExitStack() as stack:
        simulators = {}
        for seed, name in ((2, "be"), (3, "de")):
            simulators[name] = stack.enter_context(Simulator(clock=clock.theirs, minute_limit=100_000))
            found(simulators[name].books, DIVISION, clock.now().date(), seed=seed)
        result = Several(machine, simulators)
        stack.callback(result.deployment.close)
        yield result
