"""The cache over each of the stores: an answer that one keeps, another gives; its time ends, and its size is nobody's limit."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.policies.cache import Cache
from antiphon.policies.machines.cipher import Cipher
from antiphon.shared.store import StoreError
from tests.policies.house import House, story
from tests.policies.machines.asking import embed, reply, vectors

CIPHERS = [None, Cipher(bytes(32))]


@pytest.mark.parametrize("cipher", CIPHERS, ids=["plain", "sealed"])
def test_what_one_keeps_another_gives(store: Any, cipher: Cipher | None) -> None:
    first, second = (House(Cache(store, cipher=cipher)) for _ in range(2))
    kept = first(embed("ünï \U0001f600"))
    assert story(kept, "Cache") == ["miss", "kept"]
    given = second(embed("ünï \U0001f600"))
    assert story(given, "Cache") == ["hit"]
    assert given.content == kept.content
    assert second.asked == []


def test_a_large_answer_comes_back_whole(store: Any) -> None:
    value = {**vectors(0.5), "more": "ä" * 500_000}
    home = House(Cache(store), answer=lambda asked: reply(asked, value))
    assert home().content == home().content
    assert len(home.asked) == 1


def test_time_ends_what_is_in_a_store(store: Any) -> None:
    home = House(Cache(store, ttl=100, stale_if_error=50))
    home()
    home.wait(99)
    assert home().cached
    home.wait(2)
    assert not home().cached


def test_a_row_that_was_touched_is_a_miss(store: Any) -> None:
    home = House(Cache(store))
    home()
    ((name, row),) = _rows(store, home)
    store.put(name, row.replace(b"0.5", b"0.6"), 60)
    assert not home().cached
    assert home().cached


def _rows(store: Any, home: House) -> list[tuple[str, bytes]]:
    from antiphon.policies.machines.cache_key import Question, question_of

    question = question_of(home.asked[0], None, sampled=False)
    assert isinstance(question, Question)
    row = store.get(f"cache:{question.key}")
    assert row is not None
    return [(f"cache:{question.key}", row)]


def test_a_store_that_is_gone_is_no_harm(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home = House(Cache(store))
    home()

    def gone(*_: Any) -> Any:
        raise StoreError("gone")

    monkeypatch.setattr(store, "get", gone)
    assert home().status_code == 200
    assert len(home.asked) == 2
