"""One emulator for all tests of a worker, and the official package's clients for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator import app as application
from tests.emulator.asking import Asking


@pytest.fixture(autouse=True)
def as_documented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every answer keeps what the public document promises, where one is named."""
    from .openapi import document, watched

    told = document()
    if told is None:
        yield
        return
    complaints: list[str] = []
    plain = application.Sender.send

    async def send(self: Any, reply: Any, head: Any) -> None:
        if (operation := described.get(id(reply))) is not None:
            reply = watched(told, operation, reply, complaints.append)
        await plain(self, reply, head)

    described: dict[int, Any] = {}
    end = application.Turn.end

    def ended(self: Any, reply: Any) -> None:
        if self.exchange is not None:
            described[id(reply)] = self.exchange.operation
        end(self, reply)

    monkeypatch.setattr(application.Turn, "end", ended)
    monkeypatch.setattr(application.Sender, "send", send)
    yield
    assert not complaints, "\n".join(dict.fromkeys(complaints))


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
