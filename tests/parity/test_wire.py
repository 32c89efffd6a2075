"""Every REST operation, both colours: what goes on the wire equals what the official package sends for the same arguments."""

from __future__ import annotations

import asyncio
import copy
import warnings
from collections.abc import Iterator
from functools import reduce
from typing import Any

import openai
import pytest

import antiphon

from .recorder import Recorder, Seen
from .sample import arguments, operations

OPERATIONS = sorted(operations())
OPTIONS: dict[str, Any] = {"api_key": "sk-key", "admin_api_key": "sk-admin", "max_retries": 0}


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Recorder() as server:
        yield server


def call(client: Any, name: str, positional: list[Any], keywords: dict[str, Any]) -> Any:
    *path, method = name.split(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return getattr(reduce(getattr, path, client), method)(*copy.deepcopy(positional), **copy.deepcopy(keywords))


def sync(package: Any, server: Recorder, name: str, positional: list[Any], keywords: dict[str, Any]) -> Seen:
    server.seen.clear()
    with package.OpenAI(base_url=server.url, **OPTIONS) as client:
        _close(call(client, name, positional, keywords))
    return server.seen[0]


def asynchronous(package: Any, server: Recorder, name: str, positional: list[Any], keywords: dict[str, Any]) -> Seen:
    async def main() -> None:
        async with package.AsyncOpenAI(base_url=server.url, **OPTIONS) as client:
            result = await call(client, name, positional, keywords)
            if hasattr(result, "__aiter__") and hasattr(result, "close"):
                await result.close()

    server.seen.clear()
    asyncio.run(main())
    return server.seen[0]


def _close(result: Any) -> None:
    if hasattr(result, "__next__") and hasattr(result, "close"):
        result.close()


@pytest.mark.parametrize("full", [False, True], ids=["required", "everything"])
@pytest.mark.parametrize("colour", [sync, asynchronous], ids=["sync", "async"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_request_is_the_official_one(name: str, colour: Any, full: bool, recorder: Recorder) -> None:
    positional, keywords = arguments(operations()[name], full=full)
    official = colour(openai, recorder, name, positional, keywords)
    ours = colour(antiphon, recorder, name, positional, keywords)
    assert ours == official


def test_every_described_rest_operation_is_compared() -> None:
    assert len(OPERATIONS) == 396
