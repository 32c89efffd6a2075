"""Races without a network, the same in four drivers: a request says by its path after how many ticks it is answered."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from antiphon.core.effects import Race, Send
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.ticket import Ticket
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import APIConnectionError, ClientClosed

TICK = 0.03
Flow = Coroutine[Any, Any, Any]


class Body:
    """Says whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def request(ticks: float) -> Request:
    return Request("GET", Origin("http", "x", 80), f"/{ticks}", Headers(), None, Timeout(1.0))


def reply(asked: Request | None = None) -> Reply:
    return Reply(200, Headers(), asked or request(0), body=Body())  # type: ignore[arg-type]


def seconds(asked: Request) -> float:
    return float(asked.target[1:]) * TICK


class Wire:
    """A transport that rings and can be cut, as that of sockets."""

    def __init__(self) -> None:
        self.cuts: dict[Any, threading.Lock] = {}  # an event's wait does not outlive a handler that raises

    def send(self, asked: Request, ticket: Any = None) -> Reply:
        ticket = ticket or Ticket()
        cut, until = threading.Lock(), time.monotonic() + seconds(asked)
        cut.acquire()
        try:
            self.cuts[ticket] = cut
            while (left := until - time.monotonic()) > 0:
                ticket.look(time.monotonic())
                if cut.acquire(timeout=left if ticket.due is None else min(left, ticket.rest(time.monotonic()))):
                    raise ClientClosed("cut")
            return reply(asked)
        finally:
            self.cuts.pop(ticket, None)

    def cut(self, ticket: Any) -> None:
        assert ticket.withdrawn
        if (cut := self.cuts.pop(ticket, None)) is not None:
            cut.release()


def blocking(flow: Flow) -> Any:
    """Over a transport that cannot be cut."""

    def send(asked: Request) -> Reply:
        time.sleep(seconds(asked))
        return reply(asked)

    return BlockingDriver(send, None).run(flow)  # type: ignore[arg-type]


def ringing(flow: Flow) -> Any:
    """Over one that can."""
    wire = Wire()
    try:
        return BlockingDriver(wire.send, None).run(flow)  # type: ignore[arg-type]
    finally:
        assert_soon(lambda: not wire.cuts)


async def answered(asked: Request) -> Reply:
    await asyncio.sleep(seconds(asked))
    return reply(asked)


def on_asyncio(flow: Flow) -> Any:
    async def whole() -> Any:
        task = asyncio.current_task()
        assert task is not None
        try:
            return await AsyncDriver(answered, None).run(flow)  # type: ignore[arg-type]
        finally:
            assert asyncio.all_tasks() == {task}
            assert task.cancelling() == 0

    return asyncio.run(whole())


def virtually(flow: Flow) -> Any:
    return VirtualDriver(lambda asked, now: (seconds(asked), reply(asked))).perform(flow)


DRIVERS = pytest.mark.parametrize("run", [blocking, ringing, on_asyncio, virtually])


async def after(ticks: float, outcome: Any, log: list[str] | None = None, name: str = "") -> Any:
    """Return or raise something so many ticks later, or raise what a function makes, and log how it ended."""
    try:
        await Send(request(ticks))
    except BaseException as end:
        if log is not None:
            log.append(f"{name} {type(end).__name__}")
        raise
    if log is not None:
        log.append(name)
    if callable(outcome):
        problem: Any = outcome()
        try:
            raise problem
        finally:
            del problem  # no frame holds it
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


async def racing(first: Flow, second: Callable[[], Flow], ticks: float) -> Any:
    return await Race(first, second, ticks * TICK, lambda result: result != "poor")


def never() -> Flow:
    raise AssertionError("the second was begun")


def failure(name: str, sent: str = "maybe") -> APIConnectionError:
    return APIConnectionError(message=name, sent=sent)


def assert_soon(condition: Callable[[], bool], within: float = 5.0) -> None:
    """It is so, or comes to be so."""
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)
