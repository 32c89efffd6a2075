"""The state of a response shows what the official one shows of the same events."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai._models import construct_type
from openai.lib.streaming.responses import ResponseStreamState as OfficialState
from openai.types.responses import ResponseStreamEvent as OfficialEvent

import antiphon
from antiphon._models import construct_type as own_construct_type
from antiphon.lib.streaming.responses import ResponseStreamState
from antiphon.types.responses import ResponseStreamEvent

EMPTY: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "output": [],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}
PART: dict[str, Any] = {"type": "output_text", "text": "", "annotations": []}
MESSAGE: dict[str, Any] = {"id": "m1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
DONE: dict[str, Any] = {**MESSAGE, "status": "completed", "content": [{**PART, "text": "Hi!"}]}
AT = {"item_id": "m1", "output_index": 0, "content_index": 0}
EVENTS: list[dict[str, Any]] = [
    {"type": "response.created", "response": EMPTY},
    {"type": "response.output_item.added", "output_index": 0, "item": MESSAGE},
    {"type": "response.content_part.added", **AT, "part": PART},
    {"type": "response.output_text.delta", **AT, "delta": "Hi", "logprobs": []},
    {"type": "response.output_text.delta", **AT, "delta": "!", "logprobs": []},
    {"type": "response.output_text.done", **AT, "text": "Hi!", "logprobs": []},
    {"type": "response.output_item.done", "output_index": 0, "item": DONE},
    {"type": "response.completed", "response": {**EMPTY, "output": [DONE]}},
]


def test_side_by_side() -> None:
    ours = ResponseStreamState[None](input_tools=antiphon.omit, text_format=antiphon.omit)
    theirs: Any = OfficialState(input_tools=openai.omit, text_format=openai.omit)
    for number, event in enumerate(EVENTS):
        data = {**event, "sequence_number": number}
        given = ours.handle_event(own_construct_type(type_=ResponseStreamEvent, value=data))
        wanted = theirs.handle_event(construct_type(type_=OfficialEvent, value=data))
        assert [(type(e).__name__, getattr(e, "snapshot", None)) for e in given] == [
            (type(e).__name__.partition("[")[0], getattr(e, "snapshot", None)) for e in wanted
        ]
    completed = ours._completed_response
    assert completed is not None
    assert completed.output_text == theirs._completed_response.output_text == "Hi!"


def test_before_the_end_nothing_is_completed() -> None:
    assert ResponseStreamState[None]()._completed_response is None


def test_events_that_make_no_response_are_an_error() -> None:
    event = own_construct_type(type_=ResponseStreamEvent, value={**EVENTS[3], "sequence_number": 0})
    with pytest.raises(antiphon.OpenAIError):
        ResponseStreamState[None]().handle_event(event)
