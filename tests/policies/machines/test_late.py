"""What a finalizer brings is never waited for, and never forgotten."""

from __future__ import annotations

import threading

from antiphon.policies.machines.late import Late


class Counter(Late):
    """Counts under the lock, and in no other place."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def add(self) -> None:
        with self._lock:
            self._one()
        if self._late:
            self._settle()

    def add_late(self) -> None:
        self._leave(self._one)

    def _one(self) -> None:
        assert self._lock.locked()
        before = self.count
        for _ in range(20):
            pass
        self.count = before + 1


def test_with_nobody_there_it_is_done_at_once() -> None:
    counter = Counter()
    counter.add_late()
    assert counter.count == 1
    assert not counter._lock.locked()


def test_within_the_lock_it_is_put_down_and_done_afterwards() -> None:
    counter = Counter()
    with counter._lock:
        counter.add_late()
        counter.add_late()
        assert counter.count == 0
    counter.add()
    assert counter.count == 3


def test_threads_lose_nothing() -> None:
    counter = Counter()

    def work() -> None:
        for turn in range(500):
            (counter.add if turn % 3 else counter.add_late)()

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.count == 16 * 500
    assert not counter._late
