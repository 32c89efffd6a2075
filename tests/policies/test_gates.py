"""Gates and what goes by them, with limits, circuits, places and accounts that say what a table says."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.policies.chain import PLACES
from antiphon.policies.gates import ROOM, Gates
from antiphon.policies.round import Round
from antiphon.policies.sooner import is_worth_it, sooner
from antiphon.policies.target import Target

from .fleet_script import ask

OWN = Target.own()
Seconds = Mapping[str, float]


class Silent:
    """A policy that lets everything pass."""

    async def __call__(self, request: Request, forward: Any) -> Reply:
        reply: Reply = await forward(request)
        return reply


class Limit(Silent):
    def __init__(self, waits: Seconds | float = 0.0, free: float = 1.0) -> None:
        self.waits, self.free = waits, free

    def wait_for(self, request: Request, now: float) -> float:
        return self.waits.get(request.server or "own", 0.0) if isinstance(self.waits, Mapping) else self.waits

    def headroom(self, request: Request, now: float) -> float:
        return self.free


class Circuits(Silent):
    def __init__(self, *open_ones: str) -> None:
        self.open_ones = open_ones

    def is_closed(self, endpoint: str, model: str = "") -> bool:
        return endpoint not in self.open_ones


class Places(Silent):
    def __init__(self, full: bool) -> None:
        self.full = full

    def is_full(self, request: Request) -> bool:
        return self.full


class Account(Silent):
    def __init__(self, part: float) -> None:
        self.part = part

    def left(self) -> float:
        return self.part


def done(flow: Coroutine[Any, Any, Any]) -> Any:
    """A flow that asks for nothing of the world."""
    return asyncio.run(flow)


def way(*names: str, **options: Any) -> Round:
    """A request that the client's own endpoint, or one of these, may take."""
    targets = [OWN, *(Target(f"https://{n}.example.com/v1", api_key="k", name=n, **options) for n in names)]
    return Round(ask(input="hi"), targets, sticky=True)


def chosen(waits: Seconds, *names: str, patience: float = 1.0, open_ones: tuple[str, ...] = (), **options: Any) -> Any:
    """Who is asked in place of the client's own endpoint, and what the trace says."""
    round_ = way(*names, **options)
    gates = Gates([Limit(waits), Circuits(*open_ones)])
    others = range(1, len(names) + 1)
    found = done(sooner(gates, round_, 0, others, patience, 0.0))
    assert round_.request.trace is not None
    return None if found is None else names[found - 1], [str(step) for step in round_.request.trace.of("Failover")]


def test_the_one_with_the_least_to_wait_is_asked() -> None:
    told = ["Failover: passed over target=own because=its rate limit wait=9.123"]
    assert chosen({"own": 9.1234, "a": 3.0, "b": 1.0, "c": 2.0}, "a", "b", "c") == ("b", told)
    assert chosen({"own": 9.0, "a": 3.0, "b": 1.0}, "a", "b", open_ones=("b",))[0] == "a"


@pytest.mark.parametrize(("wait", "who"), [(0.0, None), (2.0, None), (2.1, "a")])
def test_another_group_must_save_more_than_the_patience(wait: float, who: str | None) -> None:
    assert chosen({"own": wait}, "a", group=OWN.group + 1, patience=2.0)[0] == who


@pytest.mark.parametrize(("there", "who"), [(4.9, "a"), (5.0, None)])
def test_an_equal_of_the_same_group_need_only_save_something(there: float, who: str | None) -> None:
    assert chosen({"own": 5.0, "a": there}, "a", group=OWN.group, patience=60.0)[0] == who


@pytest.mark.parametrize(
    ("waits", "worth"),
    [
        ({"a": 9.0, "b": 1.0}, True),  # the least of them counts
        ({"a": 2.0, "b": 2.0}, False),
        ({"a": 1.9, "b": 2.0}, True),
        ({"a": 5.0, "b": 6.0}, False),
    ],
)
def test_whether_somebody_else_serves_sooner(waits: Seconds, worth: bool) -> None:
    round_ = way("a", "b")
    round_.allowed = [1, 2]
    told: Any = done(is_worth_it(Gates([Limit(waits)]), round_, 2.0, 0.0))
    assert told is worth
    assert round_.request.trace is not None
    steps = [str(step) for step in round_.request.trace.of("Failover")]
    assert steps == ([] if worth else ["Failover: stop reason=nobody else has less to wait seconds=2"])


def test_without_limits_or_without_others_there_is_nothing_to_weigh() -> None:
    round_ = way("a")
    assert done(is_worth_it(Gates([Circuits()]), round_, 0.0, 0.0)) is True
    round_.allowed = []
    assert done(is_worth_it(Gates([Limit(9.0)]), round_, 0.0, 0.0)) is True


@pytest.mark.parametrize(
    ("gates", "outer", "why"),
    [
        ([Limit(), Circuits(), Places(full=False)], [Account(1.0)], ""),
        ([Limit(free=ROOM)], [Account(ROOM)], ""),
        ([Limit(free=ROOM - 0.01)], [], "rate limit"),
        ([Limit(0.5)], [], "rate limit"),
        ([Limit(), Limit(0.5)], [], "rate limit"),
        ([Circuits("api.openai.com")], [], "circuit"),
        ([Circuits(), Circuits("api.openai.com")], [], "circuit"),
        ([Places(full=False), Places(full=True)], [], "bulkhead"),
        ([Limit()], [Account(1.0), Account(ROOM - 0.01)], "budget"),
    ],
)
def test_what_need_not_be_sent_needs_room_everywhere(gates: list[Any], outer: list[Any], why: str) -> None:
    assert Gates(gates, outer).objection(ask(input="hi"), 0.0) == why


def test_the_longest_wait_counts() -> None:
    assert Gates([Limit(1.0), Limit(3.0), Limit(2.0)]).wait(ask(input="hi"), 0.0) == 3.0
    assert Gates([Circuits()]).wait(ask(input="hi"), 0.0) == 0.0


class Placed(Silent):
    def __init__(self, place: int, *, patient: bool = False) -> None:
        self.place, self.patient = place, patient


def test_what_stands_before_and_behind() -> None:
    stranger, here = Silent(), Placed(PLACES["Hedge"])
    outer, gate, inner = Placed(PLACES["Retry"]), Placed(PLACES["CircuitBreaker"]), Placed(PLACES["Authorize"])
    before = Gates.before(here, [stranger, outer, gate, stranger, here, inner])
    assert before.policies == [gate, stranger]
    assert Gates.before(here, [stranger, outer, here]).policies == []
    behind = Gates.behind(outer, [stranger, outer, gate, here])
    assert (behind.policies, behind.patient) == ([gate, here], False)
    assert Gates.behind(here, [Placed(0, patient=True), here, gate]).patient
    assert not Gates.behind(here, [Placed(0), here, Placed(0, patient=True)]).patient
