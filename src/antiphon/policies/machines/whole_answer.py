"""Whether an answer is whole, so that it may be given again: it came to its end, and says itself that it did.

Knows how each kind of answer says so, as JSON and as a stream of events. Where in doubt it is not: an answer that is asked for
once more costs little, and one that is half and comes back all day costs much.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from ...core.json import JSONError, decode_json
from ...core.sse import SSEDecoder, SSEError
from .cache_key import Question

_ENDS = frozenset({"stop", "tool_calls", "function_call"})
_CUT = "length"
_DONE = b"[DONE]"


def is_whole(question: Question, content: bytes, content_type: str, *, cut_off: bool = False) -> bool:
    """Whether a reply's body is a complete answer.

    Args:
        question: what was asked.
        content: the whole body.
        content_type: what its header field says it is.
        cut_off: whether an answer that ended because it became too long counts.
    """
    if question.events:
        return "event-stream" in content_type and _stream_is_whole(question, content, cut_off)
    if "json" not in content_type:
        return False
    try:
        value = decode_json(content)
    except JSONError:
        return False
    return value.__class__ is dict and _value_is_whole(question, value, cut_off)


def _value_is_whole(question: Question, value: dict[str, Any], cut_off: bool) -> bool:
    if value.get("error"):
        return False
    if question.kind == "responses":
        return _response_is_whole(value, cut_off)
    if question.kind == "embeddings":
        return len(_listed(value, "data")) == question.answers
    if question.kind == "moderations":
        return len(_listed(value, "results")) == question.answers
    if question.kind == "count":
        return value.get("input_tokens").__class__ is int
    reasons = [choice.get("finish_reason") for choice in _listed(value, "choices")]
    return _all_ended(reasons, question.answers, cut_off)


def _response_is_whole(value: dict[str, Any], cut_off: bool) -> bool:
    status = value.get("status")
    if status == "incomplete" and cut_off:
        why = value.get("incomplete_details")
        return why.__class__ is dict and cast("dict[str, Any]", why).get("reason") == "max_output_tokens"
    return status == "completed"


def _all_ended(reasons: Iterable[Any], choices: int, cut_off: bool) -> bool:
    """Whether there are as many choices as were asked for, each with a reason to have ended."""
    known = list(reasons)
    return len(known) >= choices > 0 and all(reason in _ENDS or (cut_off and reason == _CUT) for reason in known)


def _listed(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list; none where anything else is among them."""
    items: Any = value.get(name)
    if items.__class__ is not list or not all(item.__class__ is dict for item in items):
        return []
    return cast("list[dict[str, Any]]", items)


def _stream_is_whole(question: Question, content: bytes, cut_off: bool) -> bool:
    """Whether the last of the events is the one that ends such a stream, and none is an error."""
    try:
        values, done = _events(content)
    except (SSEError, JSONError):
        return False
    if not values or any(value.get("error") or value.get("type") == "error" for value in values):
        return False
    if question.kind == "responses":
        last = values[-1]
        response = last.get("response")
        ended = last.get("type") == "response.completed" or (cut_off and last.get("type") == "response.incomplete")
        return ended and response.__class__ is dict and _response_is_whole(cast("dict[str, Any]", response), cut_off)
    reasons: dict[Any, Any] = {}
    for value in values:
        for choice in _listed(value, "choices"):
            index = choice.get("index")
            if index.__class__ is int:
                reasons[index] = choice.get("finish_reason") or reasons.get(index)
    return done and _all_ended(reasons.values(), question.answers, cut_off)


def _events(content: bytes) -> tuple[list[dict[str, Any]], bool]:
    """The events as JSON objects, and whether the final mark came behind them.

    Raises:
        SSEError, JSONError: they cannot be read.
    """
    decoder, values = SSEDecoder(), list[dict[str, Any]]()
    events = decoder.feed(content)
    if decoder.end():
        raise JSONError("the last event is not complete")
    for event in events:
        if event.raw == _DONE:
            return values, True
        value = decode_json(event.raw)
        if value.__class__ is not dict:
            raise JSONError("an event is no object")
        values.append(cast("dict[str, Any]", value))
    return values, False
