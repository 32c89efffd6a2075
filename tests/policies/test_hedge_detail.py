"""A hedge's smaller promises: which requests are of one kind, which answers are good, and what is counted as a failure."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest

from antiphon.core.url import Origin
from antiphon.policies.hedge import Hedge, _delay, _kind

from .fleet_script import answer, ask
from .test_hedge import Scene, streamed


@pytest.mark.parametrize(
    ("delay", "known"), [("p95", (None, 0.95)), ("p50", (None, 0.5)), ("p99.9", (None, 0.999)), (2.5, (2.5, 0.95))]
)
def test_when_an_answer_is_late(delay: Any, known: tuple[float | None, float]) -> None:
    assert _delay(delay) == (known[0], pytest.approx(known[1]))


def test_every_request_may_be_hedged_if_one_pays_for_it() -> None:
    assert Hedge(ratio=1).ratio == 1


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({}, True),
        ({"content": b"x" * 2047}, True),
        ({"content": b"x" * 511}, False),
        ({"content": b"x" * 2048}, False),
        ({"content": b""}, False),
        ({"content": None}, False),
        ({"stream": True}, False),
        ({"server": "eu"}, False),
        ({"origin": Origin("https", "eu.api.openai.com", 443)}, False),
        ({"call": ask(model="gpt-5.5-mini").call}, False),
    ],
)
def test_requests_of_one_kind(changes: dict[str, Any], alike: bool) -> None:
    request = ask().replace(content=b"x" * 512)
    assert (_kind(request.replace(**changes)) == _kind(request)) is alike


def test_a_request_without_a_body_is_of_the_kind_of_an_empty_one() -> None:
    assert _kind(ask().replace(content=None)) == _kind(ask().replace(content=b""))


def test_what_is_known_of_one_model_tells_nothing_of_another() -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (100.0, answer()))
    scene.call(scene.ask(model="another"))
    assert len(scene.sent) == 1
    scene.call()
    assert len(scene.sent) == 3


@pytest.mark.parametrize(("status", "good"), [(200, True), (299, True), (300, False), (304, False)])
def test_a_race_is_won_by_a_success(status: int, good: bool) -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (2.0, answer(status)) if number == 1 else (3.0, answer()))
    assert (scene.call().request is scene.sent[0]) is good


@pytest.mark.parametrize(("status", "fails"), [(400, False), (404, False), (428, False), (429, True), (500, True)])
def test_which_answers_are_failures_of_the_server(status: int, fails: bool) -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (1.0, answer(status)))
    for _ in range(7):
        scene.call()
    scene.answers = lambda number, _: (100.0, answer())
    scene.sent.clear()
    request = scene.ask()
    scene.call(request)
    assert len(scene.sent) == (1 if fails else 2)
    assert request.trace is not None
    assert [step.get("reason") for step in request.trace.of("Hedge")][:1] == (["many fail"] if fails else [None])


def test_only_streams_of_events_are_looked_into() -> None:
    replies = [streamed(b'data: {"error": 1}\n\n'), answer()]
    scene = Scene(Hedge(floor=1.5), lambda number, _: (2.0, replies[number - 1]))
    assert scene.call() is replies[0], "a file may say what it likes"


@pytest.mark.parametrize(("ratio", "reason"), [(0.05, "the share is used up"), (1.0, "many are late")])
def test_what_is_noted_has_milliseconds_and_no_more(ratio: float, reason: str) -> None:
    scene = Scene(Hedge(delay=1.23456, floor=0, ratio=ratio), lambda number, _: (100.0, answer()))
    notes = set()
    for _ in range(9):
        request = scene.ask()
        scene.call(request)
        assert request.trace is not None
        notes |= {(step.event, step.get("reason"), step.get("after")) for step in request.trace.of("Hedge")}
    assert {("second", None, 1.235), ("held back", reason, 1.235)} <= notes
    assert {after for event, _, after in notes if event != "second won"} == {1.235}


def test_a_race_that_the_second_won_says_how_long_the_first_took_at_least() -> None:
    hedge = Hedge(floor=1.5)
    scene = Scene(hedge, lambda number, _: (100.0 if number == 1 else 1.0, answer()))
    known: list[float] = []
    hedge._machine.given_up = lambda kind, seconds: known.append(seconds)  # type: ignore[method-assign]
    scene.call()
    assert known == pytest.approx([2.5])
    scene.answers = lambda number, _: (2.0, answer())
    scene.call()
    assert len(known) == 1


def test_a_server_may_ask_for_quiet_until_a_time_of_day() -> None:
    scene = Scene(Hedge(floor=1.5), lambda number, _: (5.0, answer()))
    wall = 1_800_000_000.0 + scene.driver.now
    late = answer(503, retry_after=formatdate(wall + 31.0, usegmt=True))
    scene.answers, slow = lambda number, _: (1.0, late), scene.answers
    scene.call()
    scene.answers = slow
    requests = []
    for seconds in (28.0, 32.0):
        scene.driver.run(until=wall - 1_800_000_000.0 + seconds)
        scene.sent.clear()
        scene.call()
        requests.append(len(scene.sent))
    assert requests == [1, 2]
