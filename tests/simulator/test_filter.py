"""$filter: what passes, what is refused, and that it means what it says."""

from __future__ import annotations

import contextlib
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.simulator.odata.parser import compile_filter
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.odata.tokens import literal, tokens
from exact_sync.simulator.schema import ENTITIES

ACCOUNTS = ENTITIES["crm/Accounts"]
ID = uuid.UUID("a58c29d9-ef92-40f1-b817-31b36990898c")
RECORD: dict[str, Any] = dict.fromkeys(ACCOUNTS.properties) | {
    "ID": ID,
    "Code": "2",
    "Name": "D'Hondt & Zoon",
    "Country": "NL",
    "Blocked": False,
    "SecurityLevel": 10,
    "CreditLineSales": Decimal("1.5"),
    "Modified": datetime(2026, 6, 25, 16, 14, 12, 403000),
    "StartDate": datetime(2024, 7, 29),
}


def holds(text: str, **changes: Any) -> bool:
    return compile_filter(text, ACCOUNTS, None, frozenset())({**RECORD, **changes})


@pytest.mark.parametrize(
    "text",
    [
        f"ID eq guid'{ID}'",
        f"ID eq guid'{str(ID).upper()}'",
        "Name eq 'D''Hondt & Zoon'",
        "Blocked eq false",
        "not Blocked",
        "not (Blocked eq true) and SecurityLevel ge 10",
        "SecurityLevel lt 5 or SecurityLevel eq 10 and Blocked eq false",
        "SecurityLevel eq 10L",
        "CreditLineSales eq 1.5M",
        "CreditLineSales gt 1.4d and CreditLineSales lt 15e-1M or CreditLineSales eq 1.5",
        "CreditLineSales gt -1",
        "CreditLineSales gt 1e-99999999999999999999999",
        "SecurityLevel gt -9223372036854775808",
        "City eq null",
        "Name ne null",
        "null eq City",
        "substringof('Hondt', Name)",
        "substringof('Hondt',Name) eq true",
        "startswith(Name,'D') and substringof('Zoon',Name)",
        "startswith(trim(Code),'2')",
        "trim(Code) eq '2'",
        "Code eq '                 2'",
        "Country eq 'NL '",
        "Modified ge datetime'2026-06-25T16:14:12.403'",
        "Modified gt datetime'2026-06-25T16:14:12'",
        "Modified eq datetime'2026-06-25T14:14:12.403Z'",
        "StartDate eq datetime'2024-07-29'",
        "datetime'2024-01-01T00:00' lt StartDate",
    ],
)
def test_true(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Code eq '2'",
        "Country eq 'NL'",
        "Name eq 'd''hondt & zoon'",
        "City eq ''",
        "City gt 'A'",
        "startswith(City, 'O')",
        "EndDate le datetime'2999-01-01T00:00:00'",
        "EnableSalesPaymentLink",
        "Modified gt datetime'2026-06-25T16:14:12.403'",
        "Modified le datetime'2026-06-25T16:14:12.403Z' and SecurityLevel gt 10",
    ],
)
def test_false(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Naam eq 'x'", "No property 'Naam' exists in type 'Exact.Web.Api.Models.Account'"),
        ("name eq 'x'", "No property 'name'"),
        ("Modified ge '2026-01-01'", "Operator 'ge' incompatible"),
        ("Modified ge 5", "incompatible"),
        ("SecurityLevel eq '10'", "incompatible"),
        ("Blocked gt true", "incompatible"),
        (f"ID gt guid'{ID}'", "incompatible"),
        ("City gt null", "incompatible"),
        ("Code eq Name", "Comparing two properties"),
        ("BankAccounts/ID eq null", "navigation"),
        ("Logo ne null", "cannot be used"),
        ("length(Name) eq 3", "Unknown function"),
        ("endswith(Name,'Zoon')", "Unknown function"),
        ("tolower(Name) eq 'x'", "Unknown function"),
        ("trim(SecurityLevel) eq '1'", "No applicable function"),
        ("substringof('x') eq true", "No applicable function"),
        ("Name", "expected"),
        ("Name eq", "Syntax error"),
        ("Name eq 'x", "Syntax error"),
        ("(Name eq 'x'", "Syntax error"),
        ("Name eq 'x') or (Blocked", "Syntax error"),
        ("Name = 'x'", "Syntax error"),
        ("Name eq 'x' and", "Syntax error"),
        ("", "Syntax error"),
        ("ID eq guid'123'", "Edm.Guid"),
        ("Modified ge datetime'2026-13-01T00:00:00'", "Edm.DateTime"),
        ("Modified ge datetime'2026-01-01T00:00:00+01:00'", "Edm.DateTime"),
        ("Modified ge datetime'25-06-2026'", "Edm.DateTime"),
        ("SecurityLevel eq 99999999999999999999", "Edm.Int64"),
        ("SecurityLevel eq " + "9" * 5000, "Edm.Int64"),
        ("SecurityLevel eq " + "9" * 5000 + "L", "Edm.Int64"),
        ("CreditLineSales gt 1e400", "Edm.Double"),
        ("CreditLineSales gt -1e99999999999999999999999d", "Edm.Double"),
        ("CreditLineSales gt 1e99999999999999999999999M", "Edm.Decimal"),
        ("SecurityLevel eq ١٠", "Syntax error"),
        ("Modified ge datetime'٢٠٢٦-01-01T00:00:00'", "Edm.DateTime"),
        ("(" * 60 + "Blocked" + ")" * 60, "too deep"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(Refusal) as refusal:
        holds(text)
    assert refusal.value.status == 400
    assert message in refusal.value.message


def test_whitelists() -> None:
    with pytest.raises(Refusal, match="cannot be used"):
        compile_filter("Name eq 'x'", ACCOUNTS, frozenset({"ID"}), frozenset())
    with pytest.raises(Refusal, match=r"'Modified' .* cannot be used"):
        compile_filter("Modified ne null", ACCOUNTS, None, frozenset({"Modified"}))


values = st.one_of(
    st.none(),
    st.booleans(),
    st.uuids(),
    st.text(),
    st.integers(-(2**63), 2**63 - 1),
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12),
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2999, 1, 1)),
)


@given(values)
def test_a_literal_reads_back_as_the_same_value(value: Any) -> None:
    (word, end) = tokens(literal(value))
    assert word.value == value
    assert end.kind == "end"


@given(st.text(max_size=40))
def test_any_text_is_either_understood_or_refused(text: str) -> None:
    with contextlib.suppress(Refusal):
        holds(text)


@given(st.integers(-50, 50), st.integers(-50, 50), st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]))
def test_comparisons_are_those_of_numbers(value: int, limit: int, op: str) -> None:
    python = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}[op]
    expected = eval(f"{value} {python} {limit}")
    assert holds(f"SecurityLevel {op} {limit}", SecurityLevel=value) is expected
    assert holds(f"not (SecurityLevel {op} {limit})", SecurityLevel=value) is not expected
