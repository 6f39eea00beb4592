"""Webhooks: programs subscribe to topics, and are told when something in the books changes.

As at Exact: a callback URL is https and must answer an empty POST with 200 before it counts; there is one
subscription per app, division and topic; none is ever changed, only made and deleted.

Answers that nobody recorded, chosen here: 400 for a second subscription, for an unknown topic, for plain
http and for an unknown property; what may only be read is ignored, as elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from exact_sync.simulator import layout
from exact_sync.simulator.address import Address
from exact_sync.simulator.books import Books, Table
from exact_sync.simulator.courier import Courier, new_http, post, signed
from exact_sync.simulator.exchange import Reply, Request
from exact_sync.simulator.oauth import LOOPBACK
from exact_sync.simulator.odata.parser import FAMILIES
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.odata.tokens import tokens
from exact_sync.simulator.ordering import Record
from exact_sync.simulator.render import Renderer, json_body
from exact_sync.simulator.schema_webhooks import LEDGER_TOPICS, SUBSCRIPTIONS, TOPICS
from exact_sync.simulator.setting import SITE

if TYPE_CHECKING:
    from exact_sync.simulator.table import Follower

_LEDGER = frozenset(["financialtransaction/Transactions", "financialtransaction/TransactionLines"])


class Webhooks:
    """Who wants to be told of what. Switches: `over_http` (loopback URLs may be plain http), `may_manage`
    (the app's scopes allow to write subscriptions); those of `courier`.
    """

    def __init__(self, books: Books, *, client_id: str, secret: str, over_http: bool) -> None:
        self.books = books
        self.client_id = client_id
        self.secret = secret
        self.over_http = over_http
        self.may_manage = True
        self.courier = Courier()
        self._watched: set[tuple[int, str]] = set()

    def write(self, request: Request, where: Address) -> Reply:
        """A POST or a DELETE of a subscription."""
        if request.method not in ("POST", "DELETE"):
            raise Refusal(405, f"The method {request.method} is not allowed here.")
        if not self.may_manage:
            scope = "organization.administration"
            raise Refusal(403, f"Forbidden - Application Scope Violated. Cannot write '{scope}' scope.")
        table = self.books.table(where.division or 0, SUBSCRIPTIONS.path)
        if request.method == "DELETE":
            return self._delete(where, table)
        if where.key or where.rest:
            raise Refusal(405, "The method POST is not allowed here.")
        record = self._create(_record(request), table)
        renderer = Renderer(SUBSCRIPTIONS, f"{request.origin}{where.root}", tuple(SUBSCRIPTIONS.properties))
        return Reply(201, layout.answer(layout.record(json_body(renderer.row(record)))), rows=1)

    def subscriptions(self, division: int) -> list[Record]:
        with self.books.lock:
            return list(self.books.table(division, SUBSCRIPTIONS.path).rows.values())

    def _create(self, values: Mapping[str, Any], table: Table) -> Record:
        url, topic = values.get("CallbackURL"), values.get("Topic")
        for name in ("CallbackURL", "Topic"):
            if not isinstance(values.get(name), str) or not values[name].strip():
                raise Refusal(400, f"Mandatory: {name}")
        if topic not in TOPICS:
            raise Refusal(400, f"Invalid: Topic {topic} does not exist.")
        if values.get("IsInstant") and topic != "GoodsDeliveries":
            raise Refusal(400, "Invalid: IsInstant is not supported for this topic.")
        if not self._may_be_called(str(url)):
            raise Refusal(400, "Invalid: CallbackURL must be an https URL.")
        self._check_unique(table, topic)
        with new_http() as http:
            status = post(http, str(url), b"")
        if status != 200:
            said = f"returns {status}" if status else "does not answer"
            raise Refusal(500, f"Invalid: Post to callback URL endpoint {said}")
        with self.books.lock:
            self._check_unique(table, topic)
            record = {
                "CallbackURL": url, "Topic": topic, "ClientID": uuid.UUID(self.client_id),
                "Description": "exact-sync", "UserID": self.books.user_id,
                "IsInstant": bool(values.get("IsInstant")),
            }  # fmt: skip
            key = table.insert(record)
            self._watch(table.division, str(topic))
            return table.rows[key]

    def _may_be_called(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:  # "https://[::1"
            return False
        if parts.scheme == "https":
            return bool(parts.hostname)
        return self.over_http and parts.scheme == "http" and parts.hostname in LOOPBACK

    def _check_unique(self, table: Table, topic: object) -> None:
        if table.where("Topic", topic):
            raise Refusal(400, f"Data already exists: a subscription for topic {topic}.")

    def _delete(self, where: Address, table: Table) -> Reply:
        words = tokens(where.key[1:-1]) if where.key else []
        if len(words) != 2 or words[0].kind != FAMILIES["Guid"] or where.rest:
            raise Refusal(400, "The key in the request URI is not valid.")
        with self.books.lock:
            if words[0].value not in table.rows:
                raise Refusal(404, "Resource not found for the segment 'WebhookSubscriptions'.")
            table.delete(words[0].value)
        return Reply(204)

    def _watch(self, division: int, topic: str) -> None:
        """From now on; a follower stays, and tells nobody where nobody is subscribed."""
        if (division, topic) not in self._watched:
            self._watched.add((division, topic))
            for path in TOPICS[topic]:
                table = self.books.table(division, path)
                table.followers.append(self._follower(table, topic))

    def _follower(self, table: Table, topic: str) -> Follower:
        def follow(old: Record | None, new: Record | None) -> None:
            record = new or old
            if record is not None and self._is_about(topic, table, record):
                action = "Update" if old and new else "Create" if new else "Delete"
                for subscription in self.books.table(table.division, SUBSCRIPTIONS.path).where(
                    "Topic", topic
                ):
                    body = signed(self._content(topic, action, table, record), self.secret)
                    self.courier.hand_in(subscription["CallbackURL"], body)

        return follow

    def _is_about(self, topic: str, table: Table, record: Record) -> bool:
        """All topics of entries watch the ledger; each tells of its own kind."""
        if table.entity.path not in _LEDGER or topic == "FinancialTransactions":
            return True
        journals = self.books.table(table.division, "financial/Journals")
        kinds = [journal["Type"] for journal in journals.where("Code", record["JournalCode"])]
        place = (record["Type"], kinds[0] if kinds else None)
        return LEDGER_TOPICS.get(place, "GeneralJournalEntries") == topic  # type: ignore[arg-type]

    def _content(self, topic: str, action: str, table: Table, record: Record) -> bytes:
        entity, key = table.entity, record[table.entity.key]
        address = f"{SITE}/api/v1/{table.division}/{entity.path}(guid'{key}')"
        return json_body(
            {
                "Topic": topic,
                "ClientId": self.client_id,
                "Division": table.division,
                "Action": action,
                "Key": str(key),
                "ExactOnlineEndpoint": address,
                "EventCreatedOn": self.books.clock.wall().isoformat(timespec="milliseconds"),
            }
        )


def _record(request: Request) -> dict[str, Any]:
    """What a POST wants to be made: JSON, with known properties."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(415, "Unsupported media type.")
    try:
        values = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, RecursionError):
        raise Refusal(400, "Error processing request stream.") from None
    if not isinstance(values, dict):
        raise Refusal(400, "Error processing request stream.")
    unknown = sorted(values.keys() - SUBSCRIPTIONS.properties.keys())
    if unknown:
        raise Refusal(400, f"The property '{unknown[0]}' does not exist on this type.")
    return values
