"""A test suite freezes time, as freezegun does: calls go on as ever, and no wait lasts for ever."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.errors import APITimeoutError, DeadlineExceeded
from antiphon.policies.rate_limit import RateLimit
from antiphon.policies.retry import Retry
from antiphon.policies.single_flight import SingleFlight
from antiphon.policies.timeouts import Timeouts
from tests.transports.rude import Rude, hang

from .answer import ok, retrieve, wrong
from .colour import Colour

OFTEN = 300
"""Questions for the time that show a wait that will never be over."""


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has the clocks stand still from now on: in every module, but in no class and not for the event loop."""
    steady = time.monotonic

    def now() -> None:
        asked = 0

        def stand() -> float:
            nonlocal asked
            asked += 1
            assert asked < OFTEN, "it waits for a clock that stands"
            return 1_704_067_200.0

        functions = (time.monotonic, time.perf_counter, time.time)
        monkeypatch.setattr(asyncio.BaseEventLoop, "time", lambda _: steady())
        for name, module in list(sys.modules.items()):
            if name == "time" or name.partition(".")[0] == "antiphon":
                for key, value in list(vars(module).items()):
                    if any(value is each for each in functions):
                        monkeypatch.setattr(module, key, stand)

    return now


@pytest.mark.parametrize("before", [True, False])
def test_calls_with_bounds_go_on(colour: Colour, freeze: Callable[[], None], before: bool) -> None:
    """Those of a client that has been at work before, too."""
    policies = [Timeouts(total=30), SingleFlight(), Retry(2, initial=0.01), RateLimit(rpm=60_000, source="config")]
    with (
        Rude(ok(), wrong(503), ok(), ok()) as server,
        colour.client(server.url, policies=policies, _clock=None, deadline=20) as it,
    ):
        if before:
            assert it(retrieve).id == "m"
        freeze()
        for _ in range(3 - before):
            assert it(retrieve).id == "m"


def test_a_deadline_is_kept(colour: Colour, freeze: Callable[[], None]) -> None:
    with Rude(hang) as server, colour.client(server.url, _clock=None, deadline=0.3, max_retries=0) as it:
        freeze()
        with pytest.raises(DeadlineExceeded):
            it(retrieve)


def test_a_silent_server_is_given_up(colour: Colour, freeze: Callable[[], None]) -> None:
    with Rude(hang) as server, colour.client(server.url, _clock=None, timeout=0.2, max_retries=0) as it:
        freeze()
        with pytest.raises(APITimeoutError):
            it(retrieve)


def test_a_limiter_lets_go(colour: Colour, freeze: Callable[[], None]) -> None:
    limit = RateLimit(rpm=60, burst_seconds=0.1, source="config")
    with (
        Rude(ok(), ok()) as server,
        colour.client(server.url, policies=[limit], _clock=None) as it,
    ):
        freeze()
        traces: list[Any] = [it(retrieve).trace for _ in range(2)]
    assert traces[-1].of("RateLimit")
