"""The bounded mapping against a naive one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.policies.machines.lru import LRU

KEYS = st.sampled_from("abcdef")


class AgainstANaiveOne(RuleBasedStateMachine):
    """The model is a list, the most recently used last."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = LRU[int](3, 10)
        self.model: list[tuple[str, int, int]] = []
        self.number = 0

    @rule(key=KEYS, size=st.integers(0, 12))
    def put(self, key: str, size: int) -> None:
        self.number += 1
        self.model = [item for item in self.model if item[0] != key]
        assert self.kept.put(key, self.number, size) is (size <= 10)
        if size <= 10:
            self.model.append((key, self.number, size))
        while len(self.model) > 3 or sum(item[2] for item in self.model) > 10:
            self.model.pop(0)

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        found = next((item for item in self.model if item[0] == key), None)
        assert self.kept.get(key) == (found[1] if found else None)
        if found:
            self.model.remove(found)
            self.model.append(found)

    @rule(key=KEYS)
    def drop(self, key: str) -> None:
        self.kept.drop(key)
        self.model = [item for item in self.model if item[0] != key]

    @rule()
    def clear(self) -> None:
        self.kept.clear()
        self.model = []

    @invariant()
    def they_agree(self) -> None:
        assert len(self.kept) == len(self.model) <= 3
        assert self.kept.size == sum(item[2] for item in self.model) <= 10
        assert self.kept.oldest() == (self.model[0][1] if self.model else None)


TestAgainstANaiveOne = AgainstANaiveOne.TestCase
TestAgainstANaiveOne.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=30)


def test_threads_share_it() -> None:
    kept = LRU[int](50, 10_000)

    def work(seed: int) -> None:
        for n in range(500):
            kept.put(str((n * seed) % 97), n, n % 300)
            kept.get(str(n % 97))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(1, 9)))
    assert len(kept) <= 50
    assert 0 <= kept.size <= 10_000
    for key in map(str, range(97)):
        kept.drop(key)
    assert (len(kept), kept.size) == (0, 0)


@pytest.mark.parametrize(("entries", "size", "wrong"), [(0, 1, "entries"), (1, 0, "size")])
def test_numbers_that_cannot_be_right(entries: int, size: int, wrong: str) -> None:
    with pytest.raises(ValueError, match=rf"^{wrong} must"):
        LRU[int](entries, size)


def test_the_smallest_there_is() -> None:
    kept = LRU[str](1, 1)
    assert kept.put("a", "A", 1)
    assert kept.get("a") == "A"
