"""A signal's handler may raise wherever Python runs one. At each such point of the policies, one after another, it does so here,
and afterwards nothing is held, nobody is queued, and the next call succeeds at once."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from antiphon import OpenAI
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.operations import chat, embeddings
from antiphon.policies import (
    Budget,
    Bulkhead,
    Cache,
    CircuitBreaker,
    Coalesce,
    Hedge,
    Idempotency,
    Policy,
    RateLimit,
    SingleFlight,
)
from antiphon.policies import single_flight as waits_for_others
from tests.ringing import KNOWN, Alarm, Ringing

from .piecewise import Piecewise

pytestmark = [
    pytest.mark.skipif(not KNOWN, reason="other versions run handlers at other places"),
    # A flow that was made when the alarm rang, and is run by nobody.
    pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.slow,
]

ROOMS = ("/antiphon/policies/",)
GUARD = 20.0
"""Seconds after which somebody hangs."""
JSON = Headers({"content-type": "application/json"})
EVENTS = Headers({"content-type": "text/event-stream"})
CONTENT = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"finish_reason":"stop",'
    b'"message":{"role":"assistant","content":"hi"}}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}'
)
VECTORS = (
    b'{"object":"list","model":"text-embedding-3-small","data":[{"object":"embedding","index":0,"embedding":[1.0]}],'
    b'"usage":{"prompt_tokens":1,"total_tokens":1}}'
)
PIECES = (
    b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}\n\n',
    b"data: [DONE]\n\n",
)
BODY: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "hello"}],
    "temperature": 0,
    "max_tokens": 10,
}


class World:
    """A client whose transport answers at once, unless it is told to wait.

    Args:
        policies: the client's.
    """

    def __init__(self, policies: Any) -> None:
        self.client = OpenAI(api_key="sk-test", base_url="http://127.0.0.1:1/v1", policies=policies)
        self.client._driver._send = self.send  # type: ignore[attr-defined]
        self.policies = list(self.client._policies)  # type: ignore[attr-defined]
        self.asked = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.bodies: list[Any] = []
        self.threads: list[threading.Thread] = []
        self.headers: dict[str, str] = {}

    def send(self, request: Request, ticket: object = None) -> Reply:
        self.asked.set()
        assert self.gate.wait(GUARD)
        if request.stream:
            return Reply(200, EVENTS, request, body=Piecewise(*PIECES))
        return Reply(200, JSON, request, VECTORS if "embeddings" in request.target else CONTENT)

    def call(self) -> None:
        self.client.perform(chat.COMPLETIONS_CREATE.call(body=BODY, headers=self.headers))

    def embed(self) -> None:
        self.client.perform(embeddings.CREATE.call(body={"model": "text-embedding-3-small", "input": "a"}))

    def stream(self) -> Any:
        stream = self.client.chat.completions.create(**BODY, stream=True)
        self.bodies.append(stream)
        return stream

    def beside(self, act: Callable[[], object], *, asks: bool = False) -> None:
        """Act in a thread; where it asks, be there once it does, and let it wait until the gate is opened."""
        if asks:
            self.asked.clear()
            self.gate.clear()
        self.threads.append(threading.Thread(target=act, daemon=True))
        self.threads[-1].start()
        if asks:
            assert self.asked.wait(GUARD)

    def settle(self) -> None:
        """Everything is let go, and the next call made."""
        self.gate.set()
        for body in self.bodies:
            body.close()
        self.bodies.clear()
        gc.collect()
        self.beside(self.call)
        for thread in self.threads:
            thread.join(GUARD)
            assert not thread.is_alive(), "somebody waits for ever"


class Scene(NamedTuple):
    """What is rung in.

    Attributes:
        policies: of the client.
        act: what is broken off, and what is done beside it before.
        again: whether something is called once before, so that all is warm.
    """

    policies: Callable[[], Any]
    act: Callable[[World], Callable[[], object]]
    again: bool = True


def plain(world: World) -> Callable[[], object]:
    return world.call


def read(world: World) -> Callable[[], object]:
    return lambda: list(world.stream())


def closed(world: World) -> Callable[[], object]:
    return lambda: world.stream().close()


def ended(world: World) -> Callable[[], object]:
    """A stream that is open already."""
    return world.stream().close


def in_line(world: World) -> Callable[[], object]:
    """The only permit is out, and comes back a moment later."""
    body = world.stream()
    world.beside(lambda: (threading.Event().wait(0.002), body.close()))
    return world.call


def handing_on(world: World) -> Callable[[], object]:
    """The only permit is out, and somebody waits for it."""
    body = world.stream()
    (bulkhead,) = (each for each in world.policies if isinstance(each, Bulkhead))
    (compartment,) = bulkhead._compartments.values()
    world.beside(world.call)
    while not compartment.queued:
        threading.Event().wait(0.0002)
    return body.close


def for_room(world: World) -> Callable[[], object]:
    """The limit is used up for a moment."""
    for _ in range(2):
        world.call()
    return world.call


def joining(world: World) -> Callable[[], object]:
    """Another one is asking the same, and gets its answer a moment later."""
    world.beside(world.call, asks=True)
    world.beside(lambda: (threading.Event().wait(0.002), world.gate.set()))
    return world.call


def leading(world: World) -> Callable[[], object]:
    """Another one joins while it asks."""
    (flight,) = (each for each in world.policies if isinstance(each, SingleFlight))

    def joined() -> None:
        with suppress(Alarm):  # it shares in whatever the other one's call came to
            world.call()

    def send(request: Request, ticket: object = None) -> Reply:
        world.client._driver._send = world.send  # type: ignore[attr-defined]
        world.beside(joined)
        for _ in range(10_000):
            if any(len(each.seats) > 1 for each in [*flight._flights._open.values()]):
                break
            threading.Event().wait(0.0002)
        return world.send(request)

    world.client._driver._send = send  # type: ignore[attr-defined]
    return world.call


def keyed(world: World) -> Callable[[], object]:
    world.headers = {"Idempotency-Key": "k"}
    return world.call


def key_in_use(world: World) -> Callable[[], object]:
    world.headers = {"Idempotency-Key": "k"}
    return joining(world)


def embedding(world: World) -> Callable[[], object]:
    return world.embed


def budget() -> list[Any]:
    return [Budget(usd=100, requests=10_000)]


def waiting_budget() -> list[Any]:
    return [Budget(requests=10_000, tokens=1700, on_exceed="wait")]


SCENES = {
    "Bulkhead": Scene(lambda: [Bulkhead(1)], plain),
    "Bulkhead, adaptive": Scene(lambda: [Bulkhead(1, adaptive="aimd")], plain),
    "Bulkhead, in line": Scene(lambda: [Bulkhead(1)], in_line),
    "Bulkhead, handing on": Scene(lambda: [Bulkhead(1)], handing_on),
    "Bulkhead, a stream": Scene(lambda: [Bulkhead(1)], read),
    "Bulkhead, a stream left": Scene(lambda: [Bulkhead(1)], closed),
    "RateLimit": Scene(lambda: [RateLimit(rpm=60_000, tpm=10**9)], plain),
    "RateLimit, in line": Scene(lambda: [RateLimit(rpm=60_000, burst_seconds=0.002, safety=1.0)], for_room),
    "RateLimit, a stream": Scene(lambda: [RateLimit(rpm=60_000, tpm=10**9)], read),
    "SingleFlight": Scene(lambda: [SingleFlight()], plain),
    "SingleFlight, joining": Scene(lambda: [SingleFlight()], joining),
    "SingleFlight, leading": Scene(lambda: [SingleFlight()], leading),
    "Coalesce": Scene(lambda: [Coalesce(window=0.0005, scope="all")], embedding),
    "CircuitBreaker": Scene(lambda: [CircuitBreaker()], plain),
    "CircuitBreaker, a stream": Scene(lambda: [CircuitBreaker()], read),
    "Budget": Scene(budget, plain),
    "Budget, a stream": Scene(budget, read),
    "Budget, waiting": Scene(waiting_budget, joining),
    "Cache": Scene(lambda: [Cache()], plain, again=False),
    "Cache, a stream": Scene(lambda: [Cache()], read, again=False),
    "Hedge": Scene(lambda: [Hedge()], plain),
    "Idempotency": Scene(lambda: [Idempotency()], plain),
    "Idempotency with a key": Scene(lambda: [Idempotency()], keyed),
    "Idempotency with a key in use": Scene(lambda: [Idempotency()], key_in_use),
    "production": Scene(Policy.production, plain),
    "production, a stream": Scene(Policy.production, ended),
}


def held(policies: list[Any]) -> list[str]:
    """What is held though nothing is under way."""
    found: list[str] = []
    for policy in policies:
        if isinstance(policy, Bulkhead):
            for each in policy._compartments.values():
                found += [f"permits {each.inflight}, queue {each.queued}"] if each.inflight or each.queued else []
                found += ["work is left"] if each._late else []
                found += ["a lock"] if each._lock.locked() else []
        elif isinstance(policy, RateLimit):
            for lane in policy._lanes.values():
                found += [f"queue {lane.queue.length}"] if lane.queue.length or any(lane.queue.units) else []
        elif isinstance(policy, (SingleFlight, Coalesce)):
            found += ["a flight"] if len(policy._flights) else []
            found += ["a lock"] if policy._flights._lock.locked() else []
        elif isinstance(policy, Budget):
            ledger = policy._purse.ledger
            reserved = [account.reserved for account in ledger._accounts.values()]
            found += [f"reserved {each}" for each in reserved if any(each)]
            found += ["a lock"] if ledger._lock.locked() else []
            found += ["unsettled"] if ledger._settled else []
            found += ["a line"] if policy._purse._line else []
        elif isinstance(policy, Idempotency):
            found += ["a key"] if len(policy._running) else []
    return found


@pytest.mark.parametrize("name", SCENES)
def test_nothing_is_held(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits_for_others, "_LOOK", 0.05)
    scene, at, rang = SCENES[name], 0, True
    while rang:
        at += 1
        world = World(scene.policies())
        if scene.again:
            world.call()
        act = scene.act(world)
        ringing = Ringing(at, Alarm("rung"), (*ROOMS, "/antiphon/drivers/followed"))
        ringing.during(act)
        rang = ringing.rang
        del act
        world.settle()
        assert not held(world.policies), f"{name}, point {at}: {ringing.where}"
    assert at > 5
