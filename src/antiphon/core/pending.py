"""A credential that a function will give: what stands for it in a header field, and whose it will be.

Knows a source's name, which it keeps for its life and shares with no other one, of this process or another. Refuses to know when
a source is asked.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from .secret import Secret

_names: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
_lock = allocate_lock()


class Pending(str):
    """The text that stands for a key until its source is asked. It equals any other such text, and is never sent.

    Args:
        text: what stands in the field.
        source: what will give the key.

    Attributes:
        given: the key that it gave last; `None` before it was asked.
    """

    __slots__ = ("given", "source")
    given: Secret | None
    source: Callable[[], Any]

    def __new__(cls, text: str, source: Callable[[], Any]) -> Pending:  # noqa: PYI034 - of what is text
        made = super().__new__(cls, text)
        made.source, made.given = source, None
        return made

    def __copy__(self) -> Pending:
        return self

    def __deepcopy__(self, memo: object) -> Pending:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return (str, (str(self),))  # elsewhere there is no such source

    @property
    def name(self) -> str:
        """Its source's: the same for all who go by that one, and for nobody else."""
        with _lock:
            try:
                name = _names.get(self.source)
                if name is None:
                    name = _names[self.source] = _drawn()
            except TypeError:  # one that cannot be hashed, or not be held weakly, is known by where it lies
                name = f"{_HERE}{id(self.source):x}"
        return name

    @property
    def label(self) -> str | None:
        """What its source is called in every process; `None` for a mere function, which has no name that tells it from others."""
        return repr(self.source) if getattr(self.source, "is_credential_source", False) is True else None


def _drawn() -> str:
    return os.urandom(8).hex()


_HERE = _drawn()
