"""A stream without events: for how long it is waited for, what does not count as one, and what comes of it."""

from __future__ import annotations

import copy
import json
import pickle
import time
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.errors import APITimeoutError, DeadlineExceeded, ReadTimeout, StreamIdleTimeout
from tests.transports.rude import Rude, chunk, chunked_head, drip, hang, hang_up, pause
from tests.transports.trust import good_tls

from .answer import CHAT, MODEL, chat, create, delta, ok, retrieve
from .colour import Colour
from .test_connection import trusting

HEAD = chunked_head("Content-Type: text/event-stream")
PING = chunk(b": ping\n\n")
SHORT = 0.15
LONG = 30.0


def event(value: object) -> bytes:
    return chunk(b"data: " + json.dumps(value).encode() + b"\n\n")


def dripping(piece: bytes, times: int = 1000, every: float = 0.03) -> Any:
    return drip(piece * times, every, size=len(piece))


NO_EVENTS = {
    "nothing": hang,
    "keep-alives": dripping(PING),
    "events without data": dripping(chunk(b"event: ping\n\n")),
    "empty data": dripping(chunk(b"data:\n\n")),
    "half an event": dripping(chunk(b"data: {\n")),
    "keep-alives that stop": dripping(PING, 3),
}


@pytest.mark.parametrize("kind", NO_EVENTS)
def test_what_is_no_event_does_not_keep_a_stream_alive(kind: str, colour: Colour) -> None:
    script = [HEAD + event(delta("a")) + event(delta("b")), NO_EVENTS[kind], hang]
    with Rude(script) as server, colour.client(server.url, stream_idle_timeout=SHORT, timeout=LONG) as it:
        began = time.monotonic()
        items, error = it.events(chat)
        it.turn()
        assert server.left()
        assert time.monotonic() - began < LONG / 2
    assert [item.choices[0].delta.content for item in items] == ["a", "b"]
    assert type(error) is StreamIdleTimeout
    assert isinstance(error, APITimeoutError)
    assert (error.idle, error.events, error.phase, error.partial) == (SHORT, 2, "stream", None)
    assert "0.15 s" in str(error)
    assert server.url.removeprefix("http://") in str(error)


def test_over_tls(colour: Colour, tmp_path: Path) -> None:
    script = [HEAD + event(delta("a")), dripping(PING, 3), hang]
    with Rude(script, tls=good_tls()) as server:
        with colour.client(server.url, stream_idle_timeout=SHORT, timeout=LONG, **trusting(colour, tmp_path)) as it:
            began = time.monotonic()
            items, error = it.events(chat)
            it.turn()
            assert server.left()
            assert time.monotonic() - began < LONG / 2
    assert (len(items), type(error)) == (1, StreamIdleTimeout)


def test_the_first_event_is_waited_for_no_longer(colour: Colour) -> None:
    with Rude([HEAD, hang]) as server, colour.client(server.url, stream_idle_timeout=SHORT, timeout=LONG) as it:
        began = time.monotonic()
        items, error = it.events(chat)
        assert time.monotonic() - began < LONG / 2
    assert items == []
    assert type(error) is StreamIdleTimeout
    assert error.events == 0


def test_an_event_begins_the_time_anew(colour: Colour) -> None:
    slow = [HEAD, *[part for n in range(8) for part in (pause(0.06), PING, event(delta(str(n))))]]
    slow += [event(delta("", "stop")), chunk(b"data: [DONE]\n\n"), b"0\r\n\r\n"]
    with Rude(slow, ok()) as server, colour.client(server.url, stream_idle_timeout=0.4) as it:
        assert len(it(chat)) == 9
        it(retrieve)


def test_the_readers_own_time_does_not_count(colour: Colour) -> None:
    script = [
        HEAD + event(delta("a")),
        pause(0.3),
        PING,
        event(delta("b", "stop")),
        chunk(b"data: [DONE]\n\n"),
        b"0\r\n\r\n",
    ]
    with Rude(script) as server, colour.client(server.url, stream_idle_timeout=0.25) as it:
        stream, _ = it.first(chat)
        time.sleep(0.4)
        assert len(it.items(lambda _: stream)) == 1


def test_a_shorter_timeout_is_what_it_was(colour: Colour) -> None:
    with Rude([HEAD + event(delta("a")), hang]) as server:
        with colour.client(server.url, stream_idle_timeout=LONG, timeout=SHORT) as it:
            assert type(it.events(chat)[1]) is ReadTimeout


def test_so_is_a_shorter_deadline(colour: Colour) -> None:
    if colour == Colour("sync", "httpx2"):
        # httpx2's blocking client cannot be interrupted from outside; its read ends by the nearer of its bounds.
        deadline, server_says = 0.2, dripping(PING)
    else:
        deadline, server_says = 0.2, hang
    with Rude([HEAD + event(delta("a")), server_says]) as server:
        with colour.client(server.url, stream_idle_timeout=LONG, deadline=deadline) as it:
            assert type(it.events(chat)[1]) is DeadlineExceeded


def test_the_connection_is_as_patient_as_before_afterwards(colour: Colour) -> None:
    with Rude(CHAT, [pause(0.4), ok()]) as server, colour.client(server.url, stream_idle_timeout=SHORT) as it:
        assert len(it(chat)) == 3
        assert it(retrieve).id == MODEL["id"]
        if colour.own:
            assert server.connections == 1


def test_a_whole_stream_costs_no_connection(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url, stream_idle_timeout=LONG) as it:
        for _ in range(3):
            assert len(it(chat)) == 3
        if colour.own or colour.is_async:
            assert server.connections == 1


@pytest.mark.parametrize(
    ("end", "kind"), [(b"0\r\n\r\n", antiphon.StreamTruncated), (hang_up, antiphon.StreamInterrupted)]
)
def test_other_ends_are_what_they_were(end: Any, kind: type[Exception], colour: Colour) -> None:
    first = {"type": "response.created", "sequence_number": 4, "response": {"id": "resp_1", "object": "response"}}
    with Rude([HEAD + event(first), end]) as server:
        with colour.client(server.url, stream_idle_timeout=LONG) as it:
            items, error = it.events(lambda client: create(client, stream=True))
    assert len(items) == 1
    assert type(error) is kind
    assert error.sequence_number == 4


def test_helpers_keep_what_had_come(colour: Colour) -> None:
    with Rude([HEAD + event(delta("Hel")) + event(delta("lo")), dripping(PING), hang]) as server:
        with colour.client(server.url, stream_idle_timeout=SHORT) as it, pytest.raises(StreamIdleTimeout) as caught:
            it.entered(
                lambda client: client.chat.completions.stream(model="m", messages=[]),
                lambda stream: stream.get_final_completion(),
            )
    assert caught.value.partial.choices[0].message.content == "Hello"
    assert caught.value.events == 2


def test_responses_keep_what_had_come_and_where_to_resume(colour: Colour) -> None:
    response: dict[str, Any] = {"id": "resp_1", "object": "response", "output": [], "status": "in_progress"}
    created: dict[str, Any] = {"type": "response.created", "sequence_number": 0, "response": response}
    progress: dict[str, Any] = {"type": "response.in_progress", "sequence_number": 1, "response": response}
    with Rude([HEAD + event(created) + event(progress), dripping(PING), hang]) as server:
        with colour.client(server.url, stream_idle_timeout=SHORT) as it:
            with pytest.raises(StreamIdleTimeout) as caught:
                it.entered(
                    lambda client: client.responses.stream(model="m", input="hi"),
                    lambda stream: stream.get_final_response(),
                )
            raw, error = it.events(lambda client: create(client, stream=True))
    assert caught.value.partial.id == "resp_1"
    assert caught.value.sequence_number == 1
    assert len(raw) == 2
    assert isinstance(error, StreamIdleTimeout)
    assert error.sequence_number == 1


def test_it_is_off_unless_asked_for(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url) as it:
        assert it.raw.stream_idle_timeout is None
        it(chat)
        assert it.raw._attend is None
        it.raw.stream_idle_timeout = 5
        assert it.raw._attend is not None
        assert type(it.raw._endpoint).__name__ == "Endpoint"  # only streams are another thing
        it(chat)
        it.raw.stream_idle_timeout = None
        assert it.raw._attend is None
        it(chat)


def test_copies_keep_it_or_have_their_own(colour: Colour) -> None:
    client = colour.make("http://127.0.0.1:1", stream_idle_timeout=9)
    assert client.with_options(timeout=3).stream_idle_timeout == 9
    assert client.copy(stream_idle_timeout=None).stream_idle_timeout is None
    assert client.with_options(stream_idle_timeout=2.5).stream_idle_timeout == 2.5
    assert copy.copy(client).stream_idle_timeout == 9


def test_a_client_travels_with_it(own_colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    kind: Any = antiphon.AsyncOpenAI if own_colour.is_async else antiphon.OpenAI
    client = kind(stream_idle_timeout=4.0, hooks=antiphon.Hooks(on_error=print))
    other = pickle.loads(pickle.dumps(client))
    assert other.stream_idle_timeout == 4.0
    assert other.hooks[0].on_error is print


@pytest.mark.parametrize(
    ("value", "kind"),
    [(0, ValueError), (-1, ValueError), (float("nan"), ValueError), ("5", TypeError), (True, TypeError)],
)
def test_what_is_no_time_is_refused(value: Any, kind: type[Exception], colour: Colour) -> None:
    with pytest.raises(kind, match="stream_idle_timeout"):
        colour.make("http://127.0.0.1:1", stream_idle_timeout=value)
    client = colour.make("http://127.0.0.1:1", stream_idle_timeout=5)
    with pytest.raises(kind, match="stream_idle_timeout"):
        client.stream_idle_timeout = value
    assert client.stream_idle_timeout == 5


def test_the_error_travels() -> None:
    error = StreamIdleTimeout(idle=2.0, events=3)
    error.sequence_number = 7
    other = pickle.loads(pickle.dumps(error))
    assert (other.idle, other.events, other.sequence_number, str(other)) == (2.0, 3, 7, str(error))
