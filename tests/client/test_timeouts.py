"""Each phase hung, in both colours and over both transports: which error tells of it, and that nothing lasts much longer."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import antiphon
from antiphon.errors import (
    APITimeoutError,
    ConnectTimeout,
    DeadlineExceeded,
    PoolTimeout,
    ReadTimeout,
    StreamIdleTimeout,
    WriteTimeout,
)
from antiphon.policies.live import Live
from antiphon.policies.retry import Retry
from antiphon.policies.timeouts import Timeouts
from tests.transports.rude import Rude, chunk, drip, hang, pause, reply

from .answer import CHAT, chat, create, delta, ok, retrieve, wrong
from .colour import Colour
from .test_idle import HEAD, PING, dripping, event
from .test_stream_life import OPEN

SHORT = 0.15
LATE = 0.05
"""Seconds. An error may come so much later than its bound, on a machine that has little else to do."""


def bounded(**bounds: float | None) -> dict[str, Any]:
    """A client's policies."""
    return {"policies": [Timeouts(**bounds)], "_clock": None}


def timed(it: Any, do: Callable[[Any], Any]) -> tuple[list[Any], Any, float]:
    """What came, the error that ended it, and after how many seconds."""
    began = time.monotonic()
    try:
        return it(do), None, time.monotonic() - began
    except Exception as failure:
        return [], failure, time.monotonic() - began


def streamed(it: Any) -> tuple[list[Any], Any, float]:
    """As `timed`, for a stream."""
    began = time.monotonic()
    items, failure = it.events(chat)
    return items, failure, time.monotonic() - began


@pytest.fixture
def hole() -> Iterator[str]:
    """A port where nobody picks up."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    callers = [socket.socket() for _ in range(8)]
    for caller in callers:
        caller.setblocking(False)
        caller.connect_ex(listener.getsockname())
    time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    for each in (*callers, listener):
        each.close()


def test_row_2_connect(colour: Colour, hole: str) -> None:
    with colour.client(hole, **bounded(connect=SHORT)) as it:
        _, error, seconds = timed(it, retrieve)
        assert isinstance(error, ConnectTimeout)
        assert (error.phase, error.sent) == ("connect", "no")
        assert seconds >= SHORT - 0.02


def test_pool(own_colour: Colour) -> None:
    limits = antiphon.PoolLimits(max_connections=1)
    with Rude(OPEN, ok()) as server, own_colour.client(server.url, limits=limits, **bounded(pool=SHORT)) as it:
        stream, _ = it.first(chat)
        _, error, _ = timed(it, retrieve)
        assert isinstance(error, PoolTimeout)
        assert error.phase == "pool"
        it.wait(stream.close())


def test_write(own_colour: Colour) -> None:
    with Rude([pause(30)], early=True) as server:
        with own_colour.client(server.url, **bounded(write=SHORT)) as it:
            big = b"x" * (64 << 20)
            _, error, _ = timed(it, lambda client: client.files.create(file=("n", big), purpose="batch"))
            assert isinstance(error, WriteTimeout)
            assert error.phase == "write"


def test_row_11_first_byte(colour: Colour) -> None:
    with Rude(hang) as server, colour.client(server.url, **bounded(first_byte=SHORT)) as it:
        _, error, _ = timed(it, create)
        assert isinstance(error, ReadTimeout)
        assert error.phase == "head"
        assert server.left()


def test_row_12_idle_in_a_body_that_is_read_whole(own_colour: Colour) -> None:
    # A borrowed client knows one bound for the head and the body.
    with (
        Rude([reply(b'{"id": ', length=40), hang]) as server,
        own_colour.client(server.url, **bounded(idle=SHORT)) as it,
    ):
        _, error, _ = timed(it, create)
        assert isinstance(error, ReadTimeout)
        assert error.phase == "body"


def test_a_slow_body_is_not_idle(own_colour: Colour) -> None:
    body = b'{"id": "m"}' + b" " * 8
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Rude([head, drip(body, 0.03)]) as server, own_colour.client(server.url, **bounded(idle=0.4)) as it:
        assert it(retrieve).id == "m"


SILENT: dict[str, tuple[list[Any], dict[str, Any], type[Exception], int]] = {
    "no byte": ([hang], {"stream_first_event": SHORT}, ReadTimeout, 0),
    "a head and no event": ([HEAD, hang], {"stream_first_event": SHORT}, StreamIdleTimeout, 0),
    "a head and keep-alives": ([HEAD, dripping(PING)], {"stream_first_event": SHORT}, StreamIdleTimeout, 0),
    "nothing after an event": ([HEAD + event(delta("a")), hang], {"idle": SHORT}, ReadTimeout, 1),
    "keep-alives after an event": (
        [HEAD + event(delta("a")), dripping(PING)],
        {"idle": 5, "max_silent": SHORT},
        StreamIdleTimeout,
        1,
    ),
    "keep-alives for ever": ([HEAD + event(delta("a")), dripping(PING)], {"total": 0.3}, DeadlineExceeded, 1),
}


@pytest.mark.parametrize("kind", SILENT)
def test_rows_11_and_12_a_stream_that_falls_silent(own_colour: Colour, kind: str) -> None:
    script, bounds, expected, count = SILENT[kind]
    with Rude(script) as server, own_colour.client(server.url, **bounded(**bounds)) as it:
        items, error, _ = streamed(it)
        assert len(items) == count
        assert type(error) is expected
        assert isinstance(error, APITimeoutError)
        assert error.phase == ("head" if kind == "no byte" else "stream")
        assert server.left()


@pytest.mark.parametrize("bounds", [{"stream_first_event": SHORT}, {"max_silent": SHORT, "stream_first_event": 5}])
def test_a_borrowed_client_s_streams_are_bounded_too(colour: Colour, bounds: dict[str, float]) -> None:
    first = HEAD + (event(delta("a")) if "max_silent" in bounds else b"")
    with Rude([first, dripping(PING)]) as server, colour.client(server.url, **bounded(**bounds)) as it:
        _, error, _ = streamed(it)
        assert type(error) is StreamIdleTimeout


def test_a_subclass_with_hooks_is_bounded_too(own_colour: Colour) -> None:
    base: Any = antiphon.AsyncOpenAI if own_colour.is_async else antiphon.OpenAI

    class Mine(base):
        def _prepare_options(self, options: Any) -> Any:
            if not own_colour.is_async:
                return options

            async def later() -> Any:
                return options

            return later()

    with Rude(hang) as server, own_colour.client(server.url) as it:
        mine = Mine(api_key="sk-x", base_url=server.url, policies=[Timeouts(first_byte=SHORT, total=20)])
        _, error, _ = timed(it, lambda _: create(mine))
        it.wait(mine.close())
    assert isinstance(error, ReadTimeout)


def test_live_policies_bound_streams_too(own_colour: Colour) -> None:
    live = Live([Timeouts(max_silent=30)])
    with Rude([HEAD + event(delta("a")), dripping(PING)]) as server:
        with own_colour.client(server.url, policies=[live], _clock=None) as it:
            live.update([Timeouts(max_silent=SHORT)])
            items, error, _ = streamed(it)
    assert len(items) == 1
    assert type(error) is StreamIdleTimeout


def test_who_waits_for_the_first_event_need_not_hurry_afterwards(own_colour: Colour) -> None:
    script = [
        HEAD + event(delta("a")),
        pause(0.4),
        event(delta("b", "stop")) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n",
    ]
    with Rude(script) as server:
        for more in ({}, {"max_silent": None}):
            with own_colour.client(server.url, **bounded(stream_first_event=0.3, **more)) as it:
                assert len(it(chat)) == 2


def test_a_stream_in_time_is_left_alone(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url, **bounded()) as it:
        assert len(it(chat)) == 3


def test_the_error_says_which_bound(own_colour: Colour) -> None:
    with Rude([HEAD, hang]) as server, own_colour.client(server.url, **bounded(stream_first_event=SHORT)) as it:
        assert "stream_first_event" in str(streamed(it)[1])


def test_the_whole_covers_retries_and_pauses(colour: Colour) -> None:
    policies = {"policies": [Timeouts(total=2.0), Retry(9, jitter=False)]}
    with Rude(wrong(500)) as server, colour.client(server.url, **policies) as it:
        _, error, _ = timed(it, create)
        assert error.status_code == 500
        assert it.clock.slept == [0.5, 1.0]
        assert error.trace.of("Retry")[-1].get("reason") == "the deadline is near"


OVERDUE: dict[str, tuple[Any, bool]] = {
    "head": (hang, False),
    "slow head": (drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000, 0.02), False),
    "slow body": ([b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", drip(b" " * 900, 0.02)], False),
    "stream": ([HEAD, dripping(PING)], True),
    "stream of events": ([HEAD, dripping(event(delta("a")), every=0.01)], True),
}


@pytest.mark.parametrize("kind", OVERDUE)
def test_rows_11_and_12_the_whole_is_overrun_by_little(own_colour: Colour, kind: str) -> None:
    answer, stream = OVERDUE[kind]
    late: list[float] = []
    with Rude(answer) as server, own_colour.client(server.url, **bounded(total=0.3)) as it:
        while len(late) < 5 and not any(each <= LATE for each in late):  # this machine may have other things to do
            _, error, seconds = streamed(it) if stream else timed(it, create)
            assert isinstance(error, DeadlineExceeded)
            assert error.phase in ("head", "body", "stream")
            late.append(seconds - 0.3)
    assert -0.03 <= min(late) <= LATE


def test_a_call_of_its_own_patience(own_colour: Colour) -> None:
    with Rude(hang) as server, own_colour.client(server.url, **bounded(first_byte=30)) as it:
        error = timed(it, lambda client: create(client, timeout=SHORT))[1]
        assert isinstance(error, APITimeoutError)
        assert error.phase == "head"


def test_a_client_of_its_own_patience(own_colour: Colour) -> None:
    """`client.with_options(timeout=…)` is how one call in the official package's way is given less time."""
    with Rude(hang) as server, own_colour.client(server.url, **bounded(first_byte=30), timeout=SHORT) as it:
        error = timed(it, create)[1]
        assert isinstance(error, APITimeoutError)
        assert error.phase == "head"
