"""Every page says what is so, in two languages, to everybody; and its buttons ask the desk."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from exact_sync.errors import DatabaseAway, TryLater
from exact_sync.store import pauses, quarantine
from exact_sync.store.quarantine import Reject
from exact_sync.web import facts
from exact_sync.web.pages.rendering import POLICY
from tests.deployment import DIVISION, Deployment
from tests.many import FIRST, fail, found_many, load
from tests.web.pages.shown import Browser, shown

PATHS = (
    "/", "/connections/default", f"/connections/default/divisions/{DIVISION}", "/connections/default/runs",
    "/connections/default/quarantine", "/connections/default/requests", "/connections/default/connect",
)  # fmt: skip


@pytest.fixture
def browser(deployment: Deployment) -> Iterator[Browser]:
    with shown(deployment) as browser:
        yield browser


def test_every_page_can_be_used_by_everybody(browser: Browser, deployment: Deployment) -> None:
    """Before anything was read, when all is well, and when nothing is."""
    for prepare in (lambda: None, deployment.sync_well, lambda: everything_at_once(deployment)):
        prepare()
        for path in PATHS:
            if path.endswith(str(DIVISION)) and prepare is not deployment.sync_well:
                continue  # not there yet, or not shown differently
            for language in ("en", "nl"):
                page = browser.opens(path, **{"Accept-Language": language})
                assert page.faults() == [], (path, language)
                assert page.all("html")[0].attributes["lang"] == language


def everything_at_once(deployment: Deployment) -> None:
    database = deployment.service.database
    found_many(database, 30, ["items", "customers"])
    fail(database, FIRST, "items", f"items of division {FIRST}: <b>odd</b>", "run: exact-sync auth login")
    load(
        database,
        FIRST + 1,
        "items",
        '{"began": "2026-06-25T12:00:00", "records": 500, "calls": 5, "expected": 900}',
    )
    with database.begin() as connection:
        pauses.add(connection, [(FIRST + 2, "items"), (pauses.EVERYWHERE, "customers")])
        for statement in (
            "INSERT INTO exact_sync.quarantine (division, resource, key, reason, record)"
            f" VALUES ({FIRST}, 'items', 'k', 'no number', '{{\"Code\": \"<script>\"}}')",
            "INSERT INTO exact_sync.run (division, resource, strategy, full_read, started_at)"
            f" VALUES ({FIRST + 1}, 'items', 'modified', true, '2026-06-25T11:00:00Z')",
            "INSERT INTO exact_sync.incident (kind, subject, message, opened_at)"
            " VALUES ('quota', '1', 'calls nearly used up', '2026-06-25T11:00:00Z')",
            "INSERT INTO exact_sync.division (division, suspended_because)"
            f" VALUES ({FIRST + 3}, 'NoDivisionAccess')",
        ):
            connection.execute(text(statement))


def test_the_overview_says_what_is_wrong_and_shows_few_of_many_divisions(
    browser: Browser, deployment: Deployment
) -> None:
    deployment.sync_well()
    everything_at_once(deployment)
    page = browser.opens("/")
    assert "The data can be trusted, with exceptions" in page.text
    assert "<b>odd</b>" in page.text  # as text, not as markup
    assert "500 of about 900 records" in page.text
    assert "calls nearly used up" in page.text
    assert len([row for row in page.all("tr") if "tbody" in row.inside]) == 2  # those that need a look
    found = browser.opens(f"/connections/default?q={FIRST + 7}")
    [name] = [
        each.text for each in found.all("th") if each.attributes["scope"] == "row" and "Company" in each.text
    ]
    assert name.split() == ["Company", "7", str(FIRST + 7)]
    assert "No division fits" in browser.opens("/connections/default?q=nobody").text
    held = browser.opens("/connections/default/quarantine")
    assert '{"Code": "<script>"}' in held.text
    assert "no number" in held.text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE exact_sync.division SET suspended_because = 'NoDivisionAccess'",
        "UPDATE exact.divisions SET status = 0",
    ],
)
def test_nothing_is_up_to_date_in_a_division_that_is_not_read(
    browser: Browser, deployment: Deployment, statement: str
) -> None:
    deployment.sync_well()
    with deployment.service.database.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1
    for path in ("/", "/connections/default", PATHS[2]):
        page = browser.opens(path)
        rows = [each.text for each in page.all("tr") if "tbody" in each.inside]
        assert rows
        assert [row for row in rows if "Up to date" in row and str(DIVISION) in row] == []
    assert len(deployment.service.mirrored) - 1 == sum("Not read" in row for row in rows)
    [many] = [each.text for each in page.all("div") if each.text.startswith("Resources up to date")]
    assert many == "Resources up to date– Not read"
    listed = next(row for row in browser.opens("/connections/default").all("tr") if str(DIVISION) in row.text)
    assert f" of {len(deployment.service.mirrored) - 1}" not in listed.text


def test_a_name_can_not_turn_the_number_beside_it(browser: Browser, deployment: Deployment) -> None:
    """A right-to-left override in it would show 124132 as 231421."""
    deployment.sync_well()
    name = "Brouwer \u202e odd"
    with deployment.service.database.begin() as connection:
        connection.execute(text("UPDATE exact.divisions SET description = :name"), {"name": name})
    for path in ("/", "/connections/default", PATHS[2]):
        page = browser.opens(path)
        assert len([each for each in page.all("bdi") if each.text == name]) == 1
        assert sum(name in each.text for each in page.all("h1", "th")) == 1


def test_every_answer_has_the_policy_of_pages(browser: Browser) -> None:
    for path in (*PATHS[:2], "/connections/nobody"):
        answer = browser.client.get(path)
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["Cache-Control"] == "no-store"
    for asset in ("style.css", "live.js", "icon.svg"):
        [address] = {
            value
            for each in browser.opens("/").elements
            for value in each.attributes.values()
            if value.startswith(f"/static/{asset}")
        }
        kept = browser.client.get(address)
        assert (kept.status_code, "immutable" in kept.headers["Cache-Control"]) == (200, True)


def test_what_there_is_not_is_said(browser: Browser) -> None:
    for path in ("nobody", "default/divisions/1", f"default/divisions/{2**40}"):
        assert "There is no such page" in browser.opens(f"/connections/{path}", 404).text


def test_odd_questions_are_no_mistakes_of_ours(browser: Browser, deployment: Deployment) -> None:
    deployment.sync_well("journals")
    for query in ("division=99999999999999", "resource=%00", "outcome=x", "before=999999999999999999",
                  "division=%C2%B2", "q=%00%ff", "status=99999", "since=1y", "done=<b>",
                  f"before={10**17}:1", "from=9"):  # fmt: skip
        for path in PATHS:
            assert browser.client.get(f"{path}?{query}").status_code in (200, 404), (path, query)


def test_without_a_database_the_page_is_there_and_says_so(deployment: Deployment) -> None:
    def away() -> None:
        raise DatabaseAway("the database can't be used now")

    with shown(deployment, database=away) as browser:
        page = browser.opens("/")
        assert "the database can't be used now" in page.text
        assert page.faults() == []
        assert "the database can't be used now" in browser.opens(PATHS[2], 503).text
        assert browser.opens(PATHS[3], 503).faults() == []


def test_a_button_asks_the_desk(browser: Browser) -> None:
    for verb, place, asked in (
        ("sync", "@", ("sync", [], [])),
        ("sync", "items@124132", ("sync", ["items"], [124132])),
        ("pause", "items,customers@", ("pause", ["items", "customers"], [])),
        ("resume", "@1,2", ("resume", [], [1, 2])),
        ("accept-list", "items@1,2", ("accept", "items", [1, 2], "list", [])),
        ("accept-records", "items@1,2", ("accept", "items", [1, 2], "records", [])),
        ("accept-records", "items@1#815", ("accept", "items", [1], "records", [815])),
        ("retry", "items@", ("retry", "items", [])),
    ):
        browser.desk.asked.clear()
        answer = browser.presses(f"/connections/default/{verb}", place=place, back="/connections/default?q=a")
        assert browser.desk.asked == [asked]
        done = verb.partition("-")[0]
        assert answer.headers["Location"] == f"/connections/default?q=a&done={done}&number=1"
        assert answer.status_code == 303


def test_a_button_accepts_what_it_stands_under(browser: Browser, deployment: Deployment) -> None:
    """Of a list that came back empty, with records in quarantine, each has a button of its own."""
    deployment.sync_well("divisions", "journals")
    with deployment.service.database.begin() as connection:
        rejects = [Reject(key, "is no number", {"Code": key}) for key in ("a", "b")]
        quarantine.keep(connection, DIVISION, "journals", rejects)
        b, a = quarantine.held(connection, "journals", [DIVISION], 2)
    deployment.simulator.rights.hide("financial/Journals", DIVISION)
    deployment.clock.advance(hours=7)
    assert [outcome.status for outcome in deployment.sync("journals")] == ["suspect"]

    def accepting(path: str) -> list[tuple[str, str, str]]:
        return [
            (each.attributes["aria-label"], each.attributes["formaction"].rpartition("/")[2],
             each.attributes["value"])
            for each in browser.opens(path).all("button")
            if "/accept" in each.attributes.get("formaction", "")
        ]  # fmt: skip

    the_list = ("Accept: journals", "accept-list", f"journals@{DIVISION}")
    assert accepting("/connections/default/quarantine") == [
        the_list,
        ("Accept: journals b", "accept-records", f"journals@{DIVISION}#{b.id}"),
        ("Accept: journals a", "accept-records", f"journals@{DIVISION}#{a.id}"),
    ]
    assert accepting("/") == accepting("/connections/default") == accepting(PATHS[2]) == [the_list]


def test_a_button_says_for_how_many_divisions_it_accepts(browser: Browser, deployment: Deployment) -> None:
    found_many(deployment.service.database, 3, ["items", "customers"])
    for name, outcome in (("items", "suspect"), ("customers", "quarantine")):
        for code in (FIRST, FIRST + 1):
            fail(deployment.service.database, code, name, f"{name} of division {code}: odd", "")
        with deployment.service.database.begin() as connection:
            statement = "UPDATE exact_sync.checkpoint SET outcome = :outcome WHERE message LIKE :odd"
            connection.execute(text(statement), {"outcome": outcome, "odd": f"{name}%"})
    for name, verb in (("items", "accept-list"), ("customers", "accept-records")):
        [button] = [
            each
            for each in browser.opens("/").all("button")
            if each.attributes.get("formaction", "").endswith(f"/{verb}")
        ]
        assert button.text == "Accept in 2 divisions"
        assert button.attributes["value"] == f"{name}@{FIRST},{FIRST + 1}"


def test_what_came_of_a_button_is_true(browser: Browser) -> None:
    """Nothing is said of what is no button of ours, nor that something happened where nothing did."""
    said = {
        query: [each.text.strip() for each in browser.opens(f"/?done={query}").all("p")
                if each.attributes.get("class") == "done"]
        for query in ("xyz", "resume&number=0", "accept&number=0", "resume&number=2", "accept&number=1")
    }  # fmt: skip
    assert said == {
        "xyz": [],
        "resume&number=0": ["Nothing of it was paused."],
        "accept&number=0": ["There was nothing to accept."],
        "resume&number=2": ["Resumed: what is due is read at once."],
        "accept&number=1": ["Accepted: the next run takes over what Exact says."],
    }


def test_runs_and_calls_say_when_it_was(browser: Browser, deployment: Deployment) -> None:
    """Not only to who has a mouse to hold above it."""
    deployment.sync_well("journals")
    deployment.service.request_log.flush()
    for path in PATHS[2], PATHS[3], PATHS[5]:
        times = [each.text.strip() for each in browser.opens(path).all("time")]
        assert any(re.search(r"\d+ \w{3} \d{4}, \d\d:\d\d:\d\d$", each) for each in times), path


def test_names_of_strategies_are_marked_as_english(browser: Browser, deployment: Deployment) -> None:
    deployment.sync_well("journals")
    page = browser.opens(PATHS[2], **{"Accept-Language": "nl"})
    assert [
        each for each in page.all("span") if each.text == "snapshot" and each.attributes.get("lang") == "en"
    ]


def test_a_button_never_leads_to_another_site(browser: Browser) -> None:
    for back in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"):
        browser.desk.asked.clear()
        answer = browser.presses("/connections/default/sync", place="@", back=back)
        assert answer.headers["Location"] == "/?done=sync&number=1", back


def test_what_the_desk_refuses_is_said_with_the_reason(browser: Browser) -> None:
    browser.desk.refuses = TryLater("nobody is signed in", "run: exact-sync auth login")
    answer = browser.presses("/connections/default/sync", place="@", back="/connections/default")
    assert answer.status_code == 503
    assert "nobody is signed in" in answer.text
    assert "exact-sync auth login" not in answer.text
    for path, place, status in (("sync", "@x", 400), ("nothing", "@", 404), ("sync", "x" * 70_000, 413)):
        browser.desk.refuses = None
        assert browser.presses(f"/connections/default/{path}", place=place).status_code == status
    assert browser.desk.asked == []


def test_a_change_is_seen_at_once_and_nothing_else_is_looked_up(deployment: Deployment) -> None:
    """Time stands still: what was found once is shown until somebody changes something here."""
    deployment.sync_well()
    with shown(deployment, step=0) as browser:

        def says(words: str) -> bool:
            return words in browser.opens("/").text

        assert says("The data can be trusted 1")
        with deployment.service.database.begin() as connection:
            pauses.add(connection, [(DIVISION, "journals")])
        assert says("The data can be trusted 1")
        browser.presses("/connections/default/pause", place=f"journals@{DIVISION}")
        assert says("as far as it is not paused 1 resource is paused")
        row = next(row for row in browser.opens(PATHS[2]).all("tr") if "journals" in row.text)
        assert ("Paused" in row.text, "Resume" in row.text) == (True, True)


def test_a_table_that_takes_long_to_be_counted_keeps_nobody_waiting(
    browser: Browser, deployment: Deployment
) -> None:
    deployment.sync_well()
    with deployment.service.database.begin() as connection:
        connection.execute(text("LOCK TABLE exact.items IN ACCESS EXCLUSIVE MODE"))
        page = browser.opens("/")
        assert "The data can be trusted" in page.text
        assert [each.text for each in page.all("span") if each.attributes.get("title") == "being counted"]


def test_calls_are_shown_and_filtered(browser: Browser, deployment: Deployment) -> None:
    deployment.sync_well("journals", "items")
    deployment.service.request_log.flush()
    every = browser.opens("/connections/default/requests").text
    some = browser.opens("/connections/default/requests?resource=journals").text
    assert "/Items" in every
    assert "/Journals" in every
    assert "/Journals" in some
    assert "/Items" not in some
    assert "No call fits." in browser.opens("/connections/default/requests?only=errors").text


def test_runs_are_shown_in_pages(browser: Browser, deployment: Deployment) -> None:
    with deployment.service.database.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO exact_sync.run"
                " (division, resource, strategy, full_read, outcome, started_at, inserted)"
                " SELECT 1, 'items', 'modified', false, CASE n WHEN 3 THEN 'failed' ELSE 'ok' END, :now, 1"
                " FROM generate_series(1, 60) n"
            ),
            {"now": deployment.clock.now()},
        )
    first = browser.opens("/connections/default/runs")
    assert "60 runs in the last 24 hours, 1 with a problem; 60 rows changed" in first.text
    [older] = [each.attributes["href"] for each in first.all("a") if each.text == "Older runs"]
    rows = [row for row in browser.opens(older).all("tr") if "tbody" in row.inside]
    assert len(rows) == 10
    failed = browser.opens("/connections/default/runs?outcome=failed")
    assert len([row for row in failed.all("tr") if "tbody" in row.inside]) == 1


def follows(browser: Browser, path: str, link: str, text: str) -> list[int]:
    """From a list to its end, link by link: how many entries with this text each page has."""
    numbers, pages = [], [path]
    for page in pages:
        shown = browser.opens(page)
        assert shown.faults() == []
        numbers.append(sum(text in each.text for each in shown.all("tr", "li")))
        pages += [each.attributes["href"] for each in shown.all("a") if link in each.text]
    return numbers


def test_every_list_has_a_way_to_its_end(browser: Browser, deployment: Deployment) -> None:
    """Calls of more than a week, records of one division and resource, what needs a look, and incidents."""
    deployment.sync_well("journals")
    found_many(deployment.service.database, 72, ["items"])
    with deployment.service.database.begin() as connection:
        for statement in (
            "INSERT INTO exact_sync.request (at, division, resource, endpoint, milliseconds)"
            f" SELECT timestamptz '{deployment.clock.now()}' - interval '1 hour' * n, 7, 'items', '/Old', 1"
            " FROM generate_series(1, 250) n",
            "INSERT INTO exact_sync.quarantine (division, resource, key, reason, record)"
            f" SELECT {FIRST}, 'items', n, 'odd', '{{}}' FROM generate_series(1, 250) n",
            "UPDATE exact_sync.checkpoint SET outcome = 'failed', message = 'wrong ' || division * 3"
            " WHERE resource = 'items'",
            "INSERT INTO exact_sync.incident (kind, subject, message)"
            " SELECT 'quota', n, 'nearly used up' FROM generate_series(1, 30) n",
        ):
            connection.execute(text(statement))
    here = "/connections/default"
    # A page of calls, and the line that sums them up.
    assert follows(browser, f"{here}/requests?division=7&since=all", "Older calls", "/Old") == [101, 101, 51]
    assert follows(browser, f"{here}/requests?division=7&since=7d", "Older calls", "/Old") == [101, 69]
    held = f"{here}/quarantine?resource=items&division={FIRST}"
    assert follows(browser, held, "Older records", "odd") == [200, 50]
    assert follows(browser, f"{here}?show=problems", "more", "wrong") == [50, 22]
    page = browser.opens("/")
    ways = {each.text: each.attributes["href"] for each in page.all("a") if each.text.startswith("and ")}
    assert ways == {"and 62 more": f"{here}?show=problems#said", "and 20 more": f"{here}#incidents"}
    assert sum("nearly used up" in each.text for each in browser.opens(here).all("li")) == 30


def test_calls_that_are_too_many_to_be_summed_up_are_shown_all_the_same(
    browser: Browser, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def takes_long(*_: object) -> None:
        raise DatabaseAway("canceling statement due to statement timeout")

    deployment.sync_well("journals")
    deployment.service.request_log.flush()
    monkeypatch.setattr(facts, "requests_summed_up", takes_long)
    page = browser.opens("/connections/default/requests")
    assert page.faults() == []
    assert "too many calls to be summed up" in page.text
    assert "/Journals" in page.text


def test_several_connections_are_all_on_the_overview(deployment: Deployment) -> None:
    deployment.sync_well("journals")
    with shown(deployment) as browser:
        whose = replace(browser.source.connection, is_alone=False)
        assert whose.label == "default: "
    with shown(deployment, connection=whose) as browser:
        page = browser.opens("/")
        assert page.faults() == []
        assert any("default:" in each.text for each in page.all("p"))
