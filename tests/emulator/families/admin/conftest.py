"""A fresh emulator for each test, and the official package's client for its organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting

As = Callable[..., openai.OpenAI]


@pytest.fixture
def house() -> Iterator[Emulator]:
    with Emulator(Setting(seed=3)) as running:
        yield running


@pytest.fixture
def using(house: Emulator) -> Iterator[As]:
    """A client with a key of one's own."""
    made: list[openai.OpenAI] = []

    def make(key: str, **more: Any) -> openai.OpenAI:
        made.append(openai.OpenAI(base_url=house.base_url, api_key=key, admin_api_key=key, max_retries=0, **more))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def api(using: As) -> openai.OpenAI:
    """The client of a key nobody registered."""
    return using("sk-open-door-key")


@pytest.fixture
def org(api: openai.OpenAI) -> Any:
    """The organisation's operations."""
    return api.admin.organization


def say(client: openai.OpenAI, model: str = "gpt-4o", **more: Any) -> Any:
    """The least request that a model answers."""
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}], **more)
