"""Hooks hear of requests that a policy makes within others: for several calls at once, or a second time."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

import antiphon
from antiphon import Retry, SingleFlight
from tests.transports.rude import Rude, hang

from .answer import RESPONSE, create, ok, wrong
from .colour import KEY, Colour, failure_of
from .ear import Ear
from .test_cache import VECTOR, embed
from .test_hedge import Gated, client


@pytest.fixture
def ear(colour: Colour) -> Ear:
    """Under an async client some of them are coroutine functions."""
    return Ear("on_response", "on_retry") if colour.is_async else Ear()


def test_a_request_that_several_calls_may_share(colour: Colour, ear: Ear) -> None:
    policies = [SingleFlight(), Retry(1)]
    with Rude(wrong(503), ok(VECTOR)) as server, colour.client(server.url, policies=policies, hooks=ear.hooks) as it:
        it(embed)
    assert ear.names == ["on_request", "on_response", "on_retry", "on_request", "on_response"]
    assert [info.request.attempt for info in ear.infos("on_response")] == [1, 2]


def test_its_failure_is_told_once(colour: Colour, ear: Ear) -> None:
    with Rude(wrong(400)) as server, colour.client(server.url, policies=[SingleFlight()], hooks=ear.hooks) as it:
        failure = failure_of(it, embed)
    assert ear.names == ["on_request", "on_response", "on_error"]
    assert ear.infos("on_error")[0].error is failure


def test_what_a_hook_raises_ends_the_call(colour: Colour) -> None:
    def no(info: object) -> None:
        raise LookupError("no")

    policies, hooks = [SingleFlight(), Retry(3)], antiphon.Hooks(on_response=no)
    with Rude(ok(VECTOR)) as server, colour.client(server.url, policies=policies, hooks=hooks) as it:
        for _ in range(2):
            assert isinstance(failure_of(it, embed), LookupError)
        assert len(server.requests) == 2


def test_a_second_request(colour: Colour, ear: Ear) -> None:
    hedge, fine = Gated(), ok(RESPONSE)
    with Rude(fine, fine, fine, hang, fine) as server, client(colour, server, hedge, hooks=ear.hooks) as it:
        hedge.ready(it)
        ear.heard.clear()
        it(create)
    assert ear.names == ["on_request", "on_request", "on_response"]
    assert ear.infos("on_response")[0].request.attempt == 2


def test_one_that_is_cancelled_at_any_step() -> None:
    """Nothing is left that nobody awaited."""
    with Rude(ok(VECTOR)) as server:

        async def main() -> None:
            options: dict[str, Any] = {"base_url": f"{server.url}/v1", "api_key": KEY, "policies": [SingleFlight()]}
            it = antiphon.AsyncOpenAI(**options, hooks=Ear().hooks)
            for steps in range(8):
                task = asyncio.ensure_future(embed(it))
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await it.close()

        asyncio.run(main())
        gc.collect()
