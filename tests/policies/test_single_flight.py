"""Single flight as a flow: one request for all, each with its own cancel, and nobody left waiting."""

from __future__ import annotations

import asyncio
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.virtual import Cancelled
from antiphon.errors import APIConnectionError, APITimeoutError, DeadlineExceeded
from antiphon.policies.chain import fold
from antiphon.policies.single_flight import SingleFlight

from .house import House, story
from .machines.asking import CHAT, chat, completion, embed, reply, request, vectors


def together(house: House, calls: int = 3, **changes: Any) -> list[Any]:
    runs = [house.start(**changes) for _ in range(calls)]
    house.driver.run()
    return runs


def test_the_same_question_at_the_same_time_is_one_request() -> None:
    house = House(SingleFlight(), seconds=1)
    runs = together(house)
    assert len(house.asked) == 1
    replies = [run.result for run in runs]
    assert len({id(each) for each in replies}) == 3
    assert {each.content for each in replies} == {replies[0].content}
    assert [each.cached for each in replies] == [False, True, True]
    assert [story(each, "SingleFlight") for each in replies] == [[], ["join"], ["join"]]
    assert len({id(each.request) for each in replies}) == 3
    replies[1].headers["x"] = "changed"
    assert "x" not in replies[0].headers


def test_the_next_question_is_asked_anew() -> None:
    house = House(SingleFlight(), seconds=1)
    together(house)
    together(house)
    assert len(house.asked) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"body": embed("other")},
        {"key": "sk-2"},
        {"max_retries": 7},
        {"timeout": "another"},
        {"stream": True},
        {"body": chat(temperature=1), "target": CHAT},
    ],
)
def test_what_is_not_the_same_does_not_join(other: dict[str, Any]) -> None:
    house = House(SingleFlight(), seconds=1)
    first, second = house.start(), house.start(**other)
    third = house.start(body=chat(temperature=1), target=CHAT) if "target" in other else None
    house.driver.run()
    assert len(house.asked) == (2 if third is None else 3)
    assert not any(run.result.cached for run in (first, second, third) if run is not None and run.result is not None)


def test_who_goes_by_is_told_why() -> None:
    run = (house := House(SingleFlight())).start(chat(temperature=1), CHAT)
    house.driver.run()
    assert run.result is not None
    assert str(run.result.request.trace).startswith("SingleFlight: bypass reason=the model samples")


def test_sampled_ones_join_where_that_was_asked_for() -> None:
    house = House(SingleFlight(join_sampled=True), seconds=1, answer=lambda asked: reply(asked, completion("stop")))
    together(house, body=chat(temperature=1), target=CHAT)
    assert len(house.asked) == 1


def test_a_failure_is_everybodys_own() -> None:
    told = APIConnectionError(message="no", host="h")
    told.__cause__ = OSError("broken")
    house = House(SingleFlight(), seconds=1, answer=told)
    runs = together(house)
    assert len(house.asked) == 1
    failures = [run.failure for run in runs]
    assert len({id(each) for each in failures}) == 3
    assert [type(each) for each in failures] == [APIConnectionError] * 3
    assert {str(each) for each in failures} == {str(told)}
    assert [each.__cause__ for each in failures] == [told.__cause__] * 3
    assert all(each.__suppress_context__ for each in failures)
    assert len({id(each.request) for each in failures[1:]}) == 2


def test_a_failure_that_cannot_be_copied_is_told_all_the_same() -> None:
    class Odd(Exception):
        def __reduce_ex__(self, protocol: Any) -> Any:
            raise TypeError("no copies")

    runs = together(House(SingleFlight(), seconds=1, answer=Odd()))
    assert [type(run.failure) for run in runs] == [Odd] * 3


def test_a_refusal_is_everybodys_too() -> None:
    house = House(SingleFlight(), seconds=1, answer=lambda asked: reply(asked, {"error": {}}, 429))
    assert [run.result.status_code for run in together(house)] == [429] * 3
    assert len(house.asked) == 1


@pytest.mark.parametrize("at", [0.0, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("who", [0, 1, 2])
def test_whoever_is_cancelled_nobody_else_is(who: int, at: float) -> None:
    house = House(policy := SingleFlight(), seconds=1)
    runs = [house.start(at=0.25 * number) for number in range(3)]
    house.driver.at(at, runs[who].cancel)
    house.driver.run()
    for number, run in enumerate(runs):
        if number == who:
            assert isinstance(run.failure, Cancelled)
        else:
            assert run.result is not None
    assert house.cut == 0 or (who, at) == (0, 0.0)
    assert len(house.asked) <= 2
    assert len(policy._flights) == 0


def test_the_last_to_leave_ends_the_request() -> None:
    house = House(SingleFlight(), seconds=10)
    runs = [house.start() for _ in range(3)]
    for number, run in enumerate(runs):
        house.driver.at(1 + number, run.cancel)
    house.driver.run(2.5)
    assert house.cut == 0
    house.driver.run(3.5)
    assert house.cut == 1
    late = house.start()
    house.driver.run()
    assert late.result is not None
    assert len(house.asked) == 2


def test_who_has_longer_asks_on_where_another_had_no_more_time() -> None:
    house = House(SingleFlight(), seconds=1)
    house.answer = lambda asked: DeadlineExceeded() if len(house.asked) == 1 else reply(asked, vectors(1))
    runs = together(house)
    assert isinstance(runs[0].failure, DeadlineExceeded)
    assert [run.result is not None for run in runs[1:]] == [True, True]
    assert len(house.asked) == 2
    assert story(runs[1].result, "SingleFlight") == ["join", "take over"]


def test_who_joined_waits_no_longer_than_its_own_deadline() -> None:
    house = House(SingleFlight(), seconds=10)
    first, second = house.start(at=0.5), house.start(at=1.0, deadline=3.0)
    house.driver.run()
    assert isinstance(second.failure, DeadlineExceeded)
    assert isinstance(second.failure, APITimeoutError)
    assert second.ended == 3.0
    assert first.result is not None


def test_an_answer_that_is_still_open_is_nobody_elses() -> None:
    house = House(SingleFlight(), seconds=1)

    class Body:
        def close(self) -> None: ...

    house.answer = lambda asked: Reply(200, reply(asked, {}).headers, asked, body=Body())  # type: ignore[arg-type]
    runs = together(house)
    assert len(house.asked) == 3
    assert len({id(run.result) for run in runs}) == 3


def test_ten_thousand_tasks_are_one_request() -> None:
    sent = 0

    async def send(asked: Request) -> Reply:
        nonlocal sent
        sent += 1
        await asyncio.sleep(0.05)
        return reply(asked, vectors(1))

    async def main() -> list[Any]:
        driver, flow = AsyncDriver(send, send), fold([SingleFlight()])  # type: ignore[arg-type]
        asked = request(embed())
        return await asyncio.gather(*(driver.run(flow(asked)) for _ in range(10_000)))  # type: ignore[arg-type]

    replies = asyncio.run(main())
    assert sent == 1
    assert len(replies) == 10_000
    assert sum(not each.cached for each in replies) == 1


@pytest.mark.parametrize("seed", range(4))
def test_half_of_all_tasks_are_cancelled_at_any_point_and_the_rest_is_answered(seed: int) -> None:
    import random

    chance, under_way = random.Random(seed), 0

    async def send(asked: Request) -> Reply:
        nonlocal under_way
        under_way += 1
        try:
            await asyncio.sleep(0.002 * chance.random())
        finally:
            under_way -= 1
        return reply(asked, vectors(1))

    async def main() -> None:
        policy = SingleFlight()
        driver, flow = AsyncDriver(send, send), fold([policy])  # type: ignore[arg-type]
        tasks = []

        async def call() -> Any:
            return await driver.run(flow(request(embed(chance.choice("ab")))))  # type: ignore[arg-type]

        for _ in range(300):
            tasks.append(asyncio.ensure_future(call()))
            if chance.random() < 0.5:
                chance.choice(tasks).cancel()
            if chance.random() < 0.5:
                await asyncio.sleep(0)
        ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)
        assert {type(end) for end in ends} == {Reply, asyncio.CancelledError}
        assert len(policy._flights) == 0
        await asyncio.sleep(0.01)
        assert under_way == 0

    asyncio.run(main())


def test_sixty_four_threads_are_one_request() -> None:
    sent, gate = list[Request](), threading.Event()

    def send(asked: Request) -> Reply:
        sent.append(asked)
        assert gate.wait(20)
        return reply(asked, vectors(1))

    policy = SingleFlight()
    driver, flow = BlockingDriver(send, lambda call: (None, reply(request({}), {}))), fold([policy])
    with ThreadPoolExecutor(64) as threads:
        waiting = [threads.submit(lambda: driver.run(flow(request(embed())))) for _ in range(64)]  # type: ignore[arg-type]
        while not policy._flights._open or len(next(iter(policy._flights._open.values())).seats) < 64:
            pass
        gate.set()
        replies = [each.result(20) for each in waiting]
    assert len(sent) == 1
    assert len({each.content for each in replies}) == 1
    assert len(policy._flights) == 0


def test_threads_and_event_loops_share_one() -> None:
    sent, gate = list[Request](), threading.Event()

    def send(asked: Request) -> Reply:
        sent.append(asked)
        assert gate.wait(20)
        return reply(asked, vectors(1))

    async def never(asked: Request) -> Reply:
        raise AssertionError("it joins")

    policy = SingleFlight()
    flow: Any = fold([policy])

    async def main() -> Any:
        task = asyncio.ensure_future(AsyncDriver(never, never).run(flow(request(embed()))))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        gate.set()
        return await task

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(lambda: BlockingDriver(send, lambda call: (None, call)).run(flow(request(embed()))))  # type: ignore[arg-type, return-value]
        while not sent:
            pass
        second = asyncio.run(main())
    assert first.result().content == second.content
    assert len(sent) == 1


def test_a_loop_that_ends_leaves_nobody_waiting() -> None:
    policy, woken = SingleFlight(), threading.Event()
    flow: Any = fold([policy])

    async def hang(asked: Request) -> Reply:
        woken.set()
        await asyncio.sleep(3600)
        raise AssertionError

    async def main() -> None:
        task = asyncio.ensure_future(AsyncDriver(hang, hang).run(flow(request(embed()))))  # type: ignore[arg-type]
        flight = None
        while flight is None or len(flight.seats) < 2:
            await asyncio.sleep(0.001)
            flight = next(iter(policy._flights._open.values()), None)
        task.cancel()

    def join() -> Any:
        assert woken.wait(20)
        return BlockingDriver(lambda asked: reply(asked, vectors(1)), lambda call: (None, call)).run(  # type: ignore[arg-type, return-value]
            flow(request(embed()))
        )

    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(join)
        asyncio.run(main())
        assert second.result(20).status_code == 200


@pytest.mark.parametrize("joined", [False, True])
def test_row_17_a_loop_that_was_closed_in_the_middle_keeps_nobody_waiting(
    joined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("antiphon.policies.single_flight._LOOK", 0.05)
    policy, loop = SingleFlight(), asyncio.new_event_loop()
    flow: Any = fold([policy])

    async def hang(asked: Request) -> Reply:
        await asyncio.sleep(3600)
        raise AssertionError

    def call() -> Any:
        return BlockingDriver(lambda asked: reply(asked, vectors(1)), lambda call: (None, call)).run(  # type: ignore[arg-type, return-value]
            flow(request(embed()))
        )

    task = loop.create_task(AsyncDriver(hang, hang).run(flow(request(embed()))))  # type: ignore[arg-type]
    loop.run_until_complete(asyncio.sleep(0.001))
    with ThreadPoolExecutor(1) as threads:
        if joined:
            waiting = threads.submit(call)
            flight = next(iter(policy._flights._open.values()))
            while len(flight.seats) < 2:
                pass
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        for other in asyncio.all_tasks(loop):
            other._log_destroy_pending = False  # type: ignore[attr-defined]
        loop.close()
        assert (waiting.result(20) if joined else call()).status_code == 200
    assert len(policy._flights) == 0


def test_a_blocking_call_that_is_interrupted_hands_on() -> None:
    policy, boarded = SingleFlight(), threading.Event()
    flow: Any = fold([policy])

    def interrupted(asked: Request) -> Reply:
        boarded.set()
        while len(next(iter(policy._flights._open.values())).seats) < 2:
            pass
        raise KeyboardInterrupt

    def driver(send: Any) -> BlockingDriver:
        return BlockingDriver(send, lambda call: (None, call))  # type: ignore[arg-type, return-value]

    def join() -> Any:
        assert boarded.wait(20)
        return driver(lambda asked: reply(asked, vectors(1))).run(flow(request(embed())))

    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(join)
        with pytest.raises(KeyboardInterrupt):
            driver(interrupted).run(flow(request(embed())))
        assert second.result(20).status_code == 200
    assert len(policy._flights) == 0


def test_without_a_trace_it_does_the_same() -> None:
    house = House(SingleFlight(), seconds=1)
    together(house, trace=None)
    house.answer = lambda asked: DeadlineExceeded() if len(house.asked) == 2 else reply(asked, vectors(1))
    together(house, trace=None)
    together(house, trace=None, body=b"[1]")
    assert len(house.asked) == 6


def test_it_shows_its_numbers_and_checks_them() -> None:
    assert (
        repr(SingleFlight()) == "SingleFlight(the same question at the same time is one request, sampled ones are not)"
    )
    told = "SingleFlight(the same question at the same time is one request, sampled ones too)"
    assert repr(SingleFlight(join_sampled=True)) == told
    with pytest.raises(TypeError, match="join_sampled"):
        SingleFlight(joined_sampled=True)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="scope"):
        SingleFlight(scope="")


def test_another_process_gets_one_of_its_own() -> None:
    policy = pickle.loads(pickle.dumps(SingleFlight(join_sampled=True, scope="team")))
    assert (policy.join_sampled, policy.scope) == (True, "team")
    assert len(policy._flights) == 0
