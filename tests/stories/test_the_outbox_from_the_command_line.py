"""`exact-sync outbox`, and delivery by processes that are killed, stopped, or many."""

import json
import re
import signal

from exact_sync.outbox_settings import TargetSettings
from tests.deployment import DIVISION
from tests.processes import Here, Machine, one_clear_line, until
from tests.several import several
from tests.target import RAW, SECRET, TOKEN, Reply, a_target

ITEMS = "logistics/Items"
UNDELIVERED = "SELECT count(*) FROM exact_sync.delivery WHERE delivered_at IS NULL"


def change(machine: Machine, text: str) -> str:
    table = machine.deployment.table(ITEMS)
    key = next(iter(table.rows))
    table.change(key, Description=text)
    return str(key)


def test_kill_9_between_commit_and_answer_loses_nothing(machine: Machine) -> None:
    machine.deployment.sync_well("items")
    key = change(machine, "one")
    with a_target() as target:
        process = machine.fork("sync", "items", OUTBOX=target.variable())
        target.before = process.kill  # it has the message, and nobody knows that it has
        until(lambda: target.accepted, "the message")
        assert process.ends() == -9
        assert machine.query(UNDELIVERED) == [(1,)]
        target.before = lambda: None
        last = machine.fork("sync", "items", OUTBOX=target.variable())
        assert last.ends() == 0, last
        assert machine.query(UNDELIVERED) == [(0,)]
    assert target.ids[0] == target.ids[1], "told twice rather than never, and the receiver can tell"
    assert target.bodies[0] == target.bodies[1]
    assert [data["keys"]["upserted"] for data in target.told("items")] == [[key], [key]]


def test_a_daemon_tells_within_seconds_and_stops_though_a_target_hangs(machine: Machine) -> None:
    machine.deployment.sync_well("items")
    on = {"RESOURCES": json.dumps({"items": {"every": "1s"}})}
    with a_target() as target:
        daemon = machine.fork("run", OUTBOX=target.variable(resources="items"), **on)
        daemon.says('"the daemon has started"')
        key = change(machine, "one")
        [data] = until(lambda: target.told("items"), "the message")
        assert data["keys"]["upserted"] == [key]
        assert "exact_sync_deliveries_total" in daemon_metrics(daemon.address())
        target.before = lambda: until(lambda: not daemon.running, "the end of the daemon")
        change(machine, "two")
        until(lambda: machine.query(UNDELIVERED) == [(1,)], "the second message")
        daemon.signal(signal.SIGTERM)
        assert daemon.ends() == 0, daemon
    assert machine.query(UNDELIVERED) == [(1,)]


def daemon_metrics(address: str) -> str:
    import httpx

    return httpx.get(f"{address}/metrics").text


def test_what_was_given_up_can_be_seen_delivered_after_all_or_dropped(here: Here) -> None:
    machine = here.machine
    machine.deployment.sync_well("items", "journals")
    with a_target() as target:
        on = {"OUTBOX": target.variable()}
        assert here.run("outbox", "list", "--dead", **on)[1] == "Nothing was given up.\n"
        target.replies = [Reply(410, body=b"[red]closed")]
        for text in ("one", "two"):
            change(machine, text)
            assert here.run("sync", "items", **on)[0] == 0
        code, out, _ = here.run("outbox", "list", "--dead", **on)
        assert (code, out.count("HTTP 410: [red]closed")) == (0, 2)
        found = json.loads(here.run("outbox", "list", "--dead", "--json", **on)[1])
        assert [(each["target"], each["resource"], each["division"]) for each in found] == [
            ("warehouse", "items", DIVISION)
        ] * 2
        first, second = (str(each["message"]) for each in found)
        assert here.run("outbox", "drop", first, **on)[1] == "1 dropped\n"
        target.replies.clear()
        code, _, err = here.run("outbox", "retry", "--target", "nobody", **on)
        assert code == 2
        assert "there is no target nobody\n  → there is: warehouse" in one_clear_line(err)
        elsewhere = {"OUTBOX": target.variable().replace("warehouse", "shop")}
        code, out, _ = here.run("outbox", "retry", **elsewhere)
        assert (code, out[:18]) == (0, "0 to be delivered "), "nobody brings them to a target that is gone"
        assert here.run("outbox", "retry", second, **on)[1].startswith("1 to be delivered again")
        assert "warehouse" in here.run("outbox", "list", **on)[1]
        assert here.run("sync", "journals", **on)[0] == 0
        assert [str(data["sequence"]) for data in target.told("items")] == [second]
        assert here.run("outbox", "list", **on)[1] == "Nothing waits.\n"
        assert here.run("outbox", "drop", "--waiting", **on)[1] == "0 dropped\n"
        for what, said in (
            (("--target", "foo"), "there is no target foo"),
            (("987654",), "there is no message 987654 in the outbox"),
            (("--waiting", first), f"there is no message {first} in the outbox"),
            ((second,), f"message {second} was not given up"),
        ):
            code, out, err = here.run("outbox", "drop", *what, **on)
            assert (code, out) == (2, "")
            assert said in one_clear_line(err)


def test_a_test_message_says_who_accepts_it(here: Here) -> None:
    code, _, err = here.run("outbox", "test")
    assert code == 2
    assert "no target is set" in one_clear_line(err)
    with a_target() as target:
        on = {"OUTBOX": target.variable()}
        code, out, _ = here.run("outbox", "test", **on)
        assert (code, out) == (0, f"warehouse (http://127.0.0.1:{target.port}): accepted\n")
        assert [content["type"] for content in target.accepted] == ["test"]
        off = {"OUTBOX": target.variable(resources="items,warehouses")}
        code, _, err = here.run("outbox", "test", **off)
        assert (code, err) == (0, "warning: warehouse is to be told of warehouses, which is switched off\n")
        target.replies = [Reply(500)]
        code, out, err = here.run("outbox", "test", **on)
        assert (code, out) == (1, f"warehouse (http://127.0.0.1:{target.port}): HTTP 500\n")
        code, out, err = here.run("outbox", "test", "--target", "other", **on)
        assert code == 2
        assert "there is no target other" in one_clear_line(err)


def test_a_new_secret_is_one_that_the_settings_take(here: Here) -> None:
    code, out, _ = here.run("outbox", "secret")
    assert code == 0
    target = TargetSettings(url="https://example.com", secret=out.strip())  # type: ignore[arg-type]
    assert len(target.key) == 32


def test_no_secret_of_a_target_is_shown_or_stored(here: Here) -> None:
    """F45: not the secret, nor the URL's path, whatever the target answers."""
    machine = here.machine
    machine.deployment.sync_well("items")
    with a_target() as target:
        on = {"OUTBOX": target.variable(), "LOG_LEVEL": "debug"}
        said = ""
        for status in (200, 302, 404, 410, 503):
            echo = f"you sent {SECRET} to /{TOKEN}".encode()
            target.replies = [Reply(status, body=echo)]
            change(machine, f"for {status}")
            said += "".join(here.run("sync", "items", **on)[1:])
            machine.query("UPDATE exact_sync.delivery SET retry_at = NULL")
            for command in (
                ("outbox", "list"),
                ("outbox", "list", "--dead"),
                ("outbox", "test"),
                ("status",),
            ):
                said += "".join(here.run(*command, **on)[1:])
    said += str(machine.query("SELECT * FROM exact_sync.delivery"))
    said += str(machine.query("SELECT * FROM exact_sync.outbox"))
    assert "HTTP 404: you sent" in said
    for canary in (SECRET, SECRET.removeprefix("whsec_"), RAW.decode(), TOKEN):
        assert canary not in said


def test_each_connection_tells_of_its_own_rows(here: Here) -> None:
    with several(here.machine) as others, a_target() as target:
        on = others.environment | {"OUTBOX": target.variable()}
        others.sign_in("be")
        others.sign_in("de")
        assert here.run("sync", "journals", **on)[0] == 0
        found = target.told("journals")
    assert {(data["connection"], data["schema"]) for data in found} == {
        ("default", "exact"), ("be", "exact_be"), ("de", "exact_de"),
    }  # fmt: skip
    code, out, _ = here.run("outbox", "list", **on)
    assert (code, out) == (0, "Nothing waits.\n")
    code, _, err = here.run("outbox", "retry", "1", **on)
    assert code == 2
    assert re.search("there are several connections", one_clear_line(err))
    here.machine.query(
        "UPDATE exact_sync.delivery SET target = 'gone', delivered_at = NULL, given_up_at = now()"
    )
    assert here.run("outbox", "drop", "--target", "gone", **on)[:2] == (0, "2 dropped\n")
    code, _, err = here.run("outbox", "drop", "--target", "gone", **on)
    assert (code, "there is no target gone" in one_clear_line(err)) == (2, True)
