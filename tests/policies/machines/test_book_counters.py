"""The very counters of a shared book, and what its readers say of odd ones."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.book import Book
from antiphon.policies.machines.ledger import Amount
from antiphon.shared.store import Change

_DAY = "2026-11-21"
_KEPT = 40 * 86_400.0


@pytest.fixture
def book() -> Book:
    return Book("team", "day", (50, None, 3), 60.0)


def key(what: str, unit: str) -> str:
    return f"budget:team:{_DAY}:{what}:{unit}"


def test_a_reservation_counts_what_it_takes_and_until_when(book: Book) -> None:
    assert book.reserve(_DAY, Amount(7, 0, 1), 12.0) == [
        Change(key("taken", "usd"), 7, 50, _KEPT),
        Change(key("open:15", "usd"), 7, None, 75.0),
        Change(key("taken", "requests"), 1, 3, _KEPT),
        Change(key("open:15", "requests"), 1, None, 75.0),
    ]


def test_settling_gives_back_writes_down_and_closes(book: Book) -> None:
    assert book.settle(_DAY, Amount(7, 0, 1), Amount(5, 0, 1), certain=True, reserved_at=12.0) == [
        Change(key("taken", "usd"), -2, None, _KEPT),
        Change(key("spent", "usd"), 5, None, _KEPT),
        Change(key("open:15", "usd"), -7, None, 75.0),
        Change(key("spent", "requests"), 1, None, _KEPT),
        Change(key("open:15", "requests"), -1, None, 75.0),
    ]


def test_what_is_beyond_the_bound_is_over_and_what_nobody_told_uncertain(book: Book) -> None:
    assert book.settle(_DAY, Amount(7, 0, 0), Amount(9, 4, 0), certain=False, reserved_at=0.0) == [
        Change(key("taken", "usd"), 2, None, _KEPT),
        Change(key("spent", "usd"), 9, None, _KEPT),
        Change(key("uncertain", "usd"), 9, None, _KEPT),
        Change(key("over", "usd"), 2, None, _KEPT),
        Change(key("open:13", "usd"), -7, None, 75.0),
        Change(key("taken", "tokens"), 4, None, _KEPT),
        Change(key("spent", "tokens"), 4, None, _KEPT),
        Change(key("uncertain", "tokens"), 4, None, _KEPT),
        Change(key("over", "tokens"), 4, None, _KEPT),
    ]


def test_what_is_short_is_what_goes_past_its_limit_and_not_what_fills_it(book: Book) -> None:
    changes = book.reserve(_DAY, Amount(10, 5, 1), 0.0)
    assert book.short(_DAY, changes, [40, 0, 0, 0, 3, 0]) == (2, 3)
    assert book.short(_DAY, changes, [41, 0, 0, 0, 3, 0]) == (0, 41)
    with pytest.raises(ValueError, match=f"nothing is short in {_DAY}"):
        book.short(_DAY, changes, [40, 0, 0, 0, 2, 0])


@pytest.mark.parametrize(("usd", "crossed"), [(39, False), (40, True), (41, True)])
def test_a_soft_limit_is_crossed_when_it_is_reached(book: Book, usd: int, crossed: bool) -> None:
    changes = book.reserve(_DAY, Amount(10, 5, 1), 0.0)
    assert book.crossed((40, None, None), changes, [usd, 99, 99, 99, 99, 99]) is crossed


def test_values_that_do_not_fit_their_changes_are_an_error(book: Book) -> None:
    changes = book.reserve(_DAY, Amount(10, 5, 1), 0.0)
    with pytest.raises(ValueError):
        book.short(_DAY, changes, [0])
    with pytest.raises(ValueError):
        book.crossed((None, None, None), changes, [0])


def test_a_look_reads_every_slot_that_can_be_open_and_one_more(book: Book) -> None:
    keys = [change.key for change in book.look(_DAY, 12.0)]
    assert len(keys) == 3 * (4 + 15)
    assert (keys[0], keys[-1]) == (key("taken", "usd"), key("open:16", "requests"))
    assert key("open:2", "usd") in keys


def test_what_was_read_adds_up(book: Book) -> None:
    rows = [Amount(90, 10, 5), Amount(40, 6, 2), Amount(5, 1, 0), Amount(3, 0, 0), Amount(20, 9, -1), Amount(10, 0, 0)]
    assert book.seen([value for row in rows for value in row]) == {
        "taken": (90, 10, 5),
        "spent": (60, 6, 5),
        "reserved": (30, 4, 0),
        "uncertain": (25, 1, 3),
        "over": (3, 0, 0),
    }
