"""Rights that a user gets and loses: per division and path, and what is answered without them.

Exact often doesn't refuse what one may not see: it answers 200 with nothing in it. So a right
that is taken away `hides` (default) or `forbids` (403). A path of the plain API ("crm/Accounts")
stands for its twins under bulk/ and sync/, for /$count and for its navigations as well; any
other path ("sync/Deleted", "financial/ReportingBalance", "bulk/CRM/Accounts") for itself alone;
the empty path for all that is in the division. What is expanded in other rows stays visible.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exact_sync.simulator.entity import Entity
from exact_sync.simulator.exchange import Listing, Request
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.schema import BULK, ENTITIES, REPORTS
from exact_sync.simulator.schema_sync import SYNC_TIMESTAMP, TWINS
from exact_sync.simulator.schema_webhooks import SUBSCRIPTIONS
from exact_sync.simulator.sync_timestamp import parameter

if TYPE_CHECKING:
    from exact_sync.simulator.simulator import Simulator

USER_HAS_RIGHTS = Entity(
    path="users/UserHasRights",
    type_name="Edm.Boolean",
    key="UserHasRights",
    properties={"UserHasRights": "Boolean"},
    select_required=False,
)
_PATHS = {
    path.lower(): path
    for path in (*ENTITIES, *BULK, *REPORTS, *TWINS, SYNC_TIMESTAMP.path, "users/UserHasRights")
}
_ACTIONS = ("GET", "POST", "PUT", "DELETE")


@dataclass(frozen=True)
class _Taken:
    forbidden: bool
    reason: str | None


class Rights:
    """What was taken from the user, in all divisions or in one. May be changed at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[tuple[int | None, str], _Taken] = {}

    def hide(self, path: str = "", division: int | None = None) -> None:
        """From now on: 200, and nothing in it (404 for one row by its key)."""
        self._take(path, division, _Taken(False, None))

    def forbid(self, path: str = "", division: int | None = None, *, reason: str | None = None) -> None:
        """From now on: 403, with that `Reason` header."""
        self._take(path, division, _Taken(True, reason))

    def give_back(self, path: str = "", division: int | None = None) -> None:
        """Undo the same call of `hide` or `forbid`."""
        with self._lock:
            self._taken.pop((division, path), None)

    def clear(self) -> None:
        """All rights are back."""
        with self._lock:
            self._taken.clear()

    def hides(self, division: int | None, path: str) -> bool:
        """Whether this path shows nothing."""
        taken = self._of(division, path)
        return taken is not None and not taken.forbidden

    def check(self, division: int | None, path: str) -> None:
        """Refuse what is forbidden."""
        taken = self._of(division, path)
        if taken is not None and taken.forbidden:
            raise Refusal(403, "Forbidden", taken.reason)

    def allows(self, division: int | None, path: str) -> bool:
        """Whether nothing is taken from this path."""
        return self._of(division, path) is None

    def describe(self) -> list[dict[str, object]]:
        """What is taken, as JSON-like data."""
        with self._lock:
            return [
                {"division": division, "path": path, "forbidden": taken.forbidden, "reason": taken.reason}
                for (division, path), taken in self._taken.items()
            ]

    def _take(self, path: str, division: int | None, taken: _Taken) -> None:
        if path and _PATHS.get(path.lower()) != path:
            raise KeyError(f"there is no {path}")
        with self._lock:
            self._taken[division, path] = taken

    def _of(self, division: int | None, path: str) -> _Taken | None:
        if not self._taken:
            return None
        names = [path]
        if path in BULK:
            names.append(BULK[path].path)
        elif path in TWINS and TWINS[path].source is not None:
            names.append(str(TWINS[path].source))
        if path != USER_HAS_RIGHTS.path and not (path in ENTITIES and ENTITIES[path].shared):
            names.append("")
        with self._lock:
            return next(
                (
                    taken
                    for name in names
                    for where in (division, None)
                    if (taken := self._taken.get((where, name))) is not None
                ),
                None,
            )


def read_user_has_rights(
    sim: Simulator, request: Request, _options: dict[str, str], division: int, _path: str
) -> Listing:
    """users/UserHasRights?endpoint='Logistics/Items'&action='GET': whether the user may do that.

    The shape of Exact's answer is not known; this is how OData 2 wraps a function's value.
    Nobody may write here but subscriptions to webhooks, so only GET can be true elsewhere.
    """
    name = parameter(request, "endpoint", "string")
    action = parameter(request, "action", "string")
    path = _PATHS.get(str(name).lower())
    if path is None:
        raise Refusal(400, f"The endpoint '{name}' is not known.")
    if action not in _ACTIONS:
        raise Refusal(400, f"The action '{action}' is not known.")
    may_do = action == "GET" or (path == SUBSCRIPTIONS.path and action != "PUT" and sim.webhooks.may_manage)
    allowed = may_do and sim.rights.allows(division, path)
    return Listing([{"UserHasRights": allowed}], shape="object")
