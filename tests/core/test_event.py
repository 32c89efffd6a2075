"""The machine of a streamed call: what is an item, what ends a stream, and what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.core.event import (
    AGENTS,
    ANY,
    ASSISTANTS,
    CHAT,
    MEDIA,
    RESPONSES,
    EventMachine,
    Failure,
    Kind,
    failures_of,
    kind_of,
)
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import DEFAULT_TIMEOUT
from antiphon.core.url import Origin
from antiphon.errors import APIError, MalformedStream, StreamOutOfOrder, StreamTruncated

REQUEST = Request("POST", Origin("https", "api.example", 443), "/v1/x", Headers(), None, DEFAULT_TIMEOUT)
REPLY = Reply(200, Headers(), request=REQUEST)


def same(value: Any) -> Any:
    return value


def machine(kind: Kind = CHAT, **options: Any) -> EventMachine:
    return EventMachine(kind, same, failures_of(REPLY), **options)


def sse(*values: Any, event: str | None = None) -> bytes:
    head = f"event: {event}\n" if event else ""
    return "".join(
        f"{head}data: {value if isinstance(value, str) else json.dumps(value)}\n\n" for value in values
    ).encode()


def run(kind: Kind, stream: bytes, **options: Any) -> list[Any]:
    """As a shell runs the machine, one chunk per byte."""
    it = machine(kind, **options)
    items: list[Any] = []
    for position in range(len(stream)):
        if it.done:
            break
        items += it.feed(stream[position : position + 1])
    it.end()
    assert it.done
    return items


def chunk(content: str = "a", finish: str | None = None, index: int = 0) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": {"content": content}, "finish_reason": finish}]}


def delta(number: int | None, type_: str = "response.output_text.delta") -> dict[str, Any]:
    return {"type": type_} | ({} if number is None else {"sequence_number": number})


DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("chat.completions.create", CHAT),
        ("completions.create", CHAT),
        ("responses.create", RESPONSES),
        ("responses.retrieve", RESPONSES),
        ("beta.responses.create", RESPONSES),
        ("beta.threads.runs.create", ASSISTANTS),
        ("beta.threads.create_and_run", ASSISTANTS),
        ("images.generate", MEDIA),
        ("audio.transcriptions.create", MEDIA),
        ("beta.agents.sessions.events.stream", AGENTS),
        ("post", ANY),
    ],
)
def test_kind_of(operation: str, kind: Kind) -> None:
    assert kind_of(operation) is kind


@pytest.mark.parametrize(
    ("kind", "stream", "count"),
    [
        (CHAT, sse(chunk(), chunk()) + DONE, 2),
        (CHAT, sse(chunk()) + b"data: [DONE] bye\n\n", 1),
        (CHAT, sse(chunk()) + b"data: [DONE]\n", 1),
        (CHAT, sse(chunk()) + b"data: [DONE]", 1),
        (CHAT, DONE, 0),
        (CHAT, sse(chunk(), chunk("", "stop"), {"choices": [], "usage": {}}), 3),
        (CHAT, sse(chunk(), chunk("", "stop")) + b"data: [DO", 2),
        (CHAT, sse(chunk(index=0), chunk(index=1), chunk("", "stop", 1), chunk("", "length", 0)), 4),
        (CHAT, b": ping\n\ndata:\n\ndata: \n\nid: 5\n\n" + sse(chunk()) + DONE, 1),
        (CHAT, sse(chunk()) + DONE + sse({"error": {"message": "late"}}), 1),
        (RESPONSES, sse(delta(0), delta(1, "response.completed")), 2),
        (RESPONSES, sse(delta(5), delta(6, "response.failed")), 2),
        (RESPONSES, sse(delta(0, "response.incomplete")), 1),
        (RESPONSES, sse(delta(None), delta(None, "response.cancelled")), 2),
        (RESPONSES, sse(delta(0), delta(0 + 1, "response.completed"), delta(0)), 2),
        (RESPONSES, sse({"type": "error", "code": "x", "message": "m"}, event="error"), 1),
        (RESPONSES, sse(delta(0)) + DONE, 1),
        (ASSISTANTS, sse({"id": "run"}, event="thread.run.completed"), 1),
        (ASSISTANTS, sse({"id": "run"}, event="thread.run.created") + b"event: done\ndata: [DONE]\n\n", 1),
        (MEDIA, sse({"type": "image_generation.partial_image"}, {"type": "image_generation.completed"}), 2),
        (MEDIA, sse({"type": "image_edit.completed"}, {"type": "image_edit.completed"}), 2),
        (MEDIA, sse({"type": "transcript.text.done"}), 1),
        (MEDIA, sse({"type": "transcript.text.delta"}) + DONE, 1),
        (AGENTS, sse({"type": "agent.session.idle"}), 1),
        (AGENTS, b"", 0),
        (ANY, sse({"type": "response.completed"}), 1),
        (ANY, sse(chunk("", "stop")), 1),
        (ANY, sse({"anything": 1}, [1], "2") + DONE, 3),
        (ANY, sse({"choices": ["odd", {"finish_reason": "stop"}]}), 1),
    ],
)
def test_streams_that_end_well(kind: Kind, stream: bytes, count: int) -> None:
    assert len(run(kind, stream)) == count
    it = machine(kind)
    assert len(it.feed(stream)) == count
    it.end()
    assert it.feed(sse(chunk())) == []


@pytest.mark.parametrize(
    ("kind", "stream"),
    [
        (CHAT, b""),
        (CHAT, sse(chunk())),
        (CHAT, sse(chunk("", "stop", 0), chunk("", None, 1))),
        (CHAT, sse(chunk("", "stop")) + b'data: {"usage"'),
        (RESPONSES, sse(delta(0), delta(1))),
        (RESPONSES, sse(delta(0)) + b'data: {"type":"response.completed"}'),
        (RESPONSES, b": ping\n\n"),
        (ASSISTANTS, sse({}, event="thread.run.created")),
        (MEDIA, sse({"type": "image_generation.partial_image"})),
        (AGENTS, sse({"type": "agent.session.idle"}) + b"data: {"),
        (ANY, sse({"anything": 1})),
    ],
)
def test_truncation_is_an_error_unless_told_otherwise(kind: Kind, stream: bytes) -> None:
    with pytest.raises(StreamTruncated, match="not complete"):
        run(kind, stream)
    run(kind, stream, strict=False)


def test_a_truncated_stream_tells_where_to_resume() -> None:
    with pytest.raises(StreamTruncated) as caught:
        run(RESPONSES, sse(delta(3), delta(4)))
    assert caught.value.sequence_number == 4
    assert caught.value.phase == "stream"
    assert caught.value.host == "api.example"
    assert caught.value.request is REQUEST


def test_items_are_cast() -> None:
    it = EventMachine(CHAT, lambda value: value["choices"][0]["delta"]["content"], failures_of(REPLY))
    assert it.feed(sse(chunk("x"), chunk("y"))) == ["x", "y"]


def test_thread_events_are_wrapped() -> None:
    wrapped = {"data": {"id": "t"}, "event": "thread.created"}
    assert machine(ANY).feed(sse({"id": "t"}, event="thread.created")) == [wrapped]
    assert machine(ASSISTANTS).feed(sse({"id": "t"}, event="thread.created")) == [wrapped]
    assert machine(ASSISTANTS).feed(sse({"id": "t"})) == [{"data": {"id": "t"}, "event": None}]
    assert machine(AGENTS).feed(sse({"id": "t"}, event="thread.created")) == [{"id": "t"}]
    assert machine(CHAT).feed(sse(chunk(), event="other")) == [chunk()]


@pytest.mark.parametrize(
    ("stream", "message", "body"),
    [
        (sse({"error": {"message": "boom", "code": "c", "param": "p", "type": "t"}}), "boom", {"message": "boom", "code": "c", "param": "p", "type": "t"}),
        (sse({"error": "plain"}), "An error occurred during streaming", "plain"),
        (sse({"error": {"message": ""}}), "An error occurred during streaming", {"message": ""}),
        (sse({"error": {"message": 5}}, event="error"), "An error occurred during streaming", {"message": 5}),
        (sse({"message": "no key", "code": "c"}, event="error"), "no key", {"message": "no key", "code": "c"}),
    ],
)  # fmt: skip
def test_error_events(stream: bytes, message: str, body: object) -> None:
    it = machine(CHAT)
    assert it.feed(sse(chunk()) + stream + sse(chunk())) == [chunk()]
    assert it.done
    for call in (it.end, lambda: it.feed(b"")):
        with pytest.raises(APIError) as caught:
            call()
        assert caught.value.message == message
        assert caught.value.body == body
        assert caught.value.request is REQUEST
        assert caught.value.code == (body.get("code") if isinstance(body, dict) else None)


def test_an_error_that_comes_first_is_raised_at_once() -> None:
    with pytest.raises(APIError, match="boom"):
        machine(RESPONSES).feed(sse({"error": {"message": "boom"}}))


def test_null_errors_are_none() -> None:
    value = chunk() | {"error": None}
    assert machine(CHAT).feed(sse(value)) == [value]


def test_agents_get_their_error_events_as_items() -> None:
    value = {"type": "error", "error": {"message": "boom"}}
    assert machine(AGENTS).feed(sse(value, event="error")) == [value]


def test_responses_error_events_are_items_and_the_last() -> None:
    it = machine(RESPONSES)
    value = {"type": "error", "message": "m", "sequence_number": 1}
    assert it.feed(sse(delta(0)) + sse(value, event="error") + sse(delta(2))) == [delta(0), value]
    assert it.done


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (b"data: {oops\n\n", "not JSON"),
        (b"data: <html>\n\n", "not JSON"),
        (b'data: {"a": NaN}\n\n', "not JSON"),
        (b"data: " + b"[" * 100_000 + b"\n\n", "too deep"),
        (b"data: " + b"9" * 5000 + b"\n\n", "not JSON"),
        (b"data: \xff\n\n", "not UTF-8"),
        (b"data: " + b"x" * 300_000 + b"\n\n", "larger"),
    ],
)
def test_malformed_streams(stream: bytes, text: str) -> None:
    it = machine(CHAT, max_event=200_000)
    with pytest.raises(MalformedStream, match=text) as caught:
        it.feed(stream)
    assert caught.value.response is REPLY
    assert len(str(caught.value.body)) <= 1000
    with pytest.raises(MalformedStream):
        it.end()
    it = machine(CHAT, max_event=200_000)
    assert it.feed(sse(chunk()) + stream) == [chunk()]
    with pytest.raises(MalformedStream):
        it.end()


def test_bytes_that_fail_after_the_last_item_of_a_chunk_fail_at_the_end_too() -> None:
    it = machine(AGENTS)
    assert it.feed(sse({"a": 1}) + b"data: \xff\n\n") == [{"a": 1}]
    with pytest.raises(MalformedStream):
        it.end()


def test_half_a_surrogate_pair_is_delivered() -> None:
    assert machine(ANY).feed(b'data: {"text":"\\ud83d"}\n\n') == [{"text": "\ud83d"}]


@pytest.mark.parametrize(("numbers", "word"), [((0, 2), "skip"), ((0, 1, 1), "repeat"), ((4, 3), "repeat")])
def test_sequence_numbers(numbers: tuple[int, ...], word: str) -> None:
    stream = sse(*(delta(number) for number in numbers))
    it = machine(RESPONSES)
    assert len(it.feed(stream)) == len(numbers) - 1
    with pytest.raises(StreamOutOfOrder, match=word):
        it.end()
    lenient = machine(RESPONSES, strict=False)
    assert len(lenient.feed(stream)) == len(numbers)
    assert lenient.last_sequence == numbers[-1]


def test_resuming_goes_on_after_the_last_number() -> None:
    assert len(machine(RESPONSES, last_sequence=7).feed(sse(delta(8)))) == 1
    with pytest.raises(StreamOutOfOrder, match="9 came after 7"):
        machine(RESPONSES, last_sequence=7).feed(sse(delta(9)))


def test_other_kinds_have_no_order() -> None:
    assert len(machine(ANY).feed(sse(delta(0), delta(5), delta(5)))) == 3


def test_failures_are_described_to_the_shell() -> None:
    seen: list[Failure] = []

    def fail(failure: Failure) -> Exception:
        seen.append(failure)
        return KeyError(failure.reason)

    it = EventMachine(RESPONSES, same, fail)
    it.feed(sse(delta(0)))
    with pytest.raises(KeyError):
        it.feed(sse(delta(2)))
    assert seen == [Failure("order", seen[0].message, delta(2), 0)]
