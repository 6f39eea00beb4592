"""Questions in, pages out; a link is followed as it came, but never in circles or away."""

import pytest

from exact_sync.errors import BadData, ExactAway
from exact_sync.exact.client import Client, Page
from exact_sync.exact.odata import Query
from tests.exact.line import Line, Made
from tests.exact.scripted import Answer, data, page

QUERY = Query("x/X", ["ID"])


def client(ours: Line) -> Client:
    return Client(ours.transport, ours.served.url)


def linked(ours: Line, ids: list[int], link: str | None) -> Answer:
    """A page with a link to the next one, which may be a path or a whole URL."""
    d: dict[str, object] = {"results": [{"ID": number} for number in ids]}
    if link is not None:
        d["__next"] = link if "//" in link else f"{ours.served.url}{link}"
    return data(d)


def read(ours: Line, resume: str | None = None) -> list[Page]:
    return list(client(ours).pages(7, QUERY, "ID", resume))


def test_links_are_followed_as_they_came_until_there_is_none(line: Made) -> None:
    second, third = "/y?$skiptoken=guid'a',%201&odd=%2f", "/y?$skiptoken=guid'b'"
    with line(
        lambda: linked(ours, [1, 2], second), lambda: linked(ours, [3], third), lambda: linked(ours, [], None)
    ) as ours:
        pages = read(ours)
        assert [[record["ID"] for record in page.records] for page in pages] == [[1, 2], [3], []]
        assert ours.served.script.paths == ["/api/v1/7/x/X?$select=ID", second, third]
        assert [page.next_link for page in pages] == [
            f"{ours.served.url}{second}",
            f"{ours.served.url}{third}",
            None,
        ]


def test_a_page_is_only_asked_for_when_the_one_before_was_taken(line: Made) -> None:
    with line(lambda: linked(ours, [1], "/2"), lambda: linked(ours, [2], None)) as ours:
        pages = client(ours).pages(7, QUERY, "ID")
        assert ours.served.asked == []
        next(pages)
        assert len(ours.served.asked) == 1


def test_a_reading_goes_on_from_a_stored_link(line: Made) -> None:
    with line(data([{"ID": 3}])) as ours:
        read(ours, resume=f"{ours.served.url}/stored?$skiptoken=1")
        assert ours.served.script.paths == ["/stored?$skiptoken=1"]


def test_links_that_go_round_in_circles_are_seen_before_a_page_is_given_twice(line: Made) -> None:
    with line(*(lambda number=number: linked(ours, [number], "/a") for number in (1, 2, 3))) as ours:
        pages = client(ours).pages(7, QUERY, "ID")
        assert [page.records[0]["ID"] for page in (next(pages), next(pages))] == [1, 2]
        with pytest.raises(BadData, match="in circles") as caught:
            next(pages)
        assert caught.value.exit_code == 1


def test_a_page_that_repeats_itself_under_another_link_is_seen(line: Made) -> None:
    with line(lambda: linked(ours, [1, 2], f"/{len(ours.served.asked)}")) as ours:
        with pytest.raises(BadData, match="in circles"):
            read(ours)
        assert len(ours.served.asked) == 2


def test_empty_pages_that_lead_on_are_no_circle(line: Made) -> None:
    with line(
        lambda: linked(ours, [], "/1"), lambda: linked(ours, [], "/2"), lambda: linked(ours, [1], None)
    ) as ours:
        assert len(read(ours)) == 3


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "http://127.0.0.1:1/x",
        "https://{host}/x",
        "//{host}/x",
        "http://{host}@evil/",
    ],
)
def test_a_link_to_another_place_is_refused_and_nothing_is_sent_there(line: Made, link: str) -> None:
    with line(lambda: linked(ours, [1], link.format(host=ours.served.url.partition("//")[2]))) as ours:
        with pytest.raises(BadData, match="another host and was refused"):
            read(ours)
        assert len(ours.served.asked) == 1


@pytest.mark.parametrize("stored", ["https://evil.example/x", "http://127.0.0.1:1/x", "", "/x"])
def test_a_stored_link_to_another_place_begins_the_reading_again(line: Made, stored: str) -> None:
    with line(data([{"ID": 1}])) as ours:
        read(ours, resume=stored)
        assert ours.served.script.paths == ["/api/v1/7/x/X?$select=ID"]


def test_a_page_carries_exacts_own_time(line: Made) -> None:
    with line(data([], Date="Thu, 25 Jun 2026 14:14:12 GMT"), data([])) as ours:
        first, second = read(ours)[0], read(ours)[0]
    assert str(first.server_time) == "2026-06-25 14:14:12+00:00"
    assert second.server_time is None


def test_the_first_record_of_a_question_or_none(line: Made) -> None:
    with line(data([{"ID": 1}, {"ID": 2}]), data([])) as ours:
        assert client(ours).first(7, QUERY) == {"ID": 1}
        assert client(ours).first(7, QUERY) is None


def test_counting_reads_a_bare_number(line: Made) -> None:
    with line(Answer(200, b"\xef\xbb\xbf 1234 \n"), Answer(200, b"many"), page(), Answer(200, b"7")) as ours:
        assert client(ours).count(7, QUERY) == 1234
        assert client(ours).count(7, QUERY) == 7
        assert {asked.path for asked in ours.served.asked} == {"/api/v1/7/x/X/$count"}
        assert "json" not in ours.served.asked[0].headers["Accept"]


def test_who_is_signed_in_is_asked_outside_all_budgets(line: Made) -> None:
    with line(data({"results": [{"UserID": "u"}]}), data({"results": []})) as ours:
        assert client(ours).me() == {"UserID": "u"}
        assert ours.served.script.paths == ["/api/v1/current/Me"]
        with pytest.raises(ExactAway):
            client(ours).me()
