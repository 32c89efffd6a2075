"""The table of moves, stepped by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.core.effects import Ask, Send
from antiphon.core.request import Request
from antiphon.core.secret import Secret
from antiphon.errors import (
    BulkheadFull,
    CircuitOpen,
    ConnectError,
    DeadlineExceeded,
    NoTarget,
    PoolTimeout,
    RateLimited,
    ReadTimeout,
)
from antiphon.policies.chain import fold, send
from antiphon.policies.failover import Failover, Parked
from antiphon.policies.machines.budget import RetryBudget
from antiphon.policies.retry import Retry
from antiphon.policies.target import Target

from .fleet_script import EMBED, RETRIEVE, answer, ask, servers, silent, unreachable
from .stepping import Script


def target(name: str, **options: Any) -> Target:
    arguments: dict[str, Any] = {"api_key": f"sk-{name}", "name": name, **options}
    return Target(f"https://{name}.example.com/v1", **arguments)


def fallen(*targets: Target, **options: Any) -> Failover:
    arguments: dict[str, Any] = {"cross_provider": True, **options}
    return Failover(list(targets) or [target("eu")], **arguments)


def flow(failover: Failover, request: Request) -> Any:
    """A call, each attempt of which is noted."""
    return fold([failover])(request)


def run(failover: Failover, request: Request, *outcomes: Any, script: Script | None = None) -> tuple[Any, Script]:
    """What a call comes to, and what was sent; a script may go on from call to call."""
    script = script or Script([])
    script.outcomes.extend(outcomes)
    try:
        return script.run(flow(failover, request)), script
    except Exception as failure:
        return failure, script


def test_all_is_well_and_nothing_is_changed() -> None:
    request = ask()
    reply, script = run(fallen(), request, answer())
    assert reply.status_code == 200
    assert script.sent == [request]


@pytest.mark.parametrize("trouble", [unreachable(), silent(), answer(500), answer(503), answer(529), answer(408)])
def test_row_02_a_target_in_trouble_hands_over_to_the_next(trouble: Any) -> None:
    reply, script = run(fallen(), ask(input="hi"), trouble, answer())
    assert reply.status_code == 200
    assert reply.request.server == "eu"
    assert servers(script) == ["own", "eu"]
    assert script.slept == []
    there = script.sent[1]
    assert str(there.url) == "https://eu.example.com/v1/responses"
    assert there.headers["authorization"] == "Bearer sk-eu"
    assert json.loads(there.content) == {"input": "hi", "model": "gpt-5.5"}  # type: ignore[arg-type]


def test_row_03_a_certificate_that_is_not_trusted_is_left_for_another_target() -> None:
    from antiphon.errors import TLSError

    reply, script = run(fallen(), ask(), TLSError(message="expired", phase="tls", sent="no"), answer())
    assert reply.status_code == 200
    assert servers(script) == ["own", "eu"]


@pytest.mark.parametrize("status", [400, 404, 409, 413, 415, 422])
def test_what_is_the_requests_own_fault_goes_nowhere_else(status: int) -> None:
    reply, script = run(fallen(), ask(), answer(status))
    assert reply.status_code == status
    assert servers(script) == ["own"]


def test_row_24_a_server_that_says_not_to_try_again_is_obeyed() -> None:
    reply, script = run(fallen(), ask(), answer(503, x_should_retry="false"))
    assert reply.status_code == 503
    assert servers(script) == ["own"]


def test_a_limit_moves_the_call_to_who_has_another_limit() -> None:
    failover = fallen(target("second", scope="one"), target("third", scope="two", group=1))
    reply, script = run(failover, ask(), answer(429, retry_after="20"), answer())
    assert reply.status_code == 200
    assert servers(script) == ["own", "second"]
    reply, script = run(failover, ask(), answer(), script=script)
    assert servers(script) == ["own", "second", "second"]
    script.now += 20
    reply, script = run(failover, ask(), answer(), script=script)
    assert servers(script)[-1] == "own"


def test_a_second_key_of_the_same_house_gains_nothing_unless_its_scope_is_another() -> None:
    same = Target("https://api.openai.com/v1", api_key="sk-two", name="two")
    assert _asked_after_429(same) == ["own"]
    other = Target("https://api.openai.com/v1", api_key="sk-two", name="two", scope="project b")
    assert _asked_after_429(other) == ["own", "two"]


def _asked_after_429(second: Target) -> list[str]:
    _, script = run(Failover([second]), ask(), answer(429), answer())
    return servers(script)


@pytest.mark.parametrize("code", ["credit_balance_exhausted", "insufficient_quota", "project_spend_limit_exceeded"])
def test_row_25_a_credential_without_credit_is_parked_and_told_of_once(code: str) -> None:
    told: list[Parked] = []
    failover = fallen(on_park=told.append)
    script = Script([])
    for _ in range(3):
        run(failover, ask(), *([answer(429, code)] if not script.sent else []), answer(), script=script)
    assert servers(script) == ["own", "eu", "eu", "eu"]
    assert told == [Parked("own", "billing", 600.0, "", 429, code)]
    script.now += 600
    run(failover, ask(), answer(), script=script)
    assert servers(script)[-1] == "own"


def test_row_27_a_rejected_credential_is_parked_until_it_is_enabled() -> None:
    told: list[Parked] = []
    failover, script = fallen(on_park=told.append), Script([])
    run(failover, ask(), answer(401, "invalid_api_key"), answer(), script=script)
    script.now += 1e8
    run(failover, ask(), answer(), script=script)
    assert servers(script) == ["own", "eu", "eu"]
    assert [each.reason for each in told] == ["credential rejected"]
    failover.enable("own")
    run(failover, ask(), answer(), script=script)
    assert servers(script)[-1] == "own"


def test_another_key_of_the_clients_own_is_not_parked_with_the_first() -> None:
    failover, script = fallen(), Script([])
    run(failover, ask(), answer(401), answer(), script=script)
    rotated = ask()
    rotated.headers["Authorization"] = "Bearer sk-own-new"
    run(failover, rotated, answer(), script=script)
    assert servers(script) == ["own", "eu", "own"]


class Asking(Script):
    """Asks a key's source."""

    def answer(self, effect: Any) -> Any:
        return Secret(effect.source()) if isinstance(effect, Ask) else super().answer(effect)


def test_row_27_a_targets_key_that_was_rotated_is_asked_for_once_more() -> None:
    keys = ["sk-old", "sk-new", "sk-new", "sk-new"]
    failover = fallen(target("eu", api_key=lambda: keys.pop(0)), own=False)
    reply, script = run(failover, ask(), answer(401), answer(401), script=Asking([]))
    assert reply.status_code == 401
    assert [each.headers["authorization"] for each in script.sent] == ["Bearer sk-old", "Bearer sk-new"]


def test_what_may_not_be_done_is_parked_for_this_model_alone() -> None:
    failover, script = fallen(), Script([])
    run(failover, ask(), answer(403, "model_not_allowed"), answer(), script=script)
    run(failover, ask(), answer(), script=script)
    run(failover, ask(model="gpt-5-mini"), answer(), script=script)
    assert servers(script) == ["own", "eu", "eu", "own"]


def test_row_62_an_alert_that_raises_changes_nothing() -> None:
    def alert(parked: Parked) -> None:
        raise RuntimeError("no pager")

    request = ask()
    reply, _ = run(fallen(on_park=alert), request, answer(401), answer())
    assert reply.status_code == 200
    assert request.trace is not None
    assert [step.get("error") for step in request.trace.of("Failover") if step.event == "alert failed"] == [
        "RuntimeError"
    ]


@pytest.mark.parametrize(
    "refusal", [CircuitOpen("api.openai.com", 3.0), BulkheadFull(8, 4), RateLimited(30.0, "tokens")]
)
def test_a_policy_further_in_that_says_no_moves_the_call_at_once(refusal: Exception) -> None:
    reply, script = run(fallen(), ask(), refusal, answer())
    assert reply.status_code == 200
    assert servers(script) == ["own", "eu"]
    assert script.slept == []


def test_where_policies_refused_everywhere_the_error_says_so_and_when_to_come_back() -> None:
    failure, _ = run(fallen(), ask(), CircuitOpen("a", 7.0), CircuitOpen("b", 3.0))
    assert isinstance(failure, NoTarget)
    assert failure.retry_in == 3.0
    assert [reason.partition(":")[0] for reason in failure.reasons] == ["own", "eu"]


def test_one_that_stands_alone_raises_its_own_refusal() -> None:
    failure, _ = run(fallen(), ask(RETRIEVE, path={"response_id": "resp_1"}), CircuitOpen("a", 7.0))
    assert isinstance(failure, CircuitOpen)


def test_of_several_failures_the_last_real_answer_is_told() -> None:
    first, _ = run(fallen(), ask(), answer(503), unreachable())
    assert first.status_code == 503
    second, _ = run(fallen(), ask(), unreachable(), silent())
    assert isinstance(second, ReadTimeout)
    third, _ = run(fallen(), ask(), answer(401), unreachable())
    assert isinstance(third, ConnectError)
    fourth, _ = run(fallen(), ask(), answer(500), answer(502))
    assert fourth.status_code == 502


def test_nobody_left_names_every_reason() -> None:
    failover, script = fallen(), Script([])
    first, _ = run(failover, ask(), answer(401), answer(401), script=script)
    assert first.status_code == 401
    failure, _ = run(failover, ask(), script=script)
    assert isinstance(failure, NoTarget)
    assert failure.reasons == (
        "own: its credential is parked, until its time is over or Failover.enable('own')",
        "eu: its credential is parked, until its time is over or Failover.enable('eu')",
    )


@pytest.mark.parametrize("ours", [PoolTimeout(phase="pool"), DeadlineExceeded(phase="head")])
def test_failures_of_this_client_are_no_targets_fault(ours: Exception) -> None:
    failure, script = run(fallen(), ask(), ours)
    assert failure is ours
    assert servers(script) == ["own"]


def test_attempts_are_bounded_over_all_targets() -> None:
    many = [target(f"t{n}", group=n) for n in range(7)]
    _, script = run(fallen(*many), ask(), *(answer(503) for _ in range(8)))
    assert len(script.sent) == 5
    _, script = run(fallen(*many, most_attempts=2), ask(), *(answer(503) for _ in range(8)))
    assert len(script.sent) == 2


def test_attempts_of_all_rounds_count() -> None:
    request, script = ask(), Script([answer(503) for _ in range(9)])
    chain: Any = fold([Retry(8), fallen()])
    reply = script.run(chain(request))
    assert reply.status_code == 503
    assert servers(script) == ["own", "eu", "own", "eu"]
    assert len(script.slept) == 1
    assert request.trace is not None
    assert str(request.trace.of("Retry")[-1]) == "Retry: stop attempt=2 reason=4 attempts were made"


def test_after_the_deadline_nothing_moves() -> None:
    request = ask()
    request.deadline = 100.0
    reply, script = run(fallen(), request, answer(503))
    assert reply.status_code == 503
    assert servers(script) == ["own"]


def test_moves_are_taken_from_the_retry_budget() -> None:
    failover = fallen(budget=RetryBudget(capacity=1, per_second=0), eject=None)
    for asked in (["own", "eu"], ["own"]):
        request = ask()
        _, script = run(failover, request, answer(503), answer())
        assert servers(script) == asked
    assert request.trace is not None
    assert str(request.trace.of("Failover")[-1]) == "Failover: stop reason=retry_budget"


def test_without_a_trace_attempts_are_bounded_too() -> None:
    request = ask()
    request.trace = None
    _, script = run(fallen(*(target(f"t{n}") for n in range(6))), request, *(answer(503) for _ in range(8)))
    assert len(script.sent) == 4


def test_failures_that_successes_followed_are_forgotten() -> None:
    failover, script = fallen(), Script([])
    for trouble in [True] * 4 + [False] * 10 + [True] * 4:
        run(failover, ask(), *([unreachable()] if trouble else []), answer(), script=script)
    assert failover.ejected() == []


def test_a_dead_target_is_left_alone_after_five_failures() -> None:
    failover, script = fallen(), Script([])
    for _ in range(5):
        run(failover, ask(), unreachable(), answer(), script=script)
    for _ in range(10):
        run(failover, ask(), answer(), script=script)
    assert servers(script).count("own") == 5
    assert [each.name for each in failover.ejected()] == ["own"]
    script.now += 30
    run(failover, ask(), answer(), answer(), script=script)
    assert servers(script)[-1] == "own"
    assert failover.ejected() == []


def test_a_call_about_what_is_kept_at_home_stays_there() -> None:
    reply, script = run(fallen(), ask(RETRIEVE, path={"response_id": "resp_1"}), answer(503))
    assert reply.status_code == 503
    assert servers(script) == ["own"]


def test_another_door_to_the_same_account_takes_it_too() -> None:
    door = target("door", same_account=True)
    _, script = run(fallen(door), ask(RETRIEVE, path={"response_id": "resp_1"}), answer(503), answer())
    assert servers(script) == ["own", "door"]
    assert script.sent[1].target == "/v1/responses/resp_1"


def test_what_must_not_happen_twice_moves_only_if_it_was_never_sent() -> None:
    from antiphon.core.call import Operation

    make = Operation("batches.create", "POST", "/batches", body="json")
    door = target("door", same_account=True)
    for trouble, asked in ((unreachable(), ["own", "door"]), (silent(), ["own"]), (answer(502), ["own"])):
        _, script = run(fallen(door), ask(make), trouble, answer())
        assert servers(script) == asked


def test_a_longer_input_goes_to_the_model_with_more_room() -> None:
    failover = fallen(on_context_length="gpt-5.5-long")
    request = ask(input="much")
    reply, script = run(failover, request, answer(400, "context_length_exceeded"), answer())
    assert reply.status_code == 200
    assert servers(script) == ["own", "own"]
    assert [json.loads(each.content)["model"] for each in script.sent] == ["gpt-5.5", "gpt-5.5-long"]  # type: ignore[arg-type]
    reply, script = run(failover, ask(), *[answer(400, "context_length_exceeded")] * 2)
    assert reply.status_code == 400
    assert len(script.sent) == 2


def test_other_models_take_the_place_of_the_one_asked_for() -> None:
    local = Target.local(model="llama3.2")
    request = ask(input="hi")
    reply, script = run(Failover([local], cross_model=True), request, unreachable(), answer())
    there = script.sent[1]
    assert json.loads(there.content) == {"input": "hi", "model": "llama3.2"}  # type: ignore[arg-type]
    assert "authorization" not in there.headers
    assert reply.request.trace is not None
    served = reply.request.trace.of("Failover")[-1]
    assert (served.event, served.get("target"), served.get("model")) == ("served", "local", "llama3.2")


def test_vectors_of_another_model_are_never_taken_for_this_ones() -> None:
    reply, script = run(Failover([Target.local(model="nomic")], cross_model=True), ask(EMBED, input="x"), answer(503))
    assert reply.status_code == 503
    assert servers(script) == ["own"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), GeneratorExit(), ValueError("a bug")])
def test_row_61_every_way_out_gives_the_seat_back(fault: BaseException) -> None:
    failover = fallen(Target.own(), target("eu"))
    running = failover(ask(), send)
    effect = running.send(None)
    while not isinstance(effect, Send):
        effect = running.send(0.0)
    assert sum(failover._fleet.loads) == 1
    with pytest.raises(type(fault)):
        running.throw(fault)
    assert sum(failover._fleet.loads) == 0


def test_a_flow_that_is_dropped_gives_the_seat_back() -> None:
    failover = fallen(Target.own(), target("eu"))
    running = failover(ask(), send)
    effect = running.send(None)
    while not isinstance(effect, Send):
        effect = running.send(0.0)
    running.close()
    assert sum(failover._fleet.loads) == 0


def test_the_trace_tells_who_was_asked_and_why() -> None:
    request = ask()
    run(fallen(), request, answer(503), answer())
    assert request.trace is not None
    assert [str(step) for step in request.trace.of("Failover")] == [
        "Failover: to target=eu because=503",
        "Failover: served target=eu model=gpt-5.5",
    ]
