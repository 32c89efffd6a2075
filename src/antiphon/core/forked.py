"""What a forked child has to forget: its parent's other threads are not in it, and so neither is who held a lock, a place or a turn."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forgetful(Protocol):
    """Keeps what threads hold."""

    def forget(self) -> None:
        """Begin anew in a child: with a lock that is free, and nobody who holds or waits for anything."""
        ...


_all: WeakSet[Forgetful] = WeakSet()


def inherit(each: Forgetful) -> None:
    """Have it forget in every child that is forked while it lives."""
    _all.add(each)


def _forget() -> None:
    for each in [*_all]:
        each.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
