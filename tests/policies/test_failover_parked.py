"""Credentials that are refused: who shares them, for how long they are parked, and when a source is asked once more."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.credential import PENDING
from antiphon.policies.failover import Failover, Parked
from antiphon.policies.target import Target

from .fleet_script import answer, ask, servers
from .stepping import Script
from .test_failover import Asking, fallen, run, target


def door(path: str, key: Any) -> Target:
    """One of several doors of a house, whose limits are apart."""
    return Target(f"https://eu.example.com/{path}", api_key=key, name=path, scope=path)


@pytest.mark.parametrize(("keys", "asked"), [(("sk-1", "sk-1"), ["one"]), (("sk-1", "sk-2"), ["one", "two"])])
@pytest.mark.parametrize("refusal", [answer(401), answer(429, "insufficient_quota")], ids=["rejected", "billing"])
def test_nobody_is_asked_with_the_credential_that_was_refused(
    keys: tuple[str, str], asked: list[str], refusal: Any
) -> None:
    first, second = door("one", keys[0]), door("two", keys[1])
    second.group = 1
    _, script = run(fallen(first, second, own=False), ask(), refusal, answer())
    assert servers(script) == asked


def told(failover_of: Any, request: Any, script: Script) -> Parked:
    seen: list[Parked] = []
    run(failover_of(seen.append), request, answer(401), answer(), script=script)
    (parked,) = seen
    return parked


@pytest.mark.parametrize(("key", "seconds"), [("sk-eu", float("inf")), (lambda: "sk-eu", 600.0)])
def test_a_key_from_a_source_is_parked_for_a_while_and_one_that_was_given_for_good(key: Any, seconds: float) -> None:
    def made(on_park: Any) -> Failover:
        return fallen(target("eu", api_key=key), own=False, on_park=on_park)

    assert told(made, ask(), Asking([])) == Parked("eu", "credential rejected", seconds, "", 401, None)


@pytest.mark.parametrize(("held", "seconds"), [("Bearer sk-own", float("inf")), (PENDING.reveal(), 600.0)])
def test_the_clients_own_source_may_bring_another_key_too(held: str, seconds: float) -> None:
    request = ask()
    request.headers["Authorization"] = held

    def made(on_park: Any) -> Failover:
        return fallen(on_park=on_park)

    assert told(made, request, Script([])).seconds == seconds


def test_a_source_that_gives_the_refused_key_again_is_not_tried_again() -> None:
    reply, script = run(fallen(target("eu", api_key=lambda: "sk-1"), own=False), ask(), answer(401), script=Asking([]))
    assert reply.status_code == 401
    assert servers(script) == ["eu"]


def test_one_that_is_parked_for_no_time_is_not_asked_again_by_the_same_call() -> None:
    first, second = door("one", "sk-1"), door("two", "sk-1")
    second.group = 1
    failover = fallen(first, second, own=False, park_for=0)
    _, script = run(failover, ask(), answer(429, "insufficient_quota"), answer())
    assert servers(script) == ["one"]
    _, script = run(failover, ask(), answer(), script=script)
    assert servers(script) == ["one", "one"]
