"""Retry under the reliable rules, stepped by hand: what is sent again, after how long, and what the trace tells of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.core.credential import PENDING
from antiphon.core.effects import Ask
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.secret import Secret
from antiphon.core.trace import Trace
from antiphon.errors import (
    APIConnectionError,
    ConnectError,
    PoolTimeout,
    ProtocolError,
    ReadTimeout,
    RequestTooLarge,
    TruncatedBody,
)
from antiphon.errors.policy import CircuitOpen, RateLimited
from antiphon.policies.authorize import Authorize
from antiphon.policies.chain import fold, send
from antiphon.policies.machines.budget import RetryBudget
from antiphon.policies.machines.rule import RELIABLE_RULES, Rule
from antiphon.policies.retry import Retry
from antiphon.policies.subject import endpoint_of

from .stepping import Script, reply, request

RESPONSES = Operation("responses.create", "POST", "/responses", body="json", result="responses:Response")
BATCHES = Operation("batches.create", "POST", "/batches", body="json", result="batch:Batch")
JOBS = Operation("fine_tuning.jobs.list", "GET", "/fine_tuning/jobs", page="SyncCursorPage")


def asked(operation: Operation = RESPONSES, **changes: Any) -> Request:
    made = request(call=Call(operation, body={}), trace=Trace(), method=operation.verb, **changes)
    made.target = f"/v1{operation.path}"
    return made


def run(script: Script, policy: Retry | None = None, made: Request | None = None) -> Reply:
    answer: Reply = script.run((policy or Retry(rules=RELIABLE_RULES))(made or asked(), send))
    return answer


def error(code: str, message: str = "no") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def told(made: Request) -> list[tuple[Any, ...]]:
    assert made.trace is not None
    return [(step.event, step.get("reason"), step.get("seconds")) for step in made.trace.of("Retry")]


def nosend(failure: APIConnectionError) -> APIConnectionError:
    failure.sent = "no"
    return failure


def test_golden_pauses_are_full_jitter() -> None:
    script = Script([reply(500)] * 4, dice=0.25)
    assert run(script, Retry(3, rules=RELIABLE_RULES)).retries_taken == 3
    assert script.slept == [0.375, 0.75, 1.5]


def test_the_first_pause_for_a_busy_server_is_a_second() -> None:
    script = Script([reply(429), reply(503, content=error("slow_down")), reply()])
    run(script)
    assert script.slept == [1.0, 2.0]


@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({"retry-after": "3"}, 3.15),
        ({"retry-after": "60"}, 60.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.2625),
        ({"retry-after-ms": "250"}, 0.2625),
        *[
            ({"retry-after": text}, 0.5)
            for text in ("nan", "inf", "1e9", "-5", "１２", "", "0x10", "1" + "0" * 30, "0")
        ],
        (
            {"retry-after": "Sun, 09 Sep 2001 01:56:50 GMT", "date": "Sun, 09 Sep 2001 01:56:40 GMT"},
            10.5,
        ),
    ],
)
def test_rows_19_20_22_23_the_hint_is_read_strictly(headers: dict[str, str], slept: float) -> None:
    script = Script([reply(429, headers), reply()], dice=0.5)
    run(script)
    assert script.slept == [pytest.approx(slept)]


def test_row_21_a_pause_of_an_hour_is_parked_by_who_is_patient_and_given_up_by_others() -> None:
    hour = {"retry-after": "3600"}
    made = asked()
    assert run(Script([reply(429, hour)]), made=made).status_code == 429
    assert told(made) == [("stop", "the server asks for too long a pause", None)]
    script = Script([reply(429, hour), reply()])
    assert run(script, Retry(rules=RELIABLE_RULES, patient=True)).status_code == 200
    assert script.slept == [3600.0]
    assert (
        run(Script([reply(429, hour), reply()]), Retry(rules=RELIABLE_RULES, max_retry_after=4000)).status_code == 200
    )
    assert run(Script([reply(429, {"retry-after": "3"})]), Retry(max_retry_after=2)).status_code == 429


@pytest.mark.parametrize(("status", "sent"), [(500, 3), (529, 3), (501, 1), (505, 1), (408, 3), (404, 1)])
def test_row_29_what_is_not_implemented_will_not_be(status: int, sent: int) -> None:
    script = Script([reply(status)] * sent)
    assert run(script).status_code == status
    assert script.outcomes == []


@pytest.mark.parametrize("code", ["insufficient_quota", "credit_balance_exhausted", "project_spend_limit_exceeded"])
def test_row_25_no_waiting_fills_an_account(code: str) -> None:
    made = asked()
    assert run(Script([reply(429, content=error(code))]), made=made).status_code == 429
    assert told(made) == [("stop", "the quota is exhausted", None)]


def test_row_26_more_than_the_whole_limit_is_asked_once() -> None:
    message = "Request too large for gpt-5.5 on tokens per min (TPM): Limit 10, Requested 12."
    assert run(Script([reply(429, content=error("rate_limit_exceeded", message))])).status_code == 429


def test_row_27_another_key_is_asked_for_inside_and_what_stays_refused_is_refused() -> None:
    keys = iter(["sk-old", "sk-new", "sk-new", "sk-newer"])
    inner = fold([Authorize(lambda: next(keys))])
    made = asked(headers=Headers({"Authorization": PENDING.reveal()}))
    script = Script([reply(401), reply(), reply(401), reply(401)])
    answers: Any = script.answer
    script.answer = lambda effect: Secret(effect.source()) if isinstance(effect, Ask) else answers(effect)  # type: ignore[method-assign]
    policy = Retry(9, rules=RELIABLE_RULES)
    assert [script.run(policy(made, inner)).status_code for _ in range(2)] == [200, 401]
    assert [each.headers["authorization"] for each in script.sent] == [
        *("Bearer sk-old", "Bearer sk-new", "Bearer sk-new", "Bearer sk-newer")
    ]


def test_row_24_the_server_decides_within_attempts() -> None:
    assert run(Script([reply(503, {"x-should-retry": "false"})])).status_code == 503
    script = Script([reply(400, {"x-should-retry": "true"})] * 3)
    assert run(script).retries_taken == 2


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'{"id": "resp', b"\xff"])
def test_row_36_a_malformed_success_is_asked_for_once_more(content: bytes) -> None:
    assert run(Script([reply(content=content), reply(content=b'{"id": 1}')])).content == b'{"id": 1}'
    script, made = Script([reply(content=content)] * 2), asked()
    assert run(script, Retry(9, rules=RELIABLE_RULES), made).content == content
    assert [event for event, *_ in told(made)] == ["again", "stop"]


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        (Operation("x", "POST", "/audio/speech", result="bytes"), {}),
        (Operation("x", "POST", "/x", result="str"), {}),
        (Operation("x", "POST", "/x"), {}),
        (RESPONSES, {"stream": True}),
    ],
)
def test_what_need_not_be_an_object_is_left_alone(operation: Operation, changes: dict[str, Any]) -> None:
    assert run(Script([reply(content=b"[]")]), made=asked(operation, **changes)).content == b"[]"


def test_pages_are_objects_and_the_official_rules_do_not_look() -> None:
    assert run(Script([reply(content=b"[]"), reply()]), made=asked(JOBS)).content == b"{}"
    assert run(Script([reply(content=b"[]")]), Retry(), asked(JOBS)).content == b"[]"


@pytest.mark.parametrize(("code", "sent"), [("server_error", 2), ("rate_limit_exceeded", 2), ("invalid_prompt", 1)])
def test_row_30_an_error_in_a_success_is_judged_by_its_code(code: str, sent: int) -> None:
    script = Script([reply(content=error(code)), reply()][:sent])
    run(script)
    assert len(script.sent) == sent


def test_rows_1_and_2_what_was_not_sent_is_sent_at_once_and_for_nothing() -> None:
    failures = [nosend(ConnectError(phase="dns")), nosend(PoolTimeout()), nosend(ConnectError())]
    made, script = asked(), Script([*failures, reply()])
    assert run(script, made=made).retries_taken == 2
    assert script.slept == [0.5, 1.0]
    assert [r.headers["x-stainless-retry-count"] for r in script.sent] == ["0", "0", "1", "2"]
    assert told(made)[0] == ("again", "nothing was sent", 0.0)
    assert run(Script([nosend(ConnectError()), reply()]), Retry(0, rules=RELIABLE_RULES)).status_code == 200
    with pytest.raises(ConnectError) as caught:
        run(Script([nosend(ConnectError(phase="dns")) for _ in range(4)]))
    assert (caught.value.attempts, caught.value.phase) == (4, "dns")


@pytest.mark.parametrize("failure", [ReadTimeout(), APIConnectionError(), TruncatedBody()])
def test_row_5_what_may_have_been_answered_is_asked_again_unless_one_would_not(failure: APIConnectionError) -> None:
    assert run(Script([failure, reply()])).status_code == 200
    with pytest.raises(type(failure)):
        run(Script([failure]), Retry(rules=RELIABLE_RULES, ambiguous="raise"))
    assert (
        run(Script([failure, reply()]), Retry(rules=RELIABLE_RULES, ambiguous="raise"), asked(JOBS)).status_code == 200
    )


@pytest.mark.parametrize("outcome", [ReadTimeout(), APIConnectionError(), reply(500), reply(502), reply(504)])
def test_row_5_what_has_an_effect_is_never_repeated_blindly(outcome: Any) -> None:
    made = asked(BATCHES)
    if isinstance(outcome, Reply):
        assert run(Script([outcome]), made=made).status_code >= 500
    else:
        with pytest.raises(APIConnectionError):
            run(Script([outcome]), made=made)
    assert told(made) == [("stop", "it may have been carried out", None)]
    for harmless in (reply(429), reply(503), nosend(ConnectError())):
        assert run(Script([harmless, reply()]), made=asked(BATCHES)).status_code == 200


def test_what_is_said_in_a_conversation_is_not_said_twice() -> None:
    made = asked()
    made.call = Call(RESPONSES, body={"conversation": "conv_1"})
    with pytest.raises(ReadTimeout):
        run(Script([ReadTimeout()]), made=made)


def test_broken_http_is_tried_once_more() -> None:
    with pytest.raises(ProtocolError):
        run(Script([ProtocolError(), ProtocolError()]), Retry(9, rules=RELIABLE_RULES))


def test_ones_own_lines_go_first() -> None:
    mine = RELIABLE_RULES.led_by(Rule("stop", "down for good", statuses={502}), Rule("retry", "ours", statuses={418}))
    assert run(Script([reply(418), reply(502)]), Retry(rules=mine)).status_code == 502
    only = Retry(rules=[Rule("retry", "all there is", statuses={404})])
    assert run(Script([reply(404), reply(500)]), only).status_code == 500


def test_what_was_decided_is_in_the_trace() -> None:
    made = asked()
    run(Script([reply(429, {"retry-after": "3"}), ReadTimeout(), reply(404)]), made=made)
    assert told(made) == [
        ("again", "the server is busy", 3.0),
        ("again", "the connection failed", 1.0),
        ("stop", "no retries are left", None),
    ]
    assert [step.get("attempt") for step in made.trace.of("Retry")] == [1, 2, 3]  # type: ignore[union-attr]


def test_a_budget_that_is_used_up_says_so_in_trace_and_note() -> None:
    policy = Retry(rules=RELIABLE_RULES, budget=RetryBudget(capacity=1, per_second=0))
    run(Script([reply(500), reply()]), policy)
    made = asked()
    assert run(Script([reply(500)]), policy, made).status_code == 500
    assert told(made) == [("stop", "retry_budget", None)]


def test_who_is_patient_waits_for_the_budget() -> None:
    policy = Retry(None, rules=RELIABLE_RULES, patient=True, budget=RetryBudget(capacity=1, per_second=0.1))
    script, made = Script([reply(500), reply(500), reply()]), asked()
    assert run(script, policy, made).retries_taken == 2
    assert script.slept == [0.5, 1.0, 5.0, pytest.approx(3.5)]
    assert [event for event, *_ in told(made)] == ["again", "again", "wait"]
    assert told(made)[-1] == ("wait", "retry_budget", pytest.approx(8.5))
    for failure in (reply(500), ReadTimeout()):
        made, script = asked(deadline=105.0), Script([failure])
        if isinstance(failure, Reply):
            assert run(script, policy, made).status_code == 500
        else:
            with pytest.raises(ReadTimeout) as caught:
                run(script, policy, made)
            assert "budget" in caught.value.__notes__[0]
        assert told(made)[-1] == ("stop", "retry_budget", None)
        assert script.slept == [0.5]


@pytest.mark.parametrize(("refusal", "slept"), [(CircuitOpen("e", 4.0), 4.0), (RateLimited(9.0, "tokens"), 9.0)])
def test_who_is_patient_waits_for_a_policy_that_says_when(refusal: Exception, slept: float) -> None:
    made, script = asked(), Script([refusal, reply()])
    assert run(script, Retry(0, patient=True), made).retries_taken == 0
    assert script.slept == [slept]
    assert told(made) == [("wait", type(refusal).__name__, slept)]
    for policy, late in ((Retry(), None), (Retry(patient=True), 101.0)):
        with pytest.raises(type(refusal)):
            run(Script([refusal]), policy, asked(deadline=late))


def test_who_is_told_to_come_back_at_once_comes_back_a_little_later() -> None:
    script = Script([CircuitOpen("e", 0.0), reply()])
    run(script, Retry(0, patient=True))
    assert script.slept == [0.1]


def test_no_patience_makes_a_request_smaller() -> None:
    with pytest.raises(RequestTooLarge):
        run(Script([RequestTooLarge(12, 10, "tokens")]), Retry(None, patient=True))


def test_a_pause_that_ends_with_the_deadline_leaves_no_time_for_an_attempt() -> None:
    for late, sent in ((100.5, 1), (100.6, 2)):
        script = Script([reply(500), reply()][:sent])
        run(script, made=asked(deadline=late))
        assert len(script.sent) == sent
    with pytest.raises(CircuitOpen):
        run(Script([CircuitOpen("e", 4.0)]), Retry(patient=True), asked(deadline=104.0))
    empty = RetryBudget(capacity=1, per_second=1)
    empty.spend(100.0, endpoint_of(asked()))
    script = Script([reply(500)])
    assert run(script, Retry(patient=True, delay=0, budget=empty), asked(deadline=101.0)).status_code == 500
    assert script.slept == [0]


def test_who_names_statuses_does_not_speak_of_successes() -> None:
    for policy in (
        Retry(rules=RELIABLE_RULES, retry_on={503}),
        Retry(rules=RELIABLE_RULES, retry_on=lambda error: False),
    ):
        assert run(Script([reply(content=b""), reply()]), policy).content == b"{}"


def test_no_cap_but_the_deadline() -> None:
    made = asked(deadline=100.0 + 60)
    script = Script([reply(500)] * 50)
    assert run(script, Retry(None, patient=True, jitter=False), made).status_code == 500
    assert script.slept == [0.5, 1, 2, 4, 8, 8, 8, 8, 8, 8]
    with pytest.raises(TypeError, match="patient"):
        Retry(None)


class Interrupted(BaseException):
    """What a signal's handler raises."""


@pytest.mark.parametrize("patient", [False, True])
def test_row_61_a_pause_that_is_broken_off_gives_its_retry_back(patient: bool) -> None:
    budget = RetryBudget(capacity=1, per_second=0)
    flow = Retry(budget=budget, patient=patient)(asked(), send)
    effect: Any = flow.send(None)
    while type(effect).__name__ != "Sleep":
        answer = {"Send": reply(500), "Now": 1.0, "Random": 0.0}.get(type(effect).__name__)
        effect = flow.send(answer)
    assert budget.left == 0
    with pytest.raises(Interrupted):
        flow.throw(Interrupted())
    assert budget.left == 1


def test_who_was_told_and_ended_it_gives_the_retry_back() -> None:
    def stop(info: Any) -> None:
        raise KeyError("enough")

    budget = RetryBudget(capacity=1, per_second=0)
    with pytest.raises(KeyError):
        run(Script([reply(500)]), Retry(budget=budget, on_retry=stop))
    assert budget.left == 1


@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        (Retry(rules=RELIABLE_RULES), "Retry(max_retries=2, rules=RELIABLE_RULES, initial=0.5 s, longest=8.0 s)"),
        (
            Retry(None, patient=True, ambiguous="raise", max_retry_after=60, jitter=0.5),
            "Retry(as often as it takes, initial=0.5 s, longest=8.0 s, jitter=0.5, max_retry_after=60 s, "
            "ambiguous=raise, patient)",
        ),
        (Retry(jitter="full"), "Retry(max_retries=2, initial=0.5 s, longest=8.0 s, jitter=1)"),
    ],
)
def test_the_repr_tells_the_numbers(policy: Retry, shown: str) -> None:
    assert repr(policy) == shown


@pytest.mark.parametrize(
    ("options", "kind"),
    [({"ambiguous": "ask"}, ValueError), ({"rules": [1]}, TypeError), ({"max_retry_after": -1}, ValueError)],
)
def test_arguments_that_cannot_be_right(options: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Retry(**options)
