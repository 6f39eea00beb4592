"""Names that would like to be SQL, markup or a path, in the settings or from Exact: F41."""

import json

import pytest

from exact_sync import config
from exact_sync.catalog import RESOURCES
from exact_sync.errors import BadConfiguration
from tests.deployment import DIVISION, Deployment
from tests.facts import command, line, only, sql

HOSTILE = [
    "Robert'); DROP TABLE exact.customers; --",
    'quoted "exact"."customers"',
    "%s %(name)s {stage} :division $1 \\",
    "[/red][bold]markup[/] [link=http://elsewhere.invalid]x[/link] [",
    "\x1b]0;title\x07\x1b[2J terminal",
    "../../etc/passwd",
    "line one\nerror: line two",
]


def test_hostile_text_from_exact_stays_text(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """In rows, in the name of a division, and through every command that shows it."""
    for path, column in (("crm/Accounts", "Name"), ("financial/Journals", "Description")):
        table = deployment.table(path)
        for key, text in zip(sorted(table.rows), HOSTILE, strict=False):
            table.change(key, **{column: text})
    for text in HOSTILE:
        deployment.table("system/Divisions").change(DIVISION, Description=text)
        deployment.sync_well("divisions", "customers", "journals")
        assert command(deployment, "status") == 0
        assert command(deployment, "status", "--json") == 0
        assert "\x1b]0" not in capsys.readouterr().out
    assert deployment.differences("divisions", "customers", "journals") == []
    deployment.table("system/Divisions").change(DIVISION, Status=2)
    [*_, refused] = deployment.sync("divisions", "journals", divisions=[DIVISION])
    assert "is not active" in str(refused.message)
    assert str(refused.message).isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_exact_says_in_an_error_can_be_shown(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """An error's words and an unknown property's name go into the status, and into nothing else."""
    deployment.sync_well("divisions")
    body = json.dumps({"error": {"code": "", "message": {"lang": "", "value": text}}})
    deployment.simulator.faults.add("new_field", path="/GLAccounts", name=text)
    deployment.simulator.faults.add("status", path="/Journals", status=403, body=body)
    deployment.simulator.faults.add("status", path="/ItemGroups", status=400, body=body, times=None)
    names = ("gl_accounts", "journals", "item_groups")
    outcomes = deployment.sync(*names)
    assert [only(outcomes, name).status for name in names] == ["ok", "unavailable", "failed"]
    words = text.split()[-1].strip("\x1b")[-12:]
    for name in names:
        message = str(line(deployment, name).message)
        assert words in message
        assert message.isprintable()
    assert command(deployment, "status") == 0
    shown = capsys.readouterr().out
    assert words in shown
    assert "\x1b]0" not in shown
    assert not any(row.startswith("error: line two") for row in shown.splitlines())
    deployment.simulator.faults.clear()
    deployment.sync_well(*names)
    assert deployment.differences(*names) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_in_the_settings_is_refused(
    name: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resources and divisions are names we know, or an error."""
    monkeypatch.setenv("EXACT_SYNC_DIVISIONS", name)
    with pytest.raises(BadConfiguration, match="divisions"):
        config.load(known_resources=RESOURCES)
    monkeypatch.delenv("EXACT_SYNC_DIVISIONS")
    with pytest.raises(BadConfiguration, match="unknown setting"):
        config.load(known_resources=RESOURCES, resources={name: {"every": "1h"}})


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_on_the_command_line_is_refused(deployment: Deployment, name: str) -> None:
    """And the tables are all there afterwards."""
    deployment.sync_well("divisions", "customers")
    for arguments in (("sync", name), ("reset", name), ("accept", name), ("sync", "--division", name)):
        assert command(deployment, *arguments) == 2
    assert sql(deployment, "SELECT count(*) FROM exact.customers")[0][0] > 0
    assert deployment.differences("customers") == []
