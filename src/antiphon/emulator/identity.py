"""Ids and numbers drawn from one seed: the same seed and the same requests give the same ids."""

from __future__ import annotations

import random


class Identity:
    """A source of ids such as `resp_0a1b…`; `random` is for whoever needs seeded chance."""

    __slots__ = ("_bits", "random")

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self._bits = self.random.getrandbits

    def begin(self, seed: int) -> None:
        """Begin anew with another seed."""
        self.random.seed(seed)

    def draw(self, prefix: str, digits: int = 32) -> str:
        """A fresh id: the prefix and so many hexadecimal digits."""
        return f"{prefix}{self._bits(digits * 4):0{digits}x}"
