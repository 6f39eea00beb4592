"""Resources of one's own from the command line, and what is said of a mistake."""

import pytest

from tests.facts import only
from tests.processes import Here, one_clear_line
from tests.stories.ones_own.mine import KNOWN, Deploy

TOML = """
[resources.my_costs]
endpoint = "project/CostTransactions"
"""


@pytest.mark.parametrize("where", ["file", "environment"])
def test_every_command_knows_a_resource_of_one_s_own(here: Here, where: str) -> None:
    environment = {}
    if where == "file":
        (here.machine.folder / "config.toml").write_text(TOML)
    else:
        environment["RESOURCES__MY_COSTS__ENDPOINT"] = KNOWN
    assert here.run("sync", "my_costs", **environment)[0] == 0
    rows = here.machine.query("SELECT count(*) FROM exact.my_costs")[0][0]
    assert rows == len(here.machine.deployment.table(KNOWN).rows) > 0
    code, out, _ = here.run("status", **environment)
    assert code == 0
    [status] = [text.split() for text in out.splitlines() if "my_costs" in text]
    assert status[1:5] == ["my_costs", "modified", "ok", str(rows)]
    code, out, _ = here.run("resources", **environment)
    [shown] = [text.split() for text in out.splitlines() if text.startswith("my_costs ")]
    assert shown[:4] == ["my_costs", "exact.my_costs", KNOWN, "id"]
    assert "off" not in shown
    assert here.run("verify", "my_costs", "--rows", "all", **environment)[0] == 0
    assert here.run("reset", "my_costs", **environment)[0] == 0
    assert here.run("sync", "my_costs", **environment)[0] == 0
    code, out, _ = here.run("accept", "my_costs", **environment)
    nothing = "No run of my_costs is suspect, and nothing of it is new in quarantine; nothing to accept.\n"
    assert (code, out) == (0, nothing)


@pytest.mark.parametrize(
    ("name", "section", "line"),
    [
        ("customers", 'endpoint = "crm/Quotations"', "the catalog defines this resource"),
        (
            "my_costs",
            'endpoint = "Project/CostTransactions"',
            "Exact writes this path project/CostTransactions",
        ),
        ("my_costs", 'endpoint = "nonsense"', "is no path of an endpoint"),
        ("my_costs", 'endpoint = "crm/../Accounts"', "is no path of an endpoint"),
        ("my_costs", f'endpoint = "{KNOWN}"\nkey = "Id"', "has no property Id; did you mean ID?"),
        ("my_costs", f'endpoint = "{KNOWN}"\nkey = "a b"', "is no name of a property"),
        ("my_costs", f'endpoint = "{KNOWN}"\ndate = "Created"', "Created is no date"),
        ("my_costs", f'endpoint = "{KNOWN}"\nstrategy = "date_windows"', "date_windows needs a date"),
        ("my_costs", f'endpoint = "{KNOWN}"\nstrategy = "row_version"', "can't be read by row_version"),
        ("my_costs", 'endpoint = "beta/New"\ndate = "Moment"', "Moment is no date"),
        ("MyCosts", f'endpoint = "{KNOWN}"', "a table can't have this name"),
        ("my-costs", f'endpoint = "{KNOWN}"', "a table can't have this name"),
        ("my_costs", f'endpont = "{KNOWN}"', "unknown setting resources.my_costs"),
        ("my_costs", 'key = "ID"', "unknown setting resources.my_costs"),
    ],
)
def test_what_cannot_be_is_one_clear_line(here: Here, name: str, section: str, line: str) -> None:
    (here.machine.folder / "config.toml").write_text(f"[resources.{name}]\n{section}\n")
    code, out, err = here.run("sync")
    assert (code, out) == (2, "")
    assert line in one_clear_line(err)


@pytest.mark.usefixtures("nothing_is_known")
@pytest.mark.parametrize(
    ("section", "line"),
    [
        ({"key": "Code"}, "crm/Opportunities has no property Code; it has: "),
        ({"key": "Notes"}, "Notes of crm/Opportunities is empty, so it is no key"),
        ({"strategy": "date_windows", "date": "NoDate"}, "has no date NoDate"),
    ],
)
def test_what_turns_out_only_at_exact_is_one_clear_line_too(
    deploy: Deploy, section: dict[str, str], line: str
) -> None:
    path = "crm/Opportunities"
    with deploy(path, **section) as deployment:
        table = deployment.table(path)
        for key in list(table.rows):
            table.change(key, Notes=None)
        outcome = only(deployment.sync("mine"), "mine")
        assert (outcome.status, outcome.exit_code) == ("failed", 2)
        assert line in str(outcome.message)
        assert "setting resources.mine: " in str(outcome.message)
