"""The cache as a flow: what is kept, what is given again, and for how long."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import APIConnectionError
from antiphon.policies.cache import Cache
from antiphon.policies.chain import fold

from .house import House, story
from .kept import Rows
from .machines.asking import CHAT, chat, completion, embed, reply, request, vectors


def test_the_second_asking_is_answered_without_the_server() -> None:
    house = House(Cache())
    first, second = house(), house()
    assert len(house.asked) == 1
    assert second.content == first.content
    assert (first.cached, second.cached) == (False, True)
    assert story(first, "Cache") == ["miss", "kept"]
    assert story(second, "Cache") == ["hit"]
    assert second.request is not first.request


def test_what_a_hit_shows() -> None:
    def answer(asked: Request) -> Reply:
        return reply(asked, vectors(1), x_request_id="r9", x_ratelimit_remaining_requests="1", set_cookie="s=1")

    house = House(Cache(), answer=answer)
    house()
    house.wait(5)
    hit = house()
    assert dict(hit.headers) == {"content-type": "application/json", "x-request-id": "r9", "age": "5"}
    assert (hit.status_code, hit.is_read, hit.retries_taken, hit.elapsed) == (200, True, 0, 0.0)
    hit.headers["x"] = "changed"
    assert "x" not in house().headers


def test_it_ends_with_its_time() -> None:
    house = House(Cache(ttl=10))
    house()
    house.wait(10)
    assert house().cached
    house.wait(0.5)
    late = house()
    assert (late.cached, len(house.asked)) == (False, 2)
    assert house().cached


@pytest.mark.parametrize("status", [201, 204, 206, 400, 404, 429, 500])
def test_only_a_200_is_kept(status: int) -> None:
    house = House(Cache(), answer=lambda asked: reply(asked, vectors(1), status))
    assert story(house(), "Cache") == ["miss"]
    house()
    assert len(house.asked) == 2


def test_what_is_not_whole_is_not_kept() -> None:
    house = House(Cache(), answer=lambda asked: reply(asked, completion("length")))
    assert story(house(chat(), CHAT), "Cache") == ["miss", "not kept"]
    house(chat(), CHAT)
    assert len(house.asked) == 2
    house = House(Cache(cut_off=True), answer=lambda asked: reply(asked, completion("length")))
    assert [house(chat(), CHAT).cached, house(chat(), CHAT).cached] == [False, True]


def test_what_is_too_large_is_not_kept() -> None:
    house = House(Cache(size=400))
    assert story(house(), "Cache") == ["miss", "not kept"]


def test_sampled_answers_are_kept_where_that_was_asked_for() -> None:
    body = chat(temperature=1)
    house = House(Cache(), answer=lambda asked: reply(asked, completion("stop")))
    assert not house(body, CHAT).cached
    assert not (second := house(body, CHAT)).cached
    assert second.request.trace is not None
    assert str(second.request.trace.of("Cache")[0]) == "Cache: bypass reason=the model samples"
    house = House(Cache(cache_sampled=True), answer=lambda asked: reply(asked, completion("stop")))
    assert [house(body, CHAT).cached, house(body, CHAT).cached] == [False, True]


def test_what_the_caller_says_about_caching_is_heeded() -> None:
    house = House(Cache())
    assert story(house(headers={"Cache-Control": "no-store"}), "Cache") == ["bypass"]
    assert story(house(), "Cache") == ["miss", "kept"]
    assert story(house(headers={"Cache-Control": "no-cache"}), "Cache") == ["miss", "kept"]
    assert (len(house.asked), story(house(), "Cache")) == (3, ["hit"])


def test_what_came_from_another_call_is_not_kept_again() -> None:
    def answer(asked: Request) -> Reply:
        shared = reply(asked, vectors(1))
        shared.cached = True
        return shared

    house = House(Cache(), answer=answer)
    assert story(house(), "Cache") == ["miss"]


def test_without_a_trace_it_does_the_same() -> None:
    house = House(Cache(stale_if_error=5))
    assert [house(trace=None).cached, house(trace=None).cached] == [False, True]
    assert not house(trace=None, headers={"Cache-Control": "no-store"}).cached
    house.wait(86401)
    house.answer = APIConnectionError()
    assert house(trace=None).cached


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"ttl": 0}, ValueError, "^ttl must be more than 0"),
        ({"ttl": "1"}, TypeError, "^ttl must"),
        ({"stale_if_error": -1}, ValueError, "stale_if_error"),
        ({"store": object()}, TypeError, "SQLiteStore"),
        ({"store": Rows}, TypeError, "SQLiteStore"),
        ({"cipher": bytes(32)}, ValueError, "store"),
        ({"entries": 0}, ValueError, "entries"),
        ({"size": 0}, ValueError, "size"),
        ({"scope": ""}, ValueError, "scope"),
        ({"scope": 7}, TypeError, "scope"),
        ({"cache_sample": True}, TypeError, "cache_sampled"),
    ],
)
def test_arguments_that_cannot_be_right(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Cache(**arguments)


def test_it_shows_its_numbers() -> None:
    assert repr(Cache()) == "Cache(memory: 1024 entries, 64 MiB; ttl=86400 s, sampled answers are not kept)"
    more: dict[str, Any] = {"cache_sampled": True, "cut_off": True, "keep_fallback": True}
    shown = repr(Cache(Rows(), ttl=60, stale_if_error=30, cipher=bytes(32), **more))  # type: ignore[arg-type]
    assert shown == (
        "Cache(Rows(), Cipher(AES-GCM, 1 key); ttl=60 s, sampled answers are kept, "
        "stale ones given 30 s longer in an outage, cut-off ones kept too, those of other models too)"
    )


def test_the_blocking_driver_runs_it_too() -> None:
    sent: list[Request] = []

    def send(asked: Request) -> Reply:
        sent.append(asked)
        return reply(asked, vectors(1))

    driver = BlockingDriver(send, lambda call: (None, reply(request({}), {})))
    flow: Any = fold([Cache(Rows())])  # type: ignore[arg-type]
    for _ in range(3):
        driver.run(flow(request(embed())))
    assert len(sent) == 1


def test_another_process_gets_one_with_a_memory_of_its_own() -> None:
    more: dict[str, Any] = {"cache_sampled": True, "cut_off": True, "keep_fallback": True}
    policy = Cache(ttl=60, stale_if_error=5, scope="team", entries=3, size=4096, **more)
    House(policy)()
    other = pickle.loads(pickle.dumps(policy))
    assert repr(other) == repr(policy)
    assert other.scope == "team"
    assert not House(other)().cached
    shared = Cache(Rows(), ttl=9)
    House(shared)()
    assert House(pickle.loads(pickle.dumps(shared)))().cached


def decisions(run: Any) -> list[str]:
    """What a cache decides about some calls, of which the second that is sent fails."""
    flow, log = fold([Cache(stale_if_error=60)]), []
    for body in (embed(), embed(), embed("other"), chat(), embed(), chat(temperature=1)):
        asked = request(body, CHAT if "messages" in body else "/v1/embeddings")
        run(flow(asked))
        log.append(str(asked.trace))
    return log


def failing_second() -> Any:
    sent: list[Request] = []

    def send(asked: Request) -> Reply:
        sent.append(asked)
        answer = completion("stop") if "chat" in asked.target else vectors(1)
        return reply(asked, answer, 500 if len(sent) == 2 else 200)

    return send


def test_every_driver_decides_alike() -> None:
    blocking, virtual, awaited = failing_second(), failing_second(), failing_second()

    async def send(asked: Request) -> Reply:
        answer: Reply = awaited(asked)
        return answer

    logs = [
        decisions(BlockingDriver(blocking, lambda call: (None, reply(request({}), {}))).run),
        decisions(VirtualDriver(lambda asked, now: (0.0, virtual(asked))).perform),
        decisions(lambda flow: asyncio.run(AsyncDriver(send, send).run(flow))),  # type: ignore[arg-type]
    ]
    assert logs[0] == logs[1] == logs[2]
    assert "hit" in str(logs[0])
