"""Processes that tell each other which circuits opened: what is heard, how often, and what a store that fails changes."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from antiphon.errors import CircuitOpen
from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.shared.memory import MemoryStore
from antiphon.shared.store import StoreError

from .backend import Backend, ask, refused


class Counting(MemoryStore):
    """A store that counts, and fails where it is told to."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(clock=lambda: backend.driver.now)
        self.gets = self.puts = self.used = 0
        self.broken = False

    def get(self, key: str) -> bytes | None:
        self._use()
        self.gets += 1
        return super().get(key)

    def put(self, key: str, value: bytes, seconds: float | None = None) -> None:
        self._use()
        self.puts += 1
        super().put(key, value, seconds)

    def _use(self) -> None:
        self.used += 1
        if self.broken:
            raise StoreError("the store is gone")


def two(backend: Backend, **more: Any) -> tuple[Counting, CircuitBreaker, CircuitBreaker]:
    """A store, and the breakers of two processes that share it."""
    store = Counting(backend)
    arguments: dict[str, Any] = {"consecutive": 2, "open_for": 10, "panic": None, "store": store, **more}
    return store, CircuitBreaker(**arguments), CircuitBreaker(**arguments)


@pytest.mark.parametrize("per", ["endpoint", "endpoint+model"])
def test_what_opened_in_one_process_is_left_alone_by_the_other(per: Any) -> None:
    backend = Backend(refused())
    _, one, other = two(backend, per=per)
    for _ in range(2):
        backend.call(one)
    sent = len(backend.asked)
    refusal = backend.call(other)
    assert isinstance(refusal, CircuitOpen)
    assert refusal.retry_in <= 10
    assert len(backend.asked) == sent


def test_a_model_that_failed_elsewhere_is_left_alone_and_no_other() -> None:
    backend = Backend(503)
    _, one, other = two(backend)
    for _ in range(2):
        backend.call(one, ask("bad"))
    backend.outcome = 200
    assert isinstance(backend.call(other, ask("bad")), CircuitOpen)
    assert backend.call(other, ask("good")).status_code == 200


def test_what_another_saw_is_believed_once_and_for_a_short_time() -> None:
    """One machine whose network is broken does not keep the others from an endpoint that serves them."""
    backend = Backend(refused())
    _, one, other = two(backend, max_open=300, close_after=1)
    for second in range(200):
        backend.start(one, at=float(second))
    backend.wait(200)
    backend.outcome = 200
    assert isinstance(backend.call(other), CircuitOpen)
    backend.wait(10.1)
    for _ in range(30):
        assert backend.call(other).status_code == 200
        backend.wait(1.5)


def test_the_store_is_asked_once_a_second_at_most() -> None:
    backend = Backend(seconds=0.0)
    store, one, _ = two(backend)
    for tick in range(500):
        backend.start(one, at=tick / 100)
    backend.driver.run()
    assert store.gets <= 2 * 6, "two circuits, six looks in five seconds"
    assert store.puts == 0


def test_a_circuit_that_closed_is_no_news_for_who_comes_later() -> None:
    backend = Backend(refused())
    store, one, other = two(backend, close_after=1)
    for _ in range(2):
        backend.call(one)
    backend.outcome = 200
    assert store.get("breaker:api") is not None
    one._board.endpoints["api"].invite(backend.driver.now)
    assert backend.call(one).status_code == 200
    assert store.get("breaker:api") is None
    assert backend.call(other).status_code == 200


def test_what_was_heard_once_is_no_news_though_it_stays_in_the_store() -> None:
    backend = Backend()
    store, one, _ = two(backend, close_after=1)
    store.put("breaker:api", b"9.0 x", 300)
    store.swap = lambda *_, **__: False  # type: ignore[method-assign,assignment]
    request = ask()
    assert isinstance(backend.call(one, request), CircuitOpen)
    assert request.trace is not None
    assert "CircuitBreaker: opened elsewhere circuit=api" in map(str, request.trace.steps)
    backend.wait(9.1)
    for _ in range(3):
        assert backend.call(one).status_code == 200
        backend.wait(1.5)


def test_a_store_that_fails_is_asked_ever_more_seldom_and_as_before_once_it_works() -> None:
    backend = Backend(seconds=0.0)
    store, one, _ = two(backend)

    def asked(seconds: int) -> int:
        before = store.used
        for _ in range(2 * seconds):
            backend.call(one)
            backend.wait(0.5)
        return store.used - before

    store.broken = True
    assert asked(14) == 4, "after 0, 1, 3 and 7 seconds"
    store.broken = False
    asked(10)
    assert asked(10) == 2 * 10
    store.broken = True
    assert asked(2) == 2


def test_who_told_does_not_hear_himself() -> None:
    backend = Backend(refused())
    _, one, _ = two(backend, close_after=1)
    for _ in range(2):
        backend.call(one)
    backend.outcome = 200
    one._board.endpoints["api"].close(backend.driver.now)
    backend.wait(2)
    assert backend.call(one).status_code == 200


def test_with_a_store_that_fails_each_goes_alone_and_asks_again_later() -> None:
    backend = Backend(refused())
    store, one, other = two(backend)
    store.broken = True
    request = ask()
    assert isinstance(backend.call(one, request), Exception)
    assert request.trace is not None
    assert "CircuitBreaker: alone reason=the store failed" in map(str, request.trace.steps)
    backend.call(one)
    assert isinstance(backend.call(one), CircuitOpen)
    assert not isinstance(backend.call(other), CircuitOpen)
    store.broken = False
    store.put("breaker:api", b"9.0 x", 30)
    assert not isinstance(backend.call(other), CircuitOpen), "it rests"
    backend.outcome = 200
    backend.wait(3)
    assert isinstance(backend.call(other), CircuitOpen)


@pytest.mark.parametrize("value", [b"rubbish", b"", b"nan", b"-5 x", b"\xff"])
def test_a_value_that_is_none_of_ours_keeps_nobody_away(value: bytes) -> None:
    backend = Backend()
    store, one, _ = two(backend, close_after=1)
    store.put("breaker:api", value, 30)
    assert backend.call(one).status_code == 200


def test_another_process_shares_it_too() -> None:
    class Portable(MemoryStore):
        def __reduce__(self) -> Any:
            return (MemoryStore, ())

    breaker = CircuitBreaker(store=Portable())
    assert "shared by" in repr(breaker)
    assert isinstance(pickle.loads(pickle.dumps(breaker)).store, MemoryStore)
