"""Pages are fetched before they are wanted: no more than there is room for, none that would be lost."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest

from exact_sync.errors import ExactAway
from exact_sync.exact.client import Page
from exact_sync.exact.odata import Answer, Shaped
from exact_sync.sync.ahead import MOST, Ahead

PAGES = [Page(Answer([{"ID": number}], None), None) for number in range(MOST + 3)]


class Source:
    """Hands out pages and counts them."""

    def __init__(self, error_after: int | None = None) -> None:
        self.fetched = 0
        self.is_full = Event()
        """As many as there is room for were asked for."""
        self._error_after = error_after

    def __iter__(self) -> Iterator[Page]:
        for page in PAGES:
            if self.fetched == self._error_after:
                raise ExactAway("away")
            self.fetched += 1
            if self.fetched == MOST:
                self.is_full.set()
            yield page


def test_pages_come_in_their_order_to_the_end() -> None:
    ahead = Ahead(iter(Source()), lambda fetched: True)
    assert [ahead.take() for _ in PAGES] == PAGES
    assert ahead.take() is None
    assert not ahead.has_stopped


def test_no_more_are_fetched_than_there_is_room_for() -> None:
    source = Source()
    ahead = Ahead(iter(source), lambda fetched: True)
    assert source.is_full.wait(10)
    ahead.close()
    assert source.fetched == MOST


def test_a_page_that_keeps_its_body_takes_all_of_the_room() -> None:
    class Heavy(Source):
        def __iter__(self) -> Iterator[Page]:
            for number in range(3):
                self.fetched += 1
                yield Page(Shaped(None, [str(number)], None, has_body=True), None)

    source = Heavy()
    ahead = Ahead(iter(source), lambda fetched: True)
    assert ahead.is_near(10)
    ahead.close()
    assert source.fetched == 1
    ahead = Ahead(iter(source), lambda fetched: True)
    taken = [page.keys("") for page in iter(ahead.take, None)]
    ahead.close()
    assert taken == [["0"], ["1"], ["2"]]


def test_while_such_a_page_waits_for_its_room_no_more_need_be_fetched() -> None:
    is_last = Event()

    def pages() -> Iterator[Page]:
        yield from PAGES[: MOST - 1]
        is_last.set()
        yield Page(Shaped(None, ["0"], None, has_body=True), None)

    ahead = Ahead(pages(), lambda fetched: True)
    assert is_last.wait(10)
    closing = Thread(target=ahead.close, daemon=True)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()


def test_each_that_is_taken_makes_room_for_another() -> None:
    source = Source()
    ahead = Ahead(iter(source), lambda fetched: True)
    for _ in range(3):
        ahead.take()
    assert source.is_full.wait(10)
    ahead.close()
    assert MOST <= source.fetched <= MOST + 3


def test_where_it_must_not_go_on_the_pages_at_hand_are_the_last_ones() -> None:
    source = Source()
    ahead = Ahead(iter(source), lambda fetched: fetched < 1)
    assert ahead.take() == PAGES[0]
    assert ahead.take() is None
    assert ahead.has_stopped
    assert source.fetched == 1


def test_what_goes_wrong_is_raised_after_the_pages_before_it() -> None:
    ahead = Ahead(iter(Source(error_after=1)), lambda fetched: True)
    assert ahead.take() == PAGES[0]
    with pytest.raises(ExactAway):
        ahead.take()


def test_whether_a_page_is_near_can_be_asked_as_often_as_one_likes() -> None:
    gate = Event()

    def pages() -> Iterator[Page]:
        gate.wait(10)
        yield PAGES[0]

    ahead = Ahead(pages(), lambda fetched: True)
    assert not ahead.is_near(0)
    gate.set()
    assert ahead.is_near(10)
    assert ahead.is_near(0)
    assert ahead.take() == PAGES[0]
