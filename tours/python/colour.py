"""The package's two colours as one surface: chapters are written once, as if everything blocked.

The asynchronous client is walked through `Blocking`: whatever is awaitable is awaited on the tour's one event loop,
whatever is iterated or entered asynchronously is iterated or entered there, and all else is passed through as it is.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import openai

from .house import House

Make = Callable[..., Any]
"""Gives a client; takes what the client takes."""
Colour = Callable[[House], AbstractContextManager[Make]]
KEY = "sk-tour"
_ROOMS = ("openai.resources", "openai._client", "openai._response")


class Blocking:
    """One asynchronous object, seen as a blocking one."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return _seen(getattr(self._inner, name), self._loop)

    def __iter__(self) -> Iterator[Any]:
        items = self._inner.__aiter__()
        while True:
            try:
                item = self._loop.run_until_complete(items.__anext__())
            except StopAsyncIteration:
                return
            yield _seen(item, self._loop)

    def __enter__(self) -> Any:
        return _seen(self._loop.run_until_complete(self._inner.__aenter__()), self._loop)

    def __exit__(self, *raised: object) -> Any:
        return self._loop.run_until_complete(self._inner.__aexit__(*raised))


def _seen(value: Any, loop: asyncio.AbstractEventLoop) -> Any:
    """The value itself, or blocking when it is asynchronous or leads to what is."""
    if inspect.isawaitable(value):
        return _seen(loop.run_until_complete(_awaited(value)), loop)
    kind = type(value)
    if hasattr(kind, "__aiter__") or hasattr(kind, "__aenter__") or kind.__module__.startswith(_ROOMS):
        return Blocking(value, loop)
    if inspect.isroutine(value) or isinstance(value, partial):
        return lambda *given, **named: _seen(value(*map(_own, given), **named), loop)
    return value


async def _awaited(value: Any) -> Any:
    return await value


def _own(value: Any) -> Any:
    return value._inner if isinstance(value, Blocking) else value


@contextmanager
def OpenAI(house: House) -> Iterator[Make]:  # noqa: N802 - named as what it walks
    """Blocking clients of the house."""
    made: list[openai.OpenAI] = []

    def make(key: str = KEY, **more: Any) -> Any:
        made.append(openai.OpenAI(base_url=house.base_url, api_key=key, admin_api_key=key, max_retries=0, **more))
        return made[-1]

    yield make
    for client in made:
        client.close()


@contextmanager
def AsyncOpenAI(house: House) -> Iterator[Make]:  # noqa: N802
    """Asynchronous clients of the house, all on one event loop."""
    made: list[openai.AsyncOpenAI] = []
    with asyncio.Runner() as runner:
        loop = runner.get_loop()

        def make(key: str = KEY, **more: Any) -> Any:
            made.append(
                openai.AsyncOpenAI(base_url=house.base_url, api_key=key, admin_api_key=key, max_retries=0, **more)
            )
            return Blocking(made[-1], loop)

        yield make
        for client in made:
            loop.run_until_complete(client.close())


COLOURS: dict[str, Colour] = {"sync": OpenAI, "async": AsyncOpenAI}
