"""Second requests: stepped in virtual time, where latency is drawn and nothing waits."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import Answer, Cancelled, VirtualDriver
from antiphon.errors import ReadTimeout
from antiphon.policies.chain import Forward, fold
from antiphon.policies.failover import Failover
from antiphon.policies.hedge import Hedge
from antiphon.policies.target import Target

from .fleet_script import RETRIEVE, answer, ask, silent

RATE = 20.0


class Body:
    """An open body that comes in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.closed = False

    def read_chunk(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def finish(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True


def streamed(*pieces: bytes) -> Reply:
    reply = answer()
    reply.body = Body(*pieces)  # type: ignore[assignment]
    reply._content = None
    return reply


class Scene:
    """A hedge that knows a server of one second, and what its next requests meet."""

    def __init__(self, hedge: Hedge, answers: Callable[[int, Request], Answer]) -> None:
        self.sent: list[Request] = []
        self.answers: Callable[[int, Request], Answer] = lambda number, request: (1.0, answer())
        self.driver = VirtualDriver(self._send)
        self.flow = fold([hedge])
        for n in range(60):
            self.driver.start(self._call(self.ask()), at=2.0 * n)
        self.driver.run()
        self.sent.clear()
        self.answers = answers
        self.took = 0.0

    def ask(self, **body: Any) -> Request:
        return ask(input="hi", **body)

    def _send(self, request: Request, now: float) -> Answer:
        self.sent.append(request)
        seconds, reply = self.answers(len(self.sent), request)
        if isinstance(reply, Reply):
            reply.request = request
        return seconds, reply

    async def _call(self, request: Request) -> Reply:
        return await self.flow(request)

    def call(self, request: Request | None = None) -> Reply:
        run = self.driver.start(self._call(request or self.ask()))
        self.driver.run()
        self.took = run.ended - run.began
        if run.failure is not None:
            raise run.failure
        assert run.result is not None
        return run.result


def test_a_late_answer_is_asked_for_again_and_the_first_one_taken() -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (100.0 if number == 1 else 1.0, answer()))
    request = scene.ask()
    reply = scene.call(request)
    assert scene.took == pytest.approx(2.5)
    assert reply.request is scene.sent[1]
    assert request.trace is not None
    assert [str(step) for step in request.trace.of("Hedge")] == [
        "Hedge: second target=api.openai.com after=1.5",
        "Hedge: second won",
    ]


def test_the_first_may_come_first_yet() -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (2.0 if number == 1 else 1.0, answer()))
    assert scene.call().request is scene.sent[0]
    assert scene.took == pytest.approx(2.0)


def test_an_answer_in_time_is_not_asked_for_again() -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (1.4, answer()))
    scene.call()
    assert len(scene.sent) == 1


@pytest.mark.parametrize("bad", [answer(503), silent()])
def test_a_failure_does_not_win(bad: Any) -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (3.0, answer()) if number == 1 else (0.1, bad))
    assert scene.call().request is scene.sent[0]
    scene = Scene(Hedge(floor=1.5), lambda number, _: (2.0, bad) if number == 1 else (3.0, answer()))
    assert scene.call().request is scene.sent[1]


def test_where_both_fail_an_answer_says_more_than_silence() -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (2.0, silent()) if number == 1 else (3.0, answer(503)))
    assert scene.call().status_code == 503
    scene = Scene(Hedge(floor=1.5), lambda number, _: (2.0, answer(500 + number)))
    assert scene.call().status_code == 501


def test_a_failure_in_time_is_no_matter_for_a_hedge() -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (1.0, answer(500)))
    assert scene.call().status_code == 500
    assert len(scene.sent) == 1


@pytest.mark.parametrize(
    "request_", [ask(RETRIEVE, path={"response_id": "resp_1"}), ask(background=True), ask(store=True)]
)
def test_what_changes_something_is_never_sent_twice(request_: Request) -> None:
    scene = Scene(Hedge(delay=1.5), lambda number, _: (100.0, answer()))
    scene.call(request_)
    assert len(scene.sent) == 1


def test_a_body_that_is_made_while_it_is_sent_is_never_sent_twice() -> None:
    class Form:
        length = None

    request = ask(input="hi")
    request.content = Form()  # type: ignore[assignment]
    scene = Scene(Hedge(delay=1.5), lambda number, _: (100.0, answer()))
    scene.call(request)
    assert len(scene.sent) == 1


def test_near_the_deadline_there_is_no_time_for_a_second() -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (100.0, answer()))
    request = scene.ask()
    request.deadline = scene.driver.now + 1.5
    scene.call(request)
    assert len(scene.sent) == 1


def test_who_is_asked_may_hold_it_back() -> None:
    calm: list[Request] = []
    scene = Scene(
        Hedge(floor=1.5, only_if=lambda request: bool(calm.append(request))), lambda number, _: (100.0, answer())
    )
    scene.call()
    assert len(scene.sent) == 1
    assert calm


def test_without_extra_it_is_off() -> None:
    scene = Scene(Hedge(floor=1.5, extra=0), lambda number, _: (100.0, answer()))
    scene.call()
    assert len(scene.sent) == 1


@pytest.mark.parametrize(
    ("bad", "seconds"),
    [
        (answer(429, retry_after="30"), 30.0),
        (answer(503, retry_after="1"), 1.0),
        (answer(503, x_should_retry="false"), 10.0),
        (answer(503, retry_after="0"), 0.0),
        (answer(503), 0.0),
    ],
)
def test_a_server_that_asks_to_be_left_alone_gets_no_second_requests(bad: Reply, seconds: float) -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (1.0, bad) if number == 1 else (5.0, answer()))
    scene.call()
    scene.call()
    assert len(scene.sent) == (2 if seconds else 3)
    scene.driver.run(until=scene.driver.now + seconds)
    sent = len(scene.sent)
    scene.call()
    assert len(scene.sent) == sent + 2


def test_of_a_stream_the_first_bytes_decide_and_stay_for_the_reader() -> None:
    replies = [streamed(b"event: error\ndata: {}\n\n"), streamed(b"data: 1\n\n", b"data: 2\n\n")]
    scene = Scene(Hedge(floor=1.5), lambda number, _: (2.0, replies[number - 1]))
    scene.answers, sent = quick_stream, scene.answers
    for _ in range(60):
        scene.call(_events(scene))
    scene.answers = sent
    scene.sent.clear()
    reply = scene.call(_events(scene))
    assert reply is replies[1]
    assert [reply.body.read_chunk() for _ in range(3)] == [b"data: 1\n\n", b"data: 2\n\n", b""]  # type: ignore[union-attr]


def quick_stream(number: int, request: Request) -> Answer:
    return 1.0, streamed(b"data: 0\n\n")


def _events(scene: Scene) -> Request:
    request = scene.ask()
    request.stream = request.events = True
    return request


def test_another_target_is_asked_where_there_is_one() -> None:
    failover = Failover([Target("https://eu.example.com/v1", api_key="sk-eu", name="eu")], cross_provider=True)
    scene = Scene(Hedge(floor=1.5, failover=failover), lambda number, _: (100.0 if number == 1 else 1.0, answer()))
    scene.call()
    assert [each.server for each in scene.sent] == [None, "eu"]
    assert scene.sent[1].headers["authorization"] == "Bearer sk-eu"


def quick(number: int, request: Request) -> Answer:
    return 1.0, answer()


def slow(number: int, request: Request) -> Answer:
    return 100.0, answer()


def test_another_target_is_one_that_is_well_and_can_take_it() -> None:
    targets = [
        Target("https://eu.example.com/v1", name="eu", capabilities=()),
        Target("https://us.example.com/v1", name="us", models={"gpt-5.5": "five"}),
        Target("https://ap.example.com/v1", name="ap"),
    ]
    failover = Failover(targets, cross_provider=True, cross_model=True)

    def other(request: Request) -> str | None:
        driver = VirtualDriver(quick)  # type: ignore[arg-type]
        found = driver.perform(failover.other(request))
        return None if found is None else found.server

    assert other(ask()) == "eu"
    assert other(ask(tools=[{"type": "function"}])) == "us"
    moved = ask()
    moved.server = "eu"
    assert other(moved) == "ap"  # the model of one that was moved may be another's name already
    failover._fleet.park(3, 1e9)
    assert other(moved) is None
    assert other(ask(previous_response_id="resp_1")) is None


def test_a_server_that_fails_gets_no_second_requests() -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (1.0, silent() if number % 2 else answer(500)))
    for _ in range(10):
        with suppress(ReadTimeout):
            scene.call()
    scene.answers, scene.sent[:] = slow, []
    scene.call()
    assert len(scene.sent) == 1


def test_row_61_a_cancelled_call_cancels_both() -> None:
    scene = Scene(Hedge(floor=1.5), slow)
    ended: list[str] = []

    async def outermost(request: Request, forward: Forward) -> Reply:
        try:
            return await forward(request)
        except BaseException as end:
            ended.append(type(end).__name__)
            raise

    scene.flow = fold([Hedge(delay=1.5), outermost])
    scene.answers = quick
    for _ in range(60):
        scene.call()
    scene.answers = slow
    run = scene.driver.start(scene._call(scene.ask()))
    scene.driver.run(until=scene.driver.now + 10)
    run.cancel()
    assert isinstance(run.failure, Cancelled)
    assert ended == ["Cancelled", "Cancelled"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"delay": "95"}, "percentile"),
        ({"delay": "p100"}, "percentile"),
        ({"delay": "p0"}, "percentile"),
        ({"delay": -1}, "delay"),
        ({"floor": "x"}, "floor"),
        ({"extra": 2}, "extra"),
        ({"ratio": 0}, "ratio"),
        ({"ratio": 1.5}, "ratio"),
        ({"only_if": 1}, "only_if"),
        ({"flour": 1}, "floor"),
    ],
)
def test_what_cannot_be_right_says_so(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises((ValueError, TypeError), match=told):
        Hedge(**wrong)


def test_it_travels_to_another_process_without_what_it_knows() -> None:
    other = pickle.loads(pickle.dumps(Hedge("p90", floor=2.0)))
    assert repr(other) == "Hedge(after p90 and at least 2 s, for 5% of requests)"


def test_it_shows_its_numbers() -> None:
    assert repr(Hedge()) == "Hedge(after p95 and at least 1 s, for 5% of requests)"
    assert repr(Hedge(2.5, floor=0, ratio=0.125)) == "Hedge(after 2.5 s and at least 0 s, for 12.5% of requests)"
    assert repr(Hedge(extra=0)) == "Hedge(off)"
    assert repr(Hedge("p0.5")).startswith("Hedge(after p0.5 ")


# -- crowds ------------------------------------------------------------------------------------------------------------


def crowd(
    hedge: Hedge | None, count: int, slow_from: float = float("inf"), seed: int = 3
) -> tuple[list[float], list[int]]:
    """How long each of many calls took, and which were sent twice. Two of a hundred requests take ten times as long."""
    dice = random.Random(seed)

    def send(request: Request, now: float) -> Answer:
        seconds = 2.0 * dice.lognormvariate(0, 0.3) * (10 if dice.random() < 0.02 else 1)
        return seconds * (10 if now >= slow_from else 1), answer()

    driver, flow = VirtualDriver(send), fold([] if hedge is None else [hedge])
    twice: list[int] = []

    async def call(number: int) -> None:
        request = ask(input="hi")
        await flow(request)
        assert request.trace is not None
        twice.extend([number] * (request.trace.attempts - 1))

    runs = [driver.start(call(n), at=n / RATE) for n in range(count)]
    driver.run()
    assert all(run.failure is None for run in runs)
    return sorted(run.ended - run.began for run in runs), sorted(twice)


def test_stragglers_are_overtaken_at_a_small_price() -> None:
    count = 8000
    alone, _ = crowd(None, count)
    hedged, twice = crowd(Hedge(), count)
    p99 = int(count * 0.99)
    assert hedged[p99] <= 0.5 * alone[p99]
    assert len(twice) <= 0.05 * count
    assert hedged[count // 2] <= alone[count // 2] * 1.01


def test_where_everything_is_slow_second_requests_stop() -> None:
    _, twice = crowd(Hedge(), 4000, slow_from=150.0)
    after = int(150 * RATE)
    assert [n for n in twice if n < after]
    soon = [n for n in twice if after <= n < after + 400]
    assert len(soon) <= 5
    assert all(n < after + 20 for n in soon)
