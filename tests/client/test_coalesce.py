"""Coalescing in whole clients, against a server that answers as the API does."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import antiphon
from antiphon.policies.coalesce import Coalesce
from antiphon.policies.retry import Retry
from tests.transports.rude import Peer, Rude

from .answer import ok, wrong
from .colour import Colour, Driven

WIDE = 0.1
"""A window in which all calls of a test come; a full request ends it at once."""


class House:
    """Embeds each text as its number; "bad" is refused with all that came along."""

    def __call__(self, peer: Peer) -> None:
        request = peer.server.requests[-1]
        asked = json.loads(request.body)
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        if "bad" in texts:
            peer.sock.sendall(wrong(400))
        elif "moderations" in request.target:
            results = [{"flagged": text == "rude", "categories": {}} for text in texts]
            peer.sock.sendall(ok({"id": "modr-1", "model": "m", "results": results}))
        else:
            data = [{"object": "embedding", "index": n, "embedding": [float(text)]} for n, text in enumerate(texts)]
            used = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
            peer.sock.sendall(ok({"object": "list", "data": data[::-1], "model": "m", "usage": used}))


def embed(client: Any, text: Any) -> Any:
    return client.embeddings.create(model="m", input=text, encoding_format="float")


def moderate(client: Any, text: Any) -> Any:
    return client.moderations.create(model="m", input=text)


def many(it: Driven, ask: Any, inputs: list[Any]) -> list[Any]:
    """All at once: what each gave or raised."""

    def one(text: Any) -> Any:
        try:
            return ask(it.raw, text)
        except antiphon.APIError as failure:
            return failure

    if it.runner is None:
        with ThreadPoolExecutor(len(inputs)) as threads:
            return list(threads.map(one, inputs))

    async def together() -> list[Any]:
        return await asyncio.gather(*(ask(it.raw, text) for text in inputs), return_exceptions=True)

    return it.runner.run(together())


def sizes(server: Rude) -> list[int]:
    asked = [json.loads(request.body)["input"] for request in server.requests]
    return [len(each) if isinstance(each, list) else 1 for each in asked]


def numbers(result: Any) -> list[float]:
    return [item.embedding[0] for item in result.data]


def test_many_are_few_and_each_gets_its_own(colour: Colour) -> None:
    # One more than fits begins the next request, and sends the first.
    with Rude(House()) as server, colour.client(server.url, policies=[Coalesce(window=WIDE, inputs=20)]) as it:
        results = many(it, embed, [str(number) for number in range(10, 50)])
        assert [numbers(each) for each in results] == [[number] for number in range(10, 50)]
        assert [each.data[0].index for each in results] == [0] * 40
        assert [each.usage.total_tokens for each in results] == [1] * 40
        assert sum(sizes(server)) == 40
        assert len(server.requests) < 20


def test_lists_stay_lists_in_their_order(colour: Colour) -> None:
    with Rude(House()) as server, colour.client(server.url, policies=[Coalesce(window=WIDE)]) as it:
        results = many(it, embed, [["1", "2", "3"], "4", ["5", "6"]])
        assert [numbers(each) for each in results] == [[1, 2, 3], [4], [5, 6]]
        assert [each.usage.total_tokens for each in results] == [3, 1, 2]
        assert len(server.requests) < 3


def test_moderations_too(colour: Colour) -> None:
    with Rude(House()) as server, colour.client(server.url, policies=[Coalesce(window=WIDE)]) as it:
        results = many(it, moderate, ["nice", "rude", ["nice", "rude"]])
        assert [[item.flagged for item in each.results] for each in results] == [[False], [True], [False, True]]
        assert len(server.requests) < 3


def test_only_who_is_to_blame_is_refused(colour: Colour) -> None:
    with Rude(House()) as server, colour.client(server.url, policies=[Coalesce(window=WIDE)]) as it:
        results = many(it, embed, ["1", "bad", "3", "4"])
        assert [type(each).__name__ for each in results].count("BadRequestError") == 1
        assert isinstance(results[1], antiphon.BadRequestError)
        assert [numbers(results[place]) for place in (0, 2, 3)] == [[1], [3], [4]]
        assert len(server.requests) <= 7


def test_retries_are_made_for_all_at_once(colour: Colour) -> None:
    with Rude(wrong(503), House()) as server:
        with colour.client(server.url, policies=[Coalesce(window=WIDE, inputs=3), Retry(2)]) as it:
            results = many(it, embed, ["1", "2", "3"])
            assert [numbers(each) for each in results] == [[1], [2], [3]]
            assert sizes(server) in ([3, 3], [1, 2, 1], [1, 1, 2], [2, 1, 2], [2, 2, 1], [1, 2, 2], [1, 1, 1, 1])


def test_it_is_named_by_the_client(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        assert "Coalesce(window=0.5 s" in it.raw.with_coalescing(window=0.5).explain()


@pytest.mark.parametrize("transport", ["own", "httpx2"])
def test_row_60_tasks_that_are_cancelled_take_nobody_along(transport: str) -> None:
    async def main(url: str) -> list[Any]:
        async with Colour("async", transport).make(url, policies=[Coalesce(window=0.02)]) as client:
            tasks = [asyncio.ensure_future(embed(client, str(number))) for number in range(60)]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)

    with Rude(House()) as server:
        ends = asyncio.run(main(server.url))
        assert [numbers(end) for end in ends[1::2]] == [[number] for number in range(1, 60, 2)]
        assert {type(end) for end in ends[::2]} == {asyncio.CancelledError}
        assert sizes(server) == [30]
