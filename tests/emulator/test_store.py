"""Shelves: order, cursors, bounds; compared with a plain list by hypothesis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.emulator.problem import Problem
from antiphon.emulator.store import Shelf


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
