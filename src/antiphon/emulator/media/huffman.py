"""Prefix codes: how long each symbol's code is by how often it comes, and the canonical codes of such lengths."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heappush


def lengths(counts: Mapping[int, int], most: int) -> dict[int, int]:
    """The length of each symbol's code, none above `most`; one symbol alone has length 0."""
    weights = dict(counts)
    while True:
        made = _grown(weights)
        if max(made.values(), default=0) <= most:
            return made
        weights = {symbol: (count >> 1) + 1 for symbol, count in weights.items()}


def _grown(weights: Mapping[int, int]) -> dict[int, int]:
    made = dict.fromkeys(weights, 0)
    heap: list[tuple[int, int, tuple[int, ...]]] = [(count, symbol, (symbol,)) for symbol, count in weights.items()]
    heapify(heap)
    while len(heap) > 1:
        (first, order, some), (second, _, others) = heappop(heap), heappop(heap)
        for symbol in (*some, *others):
            made[symbol] += 1
        heappush(heap, (first + second, order, some + others))
    return made


def codes(given: Mapping[int, int]) -> dict[int, str]:
    """The canonical code of each symbol as a text of bits, the shortest first."""
    made: dict[int, str] = {}
    code = before = 0
    for symbol, length in sorted(given.items(), key=lambda pair: (pair[1], pair[0])):
        code <<= length - before
        made[symbol] = f"{code:0{length}b}" if length else ""
        code, before = code + 1, length
    return made
