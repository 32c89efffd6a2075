"""A budget whose store fails and works by turns, calls that wait for what others share, and what is written down at the end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import ref

import pytest

from antiphon.errors import BudgetExceeded, ConnectError, PolicyError
from antiphon.policies.budget import Budget
from antiphon.policies.machines.ledger import Amount
from antiphon.policies.shared_ledger import Claim, _tidy_at_exit
from antiphon.shared.memory import MemoryStore
from antiphon.shared.store import StoreError

from .spending import House, ask, streamed, used

SPENT = 10 * 400 + 5 * 1600
BOUND = (len(ask().content or b"") * 400 + 100 * 1600) / 1e9  # type: ignore[arg-type]
DONE = {"type": "response.completed", "response": {"usage": used(10, 5)}}


class Moody(MemoryStore):
    """Counts how often it is asked, and can be broken."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.good = 10**9
        """How many more times it works."""

    def count(self, changes: Any) -> Any:
        self.asked += 1
        self.good -= 1
        if self.good < 0:
            raise StoreError("no disk")
        return super().count(changes)


def refused(house: House, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(PolicyError, match="store that holds the budget"):
            house()


def test_calls_that_were_refused_for_the_stores_sake_hold_nothing() -> None:
    store = Moody()
    house = House(Budget(requests=2, store=store))
    store.good = 0
    refused(house, 5)
    store.good = 10**9
    house.driver.run(2.0)
    house()
    house()
    with pytest.raises(BudgetExceeded):
        house()


def test_a_store_that_worked_again_is_left_alone_for_one_second_only() -> None:
    store = Moody()
    house = House(Budget(requests=100, store=store))
    for turn in range(4):
        store.good = 0
        before = store.asked
        refused(house, 3)
        assert store.asked == before + 1
        house.driver.run(1.5 * turn + 1.0)
        store.good = 10**9
        house()
        house.driver.run(1.5 * (turn + 1))


def test_a_store_that_breaks_while_a_call_is_under_way_fails_none_and_is_left_alone() -> None:
    store = Moody()
    budget = Budget(requests=9, store=store)
    house = House(budget)
    store.good = 1  # for what is set aside, not for what is written down
    house()
    asked = store.asked
    refused(house)
    assert store.asked == asked
    store.good = 10**9
    house.driver.run(1.5)
    house()
    assert budget.report().spent.requests == 2


def test_what_is_settled_makes_room_in_this_process_too() -> None:
    budget = Budget(usd=BOUND * 2.5, store=MemoryStore())
    house = House(budget)
    for _ in range(12):
        house()
    assert budget.report().spent.usd == 12 * SPENT


def test_what_a_stream_did_not_use_is_there_for_the_next_call() -> None:
    budget = Budget(usd=BOUND * 1.5, store=MemoryStore())
    house = House(budget)
    house.script = [streamed(DONE)]
    house.read(ask(stream=True))
    house()
    assert budget.report().spent.usd == 2 * SPENT


def test_who_told_that_the_soft_limit_was_crossed_asks_no_more_whether_to() -> None:
    store, told = Moody(), list[Any]()
    house = House(Budget(requests=10, soft=0.1, on_soft=told.append, store=store))
    house()
    assert len(told) == 1
    for _ in range(3):
        asked = store.asked
        house()
        assert store.asked == asked + 2, "to set aside, and to settle"
    assert len(told) == 1


def test_nobody_waits_for_who_is_writing_down() -> None:
    store = Moody()
    budget = Budget(requests=10, store=store)
    House(budget)()
    shared = budget._purse.shared
    assert shared is not None
    with ThreadPoolExecutor(1) as threads, shared._lock:
        shared.settle("run", Amount(requests=1), Amount(requests=1), True, 0.0)
        asked = store.asked
        threads.submit(shared.tidy).result(20)
        assert store.asked == asked
    shared.tidy()
    assert store.asked == asked + 1


def test_who_waits_for_what_others_share_looks_each_second() -> None:
    limits: dict[str, Any] = {"usd": BOUND * 1.5, "store": MemoryStore(), "on_exceed": "wait"}
    house, other = House(Budget(**limits), seconds=1.0), House(Budget(**limits))
    house.start()
    house.driver.run(0.5)
    waiting = other.start()
    other.driver.run(5.5)
    assert not waiting.done
    house.driver.run()
    other.driver.run()
    assert waiting.failure is None
    assert waiting.ended == 6.0


def test_the_last_of_a_run_is_waited_for_while_another_holds_it() -> None:
    limits: dict[str, Any] = {"requests": 2, "store": MemoryStore(), "on_exceed": "wait"}
    house, other = House(Budget(**limits)), House(Budget(**limits))
    house()
    house.seconds, house.say = 5.0, ConnectError(phase="connect", sent="no")
    holding = house.start()
    house.driver.run(1.0)
    waiting = other.start()
    other.driver.run(3.5)
    assert not waiting.done, "it may come back unused, as it does"
    house.driver.run()
    other.driver.run()
    assert isinstance(holding.failure, ConnectError)
    assert waiting.failure is None
    with pytest.raises(BudgetExceeded):
        other()


@pytest.mark.parametrize("before", [0.25, 1.0, 30.0])
def test_the_last_moments_of_a_period_are_waited_for(before: float) -> None:
    house = House(Budget(requests=1, per="hour", on_exceed="wait"))
    house()
    run = house.start(at=3600.0 - before)
    house.driver.run()
    assert run.failure is None
    assert run.ended == pytest.approx(3600.0)


def test_of_nothing_nothing_is_left() -> None:
    with pytest.raises(BudgetExceeded) as caught:
        House(Budget(requests=0))()
    assert (caught.value.limit, caught.value.spent) == (0, 0)


def test_what_a_stream_used_is_written_down_at_the_programs_end() -> None:
    store = MemoryStore()
    budget = Budget(usd=1, store=store)
    House(budget, say=streamed(DONE), wall=store.now()).read(ask(stream=True))
    shared, other = budget._purse.shared, Budget(usd=1, store=store)
    assert shared is not None
    assert other.report("run").spent.usd == 0
    _tidy_at_exit(ref(shared))
    assert other.report("run").spent.usd == SPENT
    gone: Any = ref(MemoryStore())
    _tidy_at_exit(gone)


def test_a_claim_that_was_dropped_before_it_was_made_is_taken_back_at_once() -> None:
    undone, claim = list[int](), Claim()
    claim.drop()
    claim.made(lambda: undone.append(1))
    assert undone == [1]
