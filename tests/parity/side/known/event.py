"""What is known to differ in event streams."""

from __future__ import annotations

from typing import Any

from ..difference import Known, each, place, raised, result

BARE: list[Any] = [raised("ValueError")]
"""How theirs ends where it meets what it cannot read: with no error of its own."""


def chunk(text: str, finish: str | None = None) -> dict[str, Any]:
    """A chunk as both packages give it."""
    choice = {"delta": {"content": text}, "index": 0, "finish_reason": finish}
    known = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {"class": "ChatCompletionChunk", **known, "choices": [choice]}


A, B = chunk("a"), chunk("b", "stop")
CUT = raised("APIConnectionError")
CREATED: dict[str, Any] = {
    "class": "ResponseCreatedEvent",
    "type": "response.created",
    "sequence_number": 0,
    "response": {"id": "r", "object": "response", "output": []},
}
TEXT = {
    "class": "ResponseTextDeltaEvent",
    "type": "response.output_text.delta",
    "sequence_number": 1,
    "item_id": "i",
    "output_index": 0,
    "content_index": 0,
    "delta": "x",
}

NO_EVENT = "an event without data is none, says the standard; theirs parses the empty text as JSON and fails"
SHORT = "a stream that was cut short is no success: the answer would be half and look whole (`strict_streams=False` lets it pass)"
BARE_WHY = "what a server sends wrong is an error of the API, with its text; theirs lets `json`'s own out"
NO_STREAM = (
    "a reply that is no event stream is read for what it is; theirs gives a stream without events, as if all went well"
)


def cut(*came: Any) -> Known:
    """What came, and then nothing, or an error that says so."""
    return result(SHORT, list(came), [*came, CUT])


def unread(came: list[Any], body: Any) -> Known:
    """What came, and then an error of this body, or a bare one."""
    ours = raised("APIResponseValidationError", status_code=200, body=body)
    return result(BARE_WHY, [*came, *BARE], [*came, ours])


KNOWN: dict[str, Known] = {
    "a ping after an id": result(NO_EVENT, [A, *BARE], [A]),
    **each(["empty data", "name alone", "id alone"], result(NO_EVENT, BARE, [A])),
    "BOM": result("the standard says that a byte order mark is skipped; theirs loses the first event", [B], [A, B]),
    "done in another case": unread([A], "[done]"),
    "bad JSON": unread([A], "{bad"),
    "bad UTF-8": unread([A], None),
    "error event of text": unread([], "overloaded"),
    "nothing": cut(),
    "empty reply": cut(),
    "204": cut(),
    "no done": cut(A),
    "last event unended": cut(A),
    "no done and no finish": cut(A, A),
    "responses unended": cut(CREATED, TEXT),
    "error event without error": result(
        "an event that calls itself an error is one; theirs makes a chunk of it that has no choices",
        [{"class": "ChatCompletionChunk", "message": "m", "code": "c"}],
        [raised("APIError", says="m", code="c", body={"message": "m", "code": "c"})],
    ),
    "responses unknown event": place(
        "an event nobody knows yet is a plain object, so that no `isinstance` mistakes it; theirs takes it for the first class",
        "result.1.class",
        "ResponseAudioDeltaEvent",
        "BaseModel",
    ),
    "json instead": result(NO_STREAM, [], [A]),
    "json error instead": result(NO_STREAM, [], [raised("APIError", says="m", body={"message": "m"})]),
    "html instead": result(
        NO_STREAM, [], [raised("APIResponseValidationError", status_code=200, body=b"<html>\n</html>")]
    ),
}
