"""What can go wrong on purpose: rules that pick calls and say what happens to them.

A rule applies to the calls whose path contains `path` (without one: to every data call, never
to signing in), of `division`, with `query` in the query string; it lets `after` of them pass,
then spoils `times` of them (None: for ever). A call that is refused anyway (401, 403, 429)
counts for no rule; of several rules that give another answer only the first one strikes.
`path` is a part of the path as called: "Accounts" strikes crm/, bulk/CRM/ and sync/CRM/Accounts
alike, and their /$count; "Accounts/$count" only that. For rights that come and go see `rights`,
which knows which paths are twins.
Kinds and their parameters (defaults):

instead of an answer
    status           status=500, body (text), content_type, headers ({}), reason
    minute_429       reset="right" | "absent" | "absurd" | "negative" | "seconds" | text, retry_after
    day_429          the same
    bare_429         no headers at all; retry_after
    lying_429        "49 left" and yet 429; reset, retry_after
    html             a maintenance page; status=200
    empty_body       status=200
    redirect         to="https://elsewhere.invalid/", status=302
    reset            the connection is reset
    timeout          no answer; seconds (None: until the client or the simulator goes away)
    no_d             body="{}"
    refuse_modified_filter   400 where $filter names Modified (other calls pass uncounted)
    mandatory_filter         400 where there is no $filter (the same)
    refuse_bulk              bulk/ only; status=404
    scope_missing    scope="organization.administration"
    division_lost    reason="NoDivisionAccess"
    revoke_consent   the user takes the consent back: 401 now, invalid_grant at the next refresh
a spoiled page
    d_list, d_object, next_loop, next_repeat_page, next_other_host (host="elsewhere.invalid"),
    next_http, next_odd (text="\\0"), duplicate_in_page, duplicate_across_pages, empty_list, hidden,
    shrunk_list (share=0.5), new_field (name="BrandNewField", value='"new"'), missing_field (name),
    renamed_field (name, to), number_as_text (name), null_key (index=0),
    value (values={property: raw JSON text}, index=0 or key=text), wrong_division (other, index=0)
on the wire
    cut_json (share=0.5), wrong_length, gzip_cut, drip (delay=0.05 s, pieces=10),
    lost_answer      handled (a token is rotated), then the connection closes
signing in (with path="oauth2/token")
    early_401, early_400   refused as too early, whatever the time
    every kind above that needs no page
hook (hook=callable(Context), when="before" | "after")
    your code runs before the call is handled, or after it and before the answer is sent
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

INSTEAD = frozenset(
    [
        "status",
        "minute_429",
        "day_429",
        "bare_429",
        "lying_429",
        "html",
        "empty_body",
        "redirect",
        "reset",
        "timeout",
        "no_d",
        "refuse_modified_filter",
        "mandatory_filter",
        "refuse_bulk",
        "scope_missing",
        "division_lost",
        "revoke_consent",
        "early_401",
        "early_400",
    ]
)
PAGE = frozenset(
    [
        "d_list",
        "d_object",
        "next_loop",
        "next_repeat_page",
        "next_other_host",
        "next_http",
        "next_odd",
        "duplicate_in_page",
        "duplicate_across_pages",
        "empty_list",
        "hidden",
        "shrunk_list",
        "new_field",
        "missing_field",
        "renamed_field",
        "number_as_text",
        "null_key",
        "value",
        "wrong_division",
    ]
)
WIRE = frozenset({"cut_json", "wrong_length", "gzip_cut", "drip", "lost_answer"})
KINDS = INSTEAD | PAGE | WIRE | {"hook"}


@dataclass(frozen=True)
class Context:
    """The call a rule is asked about; handed to hooks."""

    division: int | None
    path: str
    query: str
    """Percent-decoded."""
    signing_in: bool = False
    rest: str = ""
    """What follows the path: "/$count" or a navigation."""


class Fault:
    """One rule. `used` counts how often it struck."""

    def __init__(
        self,
        kind: str,
        path: str | None = None,
        division: int | None = None,
        after: int = 0,
        times: int | None = 1,
        *,
        query: str | None = None,
        hook: Callable[[Context], object] | None = None,
        **parameters: Any,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}; there are: {', '.join(sorted(KINDS))}")
        self.kind = kind
        self.path = path
        self.division = division
        self.after = after
        self.times = times
        self.query = query
        self.hook = hook
        self.parameters = parameters
        self.seen = 0
        self.used = 0
        self.memory: Any = None
        """What a rule that spans several calls remembers."""

    def matches(self, context: Context) -> bool:
        if self.path is None:
            if context.signing_in:
                return False
        elif self.path not in context.path + context.rest:
            return False
        if self.division is not None and context.division != self.division:
            return False
        if self.query is not None and self.query not in context.query:
            return False
        match self.kind:
            case "refuse_modified_filter":
                return "Modified" in _option(context.query, "$filter")
            case "mandatory_filter":
                return not _option(context.query, "$filter")
            case "refuse_bulk":
                return context.path.startswith("bulk/")
        return True

    @property
    def spent(self) -> bool:
        return self.times is not None and self.used >= self.times

    def get(self, name: str, default: Any) -> Any:
        """A parameter."""
        return self.parameters.get(name, default)

    def describe(self) -> dict[str, Any]:
        """The rule as JSON-like data."""
        shown = ("kind", "path", "division", "after", "times", "query", "seen", "used")
        return {name: getattr(self, name) for name in shown} | {"parameters": self.parameters}


class Faults:
    """The rules in force, asked in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, fault: Fault | str, **parameters: Any) -> Fault:
        """Put a rule in force: a Fault, or a kind and its parameters."""
        rule = fault if isinstance(fault, Fault) else Fault(fault, **parameters)
        with self._lock:
            self._rules.append(rule)
        return rule

    append = add

    def remove(self, fault: Fault) -> None:
        with self._lock:
            self._rules = [rule for rule in self._rules if rule is not fault]

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._rules.clear()

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter(list(self._rules))

    def __len__(self) -> int:
        return len(self._rules)

    def take(self, context: Context) -> list[Fault]:
        """The rules that strike this call; each is counted."""
        struck: list[Fault] = []
        with self._lock:
            for rule in self._rules:
                if rule.spent or not rule.matches(context):
                    continue
                if rule.kind in INSTEAD and any(other.kind in INSTEAD for other in struck):
                    continue  # its turn comes when the earlier rule is spent
                rule.seen += 1
                if rule.seen > rule.after:
                    # a duplicate across pages takes two calls: the first one only arms it
                    if rule.kind != "duplicate_across_pages" or rule.memory is not None:
                        rule.used += 1
                    struck.append(rule)
        return struck


def _option(query: str, name: str) -> str:
    for part in query.split("&"):
        if part.startswith(f"{name}="):
            return part[len(name) + 1 :]
    return ""
