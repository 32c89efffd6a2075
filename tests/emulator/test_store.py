"""Shelves: order, cursors, bounds; compared with a plain list by hypothesis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.emulator.problem import Problem
from antiphon.emulator.store import MOST_GONE, Shelf


def shelf(count: int, keep: int | None = None) -> Shelf[int]:
    made: Shelf[int] = Shelf(keep)
    for number in range(count):
        made.put(f"id{number}", number)
    return made


@pytest.mark.parametrize(
    ("after", "limit", "order", "data", "more"),
    [
        (None, 2, "desc", [4, 3], True),
        (None, 5, "desc", [4, 3, 2, 1, 0], False),
        (None, 2, "asc", [0, 1], True),
        ("id1", 2, "asc", [2, 3], True),
        ("id1", 3, "asc", [2, 3, 4], False),
        ("id1", 9, "desc", [0], False),
        ("id0", 9, "desc", [], False),
        ("id4", 9, "asc", [], False),
    ],
)
def test_pages(after: str | None, limit: int, order: str, data: list[int], more: bool) -> None:
    assert shelf(5).page(after=after, limit=limit, order=order) == (data, more)


def test_where_counts_only_what_matches() -> None:
    assert shelf(6).page(limit=2, order="asc", where=lambda n: n % 2 == 1) == ([1, 3], True)
    assert shelf(6).page(limit=3, order="asc", where=lambda n: n % 2 == 1) == ([1, 3, 5], False)


def test_unknown_cursor_is_a_400() -> None:
    with pytest.raises(Problem) as caught:
        shelf(1).page(after="gone")
    assert (caught.value.status, caught.value.param) == (400, "after")


def test_replacing_keeps_the_place() -> None:
    made = shelf(3)
    made.put("id0", 10)
    assert made.page(order="asc").data == [10, 1, 2]
    assert made.pop("id1") == 1
    assert made.pop("id1") is None
    assert made.get("id1") is None
    assert len(made) == 2


def test_oldest_leave_first() -> None:
    made = shelf(10, keep=3)
    assert made.page(order="asc").data == [7, 8, 9]
    assert len(made) == 3


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 15))), st.integers(1, 5), st.sampled_from(["asc", "desc"]))
def test_paging_through_gives_everything_once(moves: list[tuple[bool, int]], limit: int, order: str) -> None:
    made: Shelf[int] = Shelf()
    model: dict[str, int] = {}
    for put, number in moves:
        if put:
            made.put(str(number), number)
            model.setdefault(str(number), number)
        else:
            assert (made.pop(str(number)) is None) == (model.pop(str(number), None) is None)
    seen: list[int] = []
    after = None
    while True:
        page = made.page(after=after, limit=limit, order=order)
        seen += page.data
        if not page.has_more:
            break
        after = str(page.data[-1])
    assert seen == (list(model.values()) if order == "asc" else list(model.values())[::-1])


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_what_left_is_still_a_cursor(order: str) -> None:
    made = shelf(7)
    seen: list[int] = []
    page = made.page(limit=2, order=order)
    while page.data:
        seen += page.data
        for number in page.data:
            made.pop(f"id{number}")
        page = made.page(after=f"id{seen[-1]}", limit=2, order=order)
    assert sorted(seen) == [0, 1, 2, 3, 4, 5, 6]
    assert len(made) == 0


@pytest.mark.parametrize(
    ("before", "order", "data", "more"),
    [
        ("id3", "desc", [5, 4], True),
        ("id3", "asc", [1, 2], True),
        ("id1", "asc", [0], False),
        ("id5", "desc", [6], False),
    ],
)
def test_before_a_place_that_was_left(before: str, order: str, data: list[int], more: bool) -> None:
    made = shelf(7)
    made.pop(before)
    assert made.page(before=before, limit=2, order=order) == (data, more)


def test_only_the_last_ones_that_left_are_remembered() -> None:
    made = shelf(MOST_GONE + 2)
    for number in range(MOST_GONE + 1):
        made.pop(f"id{number}")
    assert made.page(after="id1", order="asc").data == [MOST_GONE + 1]
    with pytest.raises(Problem):
        made.page(after="id0", order="asc")
