"""Which of several equal targets takes a request: the one its cache key belongs to, or the less busy of two drawn by weight.

Arithmetic over weights, loads and one number in [0, 1). Knows no target, no clock and no dice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

_SPAN = 1 << 64


def less_busy(weights: Sequence[float], loads: Sequence[int], random: float) -> int:
    """The position of the less busy of two, drawn by weight; the first drawn where they are as busy as each other.

    Two looks instead of all keep many clients, who see only their own requests, from flocking to one target; drawing by weight
    gives each its share even while nothing is under way.

    >>> less_busy([1, 1], [5, 0], 0.0)
    1
    >>> [less_busy([3, 1], [0, 0], n / 8) for n in range(8)]
    [0, 0, 0, 0, 0, 0, 1, 1]

    Args:
        weights: of each, more than 0.
        loads: how many requests each has under way.
        random: a number in [0, 1).
    """
    if len(weights) == 2:
        first = int(random * (weights[0] + weights[1]) >= weights[0])
        second = 1 - first
        return second if loads[second] / weights[second] < loads[first] / weights[first] else first
    if len(weights) == 1:
        return 0
    first, rest = drawn(weights, random)
    others = [n for n in range(len(weights)) if n != first]
    # What chance has left over draws the second.
    second = others[drawn([weights[n] for n in others], rest)[0]]
    return second if loads[second] / weights[second] < loads[first] / weights[first] else first


def drawn(weights: Sequence[float], random: float) -> tuple[int, float]:
    """A position, each as likely as its weight; and what is left of the number, as even in [0, 1) as the number was.

    >>> drawn([1, 3], 0.5)
    (1, 0.3333333333333333)
    """
    at = random * sum(weights)
    for position, weight in enumerate(weights):
        if at < weight:
            return position, at / weight
        at -= weight
    return len(weights) - 1, 0.0


@lru_cache(maxsize=4096)
def preference(key: str, names: tuple[str, ...], weights: tuple[float, ...]) -> tuple[int, ...]:
    """All positions, in the order in which a key prefers them (weighted rendezvous).

    Every process that knows the same names prefers alike, and a target that goes or comes moves only the keys that are its own.

    >>> preference("chapter 1", ("eu", "us"), (1, 1)) == preference("chapter 1", ("us", "eu"), (1, 1))[::-1]
    True
    """
    # Loaded with the first key, not with the client.
    from hashlib import blake2b
    from math import log

    def score(position: int) -> float:
        # The two texts' lengths apart: else ("ab", "c") and ("a", "bc") were one.
        text = f"{len(key)}:{key}{names[position]}".encode("utf-8", "surrogatepass")
        chance = (int.from_bytes(blake2b(text, digest_size=8).digest(), "big") + 0.5) / _SPAN
        return log(chance) / weights[position]

    return tuple(sorted(range(len(names)), key=score, reverse=True))
