"""What a call went through is told by its result, its stream or its error."""

from __future__ import annotations

import pickle
from typing import Any

import antiphon
from antiphon.core.trace import Step
from tests.transports.rude import Rude

from .answer import CHAT, chat, ok, retrieve, wrong
from .colour import Colour, failure_of


def attempts(trace: Any) -> list[str]:
    return [step.event for step in trace.steps if step.policy == "attempt"]


def test_a_call_that_went_well_at_once_has_nothing_to_tell(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        assert it(retrieve).trace is None


def test_a_result_tells_of_the_attempts_before_it(colour: Colour) -> None:
    with Rude(wrong(503), wrong(429), ok()) as server, colour.client(server.url) as it:
        trace = it(retrieve).trace
        assert attempts(trace) == ["503", "429", "200"]
        assert trace.attempts == len(server.requests) == 3


def test_an_error_tells_too_and_travels_with_it(colour: Colour) -> None:
    with Rude(wrong(503)) as server, colour.client(server.url) as it:
        error = failure_of(it, retrieve)
        assert attempts(error.trace) == ["503", "503", "503"]
        assert pickle.loads(pickle.dumps(error)).trace == error.trace


def test_a_stream_and_a_raw_response_tell_too(colour: Colour) -> None:
    with Rude(wrong(500), CHAT, wrong(500), ok()) as server, colour.client(server.url) as it:
        stream = it.wait(chat(it.raw))
        assert attempts(stream.trace) == ["500", "200"]
        it.items(lambda _: stream)
        raw = it(lambda client: client.models.with_raw_response.retrieve("m"))
        assert attempts(raw.trace) == ["500", "200"]
        assert raw.parse().trace is raw.trace


def test_a_key_of_that_name_is_the_servers(colour: Colour) -> None:
    with Rude(wrong(500), ok({"id": "m", "trace": "theirs"})) as server, colour.client(server.url) as it:
        assert it(retrieve).trace == "theirs"


def test_parts_of_a_reply_have_no_trace() -> None:
    assert antiphon.types.Model(id="m", created=1, object="model", owned_by="x").trace is None


def test_a_step_holds_no_secret(colour: Colour) -> None:
    with Rude(wrong(503), ok()) as server, colour.client(server.url) as it:
        trace = it(retrieve).trace
        assert all(isinstance(step, Step) for step in trace.steps)
        assert it.raw.api_key not in str(trace)
