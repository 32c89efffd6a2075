"""Coalescing as a flow: who waits for whom, for how long, and what becomes of all when the one request fails."""

from __future__ import annotations

import asyncio
import json
import pickle
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.virtual import Cancelled, Run
from antiphon.errors import APIConnectionError, BudgetExceeded, DeadlineExceeded, RequestTooLarge
from antiphon.policies.chain import fold
from antiphon.policies.coalesce import Coalesce

from .house import House, story
from .machines.asking import CHAT, chat, embed, reply, request

WINDOW = 0.003


def inputs(asked: Request) -> list[Any]:
    assert isinstance(asked.content, bytes)
    given = json.loads(asked.content)["input"]
    return given if isinstance(given, list) else [given]


def answered(asked: Request) -> Reply:
    """Each text's vector is its number, and a token a letter."""
    texts = inputs(asked)
    data = [{"object": "embedding", "index": n, "embedding": [int(text[1:])]} for n, text in enumerate(texts)]
    used = sum(map(len, texts))
    return reply(asked, {"object": "list", "data": data, "model": "m", "usage": {"total_tokens": used}})


def house(answer: Any = answered, seconds: float = 1.0, **changes: Any) -> House:
    return House(Coalesce(**changes), answer=answer, seconds=seconds)


def numbers(run: Run[Reply]) -> list[int]:
    assert run.result is not None, run.failure
    return [item["embedding"][0] for item in json.loads(run.result.content)["data"]]


def start(home: House, *texts: Any, at: float = 0.0, **changes: Any) -> Run[Reply]:
    return home.start(embed(list(texts) if len(texts) > 1 else texts[0]), at=at, **changes)


def test_calls_that_come_within_the_window_go_as_one() -> None:
    home = house()
    runs = [start(home, "t1"), start(home, "t2", "t3", at=0.001), start(home, "t4", at=0.0029)]
    home.driver.run()
    assert [inputs(asked) for asked in home.asked] == [["t1", "t2", "t3", "t4"]]
    assert [numbers(run) for run in runs] == [[1], [2, 3], [4]]
    assert [run.ended for run in runs] == [1 + WINDOW] * 3
    results = [run.result for run in runs]
    assert [json.loads(each.content)["usage"]["total_tokens"] for each in results if each] == [2, 4, 2]
    assert [each.cached for each in results if each] == [False] * 3
    assert [story(each, "Coalesce") for each in results if each] == [["send"], ["join"], ["join"]]


def test_the_next_call_waits_for_company_of_its_own() -> None:
    home = house()
    runs = [start(home, "t1"), start(home, "t2", at=0.0031)]
    home.driver.run()
    assert [inputs(asked) for asked in home.asked] == [["t1"], ["t2"]]
    assert [numbers(run) for run in runs] == [[1], [2]]


def test_a_call_that_stays_alone_is_sent_as_it_was() -> None:
    home = house()
    run = start(home, "t1")
    home.driver.run()
    assert home.asked[0].content == json.dumps(embed("t1")).encode()
    assert run.result is not None
    assert run.result.request is home.asked[0]


@pytest.mark.parametrize("other", [{"key": "sk-2"}, {"timeout": "other"}, {"max_retries": 9}])
def test_what_must_not_go_together_does_not(other: dict[str, Any]) -> None:
    home = house()
    runs = [start(home, "t1"), start(home, "t2", **other)]
    home.driver.run()
    assert len(home.asked) == 2
    assert [numbers(run) for run in runs] == [[1], [2]]


def test_other_operations_go_by_at_once() -> None:
    home = house(lambda asked: reply(asked, {}))
    runs = [home.start(chat(), CHAT), home.start(chat(), CHAT, trace=None)]
    home.driver.run()
    assert len(home.asked) == 2
    assert [run.ended for run in runs] == [1, 1]
    assert runs[0].result is not None
    assert story(runs[0].result, "Coalesce") == ["bypass"]


def test_a_full_request_goes_at_once_and_another_is_begun() -> None:
    home = house(inputs=3)
    runs = [start(home, "t1", "t2"), start(home, "t3"), start(home, "t4", "t5", at=0.001), start(home, "t6", at=0.002)]
    home.driver.run()
    assert [inputs(asked) for asked in home.asked] == [["t1", "t2", "t3"], ["t4", "t5", "t6"]]
    assert [run.ended for run in runs[:2]] == [1.001] * 2
    assert [numbers(run) for run in runs] == [[1, 2], [3], [4, 5], [6]]


def test_tokens_are_bounded_too_and_a_call_that_is_too_large_goes_alone() -> None:
    home = house(tokens=4)
    runs = [start(home, "t1"), start(home, "t2"), start(home, "t3"), start(home, "t1234567")]
    home.driver.run()
    assert sorted(inputs(asked) for asked in home.asked) == [["t1", "t2"], ["t1234567"], ["t3"]]
    assert [numbers(run) for run in runs] == [[1], [2], [3], [1234567]]


def picky(*bad: str) -> Callable[[Request], Reply]:
    def answer(asked: Request) -> Reply:
        if set(bad) & set(inputs(asked)):
            return reply(asked, {"error": {"message": f"{len(inputs(asked))} inputs"}}, 400)
        return answered(asked)

    return answer


@pytest.mark.parametrize("bad", range(8))
def test_only_the_call_that_is_to_blame_gets_the_refusal(bad: int) -> None:
    home = house(picky(f"t{bad}"))
    runs = [start(home, f"t{number}") for number in range(8)]
    home.driver.run()
    for number, run in enumerate(runs):
        assert run.result is not None
        if number == bad:
            assert (run.result.status_code, run.result.json()["error"]["message"]) == (400, "1 inputs")
        else:
            assert numbers(run) == [number]
    assert len(home.asked) == 7, "halves: 8, 4, 2, 1 and what is left of each"


def test_an_answer_that_does_not_say_whose_is_whose_is_asked_for_apart() -> None:
    home = house(lambda asked: answered(asked) if len(inputs(asked)) == 1 else reply(asked, {"data": []}))
    runs = [start(home, f"t{number}") for number in range(3)]
    home.driver.run()
    assert [numbers(run) for run in runs] == [[0], [1], [2]]


@pytest.mark.parametrize("failure", [RequestTooLarge(9, 5, "tokens"), BudgetExceeded(1, 1, "usd", "day")])
def test_what_is_too_much_together_is_asked_for_apart(failure: Exception) -> None:
    home = house(lambda asked: failure if len(inputs(asked)) > 1 else answered(asked))
    runs = [start(home, f"t{number}") for number in range(3)]
    home.driver.run()
    assert [numbers(run) for run in runs] == [[0], [1], [2]]
    home.answer = failure
    run = start(home, "t1", at=home.driver.now)
    home.driver.run()
    assert run.failure is failure


def test_a_failure_is_everybodys_own_exception() -> None:
    home = house(APIConnectionError(message="no"))
    runs = [start(home, f"t{number}") for number in range(3)]
    home.driver.run()
    assert len(home.asked) == 1
    assert [type(run.failure) for run in runs] == [APIConnectionError] * 3
    assert len({id(run.failure) for run in runs}) == 3


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_refusal_that_is_about_no_input_is_everybodys(status: int) -> None:
    home = house(lambda asked: reply(asked, {"error": {}}, status))
    runs = [start(home, f"t{number}") for number in range(3)]
    home.driver.run()
    assert len(home.asked) == 1
    assert [run.result.status_code for run in runs if run.result] == [status] * 3


@pytest.mark.parametrize("at", [0.0, 0.001, 0.0025, 0.5])
@pytest.mark.parametrize("who", range(3))
def test_whoever_is_cancelled_the_others_are_answered(who: int, at: float) -> None:
    home = House(policy := Coalesce(), answer=answered, seconds=1)
    runs = [start(home, f"t{number}", at=0.0005 * number) for number in range(3)]
    home.driver.at(at, runs[who].cancel)
    home.driver.run()
    for number, run in enumerate(runs):
        if number == who:
            assert isinstance(run.failure, Cancelled)
        else:
            assert numbers(run) == [number]
    assert home.cut == 0
    assert len(policy._flights) == 0
    if at == 0.0025:
        assert len(home.asked) == 1
        assert f"t{who}" not in inputs(home.asked[0])


def test_a_leader_that_leaves_hands_on_and_the_next_sends_at_once() -> None:
    home = house()
    runs = [start(home, "t1"), start(home, "t2"), start(home, "t3")]
    home.driver.at(0.001, runs[0].cancel)
    home.driver.run()
    assert [inputs(asked) for asked in home.asked] == [["t2", "t3"]]
    assert runs[1].ended == 1.001


def test_the_last_to_leave_ends_the_request() -> None:
    home = house(seconds=10)
    runs = [start(home, f"t{number}") for number in range(3)]
    for number, run in enumerate(runs):
        home.driver.at(1.0 + number, run.cancel)
    home.driver.run(2.5)
    assert home.cut == 0
    home.driver.run()
    assert home.cut == 1
    assert [type(run.failure) for run in runs] == [Cancelled] * 3


def test_who_has_longer_is_asked_for_anew_where_the_leader_had_no_more_time() -> None:
    home = house(lambda asked: DeadlineExceeded() if len(home.asked) == 1 else answered(asked))
    runs = [start(home, f"t{number}") for number in range(3)]
    home.driver.run()
    assert isinstance(runs[0].failure, DeadlineExceeded)
    assert [numbers(run) for run in runs[1:]] == [[1], [2]]
    assert [inputs(asked) for asked in home.asked] == [["t0", "t1", "t2"], ["t1", "t2"]]


def test_nobody_waits_longer_than_their_own_deadline() -> None:
    home = house(seconds=10)
    first, second = start(home, "t1"), start(home, "t2", deadline=3.0)
    home.driver.run()
    assert isinstance(second.failure, DeadlineExceeded)
    assert second.ended == 3.0
    assert numbers(first) == [1]


def test_a_thousand_tasks_half_of_them_cancelled() -> None:
    chance, sent = random.Random(1), list[int]()

    async def send(asked: Request) -> Reply:
        sent.append(len(inputs(asked)))
        await asyncio.sleep(0.001 * chance.random())
        return picky("t13")(asked)

    async def main() -> None:
        policy = Coalesce(window=0.002, inputs=64)
        driver, flow = AsyncDriver(send, send), fold([policy])  # type: ignore[arg-type]

        async def call(number: int) -> tuple[int, Reply]:
            return number, await driver.run(flow(request(embed(f"t{number}"))))  # type: ignore[arg-type]

        tasks = list[Any]()
        for number in range(1000):
            tasks.append(asyncio.ensure_future(call(number)))
            if chance.random() < 0.5:
                chance.choice(tasks).cancel()
            if chance.random() < 0.1:
                await asyncio.sleep(0)
        ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)
        for end in ends:
            if isinstance(end, tuple):
                number, answer = end
                assert answer.status_code == (400 if number == 13 else 200)
                assert number == 13 or answer.json()["data"][0]["embedding"] == [number]
            else:
                assert isinstance(end, asyncio.CancelledError)
        assert len(policy._flights) == 0

    asyncio.run(main())
    assert max(sent) <= 64
    assert len(sent) < 200


def test_threads_go_together_too() -> None:
    sent = list[int]()

    def send(asked: Request) -> Reply:
        sent.append(len(inputs(asked)))
        return answered(asked)

    driver = BlockingDriver(send, lambda call: (None, reply(request({}), {})))
    flow: Any = fold([Coalesce(window=0.05)])
    with ThreadPoolExecutor(16) as threads:
        replies = list(threads.map(lambda n: driver.run(flow(request(embed(f"t{n}")))), range(16)))
    assert [each.json()["data"][0]["embedding"] for each in replies] == [[n] for n in range(16)]
    assert sum(sent) == 16
    assert len(sent) < 16


def test_without_a_trace_it_does_the_same() -> None:
    home = house()
    runs = [start(home, "t1", trace=None), start(home, "t2", trace=None)]
    home.driver.run()
    assert [numbers(run) for run in runs] == [[1], [2]]
    assert len(home.asked) == 1


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"window": 0}, ValueError, "window"),
        ({"window": "x"}, TypeError, "window"),
        ({"inputs": 0}, ValueError, "inputs"),
        ({"tokens": 0}, ValueError, "tokens"),
        ({"tokens": 1.5}, TypeError, "tokens"),
        ({"scope": 5}, TypeError, "scope"),
        ({"input": 5}, TypeError, "inputs"),
    ],
)
def test_arguments_that_cannot_be_right(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=rf"\b{message}\b"):
        Coalesce(**arguments)


def test_it_shows_its_numbers() -> None:
    assert repr(Coalesce()) == "Coalesce(window=0.003 s, at most 2048 inputs and 300000 tokens)"


def test_another_process_gets_one_of_its_own() -> None:
    policy = pickle.loads(pickle.dumps(Coalesce(window=0.5, inputs=3, tokens=9, scope="team")))
    assert (repr(policy), policy.scope) == ("Coalesce(window=0.5 s, at most 3 inputs and 9 tokens)", "team")
