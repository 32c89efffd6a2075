"""JSON objects that grow by deltas, as Chat Completions streams its messages.

The rules of the deltas: texts are appended to; objects are merged; entries of lists belong to the entry of the same `index`,
or, without one, are added; everything else, and names of kinds (`type`, `role`, `id`), takes the old value's place. Growing
texts are written into the data only by `settle`, so that a delta costs the same however much came before.
"""

from __future__ import annotations

from typing import Any

from ..core.mismatch import kind_of
from ..core.shape import is_dict, is_list
from .flaw import incoherent
from .growing import Growing
from .reading import data_of

_SCALAR = (str, int, float)
_REPLACED = frozenset({"type", "role", "id", "index"})


class Merged:
    """An object that grows.

    Attributes:
        data: the object; views over it stay valid while it grows.
        texts: its growing texts, by key.
        inner: the objects in it, by key.
        lists: the lists of indexed objects in it, by key.
    """

    __slots__ = ("data", "inner", "lists", "texts")

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.texts: dict[str, Growing] = {}
        self.inner: dict[str, Merged] = {}
        self.lists: dict[str, MergedList] = {}

    def add(self, delta: dict[str, Any]) -> None:
        """Take a delta, which is not changed and not kept.

        Raises:
            IncoherentStream: a value goes on as another kind than it began.
        """
        for key, value in delta.items():
            if value.__class__ is str and key not in _REPLACED:
                text = self.texts.get(key)
                if text is None:
                    self._refuse_other(key, value, str)
                    self.texts[key] = Growing(value)
                    self.data[key] = value
                else:
                    text.pieces.append(value)
            elif value is None:
                self.data.setdefault(key, None)
            else:
                self._add(key, data_of(value))

    def _refuse_other(self, key: str, value: Any, kind: type | tuple[type, ...]) -> None:
        """What began as one kind cannot go on as another: nothing of it may be lost."""
        known = data_of(self.data.get(key))
        if known is not None and (not isinstance(known, kind) or (key in self.texts and kind is not str)):
            raise incoherent(f"{key} began as {kind_of(known)} and goes on as {kind_of(value)}", self.data)

    def _add(self, key: str, value: Any) -> None:
        self._refuse_other(key, value, dict if is_dict(value) else list if is_list(value) else _SCALAR)
        if is_dict(value):
            inner = self.inner.get(key)
            if inner is None:
                inner = self.inner[key] = Merged()
                self.data[key] = inner.data
            inner.add(value)
        elif is_list(value):
            entries = self.lists.get(key)
            if entries is None:
                entries = self.lists[key] = MergedList()
            if entries.add(value) or key not in self.data:
                self.data[key] = entries.listed()
        else:
            self.data[key] = value

    def settle(self) -> None:
        """Write the texts so far into the data, all the way down."""
        for key, text in self.texts.items():
            self.data[key] = text.text
        for inner in self.inner.values():
            inner.settle()
        for entries in self.lists.values():
            entries.settle()


class MergedList:
    """A list whose objects grow by their index."""

    __slots__ = ("_others", "by_index")

    def __init__(self) -> None:
        self.by_index: dict[int, Merged] = {}
        self._others: list[Any] = []

    def add(self, entries: list[Any]) -> bool:
        """Take entries; whether the list has new ones."""
        grown = False
        for position, entry in enumerate(map(data_of, entries)):
            index = index_of(entry, position)
            if index is None:
                self._others.append(entry)
                grown = True
                continue
            known = self.by_index.get(index)
            if known is None:
                known = self.by_index[index] = Merged()
                grown = True
            known.add(entry)
        return grown

    def listed(self) -> list[Any]:
        """A new list of the entries, by index, then those without one."""
        return [entry.data for _, entry in sorted(self.by_index.items())] + self._others

    def settle(self) -> None:
        """As `Merged.settle`, for each entry."""
        for entry in self.by_index.values():
            entry.settle()


def index_of(entry: Any, position: int) -> int | None:
    """Which entry of its list a delta belongs to; a tool call without index is taken for the one at its position."""
    if not is_dict(entry):
        return None
    index = entry.get("index")
    if isinstance(index, int):
        return index
    return position if "function" in entry else None
