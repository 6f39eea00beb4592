"""$filter: from text to a test of a record, types checked on the way.

Known, as Exact documents them: and or not, eq ne gt ge lt le, parentheses, substringof startswith
trim, literals. Refused: other functions, navigation properties, comparing two properties, properties
outside an endpoint's whitelist.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exact_sync.simulator.entity import Entity
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.odata.tokens import Token, tokens

Record = dict[str, Any]
Get = Callable[[Record], Any]
Predicate = Callable[[Record], bool]

FAMILIES = {
    "Guid": "guid",
    "String": "string",
    "Boolean": "boolean",
    "DateTime": "datetime",
    **dict.fromkeys(("Byte", "Int16", "Int32", "Int64", "Double"), "number"),
}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS = {"substringof": 2, "startswith": 2, "trim": 1}
_DEEPEST = 50
"""So many levels of parentheses and nots."""


@dataclass(frozen=True, slots=True)
class Term:
    """A value in the making: its family (string, number, …), how to get it, what it is called."""

    family: str
    get: Get
    edm: str
    constant: bool = False
    field: bool = False


def compile_filter(
    text: str, entity: Entity, filterable: frozenset[str] | None, barred: frozenset[str]
) -> Predicate:
    """The test a $filter stands for, or a Refusal.

    `filterable`: the endpoint's whitelist (None: everything); `barred`: taken off it.
    """
    return _Parser(text, entity, filterable, barred).parse()


class _Parser:
    def __init__(
        self, text: str, entity: Entity, filterable: frozenset[str] | None, barred: frozenset[str]
    ) -> None:
        self.words = tokens(text)
        self.at = 0
        self.entity = entity
        self.filterable = filterable
        self.barred = barred
        self.depth = 0

    def parse(self) -> Predicate:
        term = self.either()
        self.expect("end", "")
        return self.test(term, self.words[0])

    @property
    def word(self) -> Token:
        return self.words[self.at]

    def next(self) -> Token:
        word = self.words[self.at]
        self.at += 1
        return word

    def accept(self, kind: str, text: str) -> bool:
        if self.word.kind == kind and self.word.text == text:
            self.at += 1
            return True
        return False

    def expect(self, kind: str, text: str) -> None:
        if not self.accept(kind, text):
            raise Refusal(400, f"Syntax error at position {self.word.at}.")

    def test(self, term: Term, word: Token) -> Predicate:
        if term.family != "boolean":
            raise Refusal(400, f"Expression of type 'System.Boolean' expected at position {word.at}.")
        get = term.get
        # a bare property may be null, which is not true
        return (lambda record: get(record) is True) if term.field else get

    def either(self) -> Term:
        first = self.word
        term = self.both()
        while self.accept("name", "or"):
            term = _logic(self.test(term, first), self.test(self.both(), first), any_of=True)
        return term

    def both(self) -> Term:
        first = self.word
        term = self.negation()
        while self.accept("name", "and"):
            term = _logic(self.test(term, first), self.test(self.negation(), first), any_of=False)
        return term

    def negation(self) -> Term:
        if self.accept("name", "not"):
            self.deeper()
            word = self.word
            test = self.test(self.negation(), word)
            self.depth -= 1
            return Term("boolean", lambda record: not test(record), "Edm.Boolean")
        return self.comparison()

    def comparison(self) -> Term:
        left = self.value()
        word = self.word
        if word.kind != "name" or word.text not in _OPERATORS:
            return left
        self.next()
        return self.compare(left, word, self.value())

    def compare(self, left: Term, word: Token, right: Term) -> Term:
        op = word.text
        null = "null" in (left.family, right.family)
        same = left.family == right.family
        ordered = left.family in ("string", "number", "datetime")
        allowed = op in ("eq", "ne") if null or not ordered else True
        if (not same and not null) or not allowed:
            raise Refusal(
                400,
                f"Operator '{op}' incompatible with operand types '{left.edm}' and '{right.edm}' "
                f"at position {word.at}.",
            )
        if left.field and right.field:
            raise Refusal(400, f"Comparing two properties is not supported at position {word.at}.")
        function = _OPERATORS[op]
        first, second = left.get, right.get
        if op in ("eq", "ne"):
            return Term("boolean", lambda record: function(first(record), second(record)), "Edm.Boolean")
        if right.constant:  # by far the most frequent: Modified ge datetime'…'
            limit = second({})

            def against(record: Record) -> bool:
                value = first(record)
                return value is not None and function(value, limit)

            return Term("boolean", against, "Edm.Boolean")

        def between(record: Record) -> bool:
            one, other = first(record), second(record)
            return one is not None and other is not None and function(one, other)

        return Term("boolean", between, "Edm.Boolean")

    def value(self) -> Term:
        word = self.next()
        if word.kind == "mark" and word.text == "(":
            self.deeper()
            term = self.either()
            self.depth -= 1
            self.expect("mark", ")")
            return term
        if word.kind == "name":
            if self.word.kind == "mark" and self.word.text == "(":
                return self.function(word)
            return self.property(word)
        if word.kind in ("mark", "end"):
            raise Refusal(400, f"Syntax error at position {word.at}.")
        constant = word.value
        return Term(word.kind, lambda _: constant, word.edm, constant=True)

    def function(self, word: Token) -> Term:
        if word.text not in _FUNCTIONS:
            raise Refusal(400, f"Unknown function '{word.text}' at position {word.at}.")
        self.expect("mark", "(")
        self.deeper()
        terms = [self.either()]
        while self.accept("mark", ","):
            terms.append(self.either())
        self.depth -= 1
        self.expect("mark", ")")
        if len(terms) != _FUNCTIONS[word.text] or any(term.family != "string" for term in terms):
            raise Refusal(400, f"No applicable function found for '{word.text}' at position {word.at}.")
        return _apply(word.text, [term.get for term in terms], field=any(term.field for term in terms))

    def property(self, word: Token) -> Term:
        name = word.text
        entity = self.entity
        if "/" in name or name in entity.navigations:
            raise Refusal(
                400, f"Filtering on navigation property '{name}' is not supported at position {word.at}."
            )
        if name not in entity.properties:
            raise Refusal(
                400, f"No property '{name}' exists in type '{entity.type_name}' at position {word.at}."
            )
        edm = entity.properties[name]
        listed = self.filterable is None or name in self.filterable
        if not listed or name in self.barred or edm not in FAMILIES:
            raise Refusal(
                400, f"The property '{name}' of type '{entity.type_name}' cannot be used in a $filter."
            )
        return Term(FAMILIES[edm], _getter(name, entity.padding.get(name, 0)), f"Edm.{edm}", field=True)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Refusal(400, "The $filter is nested too deeply.")


def _getter(name: str, width: int) -> Get:
    """A property as Exact's database holds it: fixed-width text with its padding."""
    if width < 0:
        return lambda record: None if (text := record[name]) is None else text.rjust(-width)
    if width > 0:
        return lambda record: None if (text := record[name]) is None else text.ljust(width)
    return operator.itemgetter(name)


def _logic(first: Predicate, second: Predicate, *, any_of: bool) -> Term:
    if any_of:
        return Term("boolean", lambda record: first(record) or second(record), "Edm.Boolean")
    return Term("boolean", lambda record: first(record) and second(record), "Edm.Boolean")


def _apply(name: str, gets: list[Get], *, field: bool) -> Term:
    """A function of strings; null in gives null out (for the tests: false)."""
    first = gets[0]
    if name == "trim":

        def trimmed(record: Record) -> str | None:
            text = first(record)
            return None if text is None else text.strip()

        return Term("string", trimmed, "Edm.String", field=field)
    second = gets[1]
    checks: dict[str, Callable[[str, str], bool]] = {
        "substringof": lambda part, text: part in text,
        "startswith": str.startswith,
    }
    check = checks[name]

    def hold(record: Record) -> bool:
        one, other = first(record), second(record)
        return one is not None and other is not None and check(one, other)

    return Term("boolean", hold, "Edm.Boolean", field=field)
