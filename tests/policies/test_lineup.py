"""Which targets can stand together, and what is said where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.core.call import Operation
from antiphon.core.url import Origin
from antiphon.policies.chain import send
from antiphon.policies.failover import Failover
from antiphon.policies.machines.ejection import Ejection
from antiphon.policies.target import Target

from .fleet_script import answer, ask, servers
from .stepping import Script
from .test_failover import fallen, run, target


def test_a_client_of_another_house_is_refused_before_anything_is_sent() -> None:
    script = Script([answer()])
    with pytest.raises(ValueError, match="cross_provider"):
        script.run(Failover([target("eu")])(ask(), send))
    assert script.sent == []
    assert run(Failover([target("eu", provider="openai.com")]), ask(), answer())[0].status_code == 200


def test_a_url_of_the_users_own_is_not_looked_at() -> None:
    request = ask()
    assert request.call is not None
    request.origin = Origin("https", "elsewhere.example", 443)
    request.call.operation = Operation("post", "POST", "https://elsewhere.example/x", body="json")
    reply, script = run(Failover([target("eu")]), request, answer(503))
    assert reply.status_code == 503
    assert script.sent == [request]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Failover([], own=False), "no target"),
        (lambda: Failover(["https://eu"]), "Target"),  # type: ignore[list-item]
        (lambda: Failover([target("a"), target("a")]), "two targets"),
        (lambda: Failover([Target.local(model="x")]), "cross_model"),
        (lambda: Failover([], most_attempts=0), "most_attempts"),
        (lambda: Failover([], park_for=-1), "park_for"),
        (lambda: Failover([], on_park="x"), "on_park"),  # type: ignore[arg-type]
        (lambda: Failover([], eject={"failures": 3}), r"eject must be Ejection\(…\)"),  # type: ignore[arg-type]
        (lambda: Failover([], eject=Ejection(failures=0)), "failures"),
        (lambda: Failover([], eject=Ejection(panic=1.5)), "panic must be a share"),
        (lambda: Failover([], patience=-1), "patience"),
        (lambda: fallen(parc_for=1), "park_for"),
        (lambda: fallen().enable("us"), "own, eu"),
    ],
)
def test_what_cannot_be_right_says_what_would_be(make: Any, told: str) -> None:
    with pytest.raises((ValueError, TypeError), match=told):
        make()


def test_it_shows_its_numbers() -> None:
    shown = repr(fallen(target("eu"), target("us"), target("last", group=3), most_attempts=4))
    assert shown == "Failover(own → eu | us → last, most_attempts=4, ejected after 5 of 10 for 30 s)"


def test_its_health_is_what_is_held_against_targets() -> None:
    failover, script = fallen(), Script([])
    assert failover.health(0.0) == {name: {"state": "closed", "under_way": 0} for name in ("own", "eu")}
    for _ in range(5):
        run(failover, ask(), answer(503), answer(), script=script)
    run(failover, ask(), answer(401), script=script)
    health = failover.health(script.now)
    assert (health["own"]["state"], health["own"]["reason"]) == ("open", "ejected")
    assert (health["eu"]["state"], health["eu"]["reason"]) == ("open", "parked")


def test_equals_share_the_calls_and_a_key_keeps_to_one() -> None:
    failover = fallen(Target.own(), target("eu"))
    spread, script = set[str](), Script([])
    for n in range(8):
        script.dice = n / 8
        run(failover, ask(), answer(), script=script)
        spread.add(servers(script)[-1])
    assert spread == {"own", "eu"}
    homes = set[str]()
    for n in range(8):
        script.dice = n / 8
        run(failover, ask(prompt_cache_key="chapter 1"), answer(), script=script)
        homes.add(servers(script)[-1])
    assert len(homes) == 1


@pytest.mark.parametrize("again", [True, False])
def test_a_body_that_cannot_be_sent_again_does_not_move(again: bool) -> None:
    class Form:
        length: int | None = None

        def __iter__(self) -> Iterator[bytes]:
            return iter(())

        def rewind(self) -> bool:
            return again

    transcribe = Operation("audio.transcriptions.create", "POST", "/audio/transcriptions", body="multipart")
    request = ask(transcribe)
    request.content = Form()
    _, script = run(fallen(), request, answer(503), answer())
    assert servers(script) == (["own", "eu"] if again else ["own"])


def test_the_trace_tells_of_an_ejection_and_of_the_return() -> None:
    failover, script, told = fallen(), Script([]), list[str]()
    for trouble in [True] * 5 + [False]:
        request = ask()
        run(failover, request, *([answer(503)] if trouble else []), answer(), script=script)
        assert request.trace is not None
        told += [str(step) for step in request.trace.of("Failover") if step.event in ("ejected", "back")]
    script.now += 30
    request = ask()
    run(failover, request, answer(), script=script)
    assert request.trace is not None
    told += [str(step) for step in request.trace.of("Failover") if step.event in ("ejected", "back")]
    assert told == ["Failover: ejected target=own seconds=30", "Failover: back target=own"]
