"""The budget through time: periods, waiting for room, the soft limit; and how it is made."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.errors import BudgetExceeded, ConnectError, ReadTimeout
from antiphon.policies.budget import Budget
from antiphon.policies.chain import fold
from antiphon.policies.machines.budget_report import BudgetReport
from antiphon.shared.sqlite import SQLiteStore

from .spending import NOON, House, answer, ask, streamed, used

SPENT = 10 * 400 + 5 * 1600
BOUND = (len(ask().content or b"") * 400 + 100 * 1600) / 1e9  # type: ignore[arg-type]
"""Dollars that one call may cost at most."""


@pytest.mark.parametrize(("per", "seconds"), [("hour", 3600), ("day", 12 * 3600), ("month", 17 * 86_400 - 12 * 3600)])
def test_a_new_period_begins_with_nothing_spent(per: Any, seconds: float) -> None:
    budget = Budget(requests=1, per=per)
    house = House(budget)
    house()
    house.driver.run(seconds - 0.001)
    with pytest.raises(BudgetExceeded):
        house()
    house.driver.run(seconds)
    house()
    assert budget.report().spent.requests == 1
    assert (
        budget.report("2027-01-15T12" if per == "hour" else "2027-01-15" if per == "day" else "2027-01").spent.requests
        == 1
    )


def test_a_call_belongs_to_the_period_it_began_in() -> None:
    budget = Budget(requests=5, per="hour")
    house = House(budget, seconds=7200.0)
    house()
    assert budget.report().spent.requests == 1
    assert budget.report("2027-01-15T12").spent.requests == 1


def test_waiting_for_room_that_a_call_under_way_gives_back() -> None:
    budget = Budget(usd=BOUND * 1.5, on_exceed="wait")
    house = House(budget, seconds=10.0)
    runs = [house.start(at=0.0), house.start(at=1.0), house.start(at=2.0)]
    house.driver.run()
    assert [run.failure for run in runs] == [None, None, None]
    assert [run.ended for run in runs] == [10.0, 20.0, 30.0]
    assert runs[1].result is not None
    assert "Budget: wait short=usd until=room" in str(runs[1].result.trace)
    assert budget.report().spent.usd == 3 * SPENT


def test_who_came_first_goes_first_so_that_a_large_call_gets_its_turn() -> None:
    budget = Budget(tokens=400, on_exceed="wait")
    house = House(budget, say=answer(usage=used(1, 1)), seconds=10.0)
    small, large = {"max_output_tokens": 60}, {"max_output_tokens": 300}
    order = [house.start(ask(**each), at=float(n)) for n, each in enumerate([small, small, large, small, small])]
    house.driver.run()
    assert [run.failure for run in order] == [None] * 5
    assert [run.ended for run in order] == [10.0, 11.0, 21.0, 31.0, 31.0]


def test_a_call_whose_deadline_passes_in_the_line_leaves_it() -> None:
    house = House(Budget(usd=BOUND * 1.5, on_exceed="wait"), seconds=10.0)
    request = ask()
    request.deadline = 5.0
    first, second, third, last = (
        house.start(each, at=n) for each, n in ((None, 0.0), (None, 1.0), (request, 2.0), (None, 3.0))
    )
    house.driver.run()
    assert (first.ended, second.ended, third.ended, last.ended) == (10.0, 20.0, 5.0, 30.0)
    assert isinstance(third.failure, BudgetExceeded)


def test_waiting_for_the_next_period() -> None:
    budget = Budget(requests=2, per="hour", on_exceed="wait")
    house = House(budget)
    runs = [house.start(at=float(n)) for n in range(5)]
    house.driver.run()
    assert [run.ended for run in runs] == [0.0, 1.0, 3600.0, 3600.0, 7200.0]


def test_what_can_never_fit_is_refused_though_one_would_wait() -> None:
    house = House(Budget(usd=BOUND / 2, per="day", on_exceed="wait"))
    with pytest.raises(BudgetExceeded):
        house()
    run = Budget(requests=1, on_exceed="wait")  # a run has no next period
    house = House(run)
    house()
    with pytest.raises(BudgetExceeded):
        house()


def test_waiting_ends_with_the_calls_deadline() -> None:
    house = House(Budget(usd=BOUND * 1.5, on_exceed="wait"), seconds=10.0)
    house.start()
    request = ask()
    request.deadline = 4.0
    late = house.start(request, at=1.0)
    house.driver.run()
    assert isinstance(late.failure, BudgetExceeded)
    assert late.ended == 4.0
    hourly = House(Budget(requests=1, per="hour", on_exceed="wait"))
    hourly()
    request = ask()
    request.deadline = 600.0
    late = hourly.start(request)
    hourly.driver.run()
    assert isinstance(late.failure, BudgetExceeded)
    assert late.ended == 0.0  # the next hour is farther than the deadline


def test_a_waiting_call_that_is_cancelled_leaves_nothing_behind() -> None:
    budget = Budget(usd=BOUND * 1.5, on_exceed="wait")
    house = House(budget, seconds=10.0)
    house.start(at=0.0)
    waiting, third = house.start(at=1.0), house.start(at=2.0)
    house.driver.run(5.0)
    waiting.cancel()
    house.driver.run()
    assert third.failure is None
    assert third.ended == 20.0
    assert budget.report().reserved == (0, 0, 0)


def test_row_60_of_many_calls_half_are_cancelled_and_nothing_stays_reserved() -> None:
    budget = Budget(usd=BOUND * 20.5, on_exceed="wait")
    house = House(budget, seconds=0.05)
    runs = [house.start(at=n / 1000) for n in range(2000)]
    for n, run in enumerate(runs):
        if n % 2:
            house.driver.at(n / 1000 + (n % 40) / 100, run.cancel)
    house.driver.run()
    report = budget.report()
    assert report.reserved == (0, 0, 0)
    done = sum(run.result is not None for run in runs)
    assert report.spent.requests >= done
    assert report.limits[0] is not None
    assert report.spent.usd <= report.limits[0]


_CALLS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(1, 30),
        st.sampled_from(["answer", "silent", "refused", "lost", "not sent", "stream", "dropped"]),
        st.none() | st.integers(0, 60),
    ),
    max_size=25,
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(_CALLS, st.integers(1, 6), st.sampled_from(["raise", "wait"]))
def test_row_63_whatever_happens_in_whichever_order_the_limit_holds(calls: Any, room: int, on_exceed: Any) -> None:
    budget = Budget(usd=BOUND * (room + 0.5), requests=20, on_exceed=on_exceed)
    whole = {"type": "response.completed", "response": {"usage": used(10, 5)}}
    says: dict[str, Any] = {
        "answer": answer(usage=used(10, 5)),
        "silent": answer(),
        "refused": answer(500),
        "lost": ReadTimeout(phase="head"),
        "not sent": ConnectError(phase="connect"),
        "stream": streamed(whole),
        "dropped": streamed({"type": "response.created"}),
    }

    def holds() -> None:
        report = budget.report()
        for unit, limit in enumerate(report.limits):
            assert limit is None or report.spent[unit] + report.reserved[unit] <= limit
        assert all(n >= m for n, m in zip(report.spent, before[0], strict=True))
        before[0] = report.spent

    before: list[Any] = [(0, 0, 0)]
    house, runs = House(budget), list[Any]()

    def sent(request: Any, now: float) -> Any:
        holds()
        seconds, say = plans[id(request.call)]
        return seconds, say if isinstance(say, Exception) else say(request)

    plans: dict[int, Any] = {}
    house.driver._send = sent
    for arrives, seconds, outcome, cancelled in calls:
        request = ask(stream=outcome in ("stream", "dropped"))
        plans[id(request.call)] = (seconds / 10, says[outcome])
        run = house.start(request, at=arrives / 10)
        runs.append((request, run, outcome))
        if cancelled is not None:
            house.driver.at(cancelled / 10, run.cancel)
    for tick in range(40):
        house.driver.run(float(tick))
        holds()
        for _, run, outcome in runs:
            body = getattr(run.result, "body", None)
            if body is not None:
                body.close() if outcome == "dropped" else [*iter(body.read_chunk, b"")]
                holds()
    house.driver.run()
    assert all(run.done for _, run, _ in runs)
    assert budget.report().reserved == (0, 0, 0)


def test_the_soft_limit_is_told_once_in_each_period() -> None:
    told: list[BudgetReport] = []
    budget = Budget(requests=5, per="hour", soft=0.6, on_soft=told.append)
    house = House(budget)
    for _ in range(5):
        house()
    assert [(report.period, report.spent.requests) for report in told] == [("2027-01-15T12", 3)]
    house.driver.run(3600.0)
    for _ in range(3):
        house()
    assert [report.period for report in told] == ["2027-01-15T12", "2027-01-15T13"]


def test_after_a_stream_the_next_call_tells() -> None:
    told: list[BudgetReport] = []
    budget = Budget(requests=10, soft=0.1, on_soft=told.append)
    house = House(budget)
    house.say = streamed({"type": "response.completed", "response": {"usage": used(10, 5)}})
    house.read(ask(stream=True))
    assert not told
    house.say = answer(usage=used(10, 5))
    house()
    assert [report.spent.requests for report in told] == [1]


def test_row_62_what_on_soft_raises_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(report: BudgetReport) -> None:
        raise ZeroDivisionError

    house = House(Budget(requests=2, soft=0.5, on_soft=broken))
    house()
    house()
    assert [record.getMessage() for record in caplog.records] == ["a budget's on_soft failed; the call goes on"]


def test_on_soft_may_be_a_coroutine_function_under_asyncio() -> None:
    told: list[int] = []

    async def tell(report: BudgetReport) -> None:
        await asyncio.sleep(0)
        told.append(report.spent.requests)

    async def send(request: Any) -> Any:
        return answer(usage=used(10, 5))(request)

    flow: Any = fold([Budget(requests=2, soft=0.5, on_soft=tell)])
    driver = AsyncDriver(send, None)  # type: ignore[arg-type]
    asyncio.run(driver.run(flow(ask())))
    assert told == [1]


def test_a_clock_that_is_set_back_does_not_open_the_purse_again() -> None:
    budget = Budget(requests=1, per="day")
    House(budget, wall=NOON)()
    House(budget, wall=NOON + 86_400)()
    with pytest.raises(BudgetExceeded):
        House(budget, wall=NOON)()


def test_it_goes_to_another_process_only_with_a_store(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="each would spend the whole"):
        pickle.dumps(Budget(usd=1))
    budget = Budget(
        0.5,
        tokens=7000,
        per="day",
        soft=0.5,
        on_exceed="wait",
        prices={"m": (1, 2)},
        store=SQLiteStore(tmp_path / "s.db"),
        afar=5,
    )
    other = pickle.loads(pickle.dumps(budget))
    assert repr(other) == repr(budget)
    House(other)(ask(model="m"))
    assert budget.report(other.report().period).spent == other.report().spent


def test_before_the_first_call_there_is_nothing_to_report() -> None:
    assert str(Budget(usd=1, per="day").report()).startswith("budget, no call yet")
    assert Budget(usd=1).report().period == "run"


def test_it_says_what_it_does() -> None:
    assert repr(Budget(50, tokens=1000, per="day")).startswith(
        "Budget(50 usd, 1000 tokens per day, soft=0.8, on_exceed=raise"
    )
    budget = Budget(usd=1, tokens=1000)
    House(budget, say=answer())()
    shown = str(budget.report())
    assert "run (prices of " in shown
    assert "of $1.000000, $0.0" in shown
    assert "flags    missing 1" in shown


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        ({}, ValueError, "needs a limit"),
        ({"usd": "5"}, TypeError, "usd must be a number of dollars"),
        ({"usd": -1}, ValueError, "usd must be from 0"),
        ({"usd": float("nan")}, ValueError, "usd must be from 0"),
        ({"usd": 1e9}, ValueError, "usd must be from 0"),
        ({"tokens": 1.5}, TypeError, "tokens must be a whole number"),
        ({"requests": -1}, ValueError, "requests must be 0 or more"),
        ({"usd": 1, "per": "week"}, ValueError, "per must be 'run' or 'hour'"),
        ({"usd": 1, "soft": 0}, ValueError, "soft must be a part"),
        ({"usd": 1, "soft": 1.1}, ValueError, "soft must be a part"),
        ({"usd": 1, "on_soft": 5}, TypeError, "on_soft must be a function"),
        ({"usd": 1, "on_exceed": "stop"}, ValueError, "on_exceed must be 'raise' or 'wait'"),
        ({"usd": 1, "unknown_price": "x"}, ValueError, "unknown_price must be"),
        ({"usd": 1, "store_fails": "x"}, ValueError, "store_fails must be"),
        ({"usd": 1, "store": "file.db"}, TypeError, "SQLiteStore"),
        ({"usd": 1, "prices": {"m": 5}}, TypeError, "price of 'm'"),
        ({"usd": 1, "prices": {"m": (-1, 0)}}, ValueError, "0 dollars per million"),
        ({"usd": 1, "most_output": -1}, ValueError, "most_output"),
        ({"usd": 1, "afar": -1}, ValueError, "afar"),
        ({"usd": 1, "unknown_prize": "allow"}, TypeError, "unknown_price"),
    ],
)
def test_arguments_that_cannot_be_right(wrong: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Budget(**wrong)
