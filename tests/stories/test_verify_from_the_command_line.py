"""``exact-sync verify`` for people and for scripts: what it prints, and its exit codes."""

import json

import pytest

from exact_sync.service import Service
from tests.deployment import DIVISION
from tests.processes import Here, one_clear_line

REMOVE = "DELETE FROM exact.payments WHERE id = (SELECT min(id::text)::uuid FROM exact.payments) RETURNING id"


def test_differences_are_printed_until_they_are_mended(here: Here) -> None:
    assert here.run("sync", "payments")[0] == 0
    [(key,)] = here.machine.query(REMOVE)
    code, out, err = here.run("verify", "payments", "items")
    assert (code, err) == (1, "")
    assert [line.split() for line in out.splitlines()[1:3]] == [
        [str(DIVISION), "items", "never", "run", "0"],
        [str(DIVISION), "payments", "differs", "40", "counted,", "40", "keys", "2"],
    ]
    assert f"error: payments of division {DIVISION} differs from Exact: 1 missing\n" in out
    assert f"\n  missing  {key}\n  → run: exact-sync verify --repair payments\n" in out
    assert out.endswith("0 verified, 1 differ, 2 calls\n")

    code, out, err = here.run("verify", "--repair", "payments")
    assert (code, err) == (0, "")
    assert f"note: payments of division {DIVISION}: mended: 1 of 1 differences\n" in out
    assert here.run("verify", "payments")[0] == 0


def test_of_many_differences_some_are_printed_and_json_has_them_all(here: Here) -> None:
    assert here.run("sync", "payments")[0] == 0
    here.machine.query("UPDATE exact.payments SET amount_dc = amount_dc + 1")
    code, out, _ = here.run("verify", "--rows", "all", "payments")
    assert code == 1
    assert out.count("  changed  ") == 20
    assert "  … and 20 more; --json shows all\n" in out
    code, out, _ = here.run("verify", "--rows", "all", "--json", "payments")
    assert code == 1
    [facts] = json.loads(out)
    assert {name: facts[name] for name in ("division", "resource", "status", "checked", "calls")} == {
        "division": DIVISION,
        "resource": "payments",
        "status": "differs",
        "checked": "40 counted, 40 rows",
        "calls": 2,
    }
    assert facts["message"] == f"payments of division {DIVISION} differs from Exact: 40 changed"
    assert len(facts["differences"]) == 40
    assert {(d["kind"], d["detail"]) for d in facts["differences"]} == {("changed", "amount_dc")}


@pytest.mark.parametrize("rows", ["rubbish", "-3", "1.5", "²", "", "9" * 5000])
def test_a_number_of_rows_that_is_none_is_refused(here: Here, rows: str) -> None:
    code, out, err = here.run("verify", f"--rows={rows}")
    assert (code, out) == (2, "")
    assert "is neither a number nor all" in one_clear_line(err)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nonsense"], "there is no resource nonsense"),
        (["custmers"], "did you mean customers?"),
        (["warehouses"], "warehouses is switched off"),
        (["divisions"], "there is nothing to compare for divisions"),
    ],
)
def test_a_resource_that_cannot_be_verified_is_one_clear_line(
    here: Here, arguments: list[str], line: str
) -> None:
    code, out, err = here.run("verify", *arguments)
    assert (code, out) == (2, "")
    assert line in one_clear_line(err)


def test_who_is_not_signed_in_is_told_so(here: Here) -> None:
    here.machine.nobody_is_signed_in()
    code, out, err = here.run("verify")
    assert (code, out) == (3, "")
    assert "nobody is signed in" in one_clear_line(err)


def test_it_works_beside_a_daemon_but_not_in_a_division_that_is_being_read(here: Here) -> None:
    assert here.run("sync", "payments")[0] == 0
    with Service(here.machine.deployment.settings, name="exact-sync run") as service:
        service.crew.take_over()
        assert here.run("verify", "payments")[0] == 0
        assert service.crew.claim(DIVISION)
        code, out, err = here.run("verify", "payments")
        assert (code, err) == (4, "")
        assert f"division {DIVISION}: another run holds the work (exact-sync run" in out
        assert "let it finish, or try again later" in out
        assert here.run("plan")[0] == 4
