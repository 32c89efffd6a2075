"""The ledger to the last unit: what is over, what is uncertain, and settlements that come while somebody is at it."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.ledger import SUMS, Amount, Ledger


@pytest.mark.parametrize(
    ("used", "certain", "over", "uncertain"),
    [
        ((10, 20, 1), True, [0, 0, 0], [0, 0, 0]),
        ((15, 5, 1), True, [5, 0, 0], [0, 0, 0]),
        ((5, 25, 1), True, [0, 5, 0], [0, 0, 0]),
        ((15, 25, 1), True, [5, 5, 0], [0, 0, 0]),
        ((10, 20, 1), False, [0, 0, 0], [10, 20, 1]),
        ((0, 0, 1), False, [0, 0, 0], [0, 0, 1]),
        ((15, 5, 1), False, [5, 0, 0], [15, 5, 1]),
    ],
)
def test_what_was_more_than_its_bound_and_what_nobody_told(
    used: tuple[int, int, int], certain: bool, over: list[int], uncertain: list[int]
) -> None:
    ledger, bound = Ledger((1000, 1000, 1000)), Amount(10, 20, 1)
    assert ledger.reserve("p", bound) is None
    ledger.settle("p", bound, Amount(*used), certain)
    account = ledger.account("p")
    assert (account.over, account.uncertain) == (over, uncertain)
    assert (account.spent, account.reserved) == (list(used), [0, 0, 0])


def test_tokens_may_be_more_than_a_bound_on_dollars() -> None:
    ledger = Ledger((1000, 1000, None))
    ledger.settle("p", Amount(30, 20), Amount(5, 25))
    assert ledger.account("p").over == [0, 5, 0]
    ledger.settle("q", Amount(30, 20), Amount(25, 5))
    assert ledger.account("q").over == [0, 0, 0]


def test_a_new_account_is_empty() -> None:
    ledger = Ledger((100, None, None))
    for label in ("never seen", "seen"):
        account = ledger.account(label)
        assert [getattr(account, name) for name in SUMS] == [[0, 0, 0]] * 4
        assert ledger.reserve("seen", Amount()) is None
    assert ledger.hopeless("never seen", Amount(usd=100)) is None
    assert ledger.hopeless("never seen", Amount(usd=101)) == 0


def test_what_is_settled_while_somebody_is_at_it_is_entered_by_the_next() -> None:
    ledger = Ledger((10, None, None))
    assert ledger.reserve("p", Amount(usd=10)) is None
    with ledger._lock:
        ledger.settle("p", Amount(usd=10), Amount(usd=1))
    assert ledger.taken("p", 0) == 10
    assert ledger.reserve("p", Amount(usd=9)) is None, "there is room again"
    with ledger._lock:
        ledger.settle("p", Amount(usd=9), Amount(usd=2))
    assert ledger.account("p").spent == [3, 0, 0]


def test_what_is_settled_in_the_middle_of_a_reservation_is_entered_after_it() -> None:
    class Collecting(int):
        """While it is looked at, the collector finds a stream that ends."""

        def __bool__(self) -> bool:
            ledger.settle("p", Amount(usd=10), Amount(usd=1))
            return True

    ledger = Ledger((100, None, None))
    assert ledger.reserve("p", Amount(usd=10)) is None
    assert ledger.reserve("p", Amount(usd=Collecting(20))) is None
    assert ledger.taken("p", 0) == 21


def test_periods_in_which_anything_is_set_aside_are_not_forgotten() -> None:
    ledger = Ledger((100, 100, 100))
    assert ledger.reserve("a", Amount(usd=5)) is None
    for label in "bcdefg":
        ledger.settle(label, Amount(), Amount(usd=1))
    ledger.settle("a", Amount(usd=5), Amount(usd=3))
    assert (ledger.account("a").spent, ledger.account("a").reserved) == ([3, 0, 0], [0, 0, 0])
    assert ledger.account("b").spent == [0, 0, 0], "long over"
    assert ledger.account("g").spent == [1, 0, 0]


def test_a_period_crosses_its_soft_limit_once_whichever_units_do() -> None:
    ledger = Ledger((100, 100, 100), soft=0.5)
    ledger.settle("p", Amount(), Amount(49, 49, 49))
    assert list(ledger.crossed) == []
    for _ in range(2):
        ledger.settle("p", Amount(), Amount(1, 1, 1))
        assert list(ledger.crossed) == ["p"]


def test_what_was_strange_is_counted_by_name() -> None:
    ledger = Ledger((100, None, None))
    for flag in ("missing", "", "missing", "unknown"):
        ledger.settle("p", Amount(), Amount(), flag=flag)
    assert ledger.account("p").flags == {"missing": 2, "unknown": 1}
