"""Who says what is repeated and when: the call's own arguments, else a subclass, else the rules; and what cannot be said."""

from __future__ import annotations

from typing import Any

import pytest

import antiphon
from antiphon import Retry
from tests.transports.rude import Rude

from .answer import create, ok, wrong
from .colour import KEY, Colour, failure_of


def judging(colour: Colour, pause: Any = 9.0) -> Any:
    """A subclass that repeats 404 alone."""
    base: Any = antiphon.AsyncOpenAI if colour.is_async else antiphon.OpenAI

    class Mine(base):
        def _should_retry(self, response: Any) -> bool:
            return bool(response.status_code == 404)

        def _calculate_retry_timeout(self, *_: Any) -> Any:
            return pause

    return Mine


@pytest.mark.parametrize(
    ("options", "answers", "slept"),
    [
        ({}, [wrong(404), wrong(503)], [9.0]),
        ({"retry_on": {503}}, [wrong(503), wrong(404)], [9.0]),
        ({"delay": 1}, [wrong(404), wrong(503)], [1]),
        ({"delay": lambda attempt, error: 2}, [wrong(404), wrong(503)], [2]),
        ({"retry_on": lambda error: {404: False}.get(error.status_code)}, [wrong(404)], []),
        (
            {"retry_on": lambda error: {503: True}.get(error.status_code)},
            [wrong(503), wrong(404), wrong(400)],
            [9.0, 9.0],
        ),
    ],
)
def test_what_is_said_of_retries_goes_before_what_a_subclass_says(
    colour: Colour, options: dict[str, Any], answers: list[bytes], slept: list[float]
) -> None:
    with Rude(*answers) as server, Colour(colour.colour, "own").client(server.url) as it:
        mine = judging(colour)(api_key=KEY, base_url=server.url, _clock=it.clock).with_retries(5, **options)
        failure_of(it, lambda _: create(mine))
        it.wait(mine.close())
        assert len(server.requests) == len(answers)
        assert it.clock.slept == slept


@pytest.mark.parametrize(("pause", "kind"), [(float("nan"), ValueError), (-1.0, ValueError), (None, TypeError)])
def test_a_subclass_that_gives_no_pause_is_told_so(colour: Colour, pause: Any, kind: type[Exception]) -> None:
    with Rude(wrong(404)) as server, Colour(colour.colour, "own").client(server.url) as it:
        mine = judging(colour, pause)(api_key=KEY, base_url=server.url, _clock=it.clock)
        assert isinstance(failure_of(it, lambda _: create(mine)), kind)
        it.wait(mine.close())
        assert it.clock.slept == []


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"initial": float("nan")}, ValueError),
        ({"longest": float("inf")}, ValueError),
        ({"delay": "1"}, TypeError),
        ({"retry_on": 429}, TypeError),
        ({"max_retries": True}, TypeError),
        ({"max_retries": None}, TypeError),
        ({"max_retries": -1}, ValueError),
    ],
)
def test_what_cannot_be_right_is_refused_before_any_call(
    colour: Colour, options: dict[str, Any], kind: type[Exception]
) -> None:
    client = colour.make("http://127.0.0.1:1")
    (name,) = options
    with pytest.raises(kind, match=name):
        client.with_retries(**options)
    with pytest.raises(kind, match=name):
        colour.make("http://127.0.0.1:1", policies=[Retry(**options)])


def test_a_misspelt_argument_names_the_nearest(colour: Colour) -> None:
    with pytest.raises(TypeError, match=r"(?i)did you mean 'delay'"):
        colour.make("http://127.0.0.1:1").with_retries(dealy=1)


def test_the_signature_stays(colour: Colour) -> None:
    import inspect

    names = list(inspect.signature(colour.make("http://127.0.0.1:1").with_retries).parameters)
    assert names[:8] == ["max_retries", "initial", "longest", "jitter", "retry_on", "delay", "on_retry", "budget"]
    assert names == list(inspect.signature(Retry).parameters)


def test_good_arguments_still_serve(colour: Colour) -> None:
    with Rude(wrong(418), ok()) as server, colour.client(server.url) as it:
        mine = it.raw.with_retries(2, retry_on=[418], delay=(0.5, 1), jitter=False)
        it(lambda _: create(mine))
        assert it.clock.slept == [0.5]
