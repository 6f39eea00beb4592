"""English and Dutch: every phrase has its translation, and numbers and times are written as people do."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from exact_sync.web.pages import language
from exact_sync.web.pages.dutch import DUTCH
from exact_sync.web.pages.language import ENGLISH, NEDERLANDS, words_for

FOLDER = Path(language.__file__).parent


def in_templates() -> Iterator[str]:
    for file in (FOLDER / "templates").glob("*.html"):
        for call in Environment(autoescape=True).parse(file.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in ("t", "tn"):
                wanted = call.args[: 1 if call.node.name == "t" else 2]
                yield from (each.value for each in wanted if isinstance(each, nodes.Const))


def in_code() -> Iterator[str]:
    for file in (*FOLDER.glob("*.py"), *FOLDER.parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "phrase":
                [text] = node.args
                assert isinstance(text, ast.Constant), file
                yield text.value


def test_every_phrase_is_translated_and_none_is_left_over() -> None:
    used = {*in_templates(), *in_code()}
    assert len(used) > 150
    assert (sorted(used - DUTCH.keys()), sorted(DUTCH.keys() - used)) == ([], [])


def test_a_translation_has_the_same_places() -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    assert [phrase for phrase, said in DUTCH.items() if places(phrase) != places(said)] == []


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", "en"), ("nl", "nl"), ("nl-BE,nl;q=0.9,en;q=0.8", "nl"), ("en-GB,nl;q=0.5", "en"),
        ("de,fr;q=0.9", "en"), ("de,nl;q=0.3,en;q=0.2", "nl"), ("NL", "nl"), ("nl;q=0", "en"),
        ("nl;q=x,\x00", "en"), ("," * 5000 + "nl", "en"),
    ],
)  # fmt: skip
def test_the_browser_says_which_language_unless_the_setting_does(accepted: str, chosen: str) -> None:
    assert words_for("auto", accepted).code == chosen
    assert words_for("nl", accepted) is NEDERLANDS


def test_numbers_and_times() -> None:
    now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert (ENGLISH.number(1234567), NEDERLANDS.number(1234567)) == ("1,234,567", "1.234.567")
    assert NEDERLANDS.moment(now) == "5 mrt 2026, 12:00:00 UTC"
    assert ENGLISH.count("{number} row", "{number} rows", 1) == "1 row"
    told = {
        timedelta(seconds=59): ("just now", "zojuist"),
        timedelta(seconds=-5): ("in a minute", "over een minuut"),
        timedelta(minutes=119): ("1 h ago", "1 uur geleden"),
        timedelta(minutes=59): ("59 min ago", "59 min geleden"),
        timedelta(hours=47): ("47 h ago", "47 uur geleden"),
        timedelta(days=3): ("3 days ago", "3 dagen geleden"),
        timedelta(days=-30): ("in 30 days", "over 30 dagen"),
    }
    found = {gone: (ENGLISH.ago(now - gone, now), NEDERLANDS.ago(now - gone, now)) for gone in told}
    told[timedelta(minutes=119)] = ("119 min ago", "119 min geleden")
    assert found == told
