"""Budgets that share a store: several policies, threads that race, a store that fails, a process that is killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest

from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.errors import BudgetExceeded, PolicyError
from antiphon.policies.budget import Budget
from antiphon.policies.chain import fold
from antiphon.policies.machines.budget_report import BudgetReport
from antiphon.policies.shared_ledger import Claim
from antiphon.shared.memory import MemoryStore
from antiphon.shared.sqlite import SQLiteStore
from antiphon.shared.store import StoreError

from .spending import House, answer, ask, streamed, used

ROOT = Path(__file__).parents[2]
SPENT = 10 * 400 + 5 * 1600
BOUND = (len(ask().content or b"") * 400 + 100 * 1600) / 1e9  # type: ignore[arg-type]


def test_two_share_one_limit(store: Any) -> None:
    houses = [House(Budget(requests=3, store=store)) for _ in range(2)]
    houses[0]()
    houses[1]()
    houses[0]()
    for house in houses:
        with pytest.raises(BudgetExceeded):
            house()


def test_what_one_spent_the_other_reports(store: Any) -> None:
    budget, other = Budget(usd=1, store=store), Budget(usd=1, store=store)
    House(budget)()
    House(other)()
    for each in (budget, other):
        report = each.report()
        assert (report.spent, report.reserved, report.uncertain) == ((2 * SPENT, 30, 2), (0, 0, 0), (0, 0, 0))


def test_budgets_of_other_names_are_others(store: Any) -> None:
    House(Budget(requests=1, store=store))()
    House(Budget(requests=1, store=store, name="other"))()


def test_what_is_set_aside_is_seen_by_all(store: Any) -> None:
    house = House(Budget(usd=BOUND * 1.5, store=store), seconds=1.0)
    house.start()
    house.driver.run(0.5)
    other = House(Budget(usd=BOUND * 1.5, store=store))
    with pytest.raises(BudgetExceeded):
        other()
    house.driver.run()
    other()


def test_waiting_for_room_that_another_makes(store: Any) -> None:
    limits: dict[str, Any] = {"usd": BOUND * 1.5, "store": store, "on_exceed": "wait"}
    house, other = House(Budget(**limits), seconds=1.0), House(Budget(**limits))
    other.driver.now = 0.0
    house.start()
    house.driver.run(0.5)
    waiting = other.start()
    other.driver.run(5.0)
    assert not waiting.done
    house.driver.run()
    other.driver.run()
    assert waiting.failure is None


def test_a_run_that_can_never_go_on_does_not_wait(store: Any) -> None:
    house = House(Budget(requests=1, store=store))
    house()
    other = House(Budget(requests=1, store=store, on_exceed="wait"))
    with pytest.raises(BudgetExceeded):
        other()


def test_a_stream_is_written_down_by_the_next_call_or_report(store: Any) -> None:
    budget = Budget(usd=1, store=store)
    house = House(budget, say=streamed({"type": "response.completed", "response": {"usage": used(10, 5)}}))
    house.read(ask(stream=True))
    assert budget.report().spent.usd == SPENT


def test_the_soft_limit_is_told_by_one_of_all(store: Any) -> None:
    told: list[BudgetReport] = []
    houses = [House(Budget(requests=4, soft=0.5, on_soft=told.append, store=store)) for _ in range(2)]
    houses[0]()
    assert told == []
    for house in houses * 2:
        with suppress(BudgetExceeded):
            house()
    assert len(told) == 1


LAST = """
import sys, time
from antiphon.policies.budget import Budget
from antiphon.shared.sqlite import SQLiteStore
from tests.policies.spending import House, ask, streamed, used
say = streamed({"type": "response.completed", "response": {"usage": used(10, 5)}})
House(Budget(usd=1, store=SQLiteStore(sys.argv[1])), say=say, wall=time.time()).read(ask(stream=True))
"""


def test_a_stream_that_ends_last_is_written_down_at_exit(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    subprocess.run([sys.executable, "-c", LAST, str(tmp_path / "s.db")], check=True, env=environment)
    report = Budget(usd=1, store=SQLiteStore(tmp_path / "s.db")).report("run")
    assert (report.spent, report.reserved) == ((SPENT, 15, 1), (0, 0, 0))


class Broken:
    """A store that cannot be used."""

    lease = None

    def __init__(self) -> None:
        self.asked = 0

    def count(self, changes: Any) -> Any:
        self.asked += 1
        raise StoreError("no file")

    def now(self) -> float:
        return 0.0


def test_without_its_store_a_budget_refuses() -> None:
    store: Any = Broken()
    house = House(Budget(usd=1, store=store))
    for _ in range(3):
        with pytest.raises(PolicyError, match="store that holds the budget"):
            house()
    assert store.asked == 1  # it is left alone for a while
    assert house.asked == []
    house.driver.run(1.5)
    with pytest.raises(PolicyError):
        house()
    assert store.asked == 2


def test_alone_it_goes_on_by_its_own_sums_and_writes_down_later() -> None:
    store: Any = Broken()
    budget = Budget(requests=2, store=store, store_fails="alone")
    house = House(budget)
    reply = house()
    assert "Budget: alone reason=StoreError" in str(reply.trace)
    house()
    with pytest.raises(BudgetExceeded):
        house()
    mended = MemoryStore()
    store.count, store.now = mended.count, mended.now
    assert budget.report("run").spent.requests == 2
    other = Budget(requests=2, store=mended)
    with pytest.raises(BudgetExceeded):
        House(other)()
    assert other.report("run").spent.requests == 2


def test_row_63_sixty_four_threads_race_for_the_last_cent(store: Any) -> None:
    budget = Budget(usd=BOUND * 10.5, store=store)
    start = Barrier(64)
    over: list[int] = []
    most = round(BOUND * 10.5 * 1e9)

    def send(request: Any) -> Any:
        report = budget.report("run")
        over.extend(sum(pair) for pair in [(report.spent.usd, report.reserved.usd)] if sum(pair) > most)
        return answer(usage=used(len(ask().content or b""), 100))(request)  # type: ignore[arg-type]

    flow: Any = fold([budget])
    driver = BlockingDriver(send, None)  # type: ignore[arg-type]

    def race(_: int) -> int:
        start.wait()
        try:
            driver.run(flow(ask()))
        except BudgetExceeded:
            return 0
        return 1

    with ThreadPoolExecutor(64) as threads:
        done = sum(threads.map(race, range(64)))
    assert (done, over) == (10, [])
    assert budget.report().spent.usd == 10 * round(BOUND * 1e9)


class Slow(MemoryStore):
    """A store that counts only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let = Event(), Event()
        self.let.set()

    def count(self, changes: Any) -> Any:
        self.asked.set()
        assert self.let.wait(20)
        return super().count(changes)


@pytest.mark.parametrize("when", ["before", "after"])
def test_row_61_a_task_that_is_cancelled_while_its_reservation_is_made_elsewhere_holds_nothing(when: str) -> None:
    store = Slow()
    budget = Budget(usd=1, store=store)
    flow: Any = fold([budget])

    async def send(request: Any) -> Any:
        raise AssertionError("nothing may be sent")

    async def whole() -> None:
        driver = AsyncDriver(send, None)  # type: ignore[arg-type]
        store.let.clear()
        task = asyncio.ensure_future(driver.run(flow(ask())))
        await asyncio.to_thread(store.asked.wait, 20)
        if when == "before":
            task.cancel()
            store.let.set()
        else:
            store.let.set()
            while (
                budget.report().reserved == (0, 0, 0) and not task.done()
            ):  # it is made, and the task does not know yet
                pass
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(whole())
    report = budget.report()
    assert (report.reserved, report.spent) == ((0, 0, 0), (0, 0, 0))
    assert store.count(budget._purse.shared._book.look("run", 0.0)).values[:3] == (0, 0, 0)  # type: ignore[union-attr]


def test_a_claim_is_taken_back_once_whoever_comes_first() -> None:
    for order in (["made", "drop", "drop"], ["drop", "made", "drop"], ["made"]):
        undone: list[int] = []
        claim = Claim()
        for step in order:
            claim.made(lambda: undone.append(1)) if step == "made" else claim.drop()  # noqa: B023
        assert undone == ([1] if "drop" in order else [])


KILLED = """
import os, signal, sys, time
from antiphon.policies.budget import Budget
from antiphon.shared.sqlite import SQLiteStore
from tests.policies.spending import House, ask
house = House(Budget(usd=float(sys.argv[2]), store=SQLiteStore(sys.argv[1])), seconds=1.0, wall=time.time())
for n in range(4):
    house.start(at=0.9 * n)
house.driver.run(1.0)
print(house.asked and "sent", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_leaves_what_it_held_spent_and_uncertain(tmp_path: Path) -> None:
    path, limit = tmp_path / "shared.db", BOUND * 3.5
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    for _ in range(2):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(path), str(limit)],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        assert (killed.returncode, killed.stdout.strip()) == (-9, "sent"), killed.stderr
    store = SQLiteStore(path)
    budget = Budget(usd=limit, store=store)
    # Of each process's two calls one was settled, and one was under way.
    report = budget.report("run")
    assert (report.spent.usd, report.reserved.usd) == (2 * SPENT, 2 * round(BOUND * 1e9))
    house = House(budget)
    house()
    with pytest.raises(BudgetExceeded):
        House(Budget(usd=limit, store=store), say=answer())(ask(max_output_tokens=200))
    patient = Budget(usd=limit, store=store, lifetime=1.0)
    # Told by a book that gives reservations a second, what the dead held is past its time.
    report = patient.report("run")
    assert report.reserved.usd == 0
    assert report.uncertain.usd == 2 * round(BOUND * 1e9)
    assert report.spent.usd + report.reserved.usd <= round(limit * 1e9)
