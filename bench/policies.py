"""`python -m bench.policies [--short] [--assert] [--only TEXT]`: what policies cost a call, in microseconds above none.

A blocking driver over a transport that answers at once, so that nothing is measured but the way through the chain; each chain
in a process of its own, the best of several rounds, since others may use the machine. A real call waits for its answer with
cold caches, and pays two or three times as much for whatever code it touches.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
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

ROUNDS = 9
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


def cost(policies: Any, calls: int) -> float:
    """Seconds of a call through a chain."""
    client = OpenAI(api_key="sk-bench", base_url="http://127.0.0.1:1/v1", policies=policies)
    call = chat.COMPLETIONS_CREATE.call(body=_BODY)
    driver = BlockingDriver(_Instant().send, None)  # type: ignore[arg-type]
    flow, direct = client._flow, client._only_failures
    best = float("inf")
    for _ in range(ROUNDS):
        requests = [client._endpoint.request(call) for _ in range(calls)]
        gc.collect()
        gc.disable()
        began = process_time()
        if direct:
            for request in requests:
                driver.exchange(request, flow)  # type: ignore[arg-type]
        else:
            for request in requests:
                driver.run(flow(request))  # type: ignore[arg-type]
        best = min(best, (process_time() - began) / calls)
        gc.enable()
    return best


def above_none(name: str, calls: int) -> float:
    """Seconds that a case's chain adds to a call through a client as it comes."""
    (case,) = (case for case in cases() if case.name == name)
    return cost(case.policies, calls) - cost([Retry(), Redirect()], calls)


def decision(calls: int, *limits: tuple[str, int, float]) -> float:
    """Seconds of a limiter's decision: a place taken in every limit, or in none."""
    terms = Terms(0.95, 5.0, 10.0)
    lane = Lane([Limit(name, kind, period, terms, float(_MANY)) for name, kind, period in limits], terms)
    units = (1.0, 100.0, 0.0, 100.0)
    return _best(lambda: lane.enter(Ticket(units, float("inf")), monotonic()), calls)


def _best(act: Callable[[], object], calls: int) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = process_time()
        for _ in range(calls):
            act()
        best = min(best, (process_time() - began) / calls)
    return best


def figures(calls: int, only: str) -> Iterator[tuple[str, float, float | None]]:
    """Every line whose name holds a text: its name, microseconds, and the bound."""
    for case in cases():
        if only in case.name:
            with ProcessPoolExecutor(1, get_context("spawn")) as apart:  # what others left behind would count
                yield case.name, apart.submit(above_none, case.name, calls).result() * 1e6, case.most
    two = ("requests", 0, MINUTE), ("tokens", 1, MINUTE)
    if only in "a limiter's decision":
        yield "a limiter's decision, one limit", decision(calls, two[0]) * 1e6, 2
        yield "a limiter's decision, four limits", decision(calls, *two, ("a", 0, DAY), ("b", 1, DAY)) * 1e6, None


def main() -> int:
    """Print the table; 1 where a bound is missed under `--assert`, with half of it as slack."""
    reading = argparse.ArgumentParser(prog="python -m bench.policies")
    reading.add_argument("--short", action="store_true", help="fewer calls")
    reading.add_argument("--assert", action="store_true", dest="check", help="fail where a bound is missed by half")
    reading.add_argument("--only", default="", help="only lines whose name holds this text")
    options = reading.parse_args()
    _pin(0)
    print(f"{machine()}\n\n| policies | µs above none | bound |\n|---|---:|---:|")
    missed: list[str] = []
    for name, value, most in figures(2_000 if options.short else 10_000, options.only):
        print(f"| {name} | {value:.2f} | {'' if most is None else f'≤ {most:g}'} |", flush=True)
        if most is not None and value > most * (1.5 if options.check else 1.0):
            missed.append(f"MISS {name}")
    print("\n".join(missed))
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
