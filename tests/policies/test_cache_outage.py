"""The cache in an outage: an old answer is better than none, where that was asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.errors import APIConnectionError, BudgetExceeded, CircuitOpen, RateLimited, TLSError
from antiphon.policies.cache import Cache

from .house import House, story
from .machines.asking import reply, vectors
from .piecewise import Piecewise


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
    assert story(old, "Cache") == ["miss", "stale"]
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
