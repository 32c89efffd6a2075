"""A chain that judges failures only is begun where there is one, with what the first sending came to."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.core.call import Call
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.errors import APIConnectionError, InternalServerError
from antiphon.policies.chain import Forward, fold, only_failures
from antiphon.policies.deadline import Deadline
from antiphon.policies.outcome import Judge
from antiphon.policies.redirect import Redirect
from antiphon.policies.retry import Retry

from .test_drivers import Clock

Outcome = int | Exception


def request() -> Request:
    return Request("GET", Origin("http", "h", 80), "/", Headers(), None, Timeout(1))


class Server:
    """Answers in turn, and counts."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.seen: list[Request] = []

    def send(self, request: Request) -> Reply:
        self.seen.append(request)
        if isinstance(self.outcomes[0], Exception):
            raise self.outcomes.pop(0)  # type: ignore[misc]
        outcome = self.outcomes.pop(0)
        assert isinstance(outcome, int)
        headers = Headers({"location": "/there"} if 300 <= outcome < 400 else {})
        return Reply(outcome, headers, request=request, content=b"{}")

    async def asend(self, request: Request) -> Reply:
        return self.send(request)


def perform(call: Call[Any]) -> Any:
    raise AssertionError(f"{call} is performed")


def run(colour: str, server: Server, begin: Callable[[Request], Any]) -> Reply:
    if colour == "sync":
        return BlockingDriver(server.send, perform, Clock()).exchange(request(), begin)
    driver = AsyncDriver(server.asend, perform, Clock())
    return asyncio.run(driver.exchange(request(), begin))


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_success_begins_nothing(colour: str) -> None:
    def begin(request: Request) -> Any:
        raise AssertionError("begun")

    assert run(colour, Server(204), begin).status_code == 204


@pytest.mark.parametrize(
    ("outcomes", "retries", "sent"),
    [
        ((500, 200), 1, 2),
        ((APIConnectionError(message="lost"), 200), 1, 2),
        ((307, 200), 0, 2),
        ((503, 307, 429, 200), 2, 4),
    ],
)
def test_a_failure_is_judged_as_ever(colour: str, outcomes: tuple[Outcome, ...], retries: int, sent: int) -> None:
    server = Server(*outcomes)
    reply = run(colour, server, fold([Judge(), Retry(), Redirect()]))
    assert (reply.status_code, reply.retries_taken, len(server.seen)) == (200, retries, sent)


def test_the_last_failure_is_raised(colour: str) -> None:
    with pytest.raises(InternalServerError):
        run(colour, Server(500, 500, 500), fold([Judge(), Retry(), Redirect()]))
    server = Server(APIConnectionError(message="first"), APIConnectionError(message="second"))
    with pytest.raises(APIConnectionError, match="second") as caught:
        run(colour, server, fold([Judge(), Retry(1)]))
    assert caught.value.attempts == 2


def test_what_is_no_failure_of_the_connection_passes_by(colour: str) -> None:
    server = Server(ValueError("mine"))
    with pytest.raises(ValueError, match="mine"):
        run(colour, server, fold([Judge(), Retry(), Redirect()]))
    assert len(server.seen) == 1


def test_no_failure_is_kept_alive_by_its_own_frames(colour: str) -> None:
    problem = APIConnectionError(message="lost")
    kept = weakref.ref(problem)
    server = Server(problem, 200)
    del problem
    gc.disable()
    try:
        assert run(colour, server, fold([Judge(), Retry(), Redirect()])).status_code == 200
        assert kept() is None
    finally:
        gc.enable()


def test_who_judges_failures_only() -> None:
    async def custom(request: Request, forward: Forward) -> Reply:
        return await forward(request)

    assert only_failures([])
    assert only_failures([Retry(), Redirect()])
    assert not only_failures([Retry(), Deadline(1.0)])
    assert not only_failures([custom, Retry()])
