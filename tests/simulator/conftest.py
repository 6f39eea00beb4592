"""A simulator with a frozen clock and a few hand-made rows, and a signed-in client."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from exact_sync.simulator import Books, Clock, Simulator

NOW = datetime(2026, 6, 25, 14, 13, 25, tzinfo=UTC)
DIVISION = 124132
ARCHIVED = 124140


def guid(number: int) -> uuid.UUID:
    """Guids whose order at Exact (last group first) is the order of the numbers."""
    return uuid.UUID(f"{99999999 - number:08d}-0000-4000-8000-{number:012d}")


@pytest.fixture
def books() -> Books:
    books = Books(Clock(NOW, frozen=True))
    books.add_division(DIVISION, Description="Brouwer & Zonen B.V.", CustomerCode="1265594")
    books.add_division(124133, Description="Brouwer Logistics", Country="BE")
    books.add_division(ARCHIVED, Description="Oud B.V.", Status=2)
    accounts = books.table(DIVISION, "crm/Accounts")
    start = datetime(2026, 1, 1, 12)
    accounts.load(
        {
            "ID": guid(number),
            "Code": str(number),
            "Name": f"Customer {number:03d}",
            "Country": "NL" if number % 2 else "BE",
            "Blocked": number % 5 == 0,
            "CreditLineSales": Decimal(number) / 4,
            "City": None if number % 3 else "Óss",
            "Created": start,
            "Modified": start + timedelta(hours=number // 10),
        }
        for number in range(1, 151)
    )
    invoices = books.table(DIVISION, "salesinvoice/SalesInvoices")
    lines = books.table(DIVISION, "salesinvoice/SalesInvoiceLines")
    for number in range(1, 4):
        invoices.insert({"InvoiceID": guid(number), "InvoiceNumber": number, "AmountDC": Decimal("1.2")})
        for line in range(1, 3):
            lines.insert({"ID": guid(number * 10 + line), "InvoiceID": guid(number), "LineNumber": line})
    return books


@pytest.fixture
def sim(books: Books) -> Iterator[Simulator]:
    with Simulator(books) as simulator:
        yield simulator


class Client:
    """Asks as a program does; `get` gives the response, `d` what is under `d`."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.http = httpx.Client(base_url=sim.base_url, trust_env=False, verify=False, timeout=5)
        self.headers = {"Accept": "application/json"}
        self.sign_in()

    def sign_in(self) -> None:
        """Again, where a test has let ten minutes pass."""
        self.tokens = self.sim.oauth.sign_in()
        self.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"

    def get(self, path: str, params: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        url = path if path.startswith("http") else f"/api/v1/{path}"
        if "/$count" in path:  # a bare number, which is no JSON
            headers = {"Accept": "text/plain", **headers}
        return self.http.get(url, params=params, headers={**self.headers, **headers})

    def d(self, path: str, params: dict[str, Any] | None = None) -> Any:
        response = self.get(path, params)
        assert response.status_code == 200, response.text
        return response.json()["d"]

    def everything(self, path: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        page = self.d(path, params)
        rows = list(page["results"])
        while "__next" in page:
            page = self.d(page["__next"])
            rows += page["results"]
        return rows


@pytest.fixture
def client(sim: Simulator) -> Iterator[Client]:
    client = Client(sim)
    with client.http:
        yield client
