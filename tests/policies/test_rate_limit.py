"""The limiter's flow: what waits, what is told at once, what comes back, and what is learned."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.call import Call, Operation
from antiphon.core.effects import Send
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import ConnectError, RateLimited, ReadTimeout, RequestTooLarge
from antiphon.policies.chain import fold
from antiphon.policies.machines.lane import Lane
from antiphon.policies.machines.queue import WAITING, Ticket
from antiphon.policies.need import family_of, need
from antiphon.policies.rate_limit import RateLimit
from antiphon.policies.retry import Retry

from .piecewise import Piecewise
from .throttle import Provider, ask

OK = b'{"id": "c", "usage": {"total_tokens": 50}}'
Answer = tuple[int, dict[str, str], bytes] | Exception


class Scene:
    """A limiter before a server that answers at once what it is told to, again and again the last."""

    def __init__(self, limiter: RateLimit, *answers: Answer, seconds: float = 0.0) -> None:
        self.limiter = limiter
        self.answers = list(answers) or [(200, {}, OK)]
        self.sent: list[float] = []
        self.seconds = seconds
        self.driver = VirtualDriver(self.send)

    def send(self, request: Request, now: float) -> tuple[float, Any]:
        self.sent.append(now)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            return self.seconds, answer
        return self.seconds, Reply(answer[0], Headers(answer[1]), request, answer[2])

    def start(self, request: Request | None = None, at: float | None = None, *outer: Any) -> Any:
        flow = fold([*outer, self.limiter])
        return self.driver.start(flow(request or ask()), at)

    def lane(self) -> Lane:
        (lane,) = self.limiter._lanes.values()
        return lane


def config(**limits: Any) -> RateLimit:
    return RateLimit(**{"source": "config", "safety": 1.0, **limits})


def refusal(**fields: str) -> Answer:
    return (429, {name.replace("_", "-"): value for name, value in fields.items()}, b'{"error": {"code": "x"}}')


def test_requests_go_at_the_rate_in_order() -> None:
    scene = Scene(config(rpm=60, burst_seconds=2))
    runs = [scene.start() for _ in range(6)]
    scene.driver.run()
    assert scene.sent == pytest.approx([0, 0, 1, 2, 3, 4])
    assert [run.ended for run in runs] == pytest.approx([0, 0, 1, 2, 3, 4])
    (waited,) = runs[5].result.request.trace.of("RateLimit")
    assert (waited.event, waited.get("seconds")) == ("waited", 4.0)
    assert not runs[0].result.request.trace.of("RateLimit")


def test_a_request_that_would_wait_too_long_is_told_at_once() -> None:
    scene = Scene(config(rpm=60, burst_seconds=1, max_wait=2))
    runs = [scene.start() for _ in range(5)]
    scene.driver.run()
    assert [type(run.failure).__name__ for run in runs] == ["NoneType"] * 3 + ["RateLimited"] * 2
    assert runs[3].failure.retry_after == pytest.approx(3.0)
    assert runs[3].failure.dimension == "requests"
    assert runs[3].failure.request.trace.steps[0].event == "refused"
    assert runs[3].ended == 0.0


def test_nobody_waits_beyond_its_deadline() -> None:
    scene = Scene(config(rpm=60, burst_seconds=1))
    scene.start()
    late = scene.start(ask(deadline=0.5))
    scene.driver.run()
    assert isinstance(late.failure, RateLimited)
    assert late.ended == 0.0


def test_a_wait_that_grows_past_the_deadline_ends_there() -> None:
    scene = Scene(config(rpm=60, burst_seconds=1))
    scene.start()
    late = scene.start(ask(deadline=3.0))
    scene.driver.at(0.5, lambda: scene.lane().hold(100.0))
    scene.driver.run()
    assert isinstance(late.failure, RateLimited)
    assert late.ended == pytest.approx(3.0)
    assert late.failure.retry_after == pytest.approx(97.0)
    assert late.failure.dimension == "pause"
    assert not scene.lane().queue.length


def test_the_line_has_an_end() -> None:
    scene = Scene(config(rpm=60, burst_seconds=1, queue=1))
    runs = [scene.start() for _ in range(3)]
    scene.driver.run()
    assert "1 requests wait already" in str(runs[2].failure)


def test_row_26_a_request_larger_than_the_limit_is_not_sent() -> None:
    scene = Scene(config(tpm=1000))
    run = scene.start(ask(5000))
    scene.driver.run()
    assert isinstance(run.failure, RequestTooLarge)
    assert run.failure.limit == 1000
    assert run.failure.needed == 5000 + 13
    assert not scene.sent


def test_row_26_a_request_the_server_says_is_too_large_is_tried_once() -> None:
    said = (
        b'{"error": {"message": "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 52000."}}'
    )
    scene = Scene(RateLimit(), (429, {}, said))
    run = scene.start(None, None, Retry(3))
    scene.driver.run()
    assert isinstance(run.failure, RequestTooLarge)
    assert (run.failure.needed, run.failure.limit) == (52000, 30000)
    assert len(scene.sent) == 1


def test_row_19_what_the_server_asks_to_wait_is_waited_for() -> None:
    scene = Scene(RateLimit(), refusal(retry_after="3"), (200, {}, OK))
    retried = scene.start(None, None, Retry(3))
    behind = scene.start(at=1.0)
    scene.driver.run()
    assert retried.result.status_code == 200
    assert sorted([retried.ended, behind.ended]) == pytest.approx([3.0, 3.0])
    assert retried.result.request.trace.of("RateLimit")[0].get("hint") == 3.0


def test_a_refusal_is_charged() -> None:
    scene = Scene(config(rpm=60, burst_seconds=2), refusal(), (200, {}, OK))
    scene.start()
    scene.driver.run()
    assert scene.lane().gates[0].wait(2, 0.0) == pytest.approx(1.0)


def test_an_exhausted_quota_paces_nothing() -> None:
    scene = Scene(RateLimit(), (429, {}, b'{"error": {"code": "insufficient_quota"}}'))
    scene.start()
    scene.driver.run()
    assert scene.lane()._cubic.rate is None


@pytest.mark.parametrize(("code", "paced"), [(b"slow_down", True), (b"server_error", False)])
def test_a_server_that_asks_to_slow_down_is_heeded(code: bytes, paced: bool) -> None:
    scene = Scene(RateLimit(), (503, {}, b'{"error": {"code": "%s"}}' % code))
    scene.start()
    scene.driver.run()
    assert (scene.lane()._cubic.rate is not None) == paced


def test_a_request_that_never_left_is_not_charged() -> None:
    scene = Scene(config(rpm=60, burst_seconds=1), ConnectError(sent="no"))
    runs = [scene.start() for _ in range(3)]
    scene.driver.run()
    assert all(isinstance(run.failure, ConnectError) for run in runs)
    assert scene.sent == [0.0] * 3


def test_one_that_may_have_been_served_is_charged() -> None:
    scene = Scene(config(rpm=60, burst_seconds=1), ReadTimeout())
    for _ in range(3):
        scene.start()
    scene.driver.run()
    assert scene.sent == pytest.approx([0.0, 1.0, 2.0])


def test_what_was_not_used_is_given_back() -> None:
    scene = Scene(config(tpm=6000, burst_seconds=10))
    for _ in range(4):
        scene.start(ask(487))  # 500 with what is asked; 50 are used
    scene.driver.run()
    assert scene.sent == [0.0] * 4
    assert scene.lane().gates[0].wait(801, 0.0) == pytest.approx(0.01)


def test_what_a_stream_used_is_settled_when_it_ends() -> None:
    limiter = config(tpm=6000, burst_seconds=10)
    body = Piecewise(b'data: {"choices": []}\n\n', b'data: {"usage": {"total_tokens": 100}}\n\ndata: [DONE]\n\n')
    driver = VirtualDriver(lambda request, now: (0.0, Reply(200, Headers(), request, body=body)))
    request = ask(487, stream=True, events=True)
    reply = driver.perform(limiter(request, Send))
    (gate,) = limiter._lane(request).gates
    assert gate.wait(1000, 0.0) == pytest.approx(50.0 / 10, abs=50)
    assert gate.full == pytest.approx(5.0)
    while reply.body.read_chunk():
        pass
    assert gate.full == pytest.approx(1.0)


def test_answers_without_a_bound_are_reckoned_as_those_before() -> None:
    scene = Scene(config(tpm=60_000), (200, {}, b'{"usage": {"total_tokens": 2013}}'))
    for n in range(80):
        scene.start(ask(None), at=n * 10.0)
    scene.driver.run()
    assert scene.lane().usual == pytest.approx(2000, rel=0.01)


def test_row_61_a_waiter_that_is_cancelled_gives_its_place_back() -> None:
    scene = Scene(config(rpm=60, burst_seconds=1))
    runs = [scene.start() for _ in range(5)]
    for run in runs[1:4]:
        scene.driver.at(0.5, run.cancel)
    scene.driver.run()
    assert runs[4].ended == pytest.approx(1.0)
    assert scene.lane().queue.length == 0
    assert scene.lane().queue.units == [0.0] * 4


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 12)), min_size=1, max_size=30))
def test_row_61_cancels_at_any_time_leak_nothing(cancels: list[tuple[float, float]]) -> None:
    scene = Scene(config(rpm=60, burst_seconds=2), seconds=0.5)
    runs = []
    for start, patience in cancels:
        run = scene.start(at=start)
        runs.append(run)
        scene.driver.at(start + patience, run.cancel)
    last = scene.start(at=100.0)
    scene.driver.run()
    assert all(run.done for run in runs)
    assert scene.lane().queue.length == 0
    assert last.ended == 100.5, "all that was taken has come back"
    assert scene.lane().gates[0].full <= 101.0 + 1e-6


@pytest.mark.parametrize("kind", [KeyboardInterrupt, GeneratorExit, SystemExit])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_row_61_an_interrupt_wherever_it_waits_leaves_nothing(kind: type[BaseException], steps: int) -> None:
    limiter = config(rpm=60, burst_seconds=1)
    limiter._lane(ask()).enter(Ticket((1.0, 0.0, 0.0, 0.0), 60.0), 0.0)
    flow = limiter(ask(), Send)
    effects = [flow.send(None)]
    while len(effects) < steps:
        effects.append(flow.send(0.0))
    assert [type(effect).__name__ for effect in effects] == ["Now", "Wait", "Now"][:steps]
    with pytest.raises(kind):
        flow.throw(kind())
    lane = limiter._lane(ask())
    assert lane.queue.length == 0
    assert lane.wait((1.0, 0.0, 0.0, 0.0), 0.0)[0] == pytest.approx(1.0), "as if it had not come"


def test_how_long_a_request_would_wait_can_be_asked_without_taking_anything() -> None:
    scene = Scene(config(rpm=60, burst_seconds=1))
    assert scene.limiter.wait_for(ask(), 0.0) == 0.0
    assert scene.limiter.headroom(ask(), 0.0) == 1.0
    scene.start()
    scene.driver.run()
    assert scene.limiter.wait_for(ask(), 0.25) == pytest.approx(0.75)
    assert scene.limiter.wait_for(ask(), 0.25) == pytest.approx(0.75)
    assert scene.limiter.headroom(ask(), 0.0) == 0.0
    assert scene.limiter.wait_for(ask(key="sk-2"), 0.25) == 0.0


@pytest.mark.parametrize(
    ("per", "other", "shared"),
    [
        ("family", "gpt-4o-2024-08-06", True),
        ("family", "ft:gpt-4o-2024-08-06:org::1", True),
        ("family", "gpt-4o-mini", False),
        ("model", "gpt-4o-2024-08-06", False),
        ("all", "gpt-4o-mini", True),
    ],
)
def test_whose_limit_it_is(per: Any, other: str, shared: bool) -> None:
    scene = Scene(config(rpm=60, burst_seconds=1, per=per))
    scene.start()
    scene.driver.run()
    assert (scene.limiter.wait_for(ask(model=other), 0.0) > 0) == shared


@pytest.mark.parametrize(
    ("model", "family"),
    [("", ""), ("gpt-4o-latest", "gpt-4o"), ("gpt-4-0613", "gpt-4-0613"), ("o1", "o1"), ("claude-20250101", "claude")],
)
def test_the_family_of_a_model(model: str, family: str) -> None:
    assert family_of(model) == family


def test_what_a_request_needs() -> None:
    assert need(ask(100), 500.0) == (1.0, 113.0, 0.0, 13.0)
    assert need(ask(None), 500.0) == (1.0, 513.0, 0.0, 13.0)


def test_an_embedding_has_no_answer_to_reckon_with() -> None:
    call: Call[Any] = Call(Operation("embeddings.create", "POST", "/embeddings", body="json"), body={"input": "x" * 40})
    request = ask().replace(call=call)
    assert need(request, 500.0) == (1.0, 12.0, 0.0, 12.0)


def test_a_policy_travels_without_what_it_counted() -> None:
    limiter = RateLimit(rpm=60, tpm=1000, strict=True, fair=False, per="all", queue=3)
    limiter._lane(ask())
    copy = pickle.loads(pickle.dumps(limiter))
    assert repr(copy) == repr(limiter)
    assert not copy._lanes


@pytest.mark.parametrize(
    ("limiter", "text"),
    [
        (RateLimit(), "RateLimit(headers+config, safety=0.95, burst=5/10 s, waits <= 60 s, queue=10000)"),
        (
            RateLimit(rpm=1e6, rpd=5, strict=True, fair=False, source="config", per="all", max_wait=0.5),
            "RateLimit(rpm=1000000, rpd=5, config, per all, safety=0.95, burst=1/1 s, waits <= 0.5 s, queue=10000, "
            "strict, unfair)",
        ),
    ],
)
def test_it_shows_its_numbers(limiter: RateLimit, text: str) -> None:
    assert repr(limiter) == text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rpm": 0}, "rpm must be more than 0"),
        ({"rpm": "5"}, "rpm must be a number"),
        ({"tpm": float("nan")}, "tpm must be more than 0"),
        ({"safety": 0}, "safety must be more than 0 and at most 1"),
        ({"safety": 1.1}, "safety must be"),
        ({"burst_seconds": 0}, "burst_seconds must be more than 0"),
        ({"burst_seconds": (1, 2, 3)}, "two"),
        ({"source": "config"}, "needs a limit"),
        ({"source": "headers", "rpm": 5}, "takes no limit of its own; got rpm"),
        ({"source": "header"}, "'headers' or 'config'"),
        ({"per": "key"}, "per must be"),
        ({"queue": -1}, "queue must be 0 or more"),
        ({"max_wait": -1}, "max_wait must be 0 seconds or more"),
        ({"ramp": 0}, "ramp must be more than 0"),
        ({"saftey": 0.5}, "did you mean 'safety'"),
    ],
)
def test_what_cannot_be_right_is_told_where_it_is_given(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        RateLimit(**wrong)


def test_lanes_that_nobody_uses_are_forgotten() -> None:
    limiter = config(rpm=60)
    for n in range(1100):
        limiter._lane(ask(key=f"sk-{n}"))
    assert len(limiter._lanes) <= 1024


def test_row_18_a_clock_that_is_set_back_holds_nobody_up() -> None:
    provider = Provider()
    limiter = config(rpm=60, burst_seconds=2)
    for _ in range(4):
        provider.driver.start(limiter(ask(), Send))
    provider.driver.run(0.5)
    lane = limiter._lane(ask())
    ticket = Ticket((1.0, 0.0, 0.0, 0.0), -3600.0 + 60.0)
    lane.enter(ticket, -3600.0)
    assert ticket.state == WAITING, "as before the jump"
    assert lane.wait((1.0, 0.0, 0.0, 0.0), -3600.0)[0] == pytest.approx(4.0)
