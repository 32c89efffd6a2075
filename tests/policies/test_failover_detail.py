"""Failover in detail: what it asks its driver for, what it notes, when a pause ends, and seats on every way out."""

from __future__ import annotations

import pickle
from email.utils import formatdate
from typing import Any

import pytest

from antiphon.core.effects import Now, Random, Send
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.errors import CircuitOpen, RateLimited
from antiphon.policies.chain import fold, send
from antiphon.policies.failover import Failover
from antiphon.policies.machines.ejection import Ejection
from antiphon.policies.target import Target

from .fleet_script import answer, ask, servers, silent, unreachable
from .piecewise import Piecewise
from .stepping import Script
from .test_failover import fallen, run, target
from .test_failover_limit import Town, ten, use_up


class Watched(Script):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__([])
        self.effects: list[type[Any]] = []

    def answer(self, effect: Any) -> Any:
        self.effects.append(effect.__class__)
        return super().answer(effect)


def noted(request: Request) -> list[str]:
    assert request.trace is not None
    return [str(step) for step in request.trace.of("Failover")]


# -- what it asks for --------------------------------------------------------------------------------------------------


def test_where_nothing_is_held_against_anybody_neither_clock_nor_chance_is_asked() -> None:
    script = Watched()
    run(fallen(own=False), ask(), answer(), script=script)
    assert script.effects == [Send]


@pytest.mark.parametrize(
    ("body", "draws"), [({}, 1), ({"prompt_cache_key": "chapter 1"}, 0)], ids=["by chance", "by its key"]
)
def test_chance_is_asked_only_where_it_decides(body: dict[str, Any], draws: int) -> None:
    script = Watched()
    run(fallen(Target.own(), target("eu")), ask(**body), answer(), script=script)
    assert script.effects.count(Random) == draws
    run(fallen(target("eu")), ask(**body), answer(503), answer(), script=script)
    assert script.effects.count(Random) == draws, "a group of one leaves no choice"


def test_who_is_asked_once_more_is_not_drawn_again_nor_asked_for_ever() -> None:
    script = Watched()
    failover = fallen(Target.own(), target("eu"), on_context_length="gpt-5.5-long", most_attempts=5)
    troubles = [answer(400, "context_length_exceeded"), answer(503), answer()]
    reply, _ = run(failover, ask(input="much"), *troubles, script=script)
    assert reply.status_code == 200
    assert servers(script) == ["own", "own", "eu"]
    assert script.effects.count(Random) == 2


# -- what it tells -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "why"),
    [(unreachable(), "ConnectError"), (silent(), "ReadTimeout"), (CircuitOpen("own", 3.0), "CircuitOpen")],
)
def test_the_trace_names_the_failure_that_moved_it(trouble: Exception, why: str) -> None:
    request = ask()
    run(fallen(), request, trouble, answer())
    assert noted(request)[0] == f"Failover: to target=eu because={why}"


@pytest.mark.parametrize("status", [300, 302, 400])
def test_what_is_no_success_was_not_served(status: int) -> None:
    request = ask()
    reply, _ = run(fallen(), request, unreachable(), answer(status))
    assert reply.status_code == status
    assert noted(request) == ["Failover: to target=eu because=ConnectError"]


def test_the_trace_says_which_credential_was_parked() -> None:
    request = ask()
    run(fallen(), request, answer(401), answer())
    assert "Failover: parked target=own reason=credential rejected seconds=inf" in noted(request)


def test_attempts_that_others_made_for_the_call_count_too() -> None:
    request, failover = ask(), fallen(eject=None)
    for asked in (["own", "eu"], ["own", "eu"], ["own"]):
        _, script = run(failover, request, answer(503), answer(503))
        assert servers(script) == asked
    assert noted(request)[-1] == "Failover: stop reason=5 attempts were made"


def test_the_trace_says_that_the_deadline_has_passed() -> None:
    request = ask()
    request.deadline = 100.0
    run(fallen(), request, answer(503))
    assert noted(request) == ["Failover: stop reason=the deadline has passed"]


# -- what is held against a target -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, 1.0),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "20"}, 20.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": formatdate(1_000_000_020.0, usegmt=True)}, 20.0),
        ({"retry-after": formatdate(999_999_000.0, usegmt=True)}, 1.0),
    ],
)
def test_a_limit_pauses_its_target_for_as_long_as_it_says(fields: dict[str, str], seconds: float) -> None:
    failover = fallen()
    _, script = run(failover, ask(), answer(429, **fields), answer())
    assert failover.health(script.now)["own"]["retry_in"] == pytest.approx(seconds)


@pytest.mark.parametrize(("refusal", "asked"), [(RateLimited(3.0, "tokens"), ["own"]), (CircuitOpen("a", 3.0), None)])
def test_a_limit_further_in_spares_those_who_share_it(refusal: Exception, asked: list[str] | None) -> None:
    same = Target("https://api.openai.com/v1", api_key="sk-two", name="two")
    _, script = run(Failover([same]), ask(), refusal, answer())
    assert servers(script) == (asked or ["own", "two"])


def test_one_that_is_enabled_again_is_the_one_that_was_named() -> None:
    failover = fallen()
    run(failover, ask(), answer(401), answer(401))
    failover.enable("eu")
    _, script = run(failover, ask(), answer())
    assert servers(script) == ["eu"]
    failover.enable()
    _, script = run(failover, ask(), answer(), script=script)
    assert servers(script) == ["eu", "own"]


def test_a_refusal_that_is_still_to_be_read_is_read_for_its_code() -> None:
    body = Piecewise(b'{"error": {"code": "insuffi', b'cient_quota"}}')
    refusal = Reply(429, Headers({"content-type": "application/json"}), request=ask(), body=body)
    town = Town(fallen(), answers=lambda who, now: refusal if who == "own" else answer())
    assert town.call()[0] == "Failover: parked target=own reason=billing seconds=600"


def test_who_is_ejected_is_not_asked_though_it_would_wait_less() -> None:
    failover = fallen(Target.own(), target("eu"), eject=Ejection(failures=1))
    town = Town(failover, ten())
    seat = failover._fleet.choose([1], 0.0, 0.0)
    assert seat is not None
    assert failover._fleet.fail(seat, 0.0) == 30.0
    failover._fleet.leave(seat)
    use_up(town)
    assert town.call() == [
        "Failover: passed over target=eu because=it is ejected",
        "Failover: served target=own model=gpt-5.5",
    ]
    assert town.driver.now == pytest.approx(1.0)


# -- seats -------------------------------------------------------------------------------------------------------------


def test_who_goes_elsewhere_to_wait_less_leaves_its_first_seat() -> None:
    failover = fallen(Target.own(), target("eu"))
    town = Town(failover, ten())
    for _ in range(20):
        town.call()
    assert failover._fleet.loads == [0, 0]


def test_a_key_that_cannot_be_had_gives_the_seat_back() -> None:
    async def broken(request: Request) -> Request:
        raise ZeroDivisionError

    eu = target("eu")
    failover = fallen(Target.own(), eu)
    town = Town(failover, ten())
    for _ in range(4):
        eu.request = broken  # type: ignore[method-assign]
        with pytest.raises(ZeroDivisionError):
            for _ in range(30):
                town.call()
        assert failover._fleet.loads == [0, 0]


def streaming(failover: Failover) -> Any:
    """A reply that is still to be read, by one of a group."""
    town = Town(failover, answers=lambda who, now: Reply(200, Headers(), request=ask(), body=Piecewise(b"a", b"b")))
    _, reading = town.start()
    town.driver.run()
    assert reading.result is not None
    return reading.result


@pytest.mark.parametrize("end", ["read", "close"])
def test_a_stream_keeps_its_seat_until_its_reader_has_done_with_it(end: str) -> None:
    failover = fallen(Target.own(), target("eu"))
    reply = streaming(failover)
    assert sum(failover._fleet.loads) == 1
    getattr(reply, end)()
    assert failover._fleet.loads == [0, 0]


def test_where_no_group_has_several_a_stream_is_not_followed() -> None:
    failover = fallen(own=False)
    reply = streaming(failover)
    assert isinstance(reply.body, Piecewise)
    assert failover._fleet.loads == [0]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), GeneratorExit(), ZeroDivisionError()])
def test_row_61_one_that_is_broken_off_after_its_answer_gives_the_seat_back(fault: BaseException) -> None:
    failover = fallen(Target.own(), target("eu"), eject=Ejection(failures=2))
    run(failover, ask(), unreachable(), answer())
    running = failover(ask(), send)
    effect: Any = running.send(None)
    while not isinstance(effect, Send):
        effect = running.send(0.0)
    effect = running.send(answer())
    assert isinstance(effect, Now), "a success is news where a failure was"
    assert sum(failover._fleet.loads) == 1
    with pytest.raises(type(fault)):
        running.throw(fault)
    assert failover._fleet.loads == [0, 0]


# -- another target, for who asks ---------------------------------------------------------------------------------------


def another(failover: Failover, server: str | None, *, equal: bool) -> str | None:
    request = ask()
    request.server = server
    found = Script([]).run(failover.other(request, equal=equal))
    return None if found is None else found.server


def test_an_equal_one_is_of_the_same_group_whoever_stands_before_it() -> None:
    failover = fallen(target("a", group=1), target("b", group=2), target("c", group=2), Target.own(), target("d"))
    assert [another(failover, server, equal=True) for server in (None, "a", "b", "c", "d")] == [
        "d",
        None,
        "c",
        "b",
        None,
    ]
    assert [another(failover, server, equal=False) for server in (None, "a", "b")] == ["a", "b", "a"]


@pytest.mark.parametrize("status", [200, 503])
def test_what_somebody_of_nobodys_answered_is_given_as_it_is(status: int) -> None:
    async def elsewhere(request: Request, forward: Any) -> Reply:
        reply: Reply = await forward(request)
        reply.request = reply.request.replace()
        reply.request.server = "stranger"
        return reply

    failover, script = fallen(Target.own(), target("eu")), Script([answer(status)])
    flow: Any = fold([failover, elsewhere])
    reply = script.run(flow(ask()))
    assert (reply.status_code, reply.request.server) == (status, "stranger")
    assert len(script.sent) == 1
    assert failover._fleet.loads == [0, 0]


def test_in_another_process_it_has_the_targets_it_had() -> None:
    for own in (True, False):
        failover = Failover([Target.local(model="m")], own=own, cross_model=True)
        there = pickle.loads(pickle.dumps(failover))
        assert [each.name for each in there.targets] == [each.name for each in failover.targets]
