"""Both drivers perform every effect, and run the same flow to the same end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from antiphon.core import effects
from antiphon.core.call import Call, Operation
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.secret import Secret
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.clock import SystemClock

REQUEST = Request("GET", Origin("http", "h", 80), "/", Headers(), None, Timeout(1))
CALL = Call[Any](Operation("models.list", "GET", "/models"))


class Clock:
    """A list of numbers."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return 7.0

    def wall(self) -> float:
        return 8.0

    def random(self) -> float:
        return 0.5

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def asleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Body:
    """An open body in both colours."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.closed = 0

    def read_chunk(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def finish(self) -> None:
        self.close()

    def close(self) -> None:
        self.closed += 1


class AsyncBody(Body):
    async def read_chunk(self) -> bytes:  # type: ignore[override]
        return self.pieces.pop(0) if self.pieces else b""


def reply(body: Body | None = None, content: bytes | None = b"") -> Reply:
    return Reply(200, Headers(), request=REQUEST, body=body, content=content if body is None else None)  # type: ignore[arg-type]


class Sync:
    """The blocking colour."""

    body = Body

    def __init__(self, send: Callable[[Request], Reply] = lambda _: reply()) -> None:
        self.clock = Clock()
        self.driver = BlockingDriver(send, lambda call: (call.operation.name, reply()), self.clock)

    def run(self, flow: Coroutine[Any, Any, Any]) -> Any:
        return self.driver.run(flow)


class Async:
    """The asyncio colour."""

    body = AsyncBody

    def __init__(self, send: Callable[[Request], Reply] = lambda _: reply()) -> None:
        async def asend(request: Request) -> Reply:
            await asyncio.sleep(0)
            return send(request)

        async def perform(call: Call[Any]) -> tuple[Any, Reply]:
            return call.operation.name, reply()

        self.clock = Clock()
        self.driver = AsyncDriver(asend, perform, self.clock)

    def run(self, flow: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(self.driver.run(flow))


both = pytest.mark.parametrize("colour", [Sync, Async])


@both
def test_every_effect_is_performed(colour: type[Sync | Async]) -> None:
    here = colour()
    body = here.body(b"ab", b"cd")

    async def flow() -> list[Any]:
        sent = await effects.Send(REQUEST)
        await effects.Sleep(2.5)
        open_reply = reply(body)
        return [
            sent.status_code,
            await effects.Now(),
            await effects.Wall(),
            await effects.Random(),
            await effects.Read(open_reply),
            await effects.Read(open_reply),
            await effects.Discard(reply(here.body(b"never read"))),
            await effects.Discard(sent),
            await effects.Invoke(lambda a, b: a + b, 1, 2),
            (await effects.Ask(lambda: "sk-1")).reveal(),
            await effects.Perform(CALL),
            (await effects.PerformRaw(CALL))[0],
        ]

    result = here.run(flow())
    assert result == [200, 7.0, 8.0, 0.5, b"abcd", b"abcd", None, None, 3, "sk-1", "models.list", "models.list"]
    assert here.clock.slept == [2.5]
    assert body.closed == 1


@both
def test_reading_stops_at_the_limit_and_closes(colour: type[Sync | Async]) -> None:
    here = colour()
    body = here.body(b"abc", b"def", b"ghi")
    open_reply = reply(body)

    async def flow() -> bytes:
        return await effects.Read(open_reply, 4)

    assert here.run(flow()) == b"abcd"
    assert open_reply.content == b"abcd"
    assert (body.pieces, body.closed) == ([b"ghi"], 1)


@both
def test_failures_are_thrown_into_the_flow(colour: type[Sync | Async]) -> None:
    def refuse(_: Request) -> Reply:
        raise OSError("no")

    async def flow() -> str:
        try:
            await effects.Send(REQUEST)
        except OSError as failure:
            return f"caught {failure}"
        return "not reached"

    assert colour(refuse).run(flow()) == "caught no"


@both
def test_what_is_no_effect_is_refused(colour: type[Sync | Async]) -> None:
    class Foreign:
        def __await__(self):
            yield "a future of another library"

    async def flow() -> None:
        await Foreign()

    with pytest.raises(TypeError, match="may only await effects"):
        colour().run(flow())


@both
def test_gather_keeps_order_and_the_limit(colour: type[Sync | Async]) -> None:
    running = 0
    most = 0

    async def one(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await effects.Send(REQUEST)
        running -= 1
        return number * number

    async def flow() -> list[int]:
        return await effects.Gather([one(n) for n in range(20)], 3)

    assert colour().run(flow()) == [n * n for n in range(20)]
    assert 1 <= most <= 3


@both
def test_the_first_failure_ends_a_gather_and_starts_no_more(colour: type[Sync | Async]) -> None:
    started: list[int] = []

    async def one(number: int) -> None:
        started.append(number)
        await effects.Send(REQUEST)
        raise ValueError(f"flow {number}")

    async def flow() -> None:
        await effects.Gather([one(n) for n in range(50)], 1)

    with pytest.raises(ValueError, match="flow 0"):
        colour().run(flow())
    assert len(started) < 50


@both
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_failed_gather_leaves_no_flow_open(colour: type[Sync | Async], limit: int) -> None:
    left: list[int] = []

    async def one(number: int) -> None:
        try:
            await effects.Send(REQUEST)
            if number == 0:
                raise ValueError("flow 0")
            await effects.Send(REQUEST)
        finally:
            left.append(number)

    flows = [one(number) for number in range(20)]
    begun: list[int] = []

    async def flow() -> None:
        try:
            await effects.Gather(flows, limit)
        finally:
            begun.extend(number for number, each in enumerate(flows) if each.cr_frame is not None)

    with pytest.raises(ValueError, match="flow 0"):
        colour().run(flow())
    assert begun == []
    assert left[0] == 0


def test_a_gather_cancelled_before_it_began_leaves_no_flow_open() -> None:
    """A flow nobody awaited would warn, and warnings are errors here."""
    started: list[int] = []

    async def one(number: int) -> None:
        started.append(number)
        await effects.Sleep(60)

    flows = [one(number) for number in range(5)]

    async def flow() -> None:
        await effects.Gather(flows, 2)

    async def main() -> None:
        driver = Async().driver
        task = asyncio.ensure_future(driver.run(flow()))
        await asyncio.sleep(0)  # the gather's tasks exist, and none has run
        assert started == []
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    gc.collect()
    assert [each.cr_frame for each in flows] == [None] * 5


def test_a_failed_gather_waits_for_what_it_cancelled() -> None:
    seen: list[str] = []

    async def failing() -> None:
        await effects.Invoke(asyncio.sleep, 0)
        raise ValueError("first")

    async def slow() -> None:
        try:
            await effects.Invoke(asyncio.sleep, 60)
        except asyncio.CancelledError:
            await effects.Invoke(asyncio.sleep, 0)
            seen.append("cleaned up")
            raise

    async def flow() -> None:
        try:
            await effects.Gather([failing(), slow()], 2)
        finally:
            seen.append("over")

    with pytest.raises(ValueError, match="first"):
        Async().run(flow())
    assert seen == ["cleaned up", "over"]


def test_an_async_function_is_awaited_and_an_async_key_hidden() -> None:
    async def key() -> str:
        return "sk-later"

    async def flow() -> tuple[str, Secret]:
        return await effects.Invoke(key), await effects.Ask(key)

    plain, secret = Async().run(flow())
    assert (plain, secret.reveal()) == ("sk-later", "sk-later")


class Later:
    """Something to await that is no coroutine, so that there is nothing to close."""

    def __await__(self) -> Any:
        yield


async def late() -> str:
    return "sk-1"


@pytest.mark.parametrize("source", [late, Later])
def test_a_blocking_client_refuses_a_key_it_would_have_to_await(source: Callable[[], Any]) -> None:
    async def flow() -> Any:
        return await effects.Ask(source)

    with pytest.raises(TypeError, match="a blocking client needs a plain one"):
        Sync().run(flow())


def test_cancelling_the_task_reaches_the_flow() -> None:
    seen: list[str] = []

    async def flow() -> None:
        try:
            await effects.Sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main() -> None:
        async def send(_: Request) -> Reply:
            return reply()

        driver = AsyncDriver(send, send, SystemClock())  # type: ignore[arg-type]
        task = asyncio.ensure_future(driver.run(flow()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["cancelled"]


def test_an_interrupt_in_a_blocking_effect_passes_through() -> None:
    def interrupted(_: Request) -> Reply:
        raise KeyboardInterrupt

    async def flow() -> None:
        await effects.Send(REQUEST)

    with pytest.raises(KeyboardInterrupt):
        Sync(interrupted).run(flow())


def test_the_system_clock_moves_in_both_colours() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.001)
    asyncio.run(clock.asleep(0.001))
    assert clock.monotonic() > before
    assert 0 <= clock.random() < 1
    assert clock.wall() > 1_700_000_000
