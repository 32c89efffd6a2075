"""Objects by id, in the order they came, with cursor pagination. In memory; knows nothing about what it keeps.

Whoever wants to keep them longer is told of every change (`note`). An object that was changed in place is put again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from operator import neg
from typing import Final, Generic, NamedTuple, TypeVar

from .problem import invalid

T = TypeVar("T")
MOST_GONE: Final = 1_000
"""Objects that left and are still good as cursors: who deletes what a page showed asks for the page behind it."""
Note = Callable[[str, int, object], None]
"""Told the id, its number in the order, and the object; None for one that left."""


class Page(NamedTuple, Generic[T]):
    """One page of objects and whether more follow."""

    data: list[T]
    has_more: bool


class Shelf(Generic[T]):
    """Objects of one family; at most `keep` of them, the oldest leave first, and `left` is told their ids."""

    def __init__(
        self,
        keep: int | None = None,
        note: Note | None = None,
        known: Iterable[tuple[int, str, T]] = (),
        left: Callable[[str], None] | None = None,
    ) -> None:
        self._keep = keep
        self._note = note
        self._left = left
        self._next = 0
        self._objects: dict[str, tuple[int, T]] = {}
        self._order: list[int] = []
        self._ids: dict[int, str] = {}
        self._gone: dict[str, int] = {}
        for number, name, value in known:
            self._place(number, name, value)

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[T]:
        """The objects, oldest first; the shelf may change meanwhile."""
        for number in tuple(self._order):
            if (name := self._ids.get(number)) is not None:
                yield self._objects[name][1]

    def put(self, id: str, value: T) -> None:
        """Keep an object; one with a known id is replaced in place."""
        if (known := self._objects.get(id)) is not None:
            number = known[0]
            self._objects[id] = (number, value)
        else:
            number = self._next
            self._place(number, id, value)
        if self._note is not None:
            self._note(id, number, value)
        if self._keep is not None and len(self._objects) > self._keep:
            oldest = self._ids[self._order[0]]
            self.pop(oldest)
            if self._left is not None:
                self._left(oldest)

    def get(self, id: str) -> T | None:
        """The object, or None."""
        found = self._objects.get(id)
        return None if found is None else found[1]

    def pop(self, id: str) -> T | None:
        """Take the object out; None when there is none."""
        found = self._objects.pop(id, None)
        if found is None:
            return None
        number, value = found
        del self._ids[number]
        del self._order[bisect_left(self._order, number)]
        self._gone[id] = number
        if len(self._gone) > MOST_GONE:
            del self._gone[next(iter(self._gone))]
        if self._note is not None:
            self._note(id, number, None)
        return value

    def clear(self) -> None:
        """Take every object out."""
        for name in tuple(self._objects):
            self.pop(name)

    def page(
        self,
        *,
        after: str | None = None,
        limit: int = 20,
        order: str = "desc",
        where: Callable[[T], bool] | None = None,
        before: str | None = None,
    ) -> Page[T]:
        """The next `limit` objects behind the cursor, in the order asked for; with `before`, the last ones before that."""
        newest_first = order == "desc"
        start = self._behind(after, "after", newest_first)
        numbers = self._order[start::-1] if newest_first else self._order[start:]
        if start < 0:
            numbers = []
        if before is not None:
            numbers = numbers[: self._ahead(before, numbers, newest_first)][::-1]
        found: list[T] = []
        more = False
        for number in numbers:
            value = self._objects[self._ids[number]][1]
            if where is not None and not where(value):
                continue
            if len(found) == limit:
                more = True
                break
            found.append(value)
        return Page(found if before is None else found[::-1], more)

    def _place(self, number: int, id: str, value: T) -> None:
        self._objects[id] = (number, value)
        self._ids[number] = id
        self._order.append(number)
        self._next = number + 1

    def _behind(self, after: str | None, param: str, newest_first: bool) -> int:
        if after is None:
            return len(self._order) - 1 if newest_first else 0
        number = self._number(after, param)
        return bisect_left(self._order, number) - 1 if newest_first else bisect_right(self._order, number)

    def _ahead(self, before: str, numbers: list[int], newest_first: bool) -> int:
        number = self._number(before, "before")
        return bisect_left(numbers, -number, key=neg) if newest_first else bisect_left(numbers, number)

    def _number(self, cursor: str, param: str) -> int:
        """Where the object that a cursor names stands, or stood."""
        known = self._objects.get(cursor)
        number = self._gone.get(cursor) if known is None else known[0]
        if number is None:
            raise invalid(param, f"No object with id '{cursor}' to list {param}.", "invalid_cursor")
        return number
