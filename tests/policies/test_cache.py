"""The cache as a flow: what is kept, what is given again, for how long, and what happens when a server or a store fails."""

from __future__ import annotations

import json
import pickle
from contextlib import suppress
from typing import Any

import pytest

from antiphon.core.effects import Follow, Outside
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.followed import FollowedBody, follow
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import APIConnectionError, BudgetExceeded, CircuitOpen, RateLimited, TLSError
from antiphon.policies.cache import Cache
from antiphon.policies.chain import fold
from antiphon.policies.machines.cipher import Cipher
from antiphon.shared.store import StoreError

from .machines.asking import CHAT, chat, chunk, completion, embed, events, reply, request, vectors


class House:
    """A server in virtual time, the policy before it, and what it was asked."""

    def __init__(self, policy: Any, answer: Any = None, seconds: float = 0.0) -> None:
        self.asked: list[Request] = []
        self.answer = answer or (lambda asked: reply(asked, vectors(0.5), x_request_id="r1"))
        self.flow: Any = fold([policy])
        self.seconds = seconds
        self.driver = VirtualDriver(self.send)

    def send(self, asked: Request, now: float) -> tuple[float, Reply | Exception]:
        self.asked.append(asked)
        outcome = self.answer(asked) if callable(self.answer) else self.answer
        return self.seconds, outcome

    def __call__(self, body: Any = None, target: str = "/v1/embeddings", **changes: Any) -> Reply:
        made = request(embed() if body is None else body, target, **changes)
        answer: Reply = self.driver.perform(self.flow(made))
        return answer

    def wait(self, seconds: float) -> None:
        self.driver.run(self.driver.now + seconds)


def story(answer: Reply) -> list[str]:
    assert answer.request.trace is not None
    return [step.event for step in answer.request.trace.of("Cache")]


class Piecewise:
    """An open body in pieces."""

    def __init__(self, *pieces: bytes, failure: Exception | None = None) -> None:
        self.pieces = list(pieces)
        self.failure = failure
        self.closed = False

    def read_chunk(self) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        if self.failure is not None:
            raise self.failure
        return b""

    def finish(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True


def opened(asked: Request, body: Any, kind: str = "text/event-stream") -> Reply:
    return Reply(200, Headers({"content-type": kind, "x-request-id": "r1"}), asked, body=body)


def test_the_second_asking_is_answered_without_the_server() -> None:
    house = House(Cache())
    first, second = house(), house()
    assert len(house.asked) == 1
    assert second.content == first.content
    assert (first.cached, second.cached) == (False, True)
    assert story(first) == ["miss", "kept"]
    assert story(second) == ["hit"]
    assert second.request is not first.request


def test_what_a_hit_shows() -> None:
    def answer(asked: Request) -> Reply:
        return reply(asked, vectors(1), x_request_id="r9", x_ratelimit_remaining_requests="1", set_cookie="s=1")

    house = House(Cache(), answer)
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


def test_a_clock_set_back_in_a_store_does_not_keep_an_answer_for_ever() -> None:
    house = House(Cache(Rows(), ttl=10))
    house()
    house.driver._wall -= 9
    assert house().cached
    house.driver._wall -= 3
    assert not house().cached


@pytest.mark.parametrize("status", [201, 204, 206, 400, 404, 429, 500])
def test_only_a_200_is_kept(status: int) -> None:
    house = House(Cache(), lambda asked: reply(asked, vectors(1), status))
    assert story(house()) == ["miss"]
    house()
    assert len(house.asked) == 2


def test_what_is_not_whole_is_not_kept() -> None:
    house = House(Cache(), lambda asked: reply(asked, completion("length")))
    assert story(house(chat(), CHAT)) == ["miss", "not kept"]
    house(chat(), CHAT)
    assert len(house.asked) == 2
    house = House(Cache(cut_off=True), lambda asked: reply(asked, completion("length")))
    assert [house(chat(), CHAT).cached, house(chat(), CHAT).cached] == [False, True]


def test_what_is_too_large_is_not_kept() -> None:
    house = House(Cache(size=400))
    assert story(house()) == ["miss", "not kept"]


def test_sampled_answers_are_kept_where_that_was_asked_for() -> None:
    body = chat(temperature=1)
    house = House(Cache(), lambda asked: reply(asked, completion("stop")))
    assert not house(body, CHAT).cached
    assert not (second := house(body, CHAT)).cached
    assert second.request.trace is not None
    assert str(second.request.trace.of("Cache")[0]) == "Cache: bypass reason=the model samples"
    house = House(Cache(cache_sampled=True), lambda asked: reply(asked, completion("stop")))
    assert [house(body, CHAT).cached, house(body, CHAT).cached] == [False, True]


def test_what_the_caller_says_about_caching_is_heeded() -> None:
    house = House(Cache())
    assert story(house(headers={"Cache-Control": "no-store"})) == ["bypass"]
    assert story(house()) == ["miss", "kept"]
    assert story(house(headers={"Cache-Control": "no-cache"})) == ["miss", "kept"]
    assert (len(house.asked), story(house())) == (3, ["hit"])


def test_what_came_from_another_call_is_not_kept_again() -> None:
    def answer(asked: Request) -> Reply:
        shared = reply(asked, vectors(1))
        shared.cached = True
        return shared

    house = House(Cache(), answer)
    assert story(house()) == ["miss"]


def test_without_a_trace_it_does_the_same() -> None:
    house = House(Cache(stale_if_error=5))
    assert [house(trace=None).cached, house(trace=None).cached] == [False, True]
    assert not house(trace=None, headers={"Cache-Control": "no-store"}).cached
    house.wait(86401)
    house.answer = APIConnectionError()
    assert house(trace=None).cached


# In an outage


@pytest.mark.parametrize(
    "outage",
    [
        APIConnectionError(),
        CircuitOpen("e", 3.0),
        RateLimited(3.0, "tokens"),
        lambda asked: reply(asked, {"error": {}}, 503),
        lambda asked: reply(asked, {"error": {}}, 429),
    ],
    ids=["connection", "circuit", "limiter", "503", "429"],
)
def test_an_old_answer_is_better_than_none(outage: Any) -> None:
    house = House(Cache(ttl=10, stale_if_error=60))
    fresh = house()
    house.wait(30)
    house.answer = outage
    old = house()
    assert old.content == fresh.content
    assert old.cached
    assert story(old) == ["miss", "stale"]
    assert old.headers["age"] == "30"
    house.wait(41)
    with suppress(APIConnectionError, CircuitOpen, RateLimited):
        assert not house().cached
    assert len(house.asked) == 3


@pytest.mark.parametrize("failure", [TLSError(), BudgetExceeded(1, 1, "usd", "day"), ValueError()])
def test_a_failure_that_is_no_outage_is_told(failure: Exception) -> None:
    house = House(Cache(ttl=10, stale_if_error=60))
    house()
    house.wait(30)
    house.answer = failure
    with pytest.raises(type(failure)):
        house()


def test_a_server_that_answers_is_heard() -> None:
    house = House(Cache(ttl=10, stale_if_error=60))
    house()
    house.wait(30)
    house.answer = lambda asked: reply(asked, {"error": {}}, 400)
    assert house().status_code == 400
    house.answer = lambda asked: reply(asked, vectors(0.75))
    assert b"0.75" in house().content


def test_stale_answers_are_not_given_unless_asked_for() -> None:
    house = House(Cache(ttl=10))
    house()
    house.wait(11)
    house.answer = APIConnectionError()
    with pytest.raises(APIConnectionError):
        house()


def test_the_refusal_behind_a_stale_answer_is_closed() -> None:
    house = House(Cache(ttl=10, stale_if_error=60))
    house()
    house.wait(30)
    body = Piecewise(b"x")
    house.answer = lambda asked: Reply(503, Headers(), asked, body=body)  # type: ignore[arg-type]
    assert house(stream=True).cached
    assert body.closed


# Streams


STREAM = events(chunk(), chunk("stop"))
ASKS = chat(stream=True)


def streaming(*pieces: bytes, **changes: Any) -> House:
    house = House(Cache(**changes))
    house.answer = lambda asked: opened(asked, Piecewise(*pieces))
    return house


def read(answer: Reply) -> bytes:
    return answer.read()


def test_a_stream_is_kept_when_it_was_read_and_given_again_whole() -> None:
    house = streaming(STREAM[:10], STREAM[10:])
    first = house(ASKS, CHAT, stream=True, events=True)
    assert story(first) == ["miss"]
    assert read(first) == STREAM
    second = house(ASKS, CHAT, stream=True, events=True)
    assert second.cached
    assert second.content == STREAM
    assert second.headers["content-type"] == "text/event-stream"
    assert len(house.asked) == 1


def test_a_stream_and_a_plain_answer_are_never_mixed_up() -> None:
    house = streaming(STREAM)
    read(house(ASKS, CHAT, stream=True, events=True))
    house.answer = lambda asked: reply(asked, completion("stop"))
    plain = house(chat(), CHAT)
    assert not plain.cached
    assert json.loads(house(chat(), CHAT).content) == completion("stop")
    assert house(ASKS, CHAT, stream=True, events=True).content == STREAM


@pytest.mark.parametrize("size", range(0, len(STREAM), 9))
def test_a_stream_that_ended_early_is_not_kept(size: int) -> None:
    house = streaming(STREAM[:size])
    read(house(ASKS, CHAT, stream=True))
    assert not house(ASKS, CHAT, stream=True).cached


def test_a_stream_that_broke_or_was_left_is_not_kept() -> None:
    house = House(Cache())
    house.answer = lambda asked: opened(asked, Piecewise(STREAM, failure=APIConnectionError()))
    with pytest.raises(APIConnectionError):
        read(house(ASKS, CHAT, stream=True))
    house.answer = lambda asked: opened(asked, Piecewise(STREAM[:30], STREAM[30:]))
    left = house(ASKS, CHAT, stream=True)
    assert left.body is not None
    left.body.read_chunk()
    left.close()
    assert not house(ASKS, CHAT, stream=True).cached


def test_a_stream_left_after_its_last_event_is_kept() -> None:
    house = streaming(STREAM, b": bye\n\n")
    answer = house(ASKS, CHAT, stream=True)
    assert answer.body is not None
    answer.body.read_chunk()
    answer.close()
    assert house(ASKS, CHAT, stream=True).cached


def test_a_stream_without_end_takes_no_memory_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("antiphon.policies.cache.LARGEST", 20)
    house = streaming(STREAM[:15], STREAM[15:])
    assert read(house(ASKS, CHAT, stream=True)) == STREAM
    assert not house(ASKS, CHAT, stream=True).cached


def test_a_plain_answer_that_is_read_piece_by_piece_is_kept_too() -> None:
    content = json.dumps(vectors(1)).encode()
    house = House(Cache(), lambda asked: opened(asked, Piecewise(content[:9], content[9:]), "application/json"))
    assert read(house(stream=True)) == content
    assert house().content == content


# In a store


class Rows:
    """A store of rows, with faults."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[bytes, float | None]] = {}
        self.broken = False
        self.calls = 0

    def get(self, key: str) -> bytes | None:
        self._use()
        return self.rows.get(key, (None, None))[0]

    def put(self, key: str, value: bytes, seconds: float | None = None) -> None:
        self._use()
        self.rows[key] = (value, seconds)

    def _use(self) -> None:
        self.calls += 1
        if self.broken:
            raise StoreError("no")

    def __repr__(self) -> str:
        return "Rows()"


def stored(rows: Any, **changes: Any) -> House:
    return House(Cache(rows, **changes))


def test_an_answer_in_a_store_is_there_for_others() -> None:
    rows = Rows()
    fresh = stored(rows, ttl=10, stale_if_error=5)()
    other = stored(rows, ttl=10, stale_if_error=5)
    hit = other()
    assert hit.cached
    assert hit.content == fresh.content
    assert hit.headers["x-request-id"] == "r1"
    assert other.asked == []
    ((name, (row, lasting)),) = rows.rows.items()
    assert name.startswith("cache:")
    assert lasting == 15
    assert json.loads(row)["v"] == 1


@pytest.mark.parametrize("damage", [lambda row: row[:-1], lambda row: row.replace(b"0.5", b"0.6"), lambda row: b""])
def test_a_corrupted_row_is_a_miss_and_is_written_anew(damage: Any) -> None:
    rows = Rows()
    house = stored(rows)
    house()
    rows.rows = {name: (damage(row), lasting) for name, (row, lasting) in rows.rows.items()}
    assert not house().cached
    assert house().cached


def test_a_row_somebody_put_under_another_key_poisons_nothing() -> None:
    rows = Rows()
    house = stored(rows)
    house(embed("harmless"))
    house(embed("asked for"))
    (one, first), (other, _) = rows.rows.items()
    rows.rows = {one: first, other: first}
    assert not house(embed("asked for")).cached


def test_a_store_that_fails_is_left_alone_for_a_while_and_nobody_notices() -> None:
    rows = Rows()
    house = stored(rows)
    rows.broken = True
    assert story(house()) == ["miss", "not kept"]
    assert rows.calls == 1
    house()
    assert (rows.calls, len(house.asked)) == (1, 2)
    rows.broken = False
    house.wait(2)
    assert story(house()) == ["miss", "kept"]
    assert house().cached


def test_a_store_that_cannot_be_written_is_no_harm_either() -> None:
    rows = Rows()
    house = stored(rows)

    def full(key: str, value: bytes, seconds: float | None = None) -> None:
        raise StoreError("full")

    rows.put = full  # type: ignore[method-assign]
    assert story(house()) == ["miss", "not kept"]


def test_a_stream_is_written_down_with_the_next_call_and_given_from_memory_until_then() -> None:
    rows = Rows()
    house = stored(rows)
    house.answer = lambda asked: opened(asked, Piecewise(STREAM))
    read(house(ASKS, CHAT, stream=True))
    assert rows.rows == {}
    assert house(ASKS, CHAT, stream=True).cached
    house.answer = lambda asked: reply(asked, vectors(1))
    house()
    assert len(rows.rows) == 2
    assert stored(rows)(ASKS, CHAT, stream=True).content == STREAM


def test_flush_writes_at_once() -> None:
    rows = Rows()
    house = House(policy := Cache(rows))
    house.answer = lambda asked: opened(asked, Piecewise(STREAM))
    read(house(ASKS, CHAT, stream=True))
    policy.flush()
    assert len(rows.rows) == 1
    Cache().flush()


def test_what_a_cipher_wrote_only_its_key_reads() -> None:
    rows, key = Rows(), bytes(32)
    house = stored(rows, cipher=key)
    fresh = house()
    assert house().content == fresh.content
    assert b"embedding" not in next(iter(rows.rows.values()))[0]
    assert stored(rows, cipher=Cipher(key))().cached
    assert not stored(rows, cipher=bytes(16))().cached
    assert not stored(rows)().cached


def test_the_store_is_used_outside_of_the_event_loop() -> None:
    rows, asked = Rows(), request(embed())
    flow: Any = fold([Cache(rows)])(asked)
    effects, answer = list[type](), None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration:
            break
        effects.append(type(effect))
        answer = (
            None if isinstance(effect, Outside) else reply(asked, vectors(1)) if hasattr(effect, "request") else 1.0
        )
    assert effects.count(Outside) == 2
    assert rows.calls == 0


def test_a_follower_never_waits_for_the_store() -> None:
    rows = Rows()
    asked = request(ASKS, CHAT, stream=True)
    answer = opened(asked, Piecewise(STREAM))
    flow: Any = fold([Cache(rows)])(asked)
    wish, given = flow.send(None), None
    while not isinstance(wish, Follow):
        given = answer if hasattr(wish, "request") else None if isinstance(wish, Outside) else 1.0
        wish = flow.send(given)
    follow(wish.reply, wish.follower, FollowedBody)
    calls = rows.calls
    read(answer)
    assert rows.calls == calls
    flow.close()


# Arguments


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"ttl": 0}, ValueError, "more than 0"),
        ({"ttl": "1"}, TypeError, "ttl"),
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
    shown = repr(Cache(Rows(), ttl=60, cache_sampled=True, stale_if_error=30, cut_off=True, cipher=bytes(32)))  # type: ignore[arg-type]
    assert shown == (
        "Cache(Rows(), Cipher(AES-GCM, 1 key); ttl=60 s, sampled answers are kept, "
        "stale ones given 30 s longer in an outage, cut-off ones kept too)"
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
    policy = Cache(ttl=60, cache_sampled=True, stale_if_error=5, cut_off=True, scope="team", entries=3, size=4096)
    House(policy)()
    other = pickle.loads(pickle.dumps(policy))
    assert repr(other) == repr(policy)
    assert other.scope == "team"
    assert not House(other)().cached
    shared = Cache(Rows(), ttl=9)
    House(shared)()
    assert House(pickle.loads(pickle.dumps(shared)))().cached
