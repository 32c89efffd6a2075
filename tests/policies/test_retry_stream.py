"""Streams that end before their first event, stepped by hand and in virtual time: tried again, as nobody saw anything of them."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.call import Operation
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.trace import Trace
from antiphon.errors import APIConnectionError, TruncatedBody
from antiphon.policies.machines.budget import RetryBudget
from antiphon.policies.machines.rule import OFFICIAL_RULES, RELIABLE_RULES, Facts
from antiphon.policies.policy import Policy
from antiphon.policies.retry import Retry

from .backend import Backend, ask
from .piecewise import Piecewise

CHAT = Operation("chat.completions.create", "POST", "/chat/completions", body="json")
AGENT = Operation("beta.agents.run", "POST", "/responses", body="json")
BATCH = Operation("batches.create", "POST", "/batches", body="json")
EVENTS = {"content-type": "text/event-stream"}
EVENT = b'data: {"id": 1}\n\n'


def reliable(**options: Any) -> Retry:
    return Retry(2, rules=RELIABLE_RULES, first_event=True, **options)


def broken(*chunks: bytes) -> Piecewise:
    return Piecewise(*chunks, failure=TruncatedBody())


class Streams(Backend):
    """Answers with one stream after another; the last one repeats."""

    def __init__(self, *bodies: Piecewise, headers: dict[str, str] = EVENTS) -> None:
        self.bodies = list(bodies)
        super().__init__(lambda now, request: Reply(200, Headers(headers), request, body=self._next()))

    def _next(self) -> Piecewise:
        return self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]


def asked(operation: Operation = CHAT) -> Request:
    made = ask(operation=operation, events=True, stream=True)
    made.trace = Trace()
    return made


def read(reply: Any) -> bytes:
    text = b""
    while chunk := reply.body.read_chunk():
        text += chunk
    return text


BAD: list[list[bytes]] = [[], [b"data: {"], [b"data: {}", b"\n"], [b"event: x\r\n"]]


@pytest.mark.parametrize("chunks", BAD)
@pytest.mark.parametrize("make", [Piecewise, broken])
def test_rows_46_and_47_before_its_first_event_it_is_tried_again(chunks: list[bytes], make: Any) -> None:
    first = make(*chunks)
    streams, made = Streams(first, Piecewise(EVENT, EVENT)), asked()
    reply = streams.call(reliable(), made)
    assert read(reply) == EVENT * 2
    assert (reply.retries_taken, len(streams.asked), first.closed) == (1, 2, True)
    assert made.trace is not None
    reason = "the stream ended before its first event" if make is Piecewise else "the connection failed"
    assert [step.get("reason") for step in made.trace.of("Retry")] == [reason]


@pytest.mark.parametrize(
    "chunks", [[EVENT], [EVENT[:5], EVENT[5:]], [b": alive\n\n"], [b"data: 1\r\n\r\n"], [b"a\r\r"]]
)
def test_rows_46_and_47_after_it_nothing_is(chunks: list[bytes]) -> None:
    for make in (Piecewise, broken):
        streams = Streams(make(*chunks))
        reply = streams.call(reliable(), asked())
        body: Any = reply.body
        assert body.read_chunk() == b"".join(chunks), "its reader gets what was looked at"
        assert len(streams.asked) == 1


def test_unless_told_a_stream_begins_with_its_head() -> None:
    for policy in (Retry(), Retry(rules=RELIABLE_RULES)):
        streams, body = Streams(broken()), broken()
        streams.bodies = [body]
        assert streams.call(policy, asked()).body is body
    assert Retry().only_failures
    assert not Retry(first_event=True).only_failures


def test_one_that_merely_ends_is_asked_for_once_more_and_then_handed_out() -> None:
    streams = Streams(Piecewise())
    reply = streams.call(reliable(), asked())
    assert (reply.status_code, reply.retries_taken, len(streams.asked)) == (200, 1, 2)
    assert read(reply) == b""


def test_one_that_breaks_is_tried_as_often_as_a_connection() -> None:
    streams = Streams(broken())
    failure = streams.call(reliable(), asked())
    assert isinstance(failure, TruncatedBody)
    assert (failure.attempts, len(streams.asked)) == (3, 3)


@pytest.mark.parametrize("make", [Piecewise, broken])
def test_row_05_what_may_have_been_carried_out_is_not_repeated_against_the_users_will(make: Any) -> None:
    for policy, operation in ((reliable(ambiguous="raise"), CHAT), (reliable(), BATCH)):
        streams, made = Streams(make()), asked(operation)
        streams.call(policy, made)
        assert len(streams.asked) == 1
        assert made.trace is not None
        assert made.trace.of("Retry")[-1].get("reason") == "it may have been carried out"


def test_an_attempt_after_it_says_that_one_before_may_have_been_carried_out() -> None:
    refused = APIConnectionError(message="refused", sent="no")
    outcomes: list[Any] = [Reply(200, Headers(EVENTS), ask(), body=Piecewise()), *[refused] * 3]
    backend = Backend(lambda now, request: outcomes.pop(0))
    failure = backend.call(Retry(1, rules=RELIABLE_RULES, first_event=True), asked())
    assert isinstance(failure, APIConnectionError)
    assert failure.sent == "maybe"


def test_the_official_rules_can_do_it_too() -> None:
    for make in (Piecewise, broken):
        streams = Streams(make(), Piecewise(EVENT))
        assert read(streams.call(Retry(first_event=True), asked())) == EVENT


@pytest.mark.parametrize("label", ["application/json", "text/html; charset=utf-8"])
def test_what_is_no_event_stream_is_not_looked_into(label: str) -> None:
    streams = Streams(broken(), headers={"content-type": label})
    assert streams.call(reliable(), asked()).body.pieces == []
    assert len(streams.asked) == 1


def test_nor_is_one_that_may_end_at_any_time_or_a_download() -> None:
    streams = Streams(Piecewise())
    streams.call(reliable(), asked(AGENT))
    streams.call(reliable(), ask(operation=CHAT, stream=True))
    assert len(streams.asked) == 2


def test_an_event_that_trickles_in_is_its_readers_affair() -> None:
    streams = Streams(Piecewise(*[b"a"] * 99))
    assert streams.call(reliable(), asked()).body.read_chunk() == b"a" * 32


def test_a_success_is_one_for_the_budget_once_it_has_begun() -> None:
    budget = RetryBudget(capacity=2, per_success=1, per_second=0)
    streams = Streams(broken(), Piecewise(EVENT))
    streams.call(reliable(budget=budget), asked())
    assert budget.spend(0.0, "api")
    assert budget.spend(0.0, "api")
    assert not budget.spend(0.0, "api")


def test_both_tables_have_a_line_for_it_and_the_presets_heed_it() -> None:
    assert {rules.judge(Facts(200, cut=True)).verdict for rules in (OFFICIAL_RULES, RELIABLE_RULES)} == {"once"}
    assert OFFICIAL_RULES.judge(Facts(200)).stops
    for preset in (Policy.interactive(), Policy.production(), Policy.bulk()):
        assert "first_event" in repr(preset.retry)
    made = Policy.from_mapping({"retry": {"first_event": True}}).retry
    assert made is not None
    assert made.first_event
