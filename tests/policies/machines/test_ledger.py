"""The ledger against a naive one, in any order; and against many threads that race for the last cent."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.policies.machines.ledger import Amount, Ledger, Limits

_LIMITS: Limits = (1000, 500, 8)
_AMOUNTS = st.builds(Amount, st.integers(0, 600), st.integers(0, 300), st.integers(0, 2))
_LABELS = st.sampled_from(["2026-11-20", "2026-11-21"])


class Naive(RuleBasedStateMachine):
    """Reservations as a list, sums counted anew each time."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(_LIMITS, 0.8)
        self.open: list[tuple[str, Amount]] = []
        self.spent: dict[str, list[Amount]] = {}
        self.before: dict[str, list[int]] = {}

    def taken(self, label: str, unit: int) -> int:
        held = sum(bound[unit] for each, bound in self.open if each == label)
        return held + sum(amount[unit] for amount in self.spent.get(label, []))

    @rule(label=_LABELS, bound=_AMOUNTS)
    def reserve(self, label: str, bound: Amount) -> None:
        short = [n for n in range(3) if bound[n] and self.taken(label, n) + bound[n] > (_LIMITS[n] or 0)]
        assert self.ledger.reserve(label, bound) == (short[0] if short else None)
        if not short:
            self.open.append((label, bound))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), certain=st.booleans())
    def settle(self, data: st.DataObject, certain: bool) -> None:
        label, bound = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        used = Amount(*(data.draw(st.integers(0, most)) for most in bound))
        self.spent.setdefault(label, []).append(used)
        self.ledger.settle(label, bound, used, certain, "" if certain else "missing")

    @invariant()
    def sums_are_right_and_limits_hold(self) -> None:
        for label in ("2026-11-20", "2026-11-21"):
            account = self.ledger.account(label)
            for n, limit in enumerate(_LIMITS):
                assert account.spent[n] + account.reserved[n] == self.taken(label, n) == self.ledger.taken(label, n)
                assert limit is not None
                assert account.spent[n] + account.reserved[n] <= limit
                assert 0 <= account.uncertain[n] <= account.spent[n]
                assert account.spent[n] >= self.before.get(label, [0, 0, 0])[n]  # what is spent stays spent
            self.before[label] = account.spent

    @invariant()
    def crossing_the_soft_limit_is_said_once(self) -> None:
        for label, amounts in self.spent.items():
            crossed = any(sum(a[n] for a in amounts) >= 0.8 * (_LIMITS[n] or 0) for n in range(3))
            assert self.ledger.crossed.count(label) == crossed


TestNaive = Naive.TestCase
TestNaive.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=30)


def test_row_63_threads_race_for_the_last_cent() -> None:
    cent = Amount(usd=10_000_000)
    ledger, start = Ledger((100 * cent.usd, None, None)), Barrier(64)

    def race(_: int) -> int:
        start.wait()
        got = 0
        for n in range(40):
            if ledger.reserve("run", cent) is None:
                got += 1
                if n % 2:
                    ledger.settle("run", cent, Amount(usd=cent.usd // 2))
                    got -= 1
                    ledger.settle("run", Amount(), Amount())
        return got

    with ThreadPoolExecutor(64) as threads:
        held = sum(threads.map(race, range(64)))
    account = ledger.account("run")
    assert account.reserved[0] == held * cent.usd
    assert account.spent[0] + account.reserved[0] <= 100 * cent.usd
    assert ledger.reserve("run", cent) == 0 or account.spent[0] + account.reserved[0] + cent.usd <= 100 * cent.usd


def test_row_63_a_budget_of_nothing_lets_through_what_costs_nothing() -> None:
    ledger = Ledger((0, 0, 0))
    assert [ledger.reserve("run", Amount(*each)) for each in ((1, 0, 0), (0, 1, 0), (0, 0, 1))] == [0, 1, 2]
    assert ledger.reserve("run", Amount()) is None


@pytest.mark.parametrize("unit", [0, 1, 2])
def test_a_limit_may_be_used_up_to_the_last_unit(unit: int) -> None:
    whole, one = (Amount(*(n if place == unit else 0 for place in range(3))) for n in (100, 1))
    ledger = Ledger((100, 100, 100))
    assert ledger.reserve("run", whole) is None
    assert ledger.reserve("run", one) == unit
    assert ledger.taken("run", unit) == 100
    assert ledger.hopeless("run", whole) is None


def test_what_a_request_took_beyond_its_bound_is_written_down() -> None:
    ledger = Ledger((100, None, None))
    assert ledger.reserve("run", Amount(usd=10)) is None
    ledger.settle("run", Amount(usd=10), Amount(usd=150))
    account = ledger.account("run")
    assert (account.spent[0], account.over[0], account.reserved[0]) == (150, 140, 0)
    assert ledger.reserve("run", Amount(usd=1)) == 0
    assert ledger.hopeless("run", Amount(usd=1)) == 0


def test_a_clock_that_is_set_back_finds_the_account_it_left() -> None:
    ledger = Ledger((100, None, None))
    for label in ("2026-11-20", "2026-11-21", "2026-11-20"):
        ledger.settle(label, Amount(), Amount(usd=40))
    assert ledger.account("2026-11-20").spent[0] == 80
    for day in range(1, 9):
        ledger.settle(f"2026-12-0{day}", Amount(), Amount(usd=1))
    assert ledger.account("2026-11-20").spent[0] == 0
    assert ledger.account("2026-12-07").spent[0] == 1


def test_an_account_with_something_reserved_is_not_forgotten() -> None:
    ledger = Ledger((100, None, None))
    assert ledger.reserve("2026-01-01", Amount(usd=60)) is None
    for day in range(10, 20):
        ledger.settle(f"2026-01-{day}", Amount(), Amount(usd=1))
    ledger.settle("2026-01-01", Amount(usd=60), Amount(usd=5))
    assert ledger.account("2026-01-01").spent[0] == 5


class Stream:
    """Settles when the garbage collector finds it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.itself = ledger, self

    def __del__(self) -> None:
        self.ledger.settle("run", Amount(usd=1), Amount(usd=1))


def test_a_stream_that_is_collected_in_the_middle_of_a_reservation_settles_without_blocking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = Ledger((100, None, None))
    assert ledger.reserve("run", Amount(usd=1)) is None
    Stream(ledger)
    opened = ledger._open

    def collecting(label: str) -> Any:
        gc.collect()  # inside of the lock
        return opened(label)

    monkeypatch.setattr(ledger, "_open", collecting)
    assert ledger.reserve("later", Amount(usd=1)) is None
    account = ledger.account("run")
    assert (account.spent[0], account.reserved[0]) == (1, 0)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(1, 40), max_size=30))
def test_hopeless_is_what_even_unused_reservations_cannot_help(bounds: list[int]) -> None:
    ledger = Ledger((100, None, None))
    for bound in bounds:
        if ledger.reserve("run", Amount(usd=bound)) is None:
            assert ledger.hopeless("run", Amount(usd=bound)) is None
        else:
            assert ledger.hopeless("run", Amount(usd=bound)) is None  # nothing is spent yet
    ledger.settle("run", Amount(), Amount(usd=95))
    assert ledger.hopeless("run", Amount(usd=6)) == 0
    assert ledger.hopeless("run", Amount(usd=5)) is None
