"""Usage is found in JSON and in event streams, whatever the chunking, and nothing else is."""

from __future__ import annotations

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.core.usage import UsageReader, usage_of

CHAT = (
    b'data: {"choices": [{"delta": {"content": "\\"usage\\""}}], "usage": null}\n\n'
    b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}}\n\n'
    b"data: [DONE]\n\n"
)
RESPONSE = (
    b'event: response.created\ndata: {"type": "response.created", "response": {"usage": null}}\n\n'
    b'event: response.completed\ndata: {"type": "response.completed", "response": {"usage": {"total_tokens": 9}}}\n\n'
)
REQUEST = Request("POST", Origin("http", "h", 80), "/", Headers(), None, Timeout(1))


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(("stream", "total"), [(CHAT, 7), (RESPONSE, 9)])
def test_the_last_usage_of_a_stream_is_kept(stream: bytes, total: int, size: int) -> None:
    reader = UsageReader(events=True)
    for start in range(0, len(stream), size):
        reader.feed(stream[start : start + size])
    reader.end(None, True)
    assert reader.usage is not None
    assert reader.usage["total_tokens"] == total
    assert reader.complete


@pytest.mark.parametrize("stream", [CHAT, RESPONSE])
def test_a_stream_that_breaks_off_is_not_complete(stream: bytes) -> None:
    reader = UsageReader(events=True)
    reader.feed(stream[: len(stream) // 2])
    reader.end(None, True)
    assert not reader.complete
    assert reader.usage is None


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[1]", b'{"usage": 12}', b'{"text": "\\"usage\\""}'])
def test_a_body_without_usage_tells_none(content: bytes) -> None:
    reply = Reply(200, Headers({"content-type": "application/json"}), REQUEST, content)
    assert usage_of(reply) is None


def test_a_whole_body_tells_its_own() -> None:
    json = Reply(200, Headers({"content-type": "application/json"}), REQUEST, b'{"usage": {"total_tokens": 1}}')
    events = Reply(200, Headers({"content-type": "text/event-stream"}), REQUEST, CHAT)
    assert usage_of(json) == {"total_tokens": 1}
    assert (usage_of(events) or {})["total_tokens"] == 7


def test_nonsense_in_a_stream_is_left_to_its_reader() -> None:
    reader = UsageReader(events=True)
    reader.feed(b"data: \xff\xfe\n\n")
    reader.feed(b'data: {"usage": \n\n')
    reader.end(None, True)
    assert reader.usage is None
