"""The cache in whole clients: plain and streamed, by thread, task and process, and with other policies around it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.errors import APIConnectionError, StreamTruncated
from antiphon.policies.cache import Cache
from antiphon.policies.failover import Failover
from antiphon.policies.machines.cipher import Cipher
from antiphon.policies.retry import Retry
from antiphon.policies.target import Target
from antiphon.shared import SQLiteStore
from tests.transports.rude import Rude, chunked, hang_up

from .answer import delta, ok, sse, wrong
from .colour import Colour, failure_of, head_of
from .script import ended, start

CHAT = sse(delta("Hel"), delta("lo"), delta("", "stop"))
VECTOR = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "model": "m"}
ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
OFF = hang_up


def embed(client: Any, text: str = "hi", **more: Any) -> Any:
    return client.embeddings.create(model="m", input=text, encoding_format="float", **more)


def chat(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(
        **{"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0, **more}
    )


def streamed(client: Any, **more: Any) -> Any:
    return chat(client, stream=True, **more)


def text_of(items: list[Any]) -> str:
    return "".join(item.choices[0].delta.content for item in items)


def events(value: Any) -> list[str]:
    return [step.event for step in value.trace.of("Cache")]


def test_the_second_call_is_answered_without_the_server(colour: Colour) -> None:
    with Rude(ok(VECTOR, "x-request-id: r1", "x-ratelimit-limit-requests: 9")) as server:
        with colour.client(server.url, policies=[Cache()]) as it:
            first, second = it(embed), it(embed)
            assert len(server.requests) == 1
            assert first.to_dict() == second.to_dict() == VECTOR
            assert second._request_id == "r1"
            assert (events(first), events(second)) == (["miss", "kept"], ["hit"])
            assert it(lambda client: embed(client, "other")).trace.of("Cache")[0].event == "miss"
            assert "Cache(memory" in it.raw.explain()


def test_what_a_raw_hit_shows(colour: Colour) -> None:
    with Rude(ok(VECTOR, "x-request-id: r1", "x-ratelimit-limit-requests: 9", "set-cookie: s=1")) as server:
        with colour.client(server.url, policies=[Cache()]) as it:
            it(embed)
            raw = it(_raw)
            head = head_of(raw)
            assert head.cached
            assert head.headers["age"] == "0"
            assert head.headers["x-request-id"] == "r1"
            assert "x-ratelimit-limit-requests" not in head.headers
            assert "set-cookie" not in head.headers
            assert raw.parse().to_dict() == VECTOR


def _raw(client: Any) -> Any:
    return client.embeddings.with_raw_response.create(model="m", input="hi", encoding_format="float")


def test_a_stream_is_kept_and_replayed(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url, policies=[Cache()]) as it:
        first, second = it(streamed), it(streamed)
        assert len(server.requests) == 1
        assert [item.to_dict() for item in second] == [item.to_dict() for item in first]
        assert text_of(second) == "Hello"
        stream = it.wait(streamed(it.raw))
        assert events(stream) == ["hit"]
        it.wait(stream.close())
        assert text_of(it(streamed)) == "Hello"


def test_streams_and_plain_answers_are_not_mixed_up(colour: Colour) -> None:
    with Rude(CHAT, ok(ANSWER)) as server, colour.client(server.url, policies=[Cache()]) as it:
        for _ in range(2):
            assert text_of(it(streamed)) == "Hello"
            assert it(chat).choices[0].message.content == "Hello"
        assert len(server.requests) == 2


def test_row_46_a_stream_that_was_cut_off_is_not_kept(colour: Colour) -> None:
    cut = chunked(b"data: " + json.dumps(delta("Hel")).encode() + b"\n\n", headers=["Content-Type: text/event-stream"])
    with Rude(cut, CHAT) as server, colour.client(server.url, policies=[Cache()]) as it:
        assert isinstance(failure_of(it, streamed), StreamTruncated)
        assert text_of(it(streamed)) == "Hello"
        assert text_of(it(streamed)) == "Hello"
        assert len(server.requests) == 2


def test_row_54_a_stream_that_was_left_is_not_kept(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url, policies=[Cache()]) as it:
        stream, _ = it.first(lambda client: client.chat.completions.create(**_asks()))
        it.wait(stream.close())
        del stream
        it.turn()
        assert text_of(it(streamed)) == "Hello"
        assert len(server.requests) <= 2
        assert text_of(it(streamed)) == "Hello"


def _asks() -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0, "stream": True}


def test_a_helper_reads_a_replayed_stream(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url, policies=[Cache()]) as it:
        asks = {name: value for name, value in _asks().items() if name != "stream"}
        for _ in range(2):
            final = it.entered(
                lambda client: client.chat.completions.stream(**asks), lambda stream: stream.get_final_completion()
            )
            assert final.choices[0].message.content == "Hello"
        assert len(server.requests) == 1


def test_a_body_read_piece_by_piece_is_kept(colour: Colour) -> None:
    with Rude(ok(VECTOR)) as server, colour.client(server.url, policies=[Cache()]) as it:
        asks = {"model": "m", "input": "hi", "encoding_format": "float"}
        for _ in range(2):
            read = it.entered(
                lambda client: client.embeddings.with_streaming_response.create(**asks), lambda raw: raw.json()
            )
            assert read == VECTOR
        assert it(embed).to_dict() == VECTOR
        assert len(server.requests) == 1


def test_it_ends_with_its_time_and_an_old_answer_is_better_than_none(colour: Colour) -> None:
    policies = [Cache(ttl=60, stale_if_error=3600)]
    with (
        Rude(ok(VECTOR), wrong(503), wrong(429), wrong(400)) as server,
        colour.client(server.url, policies=policies) as it,
    ):
        it(embed)
        it.clock.slept.append(61)
        assert events(it(embed)) == ["miss", "stale"]
        assert it(embed).to_dict() == VECTOR
        assert isinstance(failure_of(it, embed), antiphon.BadRequestError)
        it.clock.slept.append(3700)
        assert isinstance(failure_of(it, embed), antiphon.BadRequestError)


def test_it_stands_outside_of_retries_wherever_it_was_named(colour: Colour) -> None:
    with Rude(wrong(503), ok(VECTOR)) as server, colour.client(server.url, policies=[Retry(2), Cache()]) as it:
        assert events(it(embed)) == ["miss", "kept"]
        assert events(it(embed)) == ["hit"]
        assert len(server.requests) == 2


def test_other_keys_have_other_answers(colour: Colour) -> None:
    with Rude(ok(VECTOR)) as server, colour.client(server.url, policies=[Cache()]) as it:
        it(embed)
        assert events(it(lambda client: embed(client.with_options(api_key="sk-other")))) == ["miss", "kept"]
        assert events(it(lambda client: embed(client.with_options(organization="o")))) == ["miss", "kept"]
        assert len(server.requests) == 3


def test_a_key_from_a_function_needs_a_scope(colour: Colour) -> None:
    for policy, asked in ((Cache(), 2), (Cache(scope="team"), 1)):
        with Rude(ok(VECTOR)) as server:
            with colour.client(server.url, policies=[policy], api_key=lambda: "sk-asked") as it:
                it(embed)
                it(embed)
                assert len(server.requests) == asked


def test_a_header_field_says_what_is_wanted(colour: Colour) -> None:
    def asking(control: str) -> Any:
        return lambda client: embed(client, extra_headers={"Cache-Control": control})

    with Rude(ok(VECTOR)) as server, colour.client(server.url, policies=[Cache()]) as it:
        it(embed)
        assert events(it(asking("no-cache"))) == ["miss", "kept"]
        assert events(it(asking("no-store"))) == ["bypass"]
        assert len(server.requests) == 3


def test_both_colours_share_one(own_colour: Colour) -> None:
    policy = Cache()
    other = Colour("sync" if own_colour.is_async else "async", "own")
    with Rude(ok(VECTOR)) as server:
        for colour in (own_colour, other):
            with colour.client(server.url, policies=[policy]) as it:
                it(embed)
        assert len(server.requests) == 1


def test_a_store_keeps_it_for_the_next_client(colour: Colour, tmp_path: Path) -> None:
    file = tmp_path / "cache.db"
    with Rude(ok(VECTOR), CHAT) as server:
        for expected in (["miss", "kept"], ["hit"]):
            store = SQLiteStore(file)
            with colour.client(server.url, policies=[policy := Cache(store, cipher=Cipher(bytes(32)))]) as it:
                assert events(it(embed)) == expected
                assert text_of(it(streamed)) == "Hello"
                policy.flush()
            store.close()
        assert len(server.requests) == 2
    assert b"embedding" not in file.read_bytes()


PROGRAM = """
from antiphon.policies.cache import Cache
from antiphon.shared import SQLiteStore
client = client.with_options(policies=[Cache(SQLiteStore(os.environ["STORE"]))])
ask = dict(model="m", input="hi", encoding_format="float")
if COLOUR == "sync":
    result = client.embeddings.create(**ask)
else:
    async def main():
        async with client:
            return await client.embeddings.create(**ask)
    result = asyncio.run(main())
say(result.trace.of("Cache")[0].event, result.data[0].embedding[0])
"""


def test_processes_share_it(own_colour: Colour, tmp_path: Path) -> None:
    with Rude(ok(VECTOR)) as server:
        said = [
            ended(start(PROGRAM, *own_colour, server.url, STORE=str(tmp_path / "cache.db")))[1].strip()
            for _ in range(2)
        ]
        assert said == ["miss 0.5", "hit 0.5"]
        assert len(server.requests) == 1


STREAMING = """
from antiphon.policies.cache import Cache
from antiphon.shared import SQLiteStore
client = client.with_options(policies=[Cache(SQLiteStore(os.environ["STORE"]))])
ask = dict(model="m", messages=[{"role": "user", "content": "hi"}], temperature=0, stream=True)
if COLOUR == "sync":
    stream = client.chat.completions.create(**ask)
    items = list(stream)
else:
    async def main():
        async with client:
            stream = await client.chat.completions.create(**ask)
            return stream, await drain(stream)
    stream, items = asyncio.run(main())
say(stream.trace.of("Cache")[0].event, len(items))
"""


def test_a_stream_is_written_down_when_the_program_ends(own_colour: Colour, tmp_path: Path) -> None:
    with Rude(CHAT) as server:
        said = [
            ended(start(STREAMING, *own_colour, server.url, STORE=str(tmp_path / "cache.db")))[1].strip()
            for _ in range(2)
        ]
        assert said == ["miss 3", "hit 3"]
        assert len(server.requests) == 1


def test_a_file_that_is_no_database_is_no_harm(colour: Colour, tmp_path: Path) -> None:
    file = tmp_path / "cache.db"
    file.write_bytes(b"no database at all" * 100)
    with Rude(ok(VECTOR)) as server, colour.client(server.url, policies=[Cache(SQLiteStore(file))]) as it:
        assert events(it(embed)) == ["miss", "not kept"]
        assert it(embed).to_dict() == VECTOR
        assert len(server.requests) == 2


def test_failures_are_not_kept(colour: Colour) -> None:
    with Rude(OFF, wrong(500), ok(VECTOR)) as server, colour.client(server.url, policies=[Cache()]) as it:
        assert isinstance(failure_of(it, embed), APIConnectionError)
        assert isinstance(failure_of(it, embed), antiphon.InternalServerError)
        assert it(embed).to_dict() == VECTOR
        assert len(server.requests) == 3


@pytest.mark.parametrize("temperature", [None, 1.0])
def test_sampled_answers_are_not_kept_unless_asked_for(own_colour: Colour, temperature: float | None) -> None:
    more = {} if temperature is None else {"temperature": temperature}

    def ask(client: Any) -> Any:
        return client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], **more)

    with Rude(ok(ANSWER)) as server, own_colour.client(server.url) as it:
        careful, free = it.raw.with_cache(), it.raw.with_cache(cache_sampled=True)
        for client in (careful, careful, free, free):
            it.wait(ask(client))
        assert len(server.requests) == 3


def test_a_replayed_stream_is_attended_like_any_other(colour: Colour) -> None:
    heard: list[Any] = []
    hooks = antiphon.Hooks(on_stream_event=heard.append)
    with Rude(CHAT) as server:
        with colour.client(server.url, policies=[Cache()], stream_idle_timeout=30, hooks=hooks) as it:
            assert text_of(it(streamed)) == text_of(it(streamed)) == "Hello"
            assert len(server.requests) == 1
    assert len(heard) == 6


def fallen(cache: Cache, server: Any, **options: Any) -> dict[str, Any]:
    """Policies of a client whose answers come from another server while its own is down."""
    other = Target(f"{server.url}/v1", api_key="sk-spare", name="spare", **options)
    return {"policies": [cache, Failover([other], cross_model=True)]}


@pytest.mark.parametrize("ask", [chat, streamed])
def test_what_another_model_answered_is_not_kept(colour: Colour, ask: Any) -> None:
    answer = ok(ANSWER) if ask is chat else CHAT
    with Rude(wrong(503), answer) as own, Rude(answer) as spare:
        with colour.client(own.url, **fallen(Cache(), spare, models={"m": "small"})) as it:
            first = it(ask)
            assert json.loads(spare.requests[0].body)["model"] == "small"
            it(ask)
            assert (len(own.requests), len(spare.requests)) == (2, 1), "the model that was asked for is asked again"
            it(ask)
            assert len(own.requests) == 2, "and its answer is kept"
            if ask is chat:
                assert first.trace.of("Cache")[-1].get("reason") == "another model answered"


def test_unless_that_is_wanted(colour: Colour) -> None:
    with Rude(wrong(503)) as own, Rude(ok(ANSWER)) as spare:
        cache = Cache(keep_fallback=True)
        with colour.client(own.url, **fallen(cache, spare, models={"m": "small"})) as it:
            it(chat)
            assert events(it(chat)) == ["hit"]
            assert "those of other models too" in it.raw.explain()


def test_the_same_model_elsewhere_is_the_same_answer(colour: Colour) -> None:
    with Rude(wrong(503)) as own, Rude(ok(ANSWER)) as spare:
        with colour.client(own.url, **fallen(Cache(), spare)) as it:
            it(chat)
            assert events(it(chat)) == ["hit"]
