"""Both packages, asked the same on a local server, one after the other; and an environment that says nothing."""

from __future__ import annotations

import asyncio
import inspect
import os
from typing import Any

import pytest

import antiphon
from tests.client.colour import KEY, Colour

from .official import openai

COLOURS = ("sync", "async")
BOTH = (openai, antiphon)


@pytest.fixture(params=COLOURS)
def colour(request: pytest.FixtureRequest) -> Colour:
    """Each colour."""
    return Colour(request.param, "own")


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine reaches a client."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "ANTIPHON_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def kind_of(package: Any, colour: Colour) -> Any:
    return package.AsyncOpenAI if colour.is_async else package.OpenAI


def outcome(package: Any, colour: Colour, url: str, *calls: Any, **options: Any) -> list[Any]:
    """What each call gives, streams and awaitables read to their end; or its error."""
    options = {"api_key": KEY, "base_url": f"{url}/v1", "max_retries": 0, **options}

    async def awaited() -> list[Any]:
        async with kind_of(package, colour)(**options) as client:
            return [await one(client, do) for do in calls]

    async def one(client: Any, do: Any) -> Any:
        try:
            value = do(client)
            value = await value if inspect.isawaitable(value) else value
            if isinstance(value, package.AsyncStream):
                return [item async for item in value]
            return value
        except Exception as error:
            return error

    if colour.is_async:
        return asyncio.run(awaited())
    results: list[Any] = []
    with kind_of(package, colour)(**options) as client:
        for do in calls:
            try:
                value = do(client)
                results.append(list(value) if isinstance(value, package.Stream) else value)
            except Exception as error:
                results.append(error)
    return results


def omitted(client: Any) -> Any:
    return (antiphon if type(client).__module__.startswith("antiphon") else openai).omit
