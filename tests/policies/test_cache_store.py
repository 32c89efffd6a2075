"""The cache over a store: what others may read, what damage does, and what a store that fails does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.core.effects import Follow, Outside
from antiphon.drivers.followed import FollowedBody, follow
from antiphon.policies.cache import Cache
from antiphon.policies.chain import fold
from antiphon.policies.machines.cipher import Cipher
from antiphon.shared.store import StoreError

from .house import House, story
from .kept import Rows, opened
from .machines.asking import CHAT, chat, chunk, embed, events, reply, request, vectors
from .piecewise import Piecewise

STREAM = events(chunk(), chunk("stop"))
ASKS = chat(stream=True)


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
    assert story(house(), "Cache") == ["miss", "not kept"]
    assert rows.calls == 1
    house()
    assert (rows.calls, len(house.asked)) == (1, 2)
    rows.broken = False
    house.wait(2)
    assert story(house(), "Cache") == ["miss", "kept"]
    assert house().cached


def test_a_store_that_cannot_be_written_is_no_harm_either() -> None:
    rows = Rows()
    house = stored(rows)

    def full(key: str, value: bytes, seconds: float | None = None) -> None:
        raise StoreError("full")

    rows.put = full  # type: ignore[method-assign]
    assert story(house(), "Cache") == ["miss", "not kept"]


def test_a_stream_is_written_down_with_the_next_call_and_given_from_memory_until_then() -> None:
    rows = Rows()
    house = stored(rows)
    house.answer = lambda asked: opened(asked, Piecewise(STREAM))
    house(ASKS, CHAT, stream=True).read()
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
    house(ASKS, CHAT, stream=True).read()
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
    answer.read()
    assert rows.calls == calls
    flow.close()


def test_a_clock_set_back_in_a_store_does_not_keep_an_answer_for_ever() -> None:
    house = House(Cache(Rows(), ttl=10))
    house()
    house.driver._wall -= 9
    assert house().cached
    house.driver._wall -= 3
    assert not house().cached
