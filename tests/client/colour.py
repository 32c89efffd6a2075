"""A client of any colour over any transport, driven in blocking fashion, so that each behaviour is written once.

with colour.client(server.url) as it:
    it(lambda client: client.models.retrieve("m"))            # awaited where it must be
    it.items(lambda client: client.files.list())              # every item of a stream or of all pages
    it.events(lambda client: client.responses.create(..., stream=True))   # what came, and the error that ended it
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Self

import httpx2

import antiphon
from antiphon.core.reply import Reply

KEY = "sk-canary-6f1d2c-not-to-be-seen"
ADMIN_KEY = "sk-admin-canary-91aa"


class FakeClock:
    """Time that passes when somebody sleeps; chance that is always nought."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.epoch = 1_800_000_000.0

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.slept)

    def wall(self) -> float:
        return self.epoch + sum(self.slept)

    def random(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def asleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Colour(NamedTuple):
    """A colour and a transport."""

    colour: str
    transport: str

    @property
    def is_async(self) -> bool:
        return self.colour == "async"

    @property
    def own(self) -> bool:
        """Whether the transport is antiphon's own."""
        return self.transport == "own"

    def make(self, url: str, *, thin: bool = False, **options: Any) -> Any:
        """A bare client; `url` is the server's root."""
        kind: Any = getattr(antiphon, ("Async" if self.is_async else "") + ("Client" if thin else "OpenAI"))
        if thin:
            from antiphon.client import AsyncClient, Client

            kind = AsyncClient if self.is_async else Client
        options = {"api_key": KEY, "base_url": f"{url}/v1" if url else None, **options}
        if not self.own and "http_client" not in options:
            options["http_client"] = self.http_client()
        return kind(**options)

    def http_client(self, **options: Any) -> Any:
        """A client of httpx2 in this colour."""
        options = {"trust_env": False, **options}
        return httpx2.AsyncClient(**options) if self.is_async else httpx2.Client(**options)

    def client(self, url: str, **options: Any) -> Driven:
        """A client that is driven in blocking fashion."""
        return Driven(self, url, options)


class Driven:
    """A client, its event loop where it needs one, and its clock."""

    def __init__(self, colour: Colour, url: str, options: dict[str, Any]) -> None:
        self.colour = colour
        self.runner = asyncio.Runner() if colour.is_async else None
        self.clock = FakeClock()
        self.raw = colour.make(url, **{"_clock": self.clock, **options})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait(self.raw.close())
        if self.runner is not None:
            self.runner.close()

    def wait(self, value: Any) -> Any:
        """The value itself, or what it gives when it is awaited."""
        if self.runner is None or not hasattr(value, "__await__"):
            return value

        async def awaited() -> Any:
            return await value

        return self.runner.run(awaited())

    def __call__(self, do: Callable[[Any], Any]) -> Any:
        """Do it with the client; a stream is read to its end."""
        value = self.wait(do(self.raw))
        if isinstance(value, (antiphon.Stream, antiphon.AsyncStream)):
            return self.items(lambda _: value)
        return value

    def items(self, do: Callable[[Any], Any]) -> list[Any]:
        """Every item of a stream, a page and its followers, or any iterable of the client's colour."""
        items, failure = self.events(do)
        if failure is not None:
            raise failure
        return items

    def events(self, do: Callable[[Any], Any]) -> tuple[list[Any], BaseException | None]:
        """The items that came, and the error that ended them."""
        items: list[Any] = []
        try:
            value = do(self.raw)
            if self.runner is None:
                items.extend(value)
            else:
                self.runner.run(_collect(value, items))
        except Exception as failure:
            return items, failure
        return items, None

    def entered(self, do: Callable[[Any], Any], inside: Callable[[Any], Any]) -> Any:
        """What `inside` makes of a context manager's value; it may give an awaitable."""
        if self.runner is None:
            with do(self.raw) as value:
                return inside(value)

        async def whole() -> Any:
            async with do(self.raw) as value:
                made = inside(value)
                return await made if hasattr(made, "__await__") else made

        return self.runner.run(whole())

    def turn(self) -> None:
        """Let the event loop, where there is one, do what is due."""
        gc.collect()
        if self.runner is not None:
            self.runner.run(asyncio.sleep(0.01))

    def first(self, do: Callable[[Any], Any]) -> tuple[Any, Any]:
        """An open stream and its first item."""
        stream = self.wait(do(self.raw))
        if self.runner is None:
            return stream, next(stream)
        return stream, self.wait(_as_coroutine(stream.__anext__()))


async def _as_coroutine(value: Any) -> Any:
    return await value


async def _collect(value: Any, items: list[Any]) -> None:
    if isinstance(value, Coroutine):
        value = await value
    async for item in value:  # not in one expression: what came before a failure is kept
        items.append(item)  # noqa: PERF401


def failure_of(it: Driven, do: Callable[[Any], Any]) -> BaseException:
    """The error that doing it raises, or that its stream raises in the end."""
    try:
        value = it(do)
    except Exception as failure:
        return failure
    raise AssertionError(f"it gave {value!r} instead of an error")


def head_of(value: Any) -> Reply:
    """The reply in a raw response."""
    reply: Reply = value.http_response
    return reply
