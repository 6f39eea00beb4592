"""The line at the top, and what there are buttons for."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from exact_sync.errors import DatabaseAway
from exact_sync.store import pauses, quarantine
from exact_sync.store.quarantine import Reject
from exact_sync.web.pages import boards, verdict
from exact_sync.web.pages.boards import Board
from exact_sync.web.pages.language import ENGLISH
from exact_sync.web.pages.remedies import remedy
from exact_sync.web.pulse import LIMIT, Pulse
from tests.deployment import DIVISION, Deployment
from tests.web.served import source_of


def board_of(deployment: Deployment, pulse: Pulse | None = None) -> Board:
    return boards._look(source_of(deployment, pulse))


def said(board: Board) -> tuple[str, str]:
    found = verdict.of(board, ENGLISH)
    return found.level, found.title


def change(deployment: Deployment, statement: str) -> None:
    with deployment.service.database.begin() as connection:
        connection.execute(text(statement))


def test_each_state_has_its_verdict(deployment: Deployment) -> None:
    """From the first minute to the worst; what is worse is said first."""
    pulse = Pulse(deployment.clock)
    assert said(board_of(deployment)) == ("busy", "The first sync is about to begin")
    deployment.sync_well("divisions", "journals")
    assert board_of(deployment).pending == len(deployment.service.mirrored) - 2
    assert said(board_of(deployment)) == ("busy", "The first sync is under way")
    deployment.sync_well()
    assert board_of(deployment).pending == 0
    assert said(board_of(deployment)) == ("good", "The data can be trusted")
    change(deployment, "INSERT INTO exact_sync.incident (kind, subject, message) VALUES ('lag', 'x', 'late')")
    assert said(board_of(deployment)) == ("warn", "The data is older than it should be")
    with deployment.service.database.begin() as connection:
        quarantine.keep(connection, DIVISION, "items", [Reject("k", "odd", {})])
    assert said(board_of(deployment)) == ("warn", "The data can be trusted, with exceptions")
    change(deployment, "UPDATE exact_sync.sign_in SET needed_because = 'revoked'")
    found = verdict.of(board_of(deployment), ENGLISH)
    assert (found.level, found.why, found.connect) == ("bad", "revoked", "default")
    deployment.clock.advance(seconds=LIMIT + 1)
    assert said(board_of(deployment, pulse)) == ("bad", "The data stands still: exact-sync hangs")
    pulse.end("another run holds the work")
    assert verdict.of(board_of(deployment, pulse), ENGLISH).why == "another run holds the work"
    away = replace(board_of(deployment, pulse), trouble=DatabaseAway("gone"))
    assert verdict.of(away, ENGLISH).why == "gone"


def test_exceptions_do_not_hide_that_nothing_is_read(deployment: Deployment) -> None:
    """Paused, late, or both: said wherever it is so."""
    deployment.sync_well("divisions", "journals")
    change(deployment, "INSERT INTO exact_sync.incident (kind, subject, message) VALUES ('lag', 'x', 'late')")
    with deployment.service.database.begin() as connection:
        pauses.add(connection, [(DIVISION, "journals")])
    both = r"The oldest was read .*\. 1 resource is paused and not being read: journals\."
    found = verdict.of(board_of(deployment), ENGLISH)
    assert found.title == "The data is older than it should be"
    assert re.fullmatch(both, found.text)
    with deployment.service.database.begin() as connection:
        quarantine.keep(connection, DIVISION, "journals", [Reject("k", "odd", {})])
    found = verdict.of(board_of(deployment), ENGLISH)
    assert found.title == "The data can be trusted, with exceptions"
    assert re.fullmatch(rf"1 record is in quarantine\. {both}", found.text)


def test_of_several_connections_the_worst_speaks(deployment: Deployment) -> None:
    deployment.sync_well()
    good = board_of(deployment)
    whose = replace(good.source.connection, name="be", is_alone=False)
    bad = replace(good, source=replace(good.source, connection=whose), trouble=DatabaseAway("gone"))
    found = verdict.verdict([good, bad], ENGLISH)
    assert (found.level, found.connection) == ("bad", "be")


@pytest.mark.parametrize(
    ("hint", "state", "shown", "actions"),
    [
        ("run: exact-sync auth login", "failed", "sign in again", ("connect",)),
        (
            "lost rights look like this; if it is right, run: exact-sync accept items --division 7",
            "suspect", "lost rights look like this; if it is right, accept it", ("accept", "retry"),
        ),
        ("run: exact-sync reset items", "failed", "run: exact-sync reset items", ("sync",)),
        (
            "lost rights look like this; if it is right, run: exact-sync accept items --division …",
            "suspect", "lost rights look like this; if it is right, accept it", ("accept", "retry"),
        ),
        ("run: exact-sync sync items --division …", "differs", "read it now", ("sync",)),
        ("exact-sync status shows where they are", "ok", "see quarantine", ("quarantine",)),
        (
            "see: SELECT * FROM exact_sync.quarantine", "quarantine",
            "see quarantine", ("quarantine", "accept", "retry"),
        ),
        ('see: SELECT * FROM "be-sync".quarantine', "ok", "see quarantine", ("quarantine",)),
        (None, "quarantine", "", ("accept", "retry")),
        ("its rows are kept", "suspended", "its rows are kept", ("sync", "connect")),
        ("changed since; run: exact-sync sync items", "differs", "changed since; read it now", ("sync",)),
    ],
)  # fmt: skip
def test_commands_become_buttons(hint: str | None, state: str, shown: str, actions: tuple[str, ...]) -> None:
    found = remedy(hint, state)
    assert (found.hint, found.actions) == (shown, actions)
