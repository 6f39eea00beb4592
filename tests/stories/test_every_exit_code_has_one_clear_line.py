"""What scripts rely on: the contract's exit codes, and one clear line with what to do."""

import socket

from tests.deployment import DIVISION
from tests.mirror import ENOUGH
from tests.processes import Here, Machine, one_clear_line

AWAY = {"TRIES": "1", "DIVISIONS": str(DIVISION)}


WRONG: list[tuple[list[str], dict[str, str | None], str, str]] = [
    ([], {}, 'intervall = "1h"', "did you mean interval?"),
    ([], {}, '[resources.item]\nevery = "1h"', "did you mean resources.items?"),
    ([], {}, '[resources.items]\nevry = "1h"', "did you mean resources.items.every?"),
    ([], {}, "interval = ", "is not valid TOML"),
    ([], {"INTERVAL": "often"}, "", "setting interval (EXACT_SYNC_INTERVAL): is no duration"),
    ([], {"REGION": "fi"}, "", "setting region (EXACT_SYNC_REGION"),
    ([], {"DIVISIONS": "one,two"}, "", "setting divisions (EXACT_SYNC_DIVISIONS"),
    ([], {"BASE_URL": "exact"}, "", "setting base_url (EXACT_SYNC_BASE_URL"),
    ([], {"DATABASE_URL": "mysql://localhost/x"}, "", "database_url is not a PostgreSQL URL"),
    ([], {"CLIENT_ID": None}, "", "setting client_id is not set"),
    ([], {"CLIENT_SECRET": None}, "", "setting client_secret is not set"),
    ([], {"CONFIG": "nowhere.toml"}, "", "there is no configuration file nowhere.toml"),
    (["itmes"], {}, "", "did you mean items?"),
    (["--division", "7"], {}, "", "division 7 is not among the divisions to sync"),
    (["--division", "seven"], {}, "", "'seven' is not a valid integer"),
    (["--ful"], {}, "", "No such option"),
]
"""Arguments, environment, config.toml, and what is said."""


def test_wrong_settings_exit_with_2(here: Here) -> None:
    file = here.machine.folder / "config.toml"
    for arguments, environment, content, said in WRONG:
        file.write_text(content)
        code, _, err = here.run("sync", *arguments, **environment)
        assert code == 2, err
        assert said in one_clear_line(err)
        assert here.machine.simulator.client_secret not in err


def test_a_command_with_wrong_settings_exits_with_2(machine: Machine) -> None:
    code, process = machine.run("sync", INTERVAL="often", CLIENT_SECRET="canary-secret")
    assert code == 2, process
    assert "setting interval (EXACT_SYNC_INTERVAL)" in one_clear_line(process.err)
    assert "canary" not in process.err + process.out


def test_a_command_that_needs_another_word_shows_its_help(here: Here) -> None:
    for words, line in (((), "  sync "), (("auth",), "  login ")):
        code, out, err = here.run(*words)
        assert (code, out) == (2, "")
        assert err.startswith("Usage: exact-sync ")
        assert line in err


def test_what_is_for_all_commands_stands_before_them(here: Here) -> None:
    for words in (("sync", "--config", "x.toml"), ("auth", "login", "--config=x.toml")):
        code, out, err = here.run(*words)
        assert (code, out) == (2, "")
        command = " ".join(words).partition(" --")[0]
        hint = f"  → it stands before the command: exact-sync --config … {command}\n"
        assert err == "error: No such option '--config'.\n" + hint


def test_an_unknown_variable_is_only_a_warning(here: Here) -> None:
    code, _, err = here.run("db", "current", SERVICE_PORT="tcp://10.0.0.1:80")
    assert code == 0
    assert err == "warning: the environment variable EXACT_SYNC_SERVICE_PORT is no setting of exact-sync\n"


def test_never_signed_in_exits_with_3(machine: Machine) -> None:
    machine.nobody_is_signed_in()
    machine.simulator.stats.reset()
    code, process = machine.run("sync")
    assert code == 3, process
    assert "exact-sync auth login" in one_clear_line(process.err)
    assert machine.deployment.calls() == 0


def test_a_revoked_consent_exits_with_3_too(here: Here) -> None:
    here.machine.simulator.oauth.revoke()
    here.machine.deployment.clock.advance(minutes=11)
    code, _, err = here.run("sync", TRIES="1")
    assert code == 3
    assert "exact-sync auth login" in one_clear_line(err)


def test_a_database_that_is_away_exits_with_4(here: Here) -> None:
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/exact"
    code, _, err = here.run("sync", DATABASE_URL=url)
    assert code == 4
    assert "the database can't be used now" in one_clear_line(err)


def test_an_exact_that_is_away_exits_with_4(machine: Machine) -> None:
    machine.deployment.sync_well()
    code, process = machine.run("sync", **AWAY, BASE_URL=f"http://127.0.0.1:{free_port()}")
    assert code == 4, process
    lines = process.err.splitlines()
    assert all(line.startswith(("error: Exact does not answer", "  → ")) for line in lines), process


def test_an_exact_that_answers_503_exits_with_4_and_goes_on_later(here: Here) -> None:
    deployment = here.machine.deployment
    fault = deployment.simulator.faults.add("status", status=503, times=None)
    code, _, err = here.run("sync", **AWAY)
    assert code == 4
    assert "HTTP 503" in one_clear_line(err)
    deployment.simulator.faults.remove(fault)
    deployment.sync_well()
    assert deployment.differences() == []
    assert deployment.violations() == {}


def test_a_resource_that_fails_exits_with_1_and_the_others_are_done(machine: Machine) -> None:
    machine.simulator.faults.add("next_other_host", path="financialtransaction/Transactions", times=None)
    code, process = machine.run("sync")
    assert code == 1, process
    assert "leads to another host and was refused" in one_clear_line(process.err)
    others = [line.resource for line in machine.deployment.service.status().resources if line.outcome == "ok"]
    assert set(others) == ENOUGH - {"financial_transactions"}
    assert machine.deployment.differences(*others) == []


def free_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
