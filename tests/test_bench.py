"""The parts that the measurements are made of: what they count is what there is."""

import json
import os
import uuid

import httpx

from bench import recorded
from bench.jobs import Figures, medians
from bench.server import served
from bench.stopwatch import client_cpu, peak_megabytes, server_cpu
from bench.subjects import SUBJECTS


def records(number: int) -> list[bytes]:
    """As the simulator writes them."""
    return [
        json.dumps(
            {
                "__metadata": {"uri": f"…({uuid.UUID(int=n << 96)})"},
                "ID": str(uuid.UUID(int=n << 96)),
                "Timestamp": str(10 + n),
                "City": None if n % 2 else 'Den "Haag"',
                "Modified": "/Date(1700000000000)/",
            },
            separators=(",", ":"),
        ).encode()
        for n in range(number)
    ]


def test_copies_have_keys_of_their_own() -> None:
    made = [json.loads(each) for each in recorded.copies(records(50), 4, "ID")]
    assert len({each["ID"] for each in made}) == 200
    assert all(each["ID"] in each["__metadata"]["uri"] for each in made)


def test_each_tenth_record_is_changed_and_newer() -> None:
    before = records(50)
    after = recorded.changed(before, 10, "City")
    changed = [json.loads(new) for old, new in zip(before, after, strict=True) if old != new]
    assert [each["City"] for each in changed] == [f"changed to {n}" for n in range(0, 50, 10)]
    assert {each["Modified"] for each in changed} == {"/Date(1700086400000)/"}
    assert min(int(each["Timestamp"]) for each in changed) > 10**9


def test_following_the_links_brings_every_record_once() -> None:
    with served(recorded.pages(records(50), 20)) as base_url, httpx.Client(trust_env=False) as http:
        link, found = f"{base_url}/api/v1/1/crm/Accounts", []
        while link:
            page = http.get(link).json()["d"]
            found += [record["ID"] for record in page["results"]]
            link = page.get("__next")
        assert http.get(f"{base_url}/api/v1/1/crm/Accounts/$count").json() == 50
    assert len(found) == len(set(found)) == 50


def test_an_empty_answer_has_a_page() -> None:
    assert [json.loads(page) for page in recorded.pages([], 20)] == [{"d": {"results": []}}]


def test_subjects_are_as_wide_as_they_say() -> None:
    for subject in SUBJECTS.values():
        names = [column.property for column in subject.columns]
        assert len(names) == len(set(names)) == subject.width
        assert {subject.whole.key, "Modified", subject.changing} <= set(names)


def test_medians_are_taken_of_each_name() -> None:
    taken = [Figures("first", 10, float(n), n, 0, 50) for n in (5, 1, 2)]
    assert medians(taken)["first"].speed == 5
    assert medians(taken)["first"].least == 1


def test_the_stopwatch_sees_processes() -> None:
    assert client_cpu() > 0
    assert server_cpu(os.getpid()) > 0
    assert peak_megabytes() > 10
