"""One subclass, derived twice: from the official client and from antiphon's, in each colour, asked the same thing."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx2
import openai
import pytest

import antiphon
from tests.transports.rude import Received, Rude

COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])
OWN = {"user-agent", "x-stainless-package-version", "accept-encoding", "connection", "host"}


class Asked(NamedTuple):
    """What a client sent, and what came of it."""

    requests: list[Received]
    value: Any
    error: Exception | None

    def head(self, number: int = 0) -> dict[str, str]:
        """The fields of a request, without those in which the packages rightly differ."""
        fields = {name.lower(): value for name, value in self.requests[number].headers.items()}
        return {name: value for name, value in fields.items() if name not in OWN}


def ask(base: Any, body: Callable[[Any], dict[str, Any]], do: Any, script: Any, **options: Any) -> Asked:
    """Derive from a client's class, make one, and do something with it."""
    is_async = issubclass(base, (openai.AsyncOpenAI, antiphon.AsyncOpenAI))
    kind: Any = type("Derived", (base,), {**body(base), "__module__": __name__})
    with Rude(*script) as server:
        settings = {"api_key": "sk-1", "base_url": f"{server.url}/v1", "max_retries": 0, **options}
        if base.__module__.startswith("openai"):
            http = httpx2.AsyncClient if is_async else httpx2.Client
            settings["http_client"] = http(trust_env=False)
        value, error = None, None
        try:
            client = kind(**settings)
            if is_async:
                value = asyncio.run(_whole(client, do))
            else:
                with client:
                    value = do(client)
        except Exception as problem:
            error = problem
        return Asked(list(server.requests), value, error)


async def _whole(client: Any, do: Any) -> Any:
    async with client:
        value = do(client)
        return await value if inspect.isawaitable(value) else value


def both(colour: str, body: Any, do: Any, *script: Any, **options: Any) -> tuple[Asked, Asked]:
    """(ours, theirs)."""
    name = "OpenAI" if colour == "sync" else "AsyncOpenAI"
    mine, theirs = getattr(antiphon, name), getattr(openai, name)
    return ask(mine, body, do, script, **options), ask(theirs, body, do, script, **options)


def coloured(colour: str, plain: Callable[..., Any]) -> Any:
    """A plain hook, or one that is awaited."""
    if colour == "sync":
        return plain

    async def awaited(*arguments: Any, **named: Any) -> Any:
        return plain(*arguments, **named)

    return awaited
