"""A person before the browser, and the machine that exact-sync runs on."""

import socket

from playwright.sync_api import Locator, Page, expect

from exact_sync.simulator import Simulator
from tests.deployment import DIVISION
from tests.processes import Machine, Process

SELDOM = {"INTERVAL": "1h", "SNAPSHOT_INTERVAL": "6h"}
"""What is read after the first sync is asked for by somebody."""
HERE = f"/connections/default/divisions/{DIVISION}"


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
        self.daemon = self.machine.fork("run", **{**SELDOM, **own, **settings})
        self.address = self.daemon.address()

    def opens(self, path: str = "/", page: Page | None = None) -> None:
        (page or self.page).goto(self.address + path)

    def presses(self, name: str, *, inside: Locator | None = None) -> None:
        (inside or self.page).get_by_role("button", name=name).first.click()

    def consents(self) -> None:
        """Press the button, and allow it on Exact's page."""
        self.presses("Connect to Exact Online")
        self.presses("Allow")
        self.reads("Connected to Exact Online.")

    def is_connected(self) -> None:
        """Connect, and wait until everything was read."""
        self.opens()
        self.consents()
        self.sees("The data can be trusted")

    def reads(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def sees(self, verdict: str) -> None:
        """The line at the top comes to say this, without anybody reloading the page."""
        expect(self.page.locator("#verdict .title")).to_contain_text(verdict)

    def row(self, name: str) -> Locator:
        """The row of a resource on the page of a division."""
        return self.page.locator("#grid tbody tr").filter(has=self.page.get_by_role("rowheader", name=name))
