"""`status` of hundreds of divisions: a line for each, each message once, and how far first loads are."""

import json
from datetime import UTC, datetime

from exact_sync.store import calls
from tests.many import FIRST, fail, found_many, load
from tests.processes import Here, one_clear_line

NAMES = ["customers", "items", "contacts"]
PROGRESS = '{"began": "2026-06-25T10:00:00+00:00", "records": 12300, "calls": 205, "expected": %s}'


def test_each_of_many_divisions_has_one_line_and_each_message_is_told_once(here: Here) -> None:
    database = here.machine.deployment.service.database
    found_many(database, 40, NAMES)
    for code in range(FIRST, FIRST + 30):
        fail(database, code, "items", f"division {code}: it is shut", "exact-sync sync items")
    load(database, FIRST + 35, "customers", PROGRESS % 45000)
    code, out, err = here.run("status")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("40 divisions: 40 active, 0 suspended, 0 parked, 0 not active;")
    assert "89 of 120 ok, 1 loading, 30 failing" in lines[0]
    assert [line.split()[0] for line in lines if line.startswith("2000")] == [
        str(FIRST + number) for number in range(40)
    ]
    [items] = [line for line in lines if line.startswith("items ") and "shut" not in line]
    assert items.split()[1:5] == ["10", "of", "40", "30"]
    [said] = [line for line in lines if "shut" in line]
    assert said == (
        "items 30 divisions (200000, 200001, 200002, 200003, 200004 and 25 more): division …: it is shut"
    )
    assert out.count("→ exact-sync sync items") == 1
    assert "goes on after other work" not in out
    assert len(lines) < 40 + 15

    problems = here.run("status", "--problems")[1].splitlines()
    assert len([line for line in problems if line.startswith("2000")]) == 30
    assert not [line for line in problems if line.startswith("customers")]
    detail = here.run("status", "--detail")[1].splitlines()
    assert len([line for line in detail if line.startswith("2000")]) == 40 + 120


def test_names_and_divisions_choose_lines_of_the_status(here: Here) -> None:
    found_many(here.machine.deployment.service.database, 10, NAMES)
    code, out, err = here.run("status", "items", "--division", str(FIRST + 3), "--json")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert [line["division"] for line in facts["divisions"]] == [FIRST + 3]
    assert [(line["division"], line["resource"]) for line in facts["resources"]] == [(FIRST + 3, "items")]
    assert len(json.loads(here.run("status", "items", "--json")[1])["resources"]) == 10
    assert json.loads(here.run("status", "--problems", "--json")[1])["resources"] == []
    asked = here.run("sync", "itms")
    assert here.run("status", "itms") == asked
    assert asked[0] == 2
    code, _, err = here.run("status", "--division", "7")
    assert code == 2
    assert one_clear_line(err).startswith("error: division 7 is not among")


def test_a_first_load_says_how_far_it_is_and_what_is_to_come(here: Here) -> None:
    database = here.machine.deployment.service.database
    found_many(database, 1, NAMES)
    load(database, FIRST, "customers", PROGRESS % 45000)
    load(database, FIRST, "items", PROGRESS % "null", outcome="later")
    code, out, err = here.run("status")
    assert (code, err) == (0, "")
    assert (
        f"customers {FIRST}: first load, 12,300 of about 45,000 records, about 545 calls and 10 minutes to go"
    ) in out
    assert f"items {FIRST}: first load, 12,300 records; how much there is is not known" in out
    assert "goes on after other work" not in out
    states = {line.split()[1]: line.split()[3] for line in out.splitlines() if line.startswith(f"{FIRST}  ")}
    assert {name: states[name] for name in NAMES} == {
        "customers": "loading", "items": "loading", "contacts": "ok",
    }  # fmt: skip
    facts = {line["resource"]: line for line in json.loads(here.run("status", "--json")[1])["resources"]}
    assert facts["contacts"]["loading"] is None
    assert facts["customers"]["loading"] == {
        "what": "first load", "began": "2026-06-25T10:00:00+00:00", "records": 12300, "expected": 45000,
        "calls": 205, "calls_left": 545, "seconds_left": 545,
    }  # fmt: skip
    assert facts["items"]["loading"]["calls_left"] is None


def test_the_calls_of_all_divisions_together_are_shown_where_they_are_limited(here: Here) -> None:
    database = here.machine.deployment.service.database
    with database.begin() as connection:
        calls.take(connection, datetime.now(UTC).date(), 1234, 20000)
    [facts] = json.loads(here.run("status", "--json")[1])["connections"]
    assert (facts["calls_today"], facts["day_limit"]) == (None, None)
    [facts] = json.loads(here.run("status", "--json", CONNECTION_DAY_LIMIT="20000")[1])["connections"]
    assert (facts["calls_today"], facts["day_limit"]) == (1234, 20000)
    out = here.run("status", CONNECTION_DAY_LIMIT="20000")[1]
    assert "Calls today of all divisions together: 1,234 of 20,000\n" in out
