"""An emulator that honours keys: each is carried out once, for a day, and belongs to one request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.exchange import NOBODY, Exchange, Reply
from antiphon.emulator.problem import Problem
from antiphon.emulator.repeat import Repeats

from .asking import Asking

ASK = {"model": "gpt-5.5", "input": "Say: hello"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(Setting(honours_keys=True)) as running:
        yield running


@pytest.fixture
def ask(emulator: Emulator) -> Iterator[Asking]:
    asking = Asking(emulator.base_url.removesuffix("/v1"))
    yield asking
    asking.close()


def keyed(key: str = "k", **more: str) -> dict[str, str]:
    return {"Idempotency-Key": key, **more}


def test_a_key_is_carried_out_once(emulator: Emulator, ask: Asking) -> None:
    first, again = (ask("POST", "/v1/responses", ASK, headers=keyed()) for _ in range(2))
    assert again.json == first.json
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert emulator.app.world.repeats.executions == 1


@pytest.mark.parametrize("other", [{"headers": keyed("another")}, {"headers": keyed(), "key": "sk-other"}, {}])
def test_another_key_is_another_request(ask: Asking, other: dict[str, Any]) -> None:
    first = ask("POST", "/v1/responses", ASK, headers=keyed())
    assert ask("POST", "/v1/responses", ASK, **other).json["id"] != first.json["id"]


def test_another_request_with_a_key_is_refused(ask: Asking) -> None:
    ask("POST", "/v1/responses", ASK, headers=keyed())
    refused = ask("POST", "/v1/responses", {**ASK, "input": "else"}, headers=keyed())
    assert (refused.status, refused.error["code"]) == (400, "idempotency_error")
    assert ask("POST", "/v1/vector_stores", {"name": "x"}, headers=keyed()).status == 200


def test_what_was_refused_leaves_the_key_free(ask: Asking) -> None:
    assert ask("POST", "/v1/responses", {"model": "m"}, headers=keyed()).status == 400
    missing = {"completion_window": "24h", "endpoint": "/v1/responses", "input_file_id": "file-none"}
    assert ask("POST", "/v1/batches", missing, headers=keyed()).status in (400, 404)
    assert ask("POST", "/v1/responses", ASK, headers=keyed()).status == 200


def test_a_key_is_forgotten_after_a_day(emulator: Emulator, ask: Asking) -> None:
    first = ask("POST", "/v1/responses", ASK, headers=keyed())
    emulator.app.world.skew += 86_401
    assert ask("POST", "/v1/responses", ASK, headers=keyed()).json["id"] != first.json["id"]


def test_a_reply_that_gets_lost_is_there_the_second_time(emulator: Emulator, ask: Asking) -> None:
    with pytest.raises(ConnectionError):
        ask("POST", "/v1/vector_stores", {"name": "x"}, headers=keyed(**{"X-Antiphon-Fault": "reset=0;times=1"}))
    ask.close()
    assert ask("POST", "/v1/vector_stores", {"name": "x"}, headers=keyed()).status == 200
    assert len(ask("GET", "/v1/vector_stores").json["data"]) == 1
    assert emulator.app.world.repeats.executions == 1


def test_streams_and_gets_are_not_kept(emulator: Emulator, ask: Asking) -> None:
    ids = [
        ask("POST", "/v1/responses", {**ASK, "stream": True}, headers=keyed()).events[0]["response"]["id"] for _ in "ab"
    ]
    assert ids[0] != ids[1]
    assert ask("GET", "/v1/models", headers=keyed()).status == 200
    assert emulator.app.world.repeats.executions == 2


def test_by_default_it_promises_nothing() -> None:
    with Emulator() as running:
        asking = Asking(running.base_url.removesuffix("/v1"))
        ids = {asking("POST", "/v1/responses", ASK, headers=keyed()).json["id"] for _ in range(2)}
        asking.close()
    assert len(ids) == 2


def test_a_key_that_is_in_use_is_a_conflict() -> None:
    async def both() -> list[Any]:
        repeats, gate = Repeats(lambda: 0.0), asyncio.Event()

        async def slowly(exchange: Exchange) -> Reply:
            await gate.wait()
            return Reply(b"{}")

        handler = repeats.around(slowly, b"x")
        exchange: Any = SimpleNamespace(
            headers={b"idempotency-key": b"k"}, path={}, caller=NOBODY, operation=SimpleNamespace(name="o")
        )
        first = asyncio.ensure_future(handler(exchange))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as caught:
            await handler(exchange)
        gate.set()
        return [caught.value.status, await first, await handler(exchange), repeats.executions]

    status, first, again, executions = asyncio.run(both())
    assert (status, executions) == (409, 1)
    assert again.body == first.body
