"""The data endpoints: from a request to a reply, with every refusal Exact would give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exact_sync.simulator.address import Address
from exact_sync.simulator.entity import Entity
from exact_sync.simulator.exchange import Listing, Reply, Request, refused
from exact_sync.simulator.fault_pages import spoil_page
from exact_sync.simulator.fault_replies import instead, mandatory_filter, spoil
from exact_sync.simulator.faults import INSTEAD, PAGE, WIRE, Context, Fault
from exact_sync.simulator.limits import ERRORS
from exact_sync.simulator.me import me_record
from exact_sync.simulator.odata.paging import count_rows, read_page
from exact_sync.simulator.odata.parser import FAMILIES
from exact_sync.simulator.odata.query import Query, list_query, parse_options, select
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.odata.tokens import tokens
from exact_sync.simulator.ordering import Key
from exact_sync.simulator.render import Renderer, atom_body, error_body
from exact_sync.simulator.schema import BULK, ENTITIES, ME, REPORTS
from exact_sync.simulator.schema_webhooks import SUBSCRIPTIONS
from exact_sync.simulator.special import SPECIAL

if TYPE_CHECKING:
    from exact_sync.simulator.simulator import Simulator

LONGEST_URL = 6000


class DataService:
    """Answers data requests out of the books."""

    def __init__(self, simulator: Simulator) -> None:
        self.sim = simulator

    def answer(self, request: Request, where: Address | None, context: Context) -> Reply:
        """Every check in Exact's place, then the rows."""
        sim = self.sim
        division, endpoint = context.division, context.path
        if sim.limits.blocked():
            sim.stats.broke("error_blocked")
            status = sim.limits.blocked_status
            return Reply(status, error_body("Forbidden - too many errors, this key is blocked for an hour."))
        headers: list[tuple[str, str]] = []
        try:
            reply = self._admitted(request, where, context, headers)
        except Refusal as refusal:
            reply = refused(refusal)
        if reply.status in ERRORS:
            sim.limits.failed(division, endpoint)
        if reply.status != 429:
            reply.headers.extend(headers)
        return reply

    def _admitted(
        self, request: Request, where: Address | None, context: Context, headers: list[tuple[str, str]]
    ) -> Reply:
        sim = self.sim
        if not sim.oauth.valid(request.headers.get("authorization")):
            return Reply(401, error_body("Unauthorized"), headers=[("WWW-Authenticate", "Bearer")])
        if request.url_length > LONGEST_URL:
            raise Refusal(414, f"The URL is longer than {LONGEST_URL} characters.")
        if where is None:
            raise Refusal(404, "Resource not found.")
        entity = _entity(where)
        if where.division is not None:
            if not entity.shared:
                self._check_division(where.division)
            allowance = sim.limits.take(where.division)
            if allowance.refused:
                return Reply(429, error_body("Too many requests."), headers=allowance.headers)
            headers.extend(allowance.headers)
            sim.rights.check(where.division, where.path)
        if request.method != "GET" and where.path != SUBSCRIPTIONS.path:
            raise Refusal(405, f"The method {request.method} is not allowed here.")
        return self._faulty(request, where, entity, context)

    def _check_division(self, division: int) -> None:
        """Not granted or unknown: NoDivisionAccess. Archived or inactive: DivisionBlocked (our choice)."""
        if division not in self.sim.oauth.divisions():
            raise Refusal(403, "Forbidden", "NoDivisionAccess")
        if self.sim.books.division(division)["Status"] != 1:
            raise Refusal(403, "Forbidden", "DivisionBlocked")

    def _faulty(self, request: Request, where: Address, entity: Entity, context: Context) -> Reply:
        """The answer, spoiled by the rules that strike."""
        struck = self.sim.faults.take(context)
        for fault in struck:
            if fault.kind == "revoke_consent":
                self.sim.oauth.revoke()
        _hooks(struck, context, "before")
        stand_in = next((fault for fault in struck if fault.kind in INSTEAD), None)
        if stand_in is not None:
            reply = instead(stand_in, context, self.sim.limits)
        else:
            spoiling = [fault for fault in struck if fault.kind in PAGE]
            if self.sim.rights.hides(where.division, where.path):
                spoiling.append(Fault("hidden"))
            if request.method == "GET":
                reply = self._read(request, where, entity, spoiling)
            else:
                reply = self.sim.webhooks.write(request, where)
            for fault in struck:
                if fault.kind in WIRE:
                    reply = spoil(reply, fault)
        reply.afterwards.append(lambda: _hooks(struck, context, "after"))
        return reply

    def _read(self, request: Request, where: Address, entity: Entity, faults: list[Fault]) -> Reply:
        options = parse_options(request.query)
        if entity is ME:
            listing = self._me(options, request)
        elif where.path in SPECIAL:
            if where.key or where.rest:
                raise Refusal(404, "Resource not found.")
            listing = SPECIAL[where.path].read(self.sim, request, options, where.division or 0, where.path)
        elif where.rest == "/$count" and not where.key:
            if not _takes_text(request.headers.get("accept", "")):
                raise Refusal(415, "Unsupported media type requested.")
            query = list_query({**options, "$top": "1"}, entity, ENTITIES, bulk=where.path in BULK)
            self._check_filter(query)
            hidden = any(fault.kind in ("hidden", "empty_list") for fault in faults)
            count = 0 if hidden else count_rows(self._table(where, entity), query)
            return Reply(200, str(count).encode(), "text/plain; charset=utf-8")
        elif where.key and where.rest:
            listing = self._children(options, request, where, entity)
        elif where.key:
            listing = self._single(options, request, where, entity)
        elif where.rest:
            raise Refusal(404, "Resource not found.")
        else:
            listing = self._list(options, request, where, entity, None)
        for fault in faults:
            spoil_page(listing, fault, request, entity.identity)
        if "application/json" not in request.headers.get("accept", ""):
            body = atom_body(entity.name, listing.rows, listing.next_url)
            return Reply(200, body, "application/atom+xml; charset=utf-8", rows=len(listing.rows))
        answer = listing.encode()
        if len(answer) > self.sim.largest_answer:
            raise Refusal(self.sim.too_large_status, "The answer is too large.")
        return Reply(200, answer, rows=len(listing.rows))

    def _check_filter(self, query: Query) -> None:
        """Where sites insist on a $filter, it has to name one of the properties that they list."""
        entity = query.entity
        if self.sim.mandatory_filter and not entity.shared:
            named = {word.text for word in tokens(query.options.get("$filter", "")) if word.kind == "name"}
            if not named & {entity.key, "Modified"}:
                raise Refusal(400, mandatory_filter(entity.key))

    def _me(self, options: dict[str, str], request: Request) -> Listing:
        columns, _, _ = select(options.get("$select"), ME)
        record = me_record(self.sim.books, self.sim.current_division, request.origin)
        return Listing([Renderer(ME, f"{request.origin}/api/v1/current/Me", columns).row(record)])

    def _table(self, where: Address, entity: Entity) -> Any:
        return self.sim.books.table(where.division or 0, entity.path)

    def _list(
        self,
        options: dict[str, str],
        request: Request,
        where: Address,
        entity: Entity,
        parent: tuple[str, Any] | None,
    ) -> Listing:
        """A page. `parent`: only rows whose property has this value (a navigation)."""
        bulk = where.path in BULK
        query = list_query(options, entity, ENTITIES, bulk=bulk)
        self._check_filter(query)
        only = self._granted_only(entity) if parent is None else parent
        if only is not None:
            name, wanted = only
            allowed = wanted if isinstance(wanted, set) else {wanted}
            inner = query.predicate
            query = replace(
                query,
                predicate=lambda record: record[name] in allowed and (inner is None or inner(record)),
            )
        books, division = self.sim.books, where.division or 0
        related = {name: books.table(division, entity.navigations[name][0]) for name in query.expanded}
        page = read_page(self._table(where, entity), query, related)
        root = f"{request.origin}{where.root}"
        if parent is not None:  # links of rows lead to their own collection, not to the parent's
            root = f"{request.origin}/api/v1/{where.division}/{entity.path}"
        inner_plans = {
            name: Renderer(
                table.entity, f"{request.origin}/api/v1/{division}/{table.entity.path}", query.expanded[name]
            )
            for name, table in related.items()
        }
        renderer = Renderer(entity, root, query.columns, query.navigations, inner_plans)
        next_url = None
        if page.next_query is not None:
            next_url = f"{request.origin}{request.path}?{page.next_query}"
        rows = renderer.rows(page.records, page.nested)
        return Listing(rows, next_url, page.count, "list" if page.bare else "results")

    def _granted_only(self, entity: Entity) -> tuple[str, Any] | None:
        """system/Divisions lists what the user granted, whatever division is in the URL."""
        return ("Code", set(self.sim.oauth.divisions())) if entity.shared else None

    def _record(self, where: Address, entity: Entity) -> dict[str, Any]:
        words = tokens(where.key[1:-1])
        if len(words) != 2 or words[0].kind != FAMILIES[entity.key_type]:
            raise Refusal(400, f"The key in the request URI is not valid for '{entity.type_name}'.")
        key: Key = words[0].value
        with self.sim.books.lock:
            record: dict[str, Any] | None = self._table(where, entity).rows.get(key)
        hidden = self.sim.rights.hides(where.division, where.path)
        if record is None or hidden or (entity.shared and key not in self.sim.oauth.divisions()):
            raise Refusal(404, f"Resource not found for the segment '{entity.name}'.")
        return record

    def _single(self, options: dict[str, str], request: Request, where: Address, entity: Entity) -> Listing:
        record = self._record(where, entity)
        query = list_query({**options, "$top": "1"}, entity, ENTITIES, bulk=False)
        plans, nested = {}, {}
        for name, columns in query.expanded.items():
            path, foreign = entity.navigations[name]
            table = self.sim.books.table(where.division or 0, path)
            plans[name] = Renderer(table.entity, f"{request.origin}/api/v1/{where.division}/{path}", columns)
            nested[name] = table.where(foreign, record[entity.key])
        root = f"{request.origin}{where.root}"
        row = Renderer(entity, root, query.columns, query.navigations, plans).row(record, nested)
        return Listing([row], shape="object")

    def _children(self, options: dict[str, str], request: Request, where: Address, entity: Entity) -> Listing:
        """Entity(guid'…')/Navigation: the target's rows that belong to this one."""
        path, foreign = entity.navigations.get(where.rest[1:], ("", ""))
        if not path:
            raise Refusal(404, "Resource not found.")
        self.sim.rights.check(where.division, path)
        record = self._record(where, entity)
        if self.sim.rights.hides(where.division, path):
            return Listing([])
        return self._list(options, request, where, ENTITIES[path], (foreign, record[entity.key]))


def _entity(where: Address) -> Entity:
    """The entity at a path, written exactly so; only current/Me has no division."""
    entity: Entity | None
    if where.division is None:
        entity = ME if where.path == ME.path and not where.key and not where.rest else None
    else:
        entity = ENTITIES.get(where.path) or BULK.get(where.path) or REPORTS.get(where.path)
        if entity is None and where.path in SPECIAL:
            entity = SPECIAL[where.path].entity
    if entity is None:
        raise Refusal(404, "Resource not found.")
    return entity


def _takes_text(accept: str) -> bool:
    """Whether a bare number will do."""
    return not accept or any(kind in accept for kind in ("text/plain", "text/*", "*/*"))


def _hooks(struck: list[Fault], context: Context, when: str) -> None:
    for fault in struck:
        if fault.kind == "hook" and fault.get("when", "before") == when and fault.hook is not None:
            fault.hook(context)
