"""One emulator for all tests of a worker, and the official package's clients for it."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from tests.emulator.asking import Asking


@pytest.fixture(scope="session")
def server() -> Iterator[Emulator]:
    with Emulator(Setting(seed=1, models=("ft:gpt-4o:house::1", "ft:gpt-4o:house::2"))) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0) as made:
        yield made


@pytest.fixture
def ask(server: Emulator) -> Iterator[Asking]:
    asking = Asking(server.base_url)
    yield asking
    asking.close()
