"""A person before the browser, and the machine that exact-sync runs on."""

import socket

from playwright.sync_api import Page, expect

from exact_sync.simulator import Simulator
from tests.processes import Machine, Process

SOON = {"INTERVAL": "1h", "SNAPSHOT_INTERVAL": "6h"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Operator:
    """Starts the daemon, and does in the browser what people do there."""

    def __init__(self, machine: Machine, page: Page) -> None:
        self.machine = machine
        self.page = page
        self.address = ""
        self.daemon: Process | None = None

    @property
    def simulator(self) -> Simulator:
        return self.machine.simulator

    def runs(self, **settings: str | None) -> None:
        """Start ``exact-sync run``; the redirect URI is a path of its own server unless settings say else."""
        port = free_port()
        own = {"SERVER__PORT": str(port), "REDIRECT_URI": f"http://127.0.0.1:{port}/callback"}
        self.daemon = self.machine.fork("run", **{**SOON, **own, **settings})
        self.address = self.daemon.address()

    def opens(self, path: str = "/") -> None:
        self.page.goto(self.address + path)

    def consents(self) -> None:
        """Press the button, and allow it on Exact's page."""
        self.page.get_by_role("button", name="Connect to Exact Online").first.click()
        self.page.get_by_role("button", name="Allow").click()
        expect(self.page.get_by_text("Connected to Exact Online.")).to_be_visible()

    def sees(self, verdict: str) -> None:
        """The line at the top comes to say this, without anybody reloading the page."""
        expect(self.page.locator("#verdict .title")).to_contain_text(verdict)

    def row(self, name: str) -> "object":
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("rowheader", name=name))
