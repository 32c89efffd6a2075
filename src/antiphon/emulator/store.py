"""Objects by id, in the order they came, with cursor pagination. In memory; knows nothing about what it keeps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from .problem import invalid

T = TypeVar("T")


class Page(NamedTuple, Generic[T]):
    """One page of objects and whether more follow."""

    data: list[T]
    has_more: bool


class Shelf(Generic[T]):
    """Objects of one family; at most `keep` of them, the oldest leave first."""

    def __init__(self, keep: int | None = None) -> None:
        self._keep = keep
        self._next = 0
        self._objects: dict[str, tuple[int, T]] = {}
        self._order: list[int] = []
        self._ids: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def put(self, id: str, value: T) -> None:
        """Keep an object; one with a known id is replaced in place."""
        if (known := self._objects.get(id)) is not None:
            self._objects[id] = (known[0], value)
            return
        number = self._next
        self._next += 1
        self._objects[id] = (number, value)
        self._ids[number] = id
        self._order.append(number)
        if self._keep is not None and len(self._objects) > self._keep:
            self.pop(self._ids[self._order[0]])

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
        return value

    def page(
        self,
        *,
        after: str | None = None,
        limit: int = 20,
        order: str = "desc",
        where: Callable[[T], bool] | None = None,
    ) -> Page[T]:
        """The next `limit` objects behind the cursor, in the order asked for."""
        newest_first = order == "desc"
        position = self._behind(after, newest_first)
        step, end = (-1, -1) if newest_first else (1, len(self._order))
        found: list[T] = []
        for index in range(position, end, step):
            value = self._objects[self._ids[self._order[index]]][1]
            if where is not None and not where(value):
                continue
            if len(found) == limit:
                return Page(found, True)
            found.append(value)
        return Page(found, False)

    def _behind(self, after: str | None, newest_first: bool) -> int:
        if after is None:
            return len(self._order) - 1 if newest_first else 0
        if after not in self._objects:
            raise invalid("after", f"No object with id '{after}' to continue after.", "invalid_cursor")
        index = bisect_left(self._order, self._objects[after][0])
        return index - 1 if newest_first else index + 1
