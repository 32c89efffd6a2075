"""Whether, when and how a broken stream is taken up: the pure machine and its flow, stepped by hand."""

from __future__ import annotations

import json
from types import SimpleNamespace as Thing

import pytest

import antiphon
from antiphon.core.call import Call
from antiphon.core.effects import Perform, Random, Sleep
from antiphon.errors import (
    APIConnectionError,
    BadRequestError,
    DeadlineExceeded,
    InternalServerError,
    RateLimitError,
    ReadTimeout,
    StreamInterrupted,
)
from antiphon.helpers.response_accumulator import ResponseAccumulator
from antiphon.helpers.resumption import Resumption, backoff, check_next, passing, reopened
from antiphon.operations import responses

from .broken_stream import EVENTS, LAST, error

pytestmark = pytest.mark.usefixtures("no_pauses")


def state_after(count):
    state = ResponseAccumulator()
    for event in EVENTS[:count]:
        state.handle(Thing(**json.loads(json.dumps(event))))
    return state


CREATE = Call(responses.CREATE, body={"background": True, "include": ["x"]}, headers={"A": "1"}, timeout=7, stream=True)


def test_the_pauses():
    assert [backoff(n, 0.0) / backoff(1, 0.0) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert backoff(500, 0.0) <= 8.0
    assert backoff(2, 1.0) == backoff(2, 0.0) * 0.75


def test_the_pauses_begin_anew_after_an_event():
    resumption = Resumption(9, CREATE)
    assert [resumption.begin(state_after(n)) for n in (3, 3, 3, 4, 4, 5)] == [1, 2, 3, 1, 2, 1]


def test_the_call_keeps_what_the_first_one_said():
    call = Resumption(1, CREATE).call(state_after(4))
    assert call.operation.name == "responses.retrieve"
    assert (call.path, call.query) == ({"response_id": "resp_1"}, {"stream": True, "include": ["x"]})
    assert (call.extra_query, call.headers, call.timeout) == ({"starting_after": 3}, {"A": "1"}, 7)


def test_a_stored_response_is_asked_for_from_its_beginning_before_its_first_event():
    stored = Call(responses.RETRIEVE, path={"response_id": "r"}, extra_query={"b": 2}, stream=True)
    resumption = Resumption(1, stored)
    assert resumption.refusal(ResponseAccumulator(), StreamInterrupted()) is None
    call = resumption.call(ResponseAccumulator())
    assert (call.path, call.extra_query) == ({"response_id": "r"}, {"b": 2})


@pytest.mark.parametrize(("times", "kind"), [(-1, ValueError), (True, TypeError), (1.5, TypeError), ("3", TypeError)])
def test_impossible_numbers(times, kind):
    with pytest.raises(kind, match="resume must"):
        Resumption(times, CREATE)


def test_only_for_background_responses():
    with pytest.raises(ValueError, match="background=True"):
        Resumption(1, Call(responses.CREATE, body={}, stream=True))
    Resumption(0, Call(responses.CREATE, body={}, stream=True))


def test_a_server_without_numbers_cannot_prove_anything():
    state = ResponseAccumulator()
    state.handle(Thing(type="response.created", response={"id": "resp_1", "background": True}))
    assert "number" in Resumption(3, CREATE).refusal(state, StreamInterrupted())


def test_a_deadline_is_one_for_all_connections():
    assert "deadline" in (Resumption(3, CREATE).refusal(state_after(3), DeadlineExceeded()) or "")
    assert Resumption(3, CREATE).refusal(state_after(3), ReadTimeout()) is None


def test_what_passes():
    assert passing(APIConnectionError())
    assert passing(error(InternalServerError))
    assert passing(error(RateLimitError))
    assert not passing(error(RateLimitError, "insufficient_quota"))
    assert not passing(error(BadRequestError))
    assert not passing(antiphon.OpenAIError("x"))


@pytest.mark.parametrize(("number", "new"), [(0, False), (4, False), (5, False), (6, True)])
def test_what_is_new(number, new):
    assert check_next(number, 5, Thing()) is new
    assert check_next(number, None, Thing())


def test_the_flow_pauses_longer_and_longer_and_ends_with_the_first_failure():
    failure = StreamInterrupted()
    flow = reopened(Resumption(3, CREATE), state_after(4), failure)
    pauses, effect = [], flow.send(None)
    with pytest.raises(StreamInterrupted) as raised:
        while True:
            match effect:
                case Random():
                    effect = flow.send(0.0)
                case Sleep(seconds=seconds):
                    pauses.append(seconds)
                    effect = flow.send(None)
                case Perform():
                    effect = flow.throw(APIConnectionError(message="refused"))
    assert raised.value is failure
    assert str(raised.value.__cause__) == "refused"
    assert [pause / pauses[0] for pause in pauses] == [1, 2, 4]


def test_events_of_the_recording_are_what_the_tests_take_them_for():
    assert [event["sequence_number"] for event in EVENTS] == list(range(LAST + 1))
    assert EVENTS[-1]["response"]["background"]
