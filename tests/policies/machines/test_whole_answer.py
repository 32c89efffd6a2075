"""Which answers are whole: by their own word, in JSON and as events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.policies.machines.cache_key import Question
from antiphon.policies.machines.whole_answer import is_whole

from .asking import chunk, completion, events, vectors

JSON = "application/json; charset=utf-8"
SSE = "text/event-stream"


def whole(kind: str, value: Any, *, choices: int = 1, cut_off: bool = False, content_type: str = "") -> bool:
    streamed = isinstance(value, bytes)
    question = Question("k", b"d", kind, streamed, choices)
    content = value if streamed else json.dumps(value).encode()
    return is_whole(question, content, content_type or (SSE if streamed else JSON), cut_off=cut_off)


def response(status: str = "completed", **more: Any) -> dict[str, Any]:
    return {"id": "r", "object": "response", "status": status, "output": [], "error": None, **more}


CUT = response("incomplete", incomplete_details={"reason": "max_output_tokens"})
FILTERED = response("incomplete", incomplete_details={"reason": "content_filter"})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("chat", completion("stop")),
        ("chat", completion("tool_calls")),
        ("completions", completion("stop")),
        ("responses", response()),
        ("embeddings", vectors(0.5)),
        ("moderations", {"id": "m", "results": [{"flagged": False}]}),
        ("count", {"object": "response.input_tokens", "input_tokens": 3}),
        ("chat", events(chunk(), chunk("stop"))),
        ("chat", events(chunk(), chunk("stop"), {"choices": [], "usage": {"total_tokens": 1}})),
        ("responses", events({"type": "response.completed", "response": response()}, done=False)),
    ],
)
def test_these_are(kind: str, value: Any) -> None:
    assert whole(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("chat", completion()),
        ("chat", completion("length")),
        ("chat", completion("content_filter")),
        ("chat", {"choices": [{"index": 0, "finish_reason": None}]}),
        ("chat", {"choices": [7]}),
        ("chat", {"choices": "x"}),
        ("chat", {"error": {"message": "no"}, **completion("stop")}),
        ("chat", []),
        ("responses", response("in_progress")),
        ("responses", response("failed")),
        ("responses", response("queued")),
        ("responses", response(error={"code": "x"})),
        ("responses", CUT),
        ("responses", FILTERED),
        ("embeddings", {"object": "list", "data": []}),
        ("embeddings", {"object": "list"}),
        ("moderations", {"results": []}),
        ("count", {"input_tokens": "3"}),
        ("chat", events(chunk(), chunk("stop"), done=False)),
        ("chat", events(chunk(), chunk())),
        ("chat", events(chunk(), chunk("length"))),
        ("chat", events(chunk("stop"), {"error": {"message": "overloaded"}})),
        ("chat", events("no json", chunk("stop"))),
        ("chat", events("[1]", chunk("stop"))),
        ("chat", events()),
        ("chat", b""),
        ("chat", b"data: \xff\n\n"),
        ("chat", events(chunk("stop"))[:-1]),
        ("responses", events({"type": "response.output_text.delta"}, done=False)),
        ("responses", events({"type": "response.failed", "response": response("failed")}, done=False)),
        ("responses", events({"type": "response.completed", "response": response("failed")}, done=False)),
        ("responses", events({"type": "response.completed"}, done=False)),
        ("responses", events({"type": "error", "message": "no"}, done=False)),
    ],
)
def test_these_are_not(kind: str, value: Any) -> None:
    assert not whole(kind, value)


def test_every_choice_must_have_ended() -> None:
    assert whole("chat", completion("stop", "tool_calls"), choices=2)
    assert not whole("chat", completion("stop"), choices=2)
    assert not whole("chat", completion("stop", "length"), choices=2)
    assert whole("chat", events(chunk("stop", 1), chunk("stop", 0)), choices=2)
    assert not whole("chat", events(chunk("stop", 1), chunk(None, 0)), choices=2)


def test_every_input_must_have_its_answer() -> None:
    assert whole("embeddings", vectors(1, 2), choices=2)
    assert not whole("embeddings", vectors(1), choices=2)
    assert not whole("embeddings", vectors(1, 2, 3), choices=2)
    assert not whole("moderations", {"results": [{}]}, choices=2)
    assert whole("moderations", {"results": [{}, {}]}, choices=2)


def test_a_stream_cut_at_any_byte_is_not_whole() -> None:
    stream = events(chunk(), chunk("stop"))
    assert not any(whole("chat", stream[:size]) for size in range(len(stream)))


def test_what_became_too_long_counts_where_that_was_asked_for() -> None:
    for kind, value in (
        ("chat", completion("length")),
        ("chat", events(chunk("length"))),
        ("responses", CUT),
        ("responses", events({"type": "response.incomplete", "response": CUT}, done=False)),
    ):
        assert whole(kind, value, cut_off=True)
        assert not whole(kind, value)
    assert not whole("responses", FILTERED, cut_off=True)
    assert not whole("responses", response("incomplete", incomplete_details=None), cut_off=True)


def test_it_must_be_of_the_form_that_was_asked_for() -> None:
    assert not whole("chat", completion("stop"), content_type="text/html")
    assert not whole("chat", events(chunk("stop")), content_type="application/json")
    assert not is_whole(Question("k", b"d", "chat", False, 1), b"{", JSON)
