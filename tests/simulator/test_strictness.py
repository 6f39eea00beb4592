"""What a strict Exact refuses, and the shapes of what it gives."""

from __future__ import annotations

import json
import socket
import uuid
from datetime import datetime
from typing import Any

import httpx
import pytest

from exact_sync.simulator import Simulator
from exact_sync.simulator.schema import KNOWN
from tests.simulator.conftest import ARCHIVED, DIVISION, Client, guid

WANTED = "Please add a $select or a $top=1 statement to the query string."


def message(response: httpx.Response) -> str:
    error = response.json()["error"]
    assert error["code"] == ""
    assert error["message"]["lang"] == ""
    text: str = error["message"]["value"]
    return text


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("crm/Accounts", 400, WANTED),
        ("crm/Accounts?$top=2", 400, WANTED),
        ("bulk/CRM/Accounts?$select=*", 400, WANTED),
        ("bulk/CRM/Accounts?$select=ID,*", 400, WANTED),
        (
            "crm/Accounts?$select=ID,Naam",
            400,
            "The property 'Naam' does not exist on type 'Exact.Web.Api.Models.Account'",
        ),
        ("crm/Accounts?$select=id", 400, "'id' does not exist"),
        ("crm/Accounts?$select=ID/Name", 400, "does not exist"),
        ("crm/Accounts?$select=ID&$orderby=Nope", 400, "Nope"),
        ("crm/Accounts?$select=ID&$orderby=Name up", 400, "$orderby"),
        ("crm/Accounts?$select=ID&$orderby=Logo", 400, "$orderby"),
        ("crm/Accounts?$select=ID&$top=-1", 400, "$top"),
        ("crm/Accounts?$select=ID&$top=ten", 400, "$top"),
        ("crm/Accounts?$select=ID&$expand=BankAccounts", 400, "expanded"),
        ("crm/Accounts?$select=ID&$expand=Nope", 400, "expanded"),
        ("crm/Accounts?$select=ID&$inlinecount=all", 400, "$inlinecount"),
        ("crm/Accounts?$select=ID&$apply=x", 400, "$apply"),
        ("crm/Accounts?$select=ID&$select=ID", 400, "exactly once"),
        ("crm/Accounts?$select=ID&$filter=Naam eq 1", 400, "Naam"),
        ("crm/Accounts?$select=ID&$filter=Division eq 1", 400, "'Division'"),
        ("bulk/CRM/Accounts?$select=ID&$filter=Division eq 1", 400, "'Division'"),
        ("logistics/Items?$select=ID&$filter=Modifier ne null", 400, "'Modifier'"),
        ("salesinvoice/SalesInvoices?$select=InvoiceID&$filter=DueDate ne null", 400, "'DueDate'"),
        ("salesinvoice/SalesInvoiceLines?$select=ID&$filter=ItemCode eq 'x'", 400, "'ItemCode'"),
        ("bulk/SalesInvoice/SalesInvoiceLines?$select=ID&$filter=ItemCode eq 'x'", 400, "'ItemCode'"),
        ("salesorder/SalesOrders?$select=OrderID&$filter=AmountDC gt 0", 400, "'AmountDC'"),
        ("bulk/SalesOrder/SalesOrderLines?$select=ID&$filter=Quantity gt 0", 400, "'Quantity'"),
        ("financialtransaction/TransactionLines?$select=ID&$filter=AmountDC gt 0", 400, "'AmountDC'"),
        ("bulk/Financial/TransactionLines?$select=ID&$filter=LineNumber eq 0", 400, "'LineNumber'"),
        ("bulk/CRM/Accounts", 400, WANTED),
        ("bulk/CRM/Accounts?$select=ID&$skip=0", 400, "$skip"),
        ("bulk/CRM/Contacts?$select=ID&$filter=Modified ge datetime'2026-01-01'", 400, "'Modified'"),
        ("bulk/Cashflow/Payments?$select=ID&$filter=Modified ge datetime'2026-01-01'", 400, "'Modified'"),
        ("bulk/Documents/DocumentAttachments?$filter=Modified ne null", 400, "Modified"),
        ("crm/accounts?$select=ID", 404, "not found"),
        ("CRM/Accounts?$select=ID", 404, "not found"),
        ("bulk/crm/Accounts?$select=ID", 404, "not found"),
        ("bulk/Financial/Journals?$select=ID", 404, "not found"),
        ("crm/Accounts/?$select=ID", 404, "not found"),
        ("crm/Accounts/x?$select=ID", 404, "not found"),
        ("current/Me", 404, "not found"),
        (f"crm/Accounts(guid'{uuid.UUID(int=7)}')", 404, "not found"),
        (f"crm/Accounts(guid'{guid(1)}')/Nope", 404, "not found"),
        ("crm/Accounts(7)", 400, "key"),
        ("crm/Accounts()", 400, "key"),
        ("system/Divisions(999)", 404, "not found"),
    ],
)
def test_refusals(client: Client, path: str, status: int, text: str) -> None:
    response = client.get(f"{DIVISION}/{path}")
    assert response.status_code == status, response.text
    assert text in message(response)


@pytest.mark.parametrize(
    "path",
    [
        "crm/Accounts?$select=*&$top=2",
        "crm/Accounts?$top=1",
        "crm/Accounts?$select=ID&$filter=",
        "crm/Accounts?%24select=ID&%24top=2",
        "crm/Accounts?$select=ID&other=ignored",
        "bulk/CRM/Accounts?$top=1",
        "bulk/CRM/Accounts?$select=ID&$filter=Modified ge datetime'2026-01-01T00:00:00'",
        "bulk/Documents/Documents",
        "bulk/Documents/DocumentAttachments",
        "bulk/Financial/TransactionLines",
        "bulk/SalesOrder/SalesOrderLines",
        "bulk/Financial/TransactionLines?$select=ID&$filter=Modified ge datetime'2026-01-01'",
        "crm/Contacts?$select=ID&$filter=Modified ge datetime'2026-01-01'",
        "cashflow/Payments?$select=ID&$filter=Modified ge datetime'2026-01-01'",
        "salesinvoice/SalesInvoiceLines?$select=ID&$filter=LineNumber eq 1",
        "salesorder/SalesOrders?$select=OrderID&$filter=OrderDate ge datetime'2026-01-01'",
        "system/Divisions",
    ],
)
def test_allowed(client: Client, path: str) -> None:
    assert client.get(f"{DIVISION}/{path}").status_code == 200


def test_paths_without_a_place(client: Client) -> None:
    assert client.get("crm/Accounts?$select=ID").status_code == 404
    assert client.get(f"{DIVISION}/x").status_code == 404
    assert client.http.get("/").status_code == 404
    assert client.http.get("/api/oauth2/token").status_code == 404


def test_divisions_that_cannot_be_read(client: Client) -> None:
    unknown = client.get("999/crm/Accounts?$top=1")
    assert (unknown.status_code, unknown.headers["reason"]) == (403, "NoDivisionAccess")
    archived = client.get(f"{ARCHIVED}/crm/Accounts?$top=1")
    assert (archived.status_code, archived.headers["reason"]) == (403, "DivisionBlocked")
    client.sim.oauth.granted = {DIVISION}
    assert client.get("124133/crm/Accounts?$top=1").headers["reason"] == "NoDivisionAccess"
    assert client.get("124133/system/Divisions(124133)").status_code == 404
    assert [row["Code"] for row in client.d("999/system/Divisions")["results"]] == [DIVISION]
    client.sim.oauth.granted = None
    listed = client.d(f"{DIVISION}/system/Divisions", {"$select": "Code,Status"})["results"]
    assert [(row["Code"], row["Status"]) for row in listed] == [(DIVISION, 1), (124133, 1), (ARCHIVED, 2)]


def test_me(client: Client) -> None:
    (row,) = client.d("current/Me")["results"]
    assert row["CurrentDivision"] == DIVISION
    assert row["ServerTime"] == "2026-06-25T16:13:25"
    assert row["ServerUtcOffset"] == 7200
    assert isinstance(row["Legislation"], str)
    assert row["EmployeeID"] == "00000000-0000-0000-0000-000000000000"
    assert row["DivisionCustomerCode"] == "1265594".rjust(18)
    assert row["ThumbnailPicture"] is None
    assert row["__metadata"]["uri"].endswith(f"/api/v1/current/Me(guid'{row['UserID']}')")
    client.sim.current_division = 124133
    (row,) = client.d("current/Me", {"$select": "CurrentDivision"})["results"]
    assert row.keys() == {"__metadata", "CurrentDivision"}
    assert row["CurrentDivision"] == 124133
    assert client.get("current/Me?$select=Nope").status_code == 400


def test_one_record_by_its_key(client: Client) -> None:
    row = client.d(f"{DIVISION}/salesinvoice/SalesInvoices(guid'{guid(2)}')")
    uri = f"{client.sim.base_url}/api/v1/{DIVISION}/salesinvoice/SalesInvoices(guid'{guid(2)}')"
    assert row["__metadata"] == {"uri": uri, "type": "Exact.Web.Api.Models.SalesInvoice"}
    assert row["SalesInvoiceLines"] == {"__deferred": {"uri": f"{uri}/SalesInvoiceLines"}}
    lines = client.d(row["SalesInvoiceLines"]["__deferred"]["uri"], {"$select": "ID,LineNumber"})["results"]
    assert [line["LineNumber"] for line in lines] == [1, 2]
    assert client.d(f"{DIVISION}/system/Divisions({DIVISION})")["Code"] == DIVISION


def test_expanding(client: Client) -> None:
    path = f"{DIVISION}/salesinvoice/SalesInvoices"
    select = {"$select": "InvoiceID,SalesInvoiceLines", "$expand": "SalesInvoiceLines"}
    rows = client.d(path, select)["results"]
    assert [len(row["SalesInvoiceLines"]["results"]) for row in rows] == [2, 2, 2]
    line = rows[1]["SalesInvoiceLines"]["results"][0]
    assert (line["InvoiceID"], line["LineNumber"]) == (str(guid(2)), 1)
    assert len(line) == 53
    part = client.d(path, select | {"$select": "InvoiceID,SalesInvoiceLines/ID,SalesInvoiceLines/LineNumber"})
    assert part["results"][0]["SalesInvoiceLines"]["results"][0].keys() == {"__metadata", "ID", "LineNumber"}
    single = client.d(f"{path}(guid'{guid(3)}')", {"$expand": "SalesInvoiceLines"})
    assert len(single["SalesInvoiceLines"]["results"]) == 2
    assert (
        "SalesInvoiceLines"
        not in client.d(path, {"$select": "InvoiceID", "$expand": "SalesInvoiceLines"})["results"][0]
    )
    assert (
        "__deferred"
        in client.d(path, {"$select": "InvoiceID,SalesInvoiceLines"})["results"][0]["SalesInvoiceLines"]
    )


def test_without_accept_json_comes_atom(client: Client) -> None:
    response = client.get(f"{DIVISION}/crm/Accounts?$select=ID,City,Name", Accept="*/*")
    assert response.headers["content-type"].startswith("application/atom+xml")
    assert response.text.startswith("<?xml")
    assert '<d:City m:null="true"/>' in response.text
    assert 'rel="next"' in response.text


def test_a_count_is_no_json(client: Client) -> None:
    path = f"{DIVISION}/crm/Accounts/$count"
    assert client.get(path, Accept="application/json").status_code == 415
    for accept in ("text/plain", "text/plain, */*", "*/*"):
        assert client.get(path, Accept=accept).text == "150"


def test_only_reading(client: Client) -> None:
    url = f"/api/v1/{DIVISION}/crm/Accounts"
    for method in ("POST", "PUT", "DELETE"):
        assert client.http.request(method, url, headers=client.headers).status_code == 405


def test_long_urls(client: Client) -> None:
    path = f"{DIVISION}/crm/Accounts?$select=ID&$filter="
    assert client.get(path + "City eq null or " * 100 + "City eq null").status_code == 200
    assert client.get(path + "City eq null or " * 400 + "City eq null").status_code == 414
    one = f"{client.sim.base_url}/api/v1/{DIVISION}/crm/Accounts(guid%27{guid(1)}%27)?x="
    assert client.get(one + "x" * (6000 - len(one))).status_code == 200
    assert client.get(one + "x" * (6001 - len(one))).status_code == 414  # by what came, not what it means


def test_every_property_of_every_entity_can_be_asked_for(client: Client, sim: Simulator) -> None:
    for path, entity in KNOWN.items():
        values: dict[str, Any] = {}
        if not entity.shared:
            sim.books.table(DIVISION, path).insert(values)
        rows = client.d(f"{DIVISION}/{path}", {"$select": ",".join(entity.properties)})["results"]
        assert rows[0].keys() == entity.properties.keys() | {"__metadata"}
        assert list(rows[0])[1:] == list(entity.properties)


def test_mandatory_filters(client: Client) -> None:
    client.sim.mandatory_filter = True
    refused = client.get(f"{DIVISION}/crm/Accounts?$select=ID")
    assert message(refused).startswith("A GET request for this endpoint must have a $filter parameter")
    for path in ("crm/Accounts?$select=ID&$filter= ", "crm/Accounts/$count", "bulk/CRM/Accounts?$select=ID"):
        assert client.get(f"{DIVISION}/{path}").status_code == 400
    elsewhere = f"{DIVISION}/crm/Accounts?$select=ID&$filter=Name ne 'x'"
    assert message(client.get(elsewhere)).endswith("fields in the url: ID, Modified")
    assert client.get(f"{DIVISION}/crm/Accounts/$count?$filter=ID ne null").text == "150"
    assert client.get(f"{DIVISION}/crm/Accounts?$select=ID&$filter=ID ne null").status_code == 200
    assert client.get(f"{DIVISION}/system/Divisions").status_code == 200


def test_large_answers(client: Client) -> None:
    path = f"{DIVISION}/crm/Accounts?$select=ID,Name"
    client.sim.largest_answer = len(client.get(path).content)
    assert client.get(path).status_code == 200
    client.sim.largest_answer -= 1
    assert client.get(path).status_code == 400
    assert client.get(f"{path}&$top=10").status_code == 200


def test_gzip_only_when_switched_on_and_asked_for(client: Client) -> None:
    path = f"{DIVISION}/crm/Accounts?$select=ID"
    assert "content-encoding" not in client.get(path).headers
    client.sim.gzip = True
    assert client.get(path).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get(path, **{"Accept-Encoding": "identity"}).headers


def test_dates_and_hosts_of_answers(client: Client) -> None:
    response = client.get(f"{DIVISION}/crm/Accounts?$select=ID", Host="exact.example:1234")
    assert response.headers["date"] == "Thu, 25 Jun 2026 14:13:25 GMT"
    assert response.json()["d"]["__next"].startswith("http://exact.example:1234/api/v1/")


def test_stopping_cuts_connections_and_starting_again_keeps_the_port(client: Client) -> None:
    path = f"{DIVISION}/crm/Accounts?$top=1"
    assert client.get(path).status_code == 200
    port = client.sim.port
    client.sim.stop()
    with pytest.raises(httpx.TransportError):
        client.get(path)
    client.sim.start()
    assert client.sim.port == port
    assert client.get(path).status_code == 200


def test_books_know_their_properties(sim: Simulator) -> None:
    accounts = sim.books.table(DIVISION, "crm/Accounts")
    with pytest.raises(KeyError, match="Naam"):
        accounts.insert({"Naam": "x"})
    with pytest.raises(KeyError, match="Naam"):
        accounts.change(guid(1), Naam="x")
    with pytest.raises(KeyError, match="already"):
        accounts.insert({"ID": guid(1)})
    with pytest.raises(ValueError, match="key"):
        accounts.change(guid(1), ID=guid(5))
    with pytest.raises(KeyError):
        sim.books.table(1, "crm/Accounts")
    key = accounts.insert({"Name": "new"})
    row = accounts.rows[key]
    assert row["Division"] == DIVISION
    assert row["Created"] == row["Modified"] == datetime(2026, 6, 25, 16, 13, 25)
    assert row["CreatorFullName"] == sim.books.user_name
    sim.clock.advance(1.234)
    changed = accounts.change(key, Name="newer")
    assert row["Name"] == "new"
    assert (changed["Modified"] - row["Modified"]).total_seconds() == 1.233
    assert accounts.delete(key) is changed


def test_error_bodies_are_json_whatever_was_asked(client: Client) -> None:
    response = client.get(f"{DIVISION}/crm/Accounts?$select=Nope", Accept="text/html")
    assert json.loads(response.content)["error"]["code"] == ""


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Content-Length: ten", 400),
        ("Content-Length: -5", 400),
        (f"Content-Length: {'9' * 5_000}", 400),
        ("Transfer-Encoding: chunked", 411),
        ("Content-Length: 15000000", 413),
    ],
)
def test_a_body_that_is_not_read_ends_the_connection(client: Client, header: str, status: int) -> None:
    with socket.create_connection((client.sim.host, client.sim.port), timeout=5) as connection:
        connection.sendall(f"GET /api/v1/current/Me HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
        answer = connection.makefile("rb").read()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
