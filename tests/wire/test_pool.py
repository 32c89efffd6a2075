"""The pool's bookkeeping: tables, and a machine that compares it with a naive model."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.core.limits import PoolLimits
from antiphon.wire.pool import OPEN, Open, Pool


class Line:
    """A waiter."""

    def __init__(self, origin: str = "a") -> None:
        self.origin = origin
        self.place: str | Open | None = None

    def grant(self, place: str | Open) -> None:
        assert self.place is None, "granted twice"
        self.place = place


def pool(connections: int | None = 2, keep: int | None = 2, expiry: float | None = 10.0) -> Pool[str]:
    return Pool(PoolLimits(connections, keep, expiry))


def test_newest_first() -> None:
    p = pool(3, 3)
    for _ in range(3):
        assert p.acquire("a", 0) is OPEN
    for name in ("one", "two", "three"):
        p.release("a", name, 1)
    assert (p.idle, p.held) == (3, 0)
    assert [p.acquire("a", 2) for _ in range(4)] == ["three", "two", "one", None]


def test_origins_do_not_mix() -> None:
    p = pool()
    p.acquire("a", 0)
    p.release("a", "one", 0)
    assert p.acquire("b", 0) is OPEN
    assert p.acquire("a", 0) == "one"


def test_an_idle_connection_of_another_origin_gives_way() -> None:
    p = pool(2)
    p.acquire("a", 0), p.acquire("a", 0)
    p.release("a", "old", 0)
    p.release("a", "new", 1)
    assert p.acquire("b", 2) is OPEN
    assert p.doomed() == ["old"]
    assert not p.doomed()
    assert (p.held, p.idle) == (1, 1)


@pytest.mark.parametrize(("now", "expected"), [(11.0, "one"), (11.1, OPEN)])
def test_expiry(now: float, expected: object) -> None:
    p = pool()
    p.acquire("a", 0)
    p.release("a", "one", 1.0)
    assert p.acquire("a", now) == expected
    assert list(p.doomed()) == ([] if expected == "one" else ["one"])


def test_expired_connections_of_any_origin_are_swept_on_release() -> None:
    p = pool()
    p.acquire("a", 0), p.acquire("b", 0)
    p.release("a", "one", 0)
    p.release("b", "two", 20)
    assert p.doomed() == ["one"]
    assert p.idle == 1


def test_keep_alive_limit_drops_the_oldest() -> None:
    p = pool(5, 1)
    p.acquire("a", 0), p.acquire("a", 0)
    p.release("a", "one", 0)
    p.release("a", "two", 0)
    assert p.doomed() == ["one"]
    p = pool(5, 0)
    p.acquire("a", 0)
    p.release("a", "one", 0)
    assert p.doomed() == ["one"]


def test_no_limits() -> None:
    p = pool(None, None, None)
    assert [p.acquire("a", 0) for _ in range(2000)] == [OPEN] * 2000
    for number in range(2000):
        p.release("a", str(number), 0)
    assert p.acquire("a", 1e9) == "1999"


def test_waiters_in_order() -> None:
    p = pool(1)
    assert p.acquire("a", 0) is OPEN
    assert p.acquire("a", 0) is None
    first, second, third = Line(), Line("b"), Line()
    for waiter in (first, second, third):
        p.wait(waiter.origin, waiter)
    assert p.describe() == "1 of 1 connections in use, 0 idle, 3 waiting"
    p.release("a", "one", 1)
    assert (first.place, list(p.doomed())) == ("one", [])
    p.release("a", "one", 2)
    assert (second.place, p.doomed()) == (OPEN, ["one"])
    p.drop()
    assert third.place is OPEN
    assert (p.held, p.waiting) == (1, 0)
    p.drop()
    assert p.held == 0


def test_leaving_the_line() -> None:
    p = pool(1)
    p.acquire("a", 0)
    first, second = Line(), Line()
    p.wait("a", first), p.wait("a", second)
    assert p.leave(first) is True
    assert p.leave(first) is False
    p.release("a", "one", 0)
    assert (first.place, second.place) == (None, "one")
    assert p.leave(second) is False


def test_clear() -> None:
    p = pool(3, 1)
    for _ in range(3):
        p.acquire("a", 0)
    p.release("a", "one", 0)
    p.release("a", "two", 0)
    assert sorted(p.clear()) == ["one", "two"]
    assert (p.idle, p.held, list(p.doomed())) == (0, 1, [])
    assert p.acquire("a", 0) is OPEN


def test_trim() -> None:
    p = pool(5, 5)
    for _ in range(3):
        p.acquire("a", 0)
    for name in ("one", "two", "three"):
        p.release("a", name, 0)
    p.trim(3)
    assert not p.doomed()
    p.trim(1)
    assert list(p.doomed()) == ["one", "two"]
    assert p.acquire("a", 0) == "three"


def test_a_fresh_one_on_request() -> None:
    p = pool(1)
    p.acquire("a", 0)
    assert p.acquire_open() is None
    p.release("a", "one", 0)
    assert p.acquire_open() is OPEN
    assert p.doomed() == ["one"]
    assert repr(OPEN) == "OPEN"


class Model(RuleBasedStateMachine):
    """The pool against lists: places never exceed the limit, nobody is forgotten, nobody overtakes."""

    LIMIT = 3

    def __init__(self) -> None:
        super().__init__()
        self.pool = pool(self.LIMIT, 2, 10.0)
        self.now = 0.0
        self.open: list[tuple[str, str | Open]] = []
        self.idle: list[tuple[str, str, float]] = []
        self.line: deque[Line] = deque()
        self.doomed: list[str] = []
        self.number = 0

    def settle(self) -> None:
        for name in self.pool.doomed():
            assert name not in [n for _, n in self.open]
            self.doomed.append(name)
            self.idle = [item for item in self.idle if item[1] != name]
        while self.line and self.line[0].place is not None:
            waiter = self.line.popleft()
            assert waiter.place is not None
            self.open.append((waiter.origin, waiter.place))
        assert all(waiter.place is None for waiter in self.line), "somebody overtook"

    @rule(origin=st.sampled_from("ab"))
    def acquire(self, origin: str) -> None:
        place = self.pool.acquire(origin, self.now)
        fresh = [name for o, name, since in self.idle if o == origin and self.now - since <= 10]
        if place is None:
            assert len(self.open) == self.LIMIT
            waiter = Line(origin)
            self.pool.wait(origin, waiter)
            self.line.append(waiter)
        elif place is OPEN:
            assert not fresh
            self.open.append((origin, place))
        else:
            assert place == fresh[-1]
            self.idle = [item for item in self.idle if item[1] != place]
            self.open.append((origin, place))
        self.settle()

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def release(self, data: Any) -> None:
        origin, place = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        if place is OPEN:
            self.number += 1
            place = f"c{self.number}"
        assert isinstance(place, str)
        waiting = bool(self.line)
        self.pool.release(origin, place, self.now)
        if not waiting:
            self.idle.append((origin, place, self.now))
        self.settle()

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def drop(self, data: Any) -> None:
        self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        self.pool.drop()
        self.settle()

    @precondition(lambda self: self.line)
    @rule(data=st.data())
    def leave(self, data: Any) -> None:
        waiter = self.line[data.draw(st.integers(0, len(self.line) - 1))]
        self.line.remove(waiter)
        assert self.pool.leave(waiter) is True
        assert waiter.place is None

    @rule(seconds=st.floats(0, 8))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def sums(self) -> None:
        assert self.pool.held == len(self.open)
        assert self.pool.idle == len(self.idle) <= 2
        assert self.pool.held + self.pool.idle <= self.LIMIT
        assert self.pool.waiting == len(self.line)
        assert not (self.line and self.idle), "somebody waits while a connection idles"


Model.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestModel = Model.TestCase
