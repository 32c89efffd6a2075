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


class Rig:
    """Both packages' clients in both colours, asking one recording server."""

    def __init__(self, server: Recorder) -> None:
        self.server = server
        self.runner = asyncio.Runner()
        self.packages: dict[str, Any] = {"official": openai, "ours": antiphon}
        self.sync = {name: package.OpenAI(base_url=server.url, **OPTIONS) for name, package in self.packages.items()}
        self.asynchronous = {
            name: package.AsyncOpenAI(base_url=server.url, **OPTIONS) for name, package in self.packages.items()
        }

    def ask(self, package: str, colour: str, name: str, positional: list[Any], keywords: dict[str, Any]) -> Seen:
        self.server.seen.clear()
        if colour == "sync":
            result = call(self.sync[package], name, positional, keywords)
            if hasattr(result, "__next__") and hasattr(result, "close"):
                result.close()
        else:
            self.runner.run(self._awaited(self.asynchronous[package], name, positional, keywords))
        return self.server.seen[0]

    async def _awaited(self, client: Any, name: str, positional: list[Any], keywords: dict[str, Any]) -> None:
        result = await call(client, name, positional, keywords)
        if hasattr(result, "__aiter__") and hasattr(result, "close"):
            await result.close()

    def close(self) -> None:
        for name in self.packages:
            self.sync[name].close()
            self.runner.run(self.asynchronous[name].close())
        self.runner.close()


def call(client: Any, name: str, positional: list[Any], keywords: dict[str, Any]) -> Any:
    *path, method = name.split(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return getattr(reduce(getattr, path, client), method)(*copy.deepcopy(positional), **copy.deepcopy(keywords))


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with Recorder() as server:
        made = Rig(server)
        yield made
        made.close()


@pytest.mark.parametrize("full", [False, True], ids=["required", "everything"])
@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_request_is_the_official_one(name: str, colour: str, full: bool, rig: Rig) -> None:
    positional, keywords = arguments(operations()[name], full=full)
    official = rig.ask("official", colour, name, positional, keywords)
    assert rig.ask("ours", colour, name, positional, keywords) == official


def test_every_described_rest_operation_is_compared() -> None:
    assert len(OPERATIONS) == 396
