"""The cache and streams: recorded as they were read, replayed whole, and never half."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.errors import APIConnectionError
from antiphon.policies.cache import Cache

from .house import House, story
from .kept import opened
from .machines.asking import CHAT, chat, chunk, completion, events, reply, vectors
from .piecewise import Piecewise

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
    assert story(first, "Cache") == ["miss"]
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
    house = House(Cache(), answer=lambda asked: opened(asked, Piecewise(content[:9], content[9:]), "application/json"))
    assert read(house(stream=True)) == content
    assert house().content == content
