"""`python -m bench.policies [--short] [--assert] [--only TEXT]`: what policies cost a call, in microseconds above none.

A blocking driver over a transport that answers at once, so that nothing is measured but the way through the chain; each chain
in a process of its own. Others may use the machine, and its speed drifts while it measures: so a chain, a client as it comes
and a yardstick, a fixed piece of Python, take short turns, and a figure is the median of what they cost beside the yardstick.
It is told in microseconds of a machine at rest. A real call waits for its answer with cold caches, and pays two or three
times as much for whatever code it touches.
"""

from __future__ import annotations

import argparse
import gc
import sys
from _thread import allocate_lock
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from statistics import median
from time import monotonic, process_time
from typing import Any, NamedTuple

from antiphon import OpenAI, Redirect, Retry
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.blocking import BlockingDriver
from antiphon.operations import chat
from antiphon.policies import Budget, Bulkhead, Cache, CircuitBreaker, Hedge, Policy, RateLimit, SingleFlight, Timeouts
from antiphon.policies.machines.lane import Lane
from antiphon.policies.machines.limit import DAY, MINUTE, Limit, Terms
from antiphon.policies.machines.queue import Ticket

from .__main__ import _pin, machine

CALLS = 200
"""Of a turn: so few that the machine's speed is the same for all three."""
YARD = 1.22e-6
"""Seconds that the yardstick takes on the machine of docs/explanation/cost.md, at rest."""
_MANY = 10**14
_BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "temperature": 0}
_HEADERS = Headers({"content-type": "application/json"})
_CONTENT = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",'
    b'"message":{"role":"assistant","content":"hi"}}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}'
)


class Case(NamedTuple):
    """A chain, and how many microseconds above none it may cost."""

    name: str
    policies: Any
    most: float | None = None


class _Instant:
    """A transport that answers at once; an exchange of it could be cut short."""

    def send(self, request: Request, ticket: object = None) -> Reply:
        return Reply(200, _HEADERS, request, _CONTENT)

    def cut(self, ticket: object) -> None:
        """Never needed."""


async def _nothing(request: Request, forward: Any) -> Reply:
    reply: Reply = await forward(request)
    return reply


def cases() -> Iterator[Case]:
    """All chains, the cheapest first."""
    retry, breaker, bulkhead = Policy.interactive().retry, CircuitBreaker(), Bulkhead()
    limiter, tokens = RateLimit(rpm=_MANY), RateLimit(rpm=_MANY, tpm=_MANY, ramp=None)
    yield Case("a policy that does nothing", [_nothing])
    yield Case("Timeouts", [Timeouts()])
    yield Case("Retry with the reliable rules", [retry])
    yield Case("CircuitBreaker", [breaker])
    yield Case("Bulkhead", [bulkhead])
    yield Case("RateLimit by requests", [limiter])
    yield Case("RateLimit by requests and tokens", [tokens])
    yield Case("Hedge", [Hedge()])
    yield Case("SingleFlight", [SingleFlight()])
    yield Case("Budget", [Budget(usd=10**6, unknown_price="allow")])
    yield Case("Cache, a hit", [Cache()], most=20)
    yield Case("Retry, CircuitBreaker, Bulkhead, RateLimit", [Retry(), breaker, bulkhead, limiter], most=5)
    yield Case("the same, by tokens and the reliable rules", [retry, breaker, bulkhead, tokens])
    yield Case("Policy.interactive()", Policy.interactive(), most=5)
    yield Case("Policy.production()", Policy.production())


class _Calls:
    """Calls through a chain."""

    def __init__(self, policies: Any) -> None:
        self._client = OpenAI(api_key="sk-bench", base_url="http://127.0.0.1:1/v1", policies=policies)
        self._call = chat.COMPLETIONS_CREATE.call(body=_BODY)
        self._driver = BlockingDriver(_Instant().send, None)  # type: ignore[arg-type]

    def __call__(self, calls: int) -> float:
        """Seconds of each of so many calls."""
        client, driver = self._client, self._driver
        flow = client._flow
        requests = [client._endpoint.request(self._call) for _ in range(calls)]
        began = process_time()
        if client._only_failures:
            for request in requests:
                driver.exchange(request, flow)  # type: ignore[arg-type]
        else:
            for request in requests:
                driver.run(flow(request))  # type: ignore[arg-type]
        return (process_time() - began) / calls


class _Yard:
    """What chains are made of: flows, methods, a lock, a table."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._kept: dict[tuple[str, str], float] = {}
        self._count = 0

    def keep(self, key: tuple[str, str], value: float) -> int:
        """Write something down under the lock."""
        with self._lock:
            self._count += 1
            self._kept[key] = value + 1.0
        return self._count

    async def flow(self, key: tuple[str, str], forward: Callable[[str], Any]) -> str | None:
        """A flow that begins another one."""
        if self.keep(key, 1.5) and self._kept.get(key) is not None:
            found: str = await forward(key[0])
            return found
        return None

    def __call__(self, calls: int) -> float:
        """Seconds of each of so many."""
        flow, inner = self.flow, _echo
        began = process_time()
        for _ in range(calls):
            with suppress(StopIteration):
                flow(("a", "b"), inner).send(None)
        return (process_time() - began) / calls


async def _echo(text: str) -> str:
    return text


def beside(act: Callable[[int], float], less: Callable[[int], float] | None, turns: int) -> tuple[float, float]:
    """Seconds of an act less those of another, as on a machine at rest; and how many times slower than that this one was."""
    yard, rows = _Yard(), list[tuple[float, float]]()
    for _ in range(turns):
        gc.collect()
        gc.disable()
        slow = yard(CALLS) / YARD
        rows.append(((act(CALLS) - (less(CALLS) if less else 0.0)) / slow, slow))
        gc.enable()
    return median(figure for figure, _ in rows), median(slow for _, slow in rows)


def above_none(name: str, turns: int) -> tuple[float, float]:
    """What a case's chain adds to a call through a client as it comes; see `beside`."""
    (case,) = (case for case in cases() if case.name == name)
    return beside(_Calls(case.policies), _Calls([Retry(), Redirect()]), turns)


def decision(turns: int, *limits: tuple[str, int, float]) -> tuple[float, float]:
    """What a limiter's decision takes: a place in every limit, or in none; see `beside`."""
    terms = Terms(0.95, 5.0, 10.0)
    lane = Lane([Limit(name, kind, period, terms, float(_MANY)) for name, kind, period in limits], terms)
    units = (1.0, 100.0, 0.0, 100.0)

    def decide(calls: int) -> float:
        began = process_time()
        for _ in range(calls):
            lane.enter(Ticket(units, float("inf")), monotonic())
        return (process_time() - began) / calls

    return beside(decide, None, turns)


def figures(turns: int, only: str) -> Iterator[tuple[str, float, float, float | None]]:
    """Every line whose name holds a text: its name, microseconds, how slow the machine was, and the bound."""
    for case in cases():
        if only in case.name:
            with ProcessPoolExecutor(1, get_context("spawn")) as apart:  # what others left behind would count
                seconds, slow = apart.submit(above_none, case.name, turns).result()
            yield case.name, seconds * 1e6, slow, case.most
    two = ("requests", 0, MINUTE), ("tokens", 1, MINUTE)
    four = (*two, ("a", 0, DAY), ("b", 1, DAY))
    for name, limits, most in (("one limit", two[:1], 2), ("four limits", four, None)):
        if only in (whole := f"a limiter's decision, {name}"):
            seconds, slow = decision(turns, *limits)
            yield whole, seconds * 1e6, slow, most


def main() -> int:
    """Print the table; 1 where a bound is missed under `--assert`, with half of it as slack."""
    reading = argparse.ArgumentParser(prog="python -m bench.policies")
    reading.add_argument("--short", action="store_true", help="fewer calls")
    reading.add_argument("--assert", action="store_true", dest="check", help="fail where a bound is missed by half")
    reading.add_argument("--only", default="", help="only lines whose name holds this text")
    options = reading.parse_args()
    _pin(0)
    print(f"{machine()}\n\n| policies | µs above none | bound |\n|---|---:|---:|")
    missed, slows = list[str](), list[float]()
    for name, value, slow, most in figures(60 if options.short else 300, options.only):
        print(f"| {name} | {value:.2f} | {'' if most is None else f'≤ {most:g}'} |", flush=True)
        slows.append(slow)
        if most is not None and value > most * (1.5 if options.check else 1.0):
            missed.append(f"MISS {name}")
    print(f"\nMeanwhile the machine took {median(slows or [1.0]):.2f} times as long as at rest.", *missed, sep="\n")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
