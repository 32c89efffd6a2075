"""The bulkhead's flow: how many are under way, who waits, and that every permit comes back by every way out."""

from __future__ import annotations

import asyncio
import gc
import pickle
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.clock import SystemClock
from antiphon.errors import BulkheadFull, DeadlineExceeded, ReadTimeout, TruncatedBody
from antiphon.policies.bulkhead import Bulkhead
from antiphon.policies.chain import fold
from antiphon.policies.machines.bulkhead import Compartment, Permit

from .backend import JSON, Backend, Interrupted, Outcome, ask, interrupt, refused
from .piecewise import Piecewise


def only(bulkhead: Bulkhead) -> Compartment:
    """The compartment of a bulkhead that has one."""
    (compartment,) = bulkhead._compartments.values()
    return compartment


def test_no_more_are_under_way_than_may_be_and_all_are_served_in_order() -> None:
    backend, bulkhead = Backend(seconds=1.0), Bulkhead(3)
    runs = [backend.start(bulkhead) for _ in range(10)]
    backend.driver.run()
    assert backend.most == 3
    assert [run.ended for run in runs] == [1.0] * 3 + [2.0] * 3 + [3.0] * 3 + [4.0]
    assert bulkhead.health(0.0) == {"api": {"inflight": 0, "limit": 3, "queued": 0, "refused": 0}}


def test_one_more_than_may_wait_is_told_at_once() -> None:
    backend, bulkhead = Backend(seconds=1.0), Bulkhead(1, queue=2)
    runs = [backend.start(bulkhead) for _ in range(5)]
    backend.driver.run()
    assert [type(run.failure).__name__ for run in runs] == ["NoneType"] * 3 + ["BulkheadFull"] * 2
    failure: Any = runs[-1].failure
    assert (failure.limit, failure.queued, runs[-1].ended) == (1, 2, 0.0)
    assert "the queue is full" in str(failure)
    assert bulkhead.health(0.0)["api"]["refused"] == 2


def test_who_waited_long_enough_is_told() -> None:
    backend, bulkhead = Backend(seconds=100.0), Bulkhead(1, queue_timeout=30)
    runs = [backend.start(bulkhead, at=50.0) for _ in range(2)]
    backend.driver.run()
    assert isinstance(runs[1].failure, BulkheadFull)
    assert runs[1].ended == 80.0
    assert "no turn came within 30 s" in str(runs[1].failure)
    assert (only(bulkhead).inflight, only(bulkhead).queued) == (0, 0)


def test_with_no_time_to_wait_a_free_permit_is_enough() -> None:
    backend, bulkhead = Backend(seconds=1.0), Bulkhead(1, queue=0, queue_timeout=0)
    runs = [backend.start(bulkhead), backend.start(bulkhead), backend.start(bulkhead, at=2.0)]
    backend.driver.run()
    assert [type(run.failure).__name__ for run in runs] == ["NoneType", "BulkheadFull", "NoneType"]


def test_a_deadline_ends_the_waiting_sooner() -> None:
    backend, bulkhead = Backend(seconds=10.0), Bulkhead(1)
    backend.start(bulkhead)
    run = backend.start(bulkhead, request := ask(deadline=4.0))
    backend.driver.run()
    assert isinstance(run.failure, DeadlineExceeded)
    assert request.trace is not None
    assert [step.event for step in request.trace.of("Bulkhead")] == ["wait", "late"]
    assert (run.ended, run.failure.phase) == (4.0, "queue")
    assert len(backend.asked) == 1


def test_a_turn_that_comes_after_the_deadline_goes_to_the_next() -> None:
    bulkhead = Bulkhead(1)
    flow, other = (fold([bulkhead])(ask(deadline=deadline)) for deadline in (4.0, 99.0))
    compartment = bulkhead._made(ask().origin, ask())
    compartment.enter(permit := Permit())
    outcome = interrupt(flow, 1, "cancel", 200, 0.0)  # type: ignore[arg-type]
    assert outcome == "CancelledError"
    late = fold([bulkhead])(ask(deadline=4.0))
    late.send(None)  # type: ignore[attr-defined]  # asks for the time
    late.send(0.0)  # type: ignore[attr-defined]  # waits
    other.send(None)  # type: ignore[attr-defined]
    other.send(0.0)  # type: ignore[attr-defined]
    compartment.leave(permit)
    late.send(True)  # type: ignore[attr-defined]  # its turn; it asks for the time
    with pytest.raises(DeadlineExceeded):
        late.send(5.0)  # type: ignore[attr-defined]
    assert (compartment.inflight, compartment.queued) == (1, 0)
    other.send(True)  # type: ignore[attr-defined]
    other.send(5.0)  # type: ignore[attr-defined]
    other.close()  # type: ignore[attr-defined]
    assert compartment.inflight == 0


@pytest.mark.parametrize(("per", "compartments"), [("endpoint", 2), ("endpoint+model", 3), ("client", 1)])
def test_what_is_counted_apart(per: Any, compartments: int) -> None:
    backend, bulkhead = Backend(seconds=1.0), Bulkhead(1, per=per)
    for model, host in (("m", "a"), ("m", "a"), ("n", "a"), ("m", "b")):
        backend.start(bulkhead, ask(model, host))
    backend.driver.run()
    assert backend.most == compartments
    assert (
        set(bulkhead.health(0.0))
        == {
            "endpoint": {"a", "b"},
            "endpoint+model": {"a for m", "a for n", "b for m"},
            "client": {"all"},
        }[per]
    )


def test_targets_of_one_origin_are_counted_apart() -> None:
    backend, bulkhead = Backend(seconds=1.0), Bulkhead(1)
    for server in ("eu", "us", "us"):
        backend.start(bulkhead, ask(server=server))
    backend.driver.run()
    assert backend.most == 2


def test_an_aside_needs_no_permit() -> None:
    backend, bulkhead = Backend(seconds=1.0), Bulkhead(1, queue=0)
    backend.start(bulkhead)
    aside = backend.start(bulkhead, ask(call=None))
    backend.driver.run()
    assert aside.result.status_code == 200


def test_compartments_do_not_take_each_others_permits() -> None:
    backend, bulk, interactive = Backend(seconds=1.0), Bulkhead(2, compartment="bulk"), Bulkhead(2)
    for _ in range(50):
        backend.start(bulk)
    run = backend.start(interactive)
    backend.driver.run()
    assert run.ended == 1.0
    assert (bulk.label, interactive.label) == ("Bulkhead bulk", "Bulkhead")


def test_row_54_a_stream_holds_its_permit_until_it_is_closed() -> None:
    backend, bulkhead = Backend(), Bulkhead(1, queue=0)

    def stream(*chunks: bytes, failure: Exception | None = None) -> Any:
        backend.outcome = Reply(200, Headers(JSON), ask(), body=Piecewise(*chunks, failure=failure))
        reply = backend.call(bulkhead)
        assert only(bulkhead).inflight == 1
        assert isinstance(backend.call(bulkhead), BulkheadFull)
        return reply.body

    body = stream(b"a")
    assert body.read_chunk() == b"a"
    assert only(bulkhead).inflight == 1
    body.read_chunk()
    assert only(bulkhead).inflight == 0, "read to its end"
    stream(b"a").close()
    assert only(bulkhead).inflight == 0, "closed"
    body = stream(failure=TruncatedBody())
    with pytest.raises(TruncatedBody):
        body.read_chunk()
    assert only(bulkhead).inflight == 0, "broken"
    body.close()
    assert only(bulkhead).inflight == 0, "once"
    body = stream(b"a")
    backend.outcome = 200
    backend.driver, backend.asked = Backend().driver, []
    del body
    gc.collect()
    assert only(bulkhead).inflight == 0, "collected"


def test_row_54_a_refusal_that_is_still_open_holds_it_too() -> None:
    backend, bulkhead = Backend(), Bulkhead(1)
    backend.outcome = Reply(429, Headers(JSON), ask(), body=Piecewise(b"{}"))
    reply = backend.call(bulkhead)
    assert only(bulkhead).inflight == 1
    reply.body.close()
    assert only(bulkhead).inflight == 0


def test_what_is_decided_is_told() -> None:
    backend, bulkhead = Backend(seconds=1.0), Bulkhead(1, queue=1, queue_timeout=0.5)
    requests = [ask() for _ in range(4)]
    requests[3].deadline = 1.2
    for number, request in enumerate(requests):
        backend.start(bulkhead, request, at=[0.0, 0.0, 0.0, 0.9][number])
    backend.start(bulkhead, ask(), at=1.0)
    backend.driver.run()
    assert [[str(step) for step in request.trace.of("Bulkhead")] for request in requests if request.trace] == [
        [],
        ["Bulkhead: wait queued=1", "Bulkhead: refused limit=1 queued=0"],
        ["Bulkhead: refused limit=1 queued=1"],
        ["Bulkhead: wait queued=1"],
    ]


OUTCOMES: list[Outcome] = [200, 500, 429, refused(), ReadTimeout(), Interrupted()]


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 8),
            st.sampled_from(["cancel", "close", "raise"]),
            st.sampled_from([*range(len(OUTCOMES)), "stream", "leak"]),
            st.booleans(),
        ),
        max_size=25,
    ),
    st.sampled_from([None, "aimd", "gradient"]),
    st.booleans(),
)
def test_row_61_every_permit_comes_back_by_every_way_out(
    steps: list[tuple[Any, ...]], adaptive: Any, busy: bool
) -> None:
    bulkhead = Bulkhead(2, queue=2, adaptive=adaptive)
    compartment = bulkhead._made(ask().origin, ask())
    permits = [Permit() for _ in range(2 * busy)]
    assert all(map(compartment.enter, permits))
    for effects, how, which, granted in steps:
        outcome = Reply(200, Headers(JSON), ask(), body=Piecewise(b"a")) if isinstance(which, str) else OUTCOMES[which]
        if granted and permits:
            compartment.leave(permits.pop())
        interrupt(fold([bulkhead])(ask(deadline=50.0)), effects, how, outcome, 10.0, signals=granted)  # type: ignore[arg-type]
        if which == "stream" and isinstance(outcome, Reply):
            outcome.body.close()  # type: ignore[union-attr]
        del outcome
    assert compartment.inflight <= 2
    for permit in permits:
        compartment.leave(permit)
    assert (compartment.inflight, compartment.queued) == (0, 0)


def test_row_60_of_many_tasks_half_are_cancelled_and_nothing_leaks() -> None:
    storm(3000)


def storm(size: int) -> None:
    """So many tasks at once, every second of them cancelled at some point of its way."""
    bulkhead = Bulkhead(50, queue=size, queue_timeout=600)
    most = [0]

    async def send(request: Any) -> Reply:
        most[0] = max(most[0], only(bulkhead).inflight)
        await asyncio.sleep(0)
        return Reply(200, Headers(JSON), request, b"{}")

    async def main() -> None:
        driver = AsyncDriver(send, send, SystemClock())  # type: ignore[arg-type]
        flow = fold([bulkhead])
        tasks = [asyncio.ensure_future(driver.run(flow(ask()))) for _ in range(size)]  # type: ignore[arg-type]
        for number, task in enumerate(tasks):
            if number % 2:
                task.cancel()
            if number % 200 == 0:
                await asyncio.sleep(0)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        failures = [each for each in ended if isinstance(each, BaseException)]
        assert {type(each).__name__ for each in failures} == {"CancelledError"}
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    assert most[0] <= 50
    assert (only(bulkhead).inflight, only(bulkhead).queued) == (0, 0)


def test_thirty_two_threads_never_are_more_than_may_be() -> None:
    bulkhead, inside, most, guard = Bulkhead(4, queue_timeout=60), [0], [0], threading.Lock()

    def send(request: Any) -> Reply:
        with guard:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        with guard:
            inside[0] -= 1
        if request.target == "/bad":
            raise ReadTimeout
        return Reply(200, Headers(JSON), request, b"{}")

    driver, flow = BlockingDriver(send, lambda call: (None, send(call)), SystemClock()), fold([bulkhead])
    failures = [0]

    def work(number: int) -> None:
        for turn in range(40):
            try:
                driver.run(flow(ask(target="/bad") if (number + turn) % 7 == 0 else ask()))  # type: ignore[arg-type]
            except ReadTimeout:
                with guard:
                    failures[0] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most[0] <= 4
    assert failures[0] == sum((n + t) % 7 == 0 for n in range(32) for t in range(40))
    assert (only(bulkhead).inflight, only(bulkhead).queued) == (0, 0)


def test_it_shows_its_numbers_and_travels() -> None:
    bulkhead = Bulkhead(8, queue=5, queue_timeout=1.5, per="client", adaptive="aimd", compartment="bulk")
    assert repr(bulkhead) == (
        "Bulkhead(max_concurrency=8, queue=5, queue_timeout=1.5 s, per client, adaptive=aimd, compartment=bulk)"
    )
    assert repr(Bulkhead()) == "Bulkhead(max_concurrency=64, queue=1024, queue_timeout=30 s, per endpoint)"
    bulkhead._made(None, ask()).enter(Permit())
    other = pickle.loads(pickle.dumps(bulkhead))
    assert repr(other) == repr(bulkhead)
    assert other.health(0.0) == {}


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"max_concurrency": 0}, ValueError, "max_concurrency must be 1 or more"),
        ({"max_concurrency": None}, TypeError, "max_concurrency must be a whole number"),
        ({"queue": -1}, ValueError, "queue must be 0 or more"),
        ({"queue_timeout": -1}, ValueError, "queue_timeout must be 0 seconds or more"),
        ({"per": "model"}, ValueError, "per must be"),
        ({"adaptive": True}, ValueError, "adaptive must be 'gradient', 'aimd' or None"),
        ({"compartment": 7}, TypeError, "compartment must be a name"),
        ({"limit": 7}, TypeError, "limit"),
    ],
)
def test_arguments_that_cannot_be_right(wrong: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Bulkhead(**wrong)
