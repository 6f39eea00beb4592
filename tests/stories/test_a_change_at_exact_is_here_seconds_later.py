"""With a webhook a change is in PostgreSQL within five seconds; forged ones change nothing (F44)."""

import json
import random
import signal
import socket
import uuid
from urllib.parse import urlsplit

import httpx
import pytest

from exact_sync.simulator.edits import insert_record, remove_record
from exact_sync.simulator.simulator import WEBHOOK_SECRET
from tests.deployment import DIVISION
from tests.mirror import DEFAULTS
from tests.processes import Machine, Process, until
from tests.web.served import series

PROMISED = 5.0
"""Seconds from a change at Exact to PostgreSQL."""
HOOK = "/webhooks/exact/default"
FEW = ("divisions", "deletions", "customers", "contacts", "items", "sales_invoices")
RESOURCES = {name: {"enabled": name in FEW} for name in DEFAULTS} | {"contacts": {"every": "3s"}}
RARELY = {"INTERVAL": "1d", "SNAPSHOT_INTERVAL": "1d", "RESOURCES": json.dumps(RESOURCES)}
FORGED, AT_ONCE = 10_000, 100


class Told:
    """A daemon that has read everything, and that Exact tells of changes."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.simulator = machine.simulator
        self.simulator.webhooks.over_http = True
        environment = {"WEBHOOK_SECRET": WEBHOOK_SECRET, **RARELY}
        self.daemon: Process = machine.fork("run", **environment)
        self.address = self.daemon.address()
        until(self._is_all_read, "the first load")
        subscriber = machine.fork("webhooks", "subscribe", **environment, WEBHOOK_URL=f"{self.address}{HOOK}")
        assert subscriber.ends() == 0, subscriber
        self.simulator.stats.reset()

    def _is_all_read(self) -> bool:
        done = "SELECT count(*) FROM exact_sync.checkpoint WHERE succeeded_at IS NOT NULL"
        return self.machine.query(done) == [(len(FEW),)]

    def soon(self, table: str, key: uuid.UUID, column: str, value: object) -> None:
        """Is in the table in time."""
        key_column = "invoice_id" if table == "sales_invoices" else "id"
        query = f"SELECT {column} FROM exact.{table} WHERE {key_column} = %s"
        until(lambda: self.machine.query(query, key) == [(value,)], f"{table}.{column}", PROMISED)

    def outcomes(self) -> dict[str, float]:
        found = series(httpx.get(f"{self.address}/metrics").text)["exact_sync_webhook_events_total"]
        return {outcome: number for (connection, outcome), number in found.items() if connection}

    def spent(self) -> tuple[int, int]:
        """Calls and runs so far, but for those of resources that something else has read, too."""
        calls = self.simulator.stats.calls()
        others = sum(
            not call.path.endswith(("Contacts", "Accounts", "Invoices", "Deleted")) for call in calls
        )
        [(runs,)] = self.machine.query("SELECT count(*) FROM exact_sync.run WHERE resource = 'items'")
        return others, runs


@pytest.fixture
def told(machine: Machine) -> Told:
    return Told(machine)


def test_changes_arrive_within_five_seconds_and_forged_ones_not_at_all(told: Told) -> None:
    books, rng = told.simulator.books, random.Random(4)
    items = books.table(DIVISION, "logistics/Items")
    first, second = list(items.rows)[:2]
    items.change(first, Description="told at once")
    told.soon("items", first, "description", "told at once")
    invoice = insert_record(books, DIVISION, "salesinvoice/SalesInvoices", rng)
    told.soon("sales_invoices", invoice, "division", DIVISION)
    remove_record(books, DIVISION, "crm/Accounts", next(iter(books.table(DIVISION, "crm/Accounts").rows)))
    account = "SELECT count(*) FROM exact.customers WHERE _deleted_at IS NOT NULL"
    until(lambda: told.machine.query(account) == [(1,)], "the removal", PROMISED)
    assert sum(call.path.endswith("/Items") for call in told.simulator.stats.calls()) == 1

    # What is lost is found by the schedule.
    courier = told.simulator.webhooks.courier
    courier.lose = 2
    contact, last_name = next(iter(books.table(DIVISION, "crm/Contacts").rows)), "nobody told us"
    books.table(DIVISION, "crm/Contacts").change(contact, LastName=last_name)
    query = "SELECT last_name FROM exact.contacts WHERE id = %s"
    until(lambda: told.machine.query(query, contact) == [(last_name,)], "the schedule")

    # Thousands that somebody else wrote, about a resource that has changed indeed.
    items.change(second, Description="nobody told us")
    assert courier.counts["lost"] == 2
    before = told.spent()
    good = told.outcomes()["accepted"]
    forge(told.address)
    assert told.outcomes()["forged"] == FORGED
    assert told.outcomes()["accepted"] == good
    assert told.spent() == before
    assert httpx.get(f"{told.address}/readyz").status_code == 200

    told.daemon.signal(signal.SIGTERM)
    assert told.daemon.ends() == 0, told.daemon
    assert told.daemon.err.count("webhooks were refused") == 1
    assert "Traceback" not in told.daemon.err
    assert WEBHOOK_SECRET not in told.daemon.err
    assert told.machine.deployment.violations() == {}
    differences = told.machine.deployment.differences("sales_invoices", "contacts", "customers", "items")
    assert {each.partition(".")[0] for each in differences} == {f"items ({DIVISION}, {second!r})"}


def forge(address: str) -> None:
    """Ten thousand messages with a wrong signature, on one connection."""
    content = json.dumps({"Topic": "Items", "Division": DIVISION, "Action": "Update"}).encode()
    body = b'{"Content":%b,"HashCode":"%b"}' % (content, b"0" * 64)
    head = f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        answers = connection.makefile("rb")
        for _ in range(FORGED // AT_ONCE):
            connection.sendall((head + body) * AT_ONCE)
            for _ in range(AT_ONCE):
                assert answers.readline().split()[1] == b"401"
                length = 0
                while line := answers.readline().strip():
                    name, _, value = line.lower().partition(b":")
                    length = int(value) if name == b"content-length" else length
                answers.read(length)
