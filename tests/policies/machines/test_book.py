"""The shared book: one budget in a store, against a ledger of its own, and what a process that dies leaves behind."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.policies.machines.book import Book
from antiphon.policies.machines.ledger import Amount, Limits
from antiphon.shared.memory import MemoryStore

_LIMITS: Limits = (1000, None, 8)
_AMOUNTS = st.builds(Amount, st.integers(0, 600), st.integers(0, 300), st.integers(0, 2))
_DAY = "2026-11-21"


class Shared(RuleBasedStateMachine):
    """Reservations as a list, of which some are lost with their process."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.book = Book("b", "day", _LIMITS, 60.0)
        self.open: list[Amount] = []
        self.spent = [0, 0, 0]
        self.now = self.store.now()

    @rule(bound=_AMOUNTS)
    def reserve(self, bound: Amount) -> None:
        changes = self.book.reserve(_DAY, bound, self.now)
        count = self.store.count(changes)
        held = [self.spent[n] + sum(each[n] for each in self.open) for n in range(3)]
        short = [n for n, limit in enumerate(_LIMITS) if limit is not None and bound[n] and held[n] + bound[n] > limit]
        assert count.done == (not short)
        if short:
            assert self.book.short(_DAY, changes, count.values) == (short[0], held[short[0]])
        else:
            self.open.append(bound)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), certain=st.booleans())
    def settle(self, data: st.DataObject, certain: bool) -> None:
        bound = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        used = Amount(*(data.draw(st.integers(0, most)) for most in bound))
        assert self.store.count(self.book.settle(_DAY, bound, used, certain, self.now)).done
        self.spent = [self.spent[n] + used[n] for n in range(3)]

    @invariant()
    def sums_are_right(self) -> None:
        seen = self.book.seen(self.store.count(self.book.look(_DAY, self.now)).values)
        assert list(seen["spent"]) == self.spent
        assert list(seen["reserved"]) == [sum(each[n] for each in self.open) for n in range(3)]
        assert all(limit is None or seen["taken"][n] <= limit for n, limit in enumerate(_LIMITS))

    @invariant()
    def what_a_dead_process_held_becomes_uncertain_and_spent(self) -> None:
        seen = self.book.seen(self.store.count(self.book.look(_DAY, self.now + 60 * 15 / 12)).values)
        held = [sum(each[n] for each in self.open) for n in range(3)]
        assert list(seen["spent"]) == [self.spent[n] + held[n] for n in range(3)]
        assert seen["reserved"] == (0, 0, 0)
        assert all(seen["uncertain"][n] >= held[n] for n in range(3))


TestShared = Shared.TestCase
TestShared.settings = settings(derandomize=True, deadline=None, max_examples=40, stateful_step_count=20)


@pytest.mark.parametrize("begun", [0.0, 4.9, 59.0])
def test_a_reservation_is_open_for_its_lifetime_and_not_much_longer(begun: float) -> None:
    store, book = MemoryStore(), Book("b", "day", _LIMITS, 60.0)
    assert store.count(book.reserve(_DAY, Amount(usd=7), begun)).done

    def reserved(now: float) -> int:
        return book.seen(store.count(book.look(_DAY, now)).values)["reserved"].usd

    assert [reserved(begun + age) for age in (-5.0, 0.0, 30.0, 60.0)] == [7, 7, 7, 7]  # one clock may be behind another
    assert reserved(begun + 60 * 14 / 12) == 0


def test_only_one_tells() -> None:
    store, book = MemoryStore(), Book("b", "day", _LIMITS, 60.0)
    assert [store.count(book.told(_DAY)).done for _ in range(3)] == [True, False, False]


def test_the_soft_limit_is_seen_from_what_is_taken() -> None:
    store, book = MemoryStore(), Book("b", "day", _LIMITS, 60.0)
    seen = list[bool]()
    for _ in range(3):
        changes = book.reserve(_DAY, Amount(300, 50, 1), 0.0)
        seen.append(book.crossed((800, None, 6), changes, store.count(changes).values))
    assert seen == [False, False, True]


def test_budgets_and_periods_do_not_mix() -> None:
    store = MemoryStore()
    for name, label in (("a", "2026-11-20"), ("a", "2026-11-21"), ("b", "2026-11-21")):
        assert store.count(Book(name, "day", _LIMITS, 60.0).reserve(label, Amount(usd=1000), 0.0)).done
