"""`exact-sync alert`, alerts of a daemon, of several connections, and what is shown of secrets."""

import json
import logging
from datetime import timedelta

import pytest

from exact_sync.alert_settings import AlertSettings
from exact_sync.alerts.watch import LOOK_EVERY
from exact_sync.catalog import RESOURCES
from exact_sync.scheduler.daemon import Daemon
from tests.deployment import Deployment, Silent
from tests.facts import restart, sql
from tests.processes import Here, one_clear_line
from tests.receiver import PASSWORD, a_receiver
from tests.several import several

SIGN_IN_NEEDED = "UPDATE exact_sync.sign_in SET needed_because = 'revoked'"


def test_a_test_message_says_which_target_accepts_it(here: Here) -> None:
    with a_receiver() as up, a_receiver() as down:
        down.is_down = True
        code, out, err = here.run("alert", "test", ALERTS__URLS=f"{up.url},{down.url}")
        assert (code, out) == (1, "1 (json): accepted\n2 (json): not accepted\n")
        assert up.titles() == ["test"]
        assert PASSWORD not in out + err
        assert here.run("alert", "test", ALERTS__URLS=up.url)[0] == 0


def test_without_a_target_or_with_a_wrong_one_it_is_bad_configuration(here: Here) -> None:
    code, _, err = here.run("alert", "test")
    assert code == 2
    assert "no alert target is set" in one_clear_line(err)
    for command in (("alert", "test"), ("sync",), ("run",)):
        code, _, err = here.run(*command, ALERTS__URLS=f"slack://{PASSWORD}")
        assert code == 2
        assert PASSWORD not in one_clear_line(err)


def test_what_is_open_can_be_listed(here: Here) -> None:
    here.machine.query("INSERT INTO exact_sync.sign_in (id) VALUES (1) ON CONFLICT DO NOTHING")
    with a_receiver() as receiver:
        assert here.run("alert", "list")[1].startswith("Nothing is looked for: alerts.urls is not set.")
        assert here.run("alert", "list", ALERTS__URLS=receiver.url)[1] == "Nothing is amiss.\n"
        here.machine.nobody_is_signed_in()
        assert here.run("sync", ALERTS__URLS=receiver.url)[0] == 3
        code, out, _ = here.run("alert", "list")
        assert code == 0
        assert "sign_in: signing in is needed: nobody is signed in at Exact yet" in out
        [told] = json.loads(here.run("alert", "list", "--json")[1])
        assert told["kind"] == "sign_in"
        assert told["told_at"] is not None
        here.machine.deployment.sign_in()
        here.run("sync", "journals", ALERTS__URLS=receiver.url)
        assert here.run("alert", "list", ALERTS__URLS=receiver.url)[1] == "Nothing is amiss.\n"
        assert "sign_in" in here.run("alert", "list", "--all")[1]


def test_several_connections_say_which_is_meant(here: Here) -> None:
    with several(here.machine) as others, a_receiver() as receiver:
        others.sign_in("be")
        here.run("sync", "journals", ALERTS__URLS=receiver.url, **others.environment)
        [message] = [each for each in receiver.accepted if "signing in" in each["title"]]
        assert message["title"] == "exact-sync: de: signing in is needed"
        assert "exact-sync auth login --connection de" in message["message"]
        _, out, _ = here.run("alert", "list", ALERTS__URLS=receiver.url, **others.environment)
        assert "be: Nothing is amiss." in out
        assert "de: " in out


def test_a_daemon_looks_every_minute_also_while_signing_in_is_needed(deployment: Deployment) -> None:
    with a_receiver() as receiver:
        deployment.sync_well()
        restart(deployment, alerts=AlertSettings(urls=[receiver.url]))  # type: ignore[list-item]
        service = deployment.service
        look = service.watch.look_and_log
        daemon = Daemon(
            service.crew, service.schedules(), Silent(), lambda: None, timedelta(hours=6), look=look
        )
        daemon._schedule()
        (job,) = [job for name, job in daemon._timetable.jobs().items() if name not in RESOURCES]
        assert job.trigger.interval == LOOK_EVERY
        sql(deployment, SIGN_IN_NEEDED)
        daemon._watch()
        assert daemon._wishes.trouble is not None
        job.func()
        assert receiver.titles() == ["signing in is needed"]


def test_the_daemon_of_a_service_looks_with_its_own_watch(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Daemon] = []
    monkeypatch.setattr(Daemon, "run", lambda daemon, stop: seen.append(daemon))
    deployment.service.run(Silent())
    assert seen[0]._look == deployment.service.watch.look_and_log


def test_a_database_that_is_away_is_only_logged(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    deployment.service.ready()
    sql(deployment, "ALTER TABLE exact_sync.incident RENAME TO elsewhere")
    deployment.service.watch.look_and_log()
    assert "alerts can't be looked after now" in caplog.text


def test_no_log_line_and_no_table_shows_a_password(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    with a_receiver() as up, a_receiver() as down:
        down.is_down = True
        deployment.sync_well()
        urls = [up.url, down.url, f"json://u:{PASSWORD}@127.0.0.1:1/{PASSWORD}"]
        restart(deployment, alerts=AlertSettings(urls=urls))  # type: ignore[arg-type]
        sql(deployment, SIGN_IN_NEEDED)
        with caplog.at_level(logging.DEBUG):
            deployment.service.watch.look()
        assert up.titles() == ["signing in is needed"]
        assert (
            "alert target 2 (json) refuses a message (sign_in); it is tried again in 1 minutes" in caplog.text
        )
        assert PASSWORD not in caplog.text
        assert PASSWORD not in str(sql(deployment, "SELECT i::text FROM exact_sync.incident i"))
        assert PASSWORD not in repr(deployment.settings)
