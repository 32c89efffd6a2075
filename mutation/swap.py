"""Give functions that exist already another body. It knows code objects and who holds them, not why they change.

A module is not imported again: whoever imported a name from it, made an object of its class or wrapped its function keeps
what he has, and sees the new body all the same.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import TypeAlias

Key: TypeAlias = tuple[str, str, int]


def _key(code: CodeType) -> Key:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _codes(inner)


def _named(module: CodeType) -> dict[Key, CodeType]:
    """The code of each function; none where two have one name and one line."""
    found: dict[Key, list[CodeType]] = defaultdict(list)
    for code in _codes(module):
        found[_key(code)].append(code)
    return {key: codes[0] for key, codes in found.items() if len(codes) == 1}


class Bodies:
    """Every function that there is now, by the place of its body: properties', methods' and decorated ones as well."""

    def __init__(self) -> None:
        gc.unfreeze()  # what is frozen is not shown
        self._functions: dict[Key, list[FunctionType]] = defaultdict(list)
        for thing in gc.get_objects():
            if type(thing) is FunctionType:
                self._functions[_key(thing.__code__)].append(thing)
        gc.freeze()

    def swap(self, before: CodeType, after: CodeType) -> int:
        """Every body of the module `before` that is another in `after` is swapped; how many functions have a new one.

        A function keeps its closure, so none is swapped whose body asks for other variables from outside.
        """
        old, count = _named(before), 0
        for key, code in _named(after).items():
            if code == old.get(key):
                continue
            for function in self._functions.get(key, ()):
                if function.__code__ == old.get(key) and function.__code__.co_freevars == code.co_freevars:
                    function.__code__ = code
                    count += 1
        return count
