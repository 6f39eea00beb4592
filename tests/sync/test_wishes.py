"""Wishes: a person's at once, hints when a change is complete, and never so many that calls run out."""

import threading
from time import monotonic, process_time

from exact_sync.sync.wishes import LONGEST_QUIET, QUIET, Wish, Wishes
from tests.deployment import SharedClock


def test_what_a_person_wants_comes_at_once_and_once(clock: SharedClock) -> None:
    wishes = Wishes(clock)
    wishes.ask(7, "items")
    wishes.ask(7, "items")
    assert wishes.take() == [Wish(7, "items", insist=True)]
    assert wishes.take() == []
    wishes.ask(7, "items", again=True)
    wishes.ask(7, "items")
    assert wishes.take() == [Wish(7, "items", insist=True, again=True)]


def test_hints_that_come_together_are_one_wish_after_a_little_quiet(clock: SharedClock) -> None:
    wishes = Wishes(clock)
    wishes.hint(7, "items")
    clock.advance(seconds=QUIET / 2)
    wishes.hint(7, "items")
    clock.advance(seconds=QUIET / 2)
    assert wishes.take() == []
    clock.advance(seconds=QUIET)
    assert wishes.take() == [Wish(7, "items", insist=False)]
    assert wishes.take() == []


def test_hints_that_never_stop_are_followed_all_the_same(clock: SharedClock) -> None:
    wishes = Wishes(clock)
    waited = 0.0
    while not wishes.take():
        wishes.hint(7, "items")
        clock.advance(seconds=QUIET / 2)
        waited += QUIET / 2
    assert waited <= LONGEST_QUIET + QUIET


def test_a_day_of_hints_without_a_pause_costs_few_readings(clock: SharedClock) -> None:
    wishes, readings = Wishes(clock), 0
    for _ in range(24 * 60 * 12):
        wishes.hint(7, "items")
        clock.advance(seconds=5)
        readings += len(wishes.take())
    assert 200 < readings < 320


def test_after_some_quiet_the_first_hint_is_followed_quickly_again(clock: SharedClock) -> None:
    wishes = Wishes(clock)
    for _ in range(600):
        wishes.hint(7, "items")
        clock.advance(seconds=1)
        wishes.take()
    clock.advance(hours=1)
    wishes.take()
    clock.advance(hours=1)
    wishes.hint(7, "items")
    clock.advance(seconds=QUIET)
    assert wishes.take() == [Wish(7, "items", insist=False)]


def test_each_division_and_resource_has_hints_of_its_own(clock: SharedClock) -> None:
    wishes = Wishes(clock)
    for place in ((7, "items"), (7, "contacts"), (8, "items")):
        wishes.hint(*place)
    clock.advance(seconds=QUIET)
    assert {(wish.division, wish.resource) for wish in wishes.take()} == {
        (7, "items"), (7, "contacts"), (8, "items"),
    }  # fmt: skip


def test_a_persons_word_stands_above_a_hint(clock: SharedClock) -> None:
    wishes = Wishes(clock)
    wishes.hint(7, "items")
    wishes.ask(7, "items")
    clock.advance(seconds=QUIET)
    assert wishes.take() == [Wish(7, "items", insist=True)]


def test_what_is_put_back_comes_again_later(clock: SharedClock) -> None:
    wishes = Wishes(clock)
    wish = Wish(7, "items", insist=False)
    for _ in range(10):  # nothing was read for it, so what comes after the trouble is not late
        wishes.put_back(wish, 5)
        assert wishes.take() == []
        clock.advance(seconds=5)
        assert wishes.take() == [wish]
    wishes.hint(7, "items")
    clock.advance(seconds=4)
    assert wishes.take() == [wish]


def test_what_a_person_wants_is_still_that_when_it_was_put_back(clock: SharedClock) -> None:
    wishes, wish = Wishes(clock), Wish(7, "items", insist=True, again=True)
    wishes.put_back(wish, 5)
    assert wishes.take() == []
    wishes.hint(7, "items")
    clock.advance(seconds=5)
    assert wishes.take() == [wish]
    assert wishes.take() == []

    wishes.put_back(wish, 5)
    wishes.ask(7, "items")
    assert wishes.take() == [Wish(7, "items", insist=True)]
    clock.advance(seconds=5)
    assert wishes.take() == [wish]


def test_who_waits_is_told_of_what_was_put_back_in_time(clock: SharedClock) -> None:
    wishes = Wishes(clock)
    wishes.open()
    for insist in (True, False):
        wishes.put_back(Wish(7, "items", insist=insist), 0.05)
        began = monotonic()
        thread = threading.Timer(0.1, lambda: clock.advance(seconds=1))
        thread.start()
        assert wishes.wait() == [Wish(7, "items", insist=insist)]
        assert monotonic() - began < 30


def test_ten_thousand_hints_that_are_ready_at_once_are_taken_at_once(clock: SharedClock) -> None:
    """The server's loop waits for the same lock."""
    wishes = Wishes(clock)
    for number in range(10_000):
        wishes.hint(number, "items")
    clock.advance(seconds=LONGEST_QUIET)
    began = process_time()
    assert len(wishes.take()) == 10_000
    assert process_time() - began < 1


def test_who_waits_is_woken_by_a_wish_and_by_the_end(clock: SharedClock) -> None:
    wishes, heard = Wishes(clock), []
    wishes.open()

    def wait() -> None:
        while (found := wishes.wait()) is not None:
            heard.append(found)
            woken.set()

    woken = threading.Event()
    thread = threading.Thread(target=wait)
    thread.start()
    wishes.ask(7, "items")
    assert woken.wait(30)
    wishes.close()
    thread.join(30)
    assert not thread.is_alive()
    assert heard == [[Wish(7, "items", insist=True)]]


def test_a_long_list_that_hints_speak_of_costs_a_tenth_of_a_day_at_the_most(clock: SharedClock) -> None:
    """Fifty pages a reading, and a hint each minute."""
    wishes, calls = Wishes(clock), 0
    for _ in range(24 * 60):
        wishes.hint(7, "sales_invoice_lines")
        clock.advance(minutes=1)
        if wishes.take():
            calls += 50
            wishes.took(7, "sales_invoice_lines", 50)
    assert 0 < calls <= 600
